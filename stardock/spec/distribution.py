"""`distribution`: which Kubernetes, which release, and its own options."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, model_validator

from stardock.distributions import DEFAULT_NAME, DISTRIBUTIONS, Kubernetes, Name, distribution, of_release
from stardock.spec.section import Section, broken
from stardock.spec.units import Form, shown

_SHA256 = re.compile(r"[0-9a-f]{64}")


def parse_version(value: object) -> str:
    """A release tag of any distribution: Kubernetes' version and its own revision of it."""
    if not isinstance(value, str) or of_release(value) is None:
        forms = " or ".join(f"of {each.title} ({each.tag_form})" for each in DISTRIBUTIONS.values())
        raise broken(f"version {shown(value)} is not a release {forms}")
    return value


def parse_own_version(value: object, section: ValidationInfo) -> str:
    """A release tag of the distribution that is named beside it."""
    own = distribution(section.data.get("name", DEFAULT_NAME))
    other = of_release(value) if isinstance(value, str) else None
    if isinstance(value, str) and other is own:
        return value
    message = f"version {shown(value)} is not a release of {own.title} ({own.tag_form})"
    if other is None:
        raise broken(message, _completed(own, value))
    raise broken(
        f"{message}, but of {other.title}", f"write `name: {other.name}` beside it, or {_completed(own, value).removeprefix('write ')}"
    )


def _completed(own: Kubernetes, value: object) -> str:
    bare = re.fullmatch(r"v?(\d+\.\d+\.\d+)([+-].*)?", value) if isinstance(value, str) else None
    if bare:
        return f"write for example v{bare[1]}+{own.mark}1"
    if re.fullmatch(r"v?\d+(\.\d+)?", str(value)) and not own.default_version.startswith(f"v{str(value).removeprefix('v')}."):
        return f"write the whole tag of a release of {value}, which ends in +{own.mark}N: {own.releases}"
    return f"write for example {own.default_version}, or delete the line: a release is chosen once and kept"


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


_TAGS = WithJsonSchema({"type": "string", "pattern": f"^({'|'.join(each.tags for each in DISTRIBUTIONS.values())})$"})
#: Of any distribution, as files of ours hold it.
Version = Annotated[str, BeforeValidator(parse_version), _TAGS]
OwnVersion = Annotated[str, BeforeValidator(parse_own_version), _TAGS]
#: The words of the makers' own lists; those of a release candidate are not among them.
CHANNEL = r"stable|latest|testing|v1\.[0-9]{1,2}"
Channel = Annotated[str, Form(CHANNEL, "a channel", "stable")]
Sha256 = Annotated[str, BeforeValidator(parse_sha256), WithJsonSchema({"type": "string", "pattern": "^[0-9a-fA-F]{64}$"})]


_NEWEST = " or ".join(each.default_version for each in DISTRIBUTIONS.values())


class Distribution(Section):
    """The Kubernetes to install, from the file of its release: RKE2's tarball, k3s' program."""

    name: Name = Field(default=DEFAULT_NAME, description="which Kubernetes; a cluster keeps it")
    version: OwnVersion | None = Field(
        default=None,
        description=f"release, with its mark; default: what the lock holds, for a new cluster {_NEWEST}",
    )
    channel: Channel | None = Field(
        default=None,
        description="stable, latest or a minor as v1.35, in the place of `version`: `runner lock channel` writes its release down",
    )
    options: dict[str, Any] = Field(default_factory=dict, description="keys of its config.yaml, checked against the keys that it knows")
    url: Url | None = Field(default=None, description="file to install instead of the release's own; needs `sha256`")
    sha256: Sha256 | None = Field(default=None, description="of that file; without it, the release's checksum file is used")
    url_arm64: Url | None = Field(default=None, description="the same for hosts with that processor; needs `sha256_arm64`")
    sha256_arm64: Sha256 | None = Field(default=None, description="of that file; without it, the release's checksum file is used")
    selinux_policy_url: Url | None = Field(
        default=None,
        description="package of its SELinux policy where the system has none (leapmicro; for k3s microos too), instead of its makers' own",
    )
    selinux_policy_sha256: Sha256 | None = Field(
        default=None, description="of that package; without it Kubernetes runs there without its policy (docs/systems.md)"
    )

    @model_validator(mode="after")
    def _one_release(self) -> Distribution:
        if self.channel and self.version:
            message = f"`channel` and `version` both say which release: {self.channel}, {self.version}"
            raise broken(message, "keep `version` for a release of your choice, `channel` for the one that the channel is at")
        own = next((key for key in ("url", "sha256", "url_arm64", "sha256_arm64") if getattr(self, key)), None)
        if self.channel and own:
            raise broken(f"`{own}` is of one release, and `channel` goes to another", f"delete `{own}`, or write its `version`")
        return self

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
        for url, sha256 in (("url", "sha256"), ("url_arm64", "sha256_arm64")):
            if getattr(self, url) and not getattr(self, sha256):
                message = f"`{url}` is set but `{sha256}` is not: nothing would tell whether the file is the right one"
                raise broken(message, f"add `{sha256}:` of that file")
        return self
