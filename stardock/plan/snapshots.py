"""Where snapshots of etcd are copied to, as the plan has it; everything else of them are options (`stardock.spec.derived`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stardock.model.settings import S3
from stardock.spec.derived import SECRET

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.snapshots import Snapshots


def s3_of(wanted: Snapshots) -> S3 | None:
    """The bucket, and where its credentials come from."""
    if wanted.s3 is None:
        return None
    plain = wanted.s3.model_dump(include={"endpoint", "bucket", "folder", "region", "ca", "insecure"})
    access, secret = wanted.s3.access_key_from.name, wanted.s3.secret_key_from.name
    return S3(secret=SECRET, keep=wanted.keep, access_key_source=access, secret_key_source=secret, **plain)
