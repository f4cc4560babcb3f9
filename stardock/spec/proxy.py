"""`proxy`: the HTTP proxy through which machines reach what is not theirs."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from stardock.spec.cloud_init import ContentSource
from stardock.spec.section import Section, broken
from stardock.spec.units import Form, shown

#: What stands in files for systemd, the shell, apt and zypper alike: nothing that one of them would take for more than itself.
_AUTHORITY = r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]"
_URL = re.compile(rf"https?://({_AUTHORITY})(:[0-9]{{1,5}})?/?")
_NAME = re.compile(r"\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


def parse_proxy(value: object) -> str:
    """The URL of a proxy, without a user or password: cluster.yaml, the lock and the bundle hold it."""
    if isinstance(value, str) and "@" in value:
        cure = "write `user:` and `password_from: {env: PROXY_PASSWORD}` beside it; if this was committed, choose another password"
        raise broken(f"{shown(value)} holds a password, and cluster.yaml is committed", cure)
    if not isinstance(value, str) or not _URL.fullmatch(value):
        raise broken(f"{shown(value)} is not the URL of a proxy", "write for example http://proxy.home.arpa:3128")
    return value


def parse_direct(value: object) -> str:
    """What is reached without the proxy, in the words that Go's programs read in NO_PROXY (golang.org/x/net/http/httpproxy)."""
    cure = "write a name, a domain as .home.arpa, an address, or a network as 10.0.0.0/8"
    if not isinstance(value, str):
        raise broken(f"{shown(value)} is not text", cure)
    try:
        return str(ipaddress.ip_network(value)) if "/" in value else str(ipaddress.ip_address(value))
    except ValueError as error:
        if not _NAME.fullmatch(value) or re.fullmatch(r"[0-9.]+", value):
            host_bits = "has host bits set" in str(error)
            network = str(ipaddress.ip_network(value, strict=False)) if host_bits else ""
            message = f"{shown(value)} is neither a name, a domain, an address nor a network"
            raise broken(message, f"write {network}" if network else cure) from None
    return value


ProxyUrl = Annotated[str, BeforeValidator(parse_proxy), WithJsonSchema({"type": "string", "pattern": f"^{_URL.pattern}$"})]
User = Annotated[str, Form(r"[A-Za-z0-9._~-]+", "a name of a user", "stardock")]
Direct = Annotated[str, BeforeValidator(parse_direct), WithJsonSchema({"type": "string", "examples": [".home.arpa", "10.0.0.0/8"]})]


class Proxy(Section):
    """How machines reach the internet where only a proxy does: Kubernetes, its images, downloads, and packages."""

    http: ProxyUrl = Field(description="URL of the proxy, without a user or password in it")
    https: ProxyUrl | None = Field(default=None, description="the same for https; default: as `http`")
    user: User | None = Field(default=None, description="who the proxy is told that machines are")
    password_from: ContentSource | None = Field(
        default=None, description="that user's password: written by `runner bootstrap`, and not by first boot, which has no proxy then"
    )
    no_proxy: tuple[Direct, ...] = Field(
        default=(),
        description="what else is reached without it: names, domains as .home.arpa, addresses, networks; the cluster's own networks, "
        "the machines' and the virtual IP are by themselves",
    )

    @model_validator(mode="after")
    def _a_user_has_a_password(self) -> Proxy:
        if (self.user is None) != (self.password_from is None):
            raise broken("`user` and `password_from` belong together", "write both, as password_from: {env: PROXY_PASSWORD}")
        return self
