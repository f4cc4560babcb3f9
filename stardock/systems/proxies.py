"""How package managers are told of an HTTP proxy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stardock.systems.managed import ManagedFile
from stardock.systems.shared import HEAD

if TYPE_CHECKING:
    from stardock.model.parts import PackageProxy

APT = "/etc/apt/apt.conf.d/52stardock-proxy"
ZYPPER = "/etc/sysconfig/proxy"

_HOST = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")


def apt(proxy: PackageProxy) -> ManagedFile:
    """For apt, which knows no domains or networks that go directly, only hosts by their whole names (apt-transport-http(1))."""
    urls = {"http": proxy.http, "https": proxy.https}
    hosts = [name for name in proxy.no_proxy if _HOST.fullmatch(name)]
    lines = [f'Acquire::{scheme}::Proxy "{url}";' for scheme, url in urls.items()]
    lines += [f'Acquire::{scheme}::Proxy::{host} "DIRECT";' for scheme in urls for host in hosts]
    return ManagedFile(APT, HEAD + "\n".join(lines) + "\n")


def zypper(proxy: PackageProxy) -> ManagedFile:
    """The system's own file, which libzypp reads (zypp/media/proxyinfo/ProxyInfoSysconfig.cc), also for transactional-update."""
    direct = ",".join(dict.fromkeys(("localhost", "127.0.0.1", *proxy.no_proxy)))
    lines = ['PROXY_ENABLED="yes"', f'HTTP_PROXY="{proxy.http}"', f'HTTPS_PROXY="{proxy.https}"', f'NO_PROXY="{direct}"']
    return ManagedFile(ZYPPER, HEAD + "\n".join(lines) + "\n")
