"""`image`: the disk image that machines start from."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from stardock.spec.distribution import Url
from stardock.spec.section import Section, broken
from stardock.spec.units import shown

SystemName = Literal["debian", "microos"]

_CHECKSUM = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")


def parse_checksum(value: object) -> str:
    """`sha256:` and 64 hexadecimal digits, or `sha512:` and 128."""
    text = value.lower() if isinstance(value, str) else ""
    if not _CHECKSUM.fullmatch(text):
        raise broken(f"{shown(value)} is not a checksum", "write sha256: and 64 hexadecimal digits, or sha512: and 128")
    return text


Checksum = Annotated[str, BeforeValidator(parse_checksum), WithJsonSchema({"type": "string", "pattern": f"^({_CHECKSUM.pattern})$"})]


class Image(Section):
    """A system and, when its default image is not wanted, which one. A new image is for new machines: old ones keep their disk."""

    system: SystemName = Field(description="operating system; decides packages and first boot")
    url: Url | None = Field(default=None, description="image to download instead of the system's default")
    checksum: Checksum | None = Field(default=None, description="`sha256:...` or `sha512:...`; PVE verifies it after the download")
    datastore: str | None = Field(
        default=None, description="PVE datastore of the image; default: the PVE node's `datastores.images`", min_length=1
    )
