"""`distribution`: which Kubernetes, which release, and its own options."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from stardock.distributions import DEFAULT, DEFAULT_NAME, Name
from stardock.spec.section import Section, broken
from stardock.spec.units import shown

_SHA256 = re.compile(r"[0-9a-f]{64}")


def parse_version(value: object) -> str:
    """A release tag of the distribution: Kubernetes' version and its own revision of it."""
    if not isinstance(value, str) or DEFAULT.release(value) is None:
        raise broken(f"version {shown(value)} is not a release of {DEFAULT.title} ({DEFAULT.tag_form})", _completed(value))
    return value


def _completed(value: object) -> str:
    bare = re.fullmatch(r"v?(\d+\.\d+\.\d+)([+-].*)?", value) if isinstance(value, str) else None
    if bare:
        return f"write for example v{bare[1]}+{DEFAULT.mark}1"
    if re.fullmatch(r"v?\d+(\.\d+)?", str(value)) and not DEFAULT.default_version.startswith(f"v{str(value).removeprefix('v')}."):
        return f"write the whole tag of a release of {value}, which ends in +{DEFAULT.mark}N: {DEFAULT.releases}"
    return f"write for example {DEFAULT.default_version}, or delete the line: a release is chosen once and kept"


def parse_sha256(value: object) -> str:
    """64 hexadecimal digits, lower case in the result."""
    text = value.lower() if isinstance(value, str) else ""
    if not _SHA256.fullmatch(text):
        raise broken(f"{shown(value)} is not a sha256: 64 hexadecimal digits", "copy it from the release's sha256sum-amd64.txt")
    return text


def parse_url(value: object) -> str:
    """An http or https URL without credentials (they would end up in files that are committed)."""
    if not isinstance(value, str) or not re.fullmatch(r"https?://[^\s/@]+(/[^\s]*)?", value):
        raise broken(f"{shown(value)} is not a URL", "write https://HOST/PATH, without a user or password in it")
    return value


Url = Annotated[str, BeforeValidator(parse_url), WithJsonSchema({"type": "string", "format": "uri"})]


Version = Annotated[str, BeforeValidator(parse_version), WithJsonSchema({"type": "string", "pattern": f"^{DEFAULT.tags}$"})]
Sha256 = Annotated[str, BeforeValidator(parse_sha256), WithJsonSchema({"type": "string", "pattern": "^[0-9a-fA-F]{64}$"})]


class Distribution(Section):
    """The Kubernetes to install, from a tarball of its release."""

    name: Name = Field(default=DEFAULT_NAME, description="which Kubernetes")
    version: Version | None = Field(
        default=None,
        description=f"release, with its `+{DEFAULT.mark}N`; default: what the lock holds, for a new cluster {DEFAULT.default_version}",
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description="keys of RKE2's config.yaml, checked against the keys that RKE2 knows"
    )
    url: Url | None = Field(default=None, description="tarball to install instead of the release's own; needs `sha256`")
    sha256: Sha256 | None = Field(default=None, description="of the tarball; without it, the release's checksum file is used")

    selinux_policy_url: Url | None = Field(
        default=None, description="package of RKE2's SELinux policy where the system has none (leapmicro), instead of its makers' own"
    )
    selinux_policy_sha256: Sha256 | None = Field(
        default=None, description="of that package; without it RKE2 runs there without its policy (docs/systems.md)"
    )

    @model_validator(mode="after")
    def _own_policy_is_checked(self) -> Distribution:
        if self.selinux_policy_url and not self.selinux_policy_sha256:
            raise broken(
                "`selinux_policy_url` is set but `selinux_policy_sha256` is not: nothing would tell whether it is the right package",
                "add `selinux_policy_sha256:` of the package",
            )
        return self

    @model_validator(mode="after")
    def _own_tarball_is_checked(self) -> Distribution:
        if self.url and not self.sha256:
            raise broken(
                "`url` is set but `sha256` is not: nothing would tell whether the tarball is the right one", "add `sha256:` of the tarball"
            )
        return self
