"""`registries`: where container images come from, on all machines that run Kubernetes."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from stardock.spec.cloud_init import ContentSource, parse_content
from stardock.spec.distribution import Url
from stardock.spec.section import Section, broken
from stardock.spec.units import Flag, Form, shown

_HOST = r"([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?"
_NOT_IN_TOML = re.compile(r'[\\"\x00-\x1f\x7f]')
_NOT_IN_GO = re.compile(r"\(\?(<?[=!]|>|P=|#|\()")
_CERTIFICATES = re.compile(r"(\s*-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+")


def parse_rewritten(value: str) -> str:
    """A text that k3s writes between quotes into hosts.toml, as it is (pkg/agent/templates, `HostsTomlTemplate`).

    After a backslash or a quote in it, containerd reads nothing of that file.
    """
    if bad := _NOT_IN_TOML.search(value):
        raise broken(f"{shown(value)} has {shown(bad[0])} in it: containerd could not read the file that has it", "write `[.]` for a dot")
    return value


def parse_pattern(value: str) -> str:
    """A regular expression that containerd reads as Python does: Go has no lookaround and no atomic groups (RE2's syntax)."""
    parse_rewritten(value)
    if _NOT_IN_GO.search(value):
        raise broken(f"{shown(value)} is no regular expression of Go, which containerd reads", "write it without (?=, (?!, (?<= and (?>")
    try:
        re.compile(value)
    except re.error as error:
        raise broken(f"{shown(value)} is not a regular expression: {error}", 'write for example "^library/(.*)"') from None
    return value


def parse_certificates(value: str) -> str:
    """Certificates in PEM, and nothing else."""
    if not _CERTIFICATES.fullmatch(parse_content(value)):
        raise broken("`ca` holds no certificates in PEM", "write `ca: |`, and below it the lines from -----BEGIN CERTIFICATE----- on")
    return value if value.endswith("\n") else f"{value}\n"


Host = Annotated[str, Form(_HOST, "a registry, as it stands before an image's name", "registry.home.arpa:5000")]
HostOrAll = Annotated[str, Form(rf"\*|{_HOST}", "a registry, as it stands before an image's name", "docker.io")]
Pattern = Annotated[str, Field(min_length=1), AfterValidator(parse_pattern)]
Rewritten = Annotated[str, AfterValidator(parse_rewritten)]
Certificates = Annotated[str, AfterValidator(parse_certificates)]
RegistryUser = Annotated[str, Form(r"[^\s:]+", "a name of a user", "puller")]


class Mirror(Section):
    """Where images of one registry are asked for first; the registry itself is asked last."""

    registry: HostOrAll = Field(description='the registry that images name; "*" for every one that has no entry of its own')
    endpoints: tuple[Url, ...] = Field(default=(), description="URLs that are asked in this order; none: with `embedded` other nodes")
    rewrite: dict[Pattern, Rewritten] = Field(
        default_factory=dict, description='regular expression -> what an image is called at the endpoints: "^library/(.*)": "cache/$1"'
    )


class Access(Section):
    """How one registry, or one endpoint of a mirror, is spoken to."""

    registry: HostOrAll = Field(description='its host, with the port where a URL has one; "*" for every one that has no entry of its own')
    user: RegistryUser | None = Field(default=None, description="who logs in")
    password_from: ContentSource | None = Field(default=None, description="that user's password: written by `runner bootstrap`")
    ca: Certificates | None = Field(default=None, description="certificates in PEM of the authority that vouches for it")
    insecure: Flag = Field(default=False, description="its certificate is not looked at")

    @model_validator(mode="after")
    def _fits(self) -> Access:
        if (self.user is None) != (self.password_from is None):
            raise broken("`user` and `password_from` belong together", "write both, as password_from: {env: REGISTRY_PASSWORD}")
        if self.ca and self.insecure:
            raise broken("with `insecure: true` nobody looks at `ca`", "delete one of the two")
        if not (self.user or self.ca or self.insecure) and self.registry == "*":
            raise broken("this entry says nothing", "add ca, or insecure; or delete it")
        if self.user and self.registry == "*":
            message = 'containerd looks a login up by the host that it asks: one of "*" is used nowhere'
            raise broken(message, "write an entry for each host that wants a login")
        return self


class Registries(Section):
    """Mirrors and credentials of registries, and images that nodes give each other."""

    mirrors: tuple[Mirror, ...] = Field(default=(), description="where images are asked for first, by registry")
    access: tuple[Access, ...] = Field(default=(), description="credentials and certificates, by registry")
    embedded: Flag = Field(default=False, description="nodes give each other the images of the registries in `mirrors`")
    system_default: Host | None = Field(default=None, description="registry of the distribution's own images, instead of docker.io")

    @model_validator(mode="after")
    def _embedded_shares_something(self) -> Registries:
        if self.embedded and not self.mirrors:
            message = "`embedded` shares the images of registries in `mirrors`, and there is none"
            raise broken(message, 'write mirrors: [{registry: "*"}], or name some')
        return self

    @model_validator(mode="after")
    def _all_is_said_once(self) -> Registries:
        """k3s, pkg/agent/containerd/config.go `getHostConfigs`: the mirror of `*` replaces what was made of its credentials."""
        if any(one.registry == "*" for one in self.mirrors) and any(one.registry == "*" for one in self.access):
            message = '`access` of "*" has no effect beside a mirror of "*": nodes do not read it'
            raise broken(message, "write an entry for the host of each endpoint instead")
        return self

    @model_validator(mode="after")
    def _one_entry_each(self) -> Registries:
        for key, entries in (("mirrors", self.mirrors), ("access", self.access)):
            names = [entry.registry for entry in entries]
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                raise broken(f"two entries of `{key}` are about {shown(twice)}", "write one entry with both")
        return self
