"""`snapshots`: when etcd is saved, how many are kept, and where besides the servers' own disks."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from stardock.spec.cloud_init import ContentSource
from stardock.spec.registries import Certificates
from stardock.spec.section import Section, broken
from stardock.spec.units import Count, Flag, Form, between, shown

_FIELD = r"[0-9A-Za-z*/,-]+"
_CRON = re.compile(rf"{_FIELD}( {_FIELD}){{4}}|@(yearly|annually|monthly|weekly|daily|midnight|hourly)|@every [0-9hms]+")
_ENDPOINT = r"([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?"
_MOST = 1000


def parse_schedule(value: object) -> str:
    """Five fields of cron, or one of its words (github.com/robfig/cron, ParseStandard)."""
    if not isinstance(value, str) or not _CRON.fullmatch(value):
        raise broken(
            f"{shown(value)} is not a schedule of cron: minute, hour, day, month, day of the week", 'write for example "0 */6 * * *"'
        )
    return value


def parse_s3_endpoint(value: object) -> object:
    """A host, as the S3 client of k3s takes it: without a scheme."""
    bare = re.fullmatch(rf"https?://({_ENDPOINT})/?", value) if isinstance(value, str) else None
    if bare:
        plain = " and `insecure: true`" if str(value).startswith("http:") else ""
        raise broken(f"{shown(value)} is a URL, and an endpoint is a host", f"write {bare[1]}{plain}")
    return value


Schedule = Annotated[str, BeforeValidator(parse_schedule), WithJsonSchema({"type": "string", "examples": ["0 */6 * * *"]})]
Endpoint = Annotated[str, Form(_ENDPOINT, "a host of S3, perhaps with a port", "s3.home.arpa:9000"), BeforeValidator(parse_s3_endpoint)]
Bucket = Annotated[str, Form(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "a name of a bucket", "etcd-snapshots")]
Folder = Annotated[str, Form(r"[A-Za-z0-9!_.*'()/-]+", "a folder of a bucket", "home/etcd")]
Region = Annotated[str, Form(r"[A-Za-z0-9-]+", "a region of S3", "us-east-1")]
Kept = Annotated[Count, between(1, _MOST, "keep", "5")]


class S3(Section):
    """A bucket to which each server copies its snapshots. Credentials reach the cluster as a Secret, and no machine's config.yaml."""

    endpoint: Endpoint | None = Field(default=None, description="host of the S3 service; default: Amazon's")
    bucket: Bucket = Field(description="bucket; it must exist")
    folder: Folder | None = Field(default=None, description="folder in it")
    region: Region | None = Field(default=None, description="region; default: us-east-1")
    access_key_from: ContentSource = Field(description="source of the access key")
    secret_key_from: ContentSource = Field(description="source of the secret key")
    ca: Certificates | None = Field(default=None, description="certificates in PEM of the authority that vouches for the endpoint")
    insecure: Flag = Field(default=False, description="HTTP, not HTTPS")


class Snapshots(Section):
    """Snapshots of etcd that servers take by themselves. What is left open is the distribution's default: at 0 and 12, five kept."""

    enabled: Flag = Field(default=True, description="whether they are taken")
    schedule: Schedule | None = Field(default=None, description="when, as cron writes it, in the servers' time zone")
    keep: Kept | None = Field(default=None, description="how many of these each server keeps, and the bucket of each")
    compress: Flag = Field(default=False, description="whether they are compressed")
    s3: S3 | None = Field(default=None, description="a bucket for copies")
