"""The HTTP proxy on a machine: for its Kubernetes, for what bootstrap downloads there, for its package manager.

Where cluster.yaml names none, what Stardock wrote for it goes; a file of the same name that somebody else made stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from stardock.bundle.secret_text import Marks
from stardock.distributions import distribution
from stardock.distributions.cidrs import CIDRS, cidrs
from stardock.model.api import is_address
from stardock.model.facts import Facts, address_of, ipv6_of
from stardock.model.host import Member
from stardock.model.parts import PackageProxy
from stardock.model.plan import Plan
from stardock.model.settings import Proxy
from stardock.systems import HEAD, system_of

#: Ansible's own modules run under it where something is downloaded: it knows the proxy, and no argument or variable has to.
INTERPRETER = "/etc/stardock/python-with-proxy"
PYTHON = "/usr/bin/python3"

_LOOPBACK = ("localhost", "127.0.0.0/8", "::1")


def downloader(plan: Plan) -> str:
    """The Python that downloads on machines."""
    return INTERPRETER if plan.proxy else PYTHON


def no_proxy(plan: Plan, facts: Facts) -> tuple[str, ...]:
    """What no proxy is asked for: loopback, the networks and domain of the cluster, those of machines, VIP, names of the API, the user's.

    Nodes reach each other by them (docs.rke2.io/advanced, "Configuring an HTTP proxy"). Networks rather than
    addresses, so that one machine more changes nothing. An address that DHCP gave is in no network that is known, and stands for itself.
    """
    options = plan.distribution.options
    wanted = plan.proxy.no_proxy if plan.proxy else ()
    networks = list(dict.fromkeys(_networks(plan)))
    direct = (*networks, *wanted)
    alone = [one for one in (*plan.asked, *_addresses(plan, facts)) if not _is_held(direct, one)]
    names = options.get("tls-san") or []
    return tuple(
        dict.fromkeys(
            (
                *_LOOPBACK,
                *(network for key in CIDRS for network in cidrs(options, key)),
                ".svc",
                f".{options.get('cluster-domain') or 'cluster.local'}",
                *networks,
                *alone,
                *([names] if isinstance(names, str) else map(str, names)),
                *wanted,
            )
        )
    )


def _networks(plan: Plan) -> Iterator[str]:
    if plan.mesh:
        yield plan.mesh.network
    for nic in (nic for machine in plan.machines for nic in machine.interfaces):
        if nic.address and nic.prefix is not None:
            yield str(ip_network(f"{nic.address}/{nic.prefix}", strict=False))
        if nic.ipv6 and nic.ipv6.address and nic.ipv6.prefix is not None:
            yield str(ip_network(f"{nic.ipv6.address}/{nic.ipv6.prefix}", strict=False))


def _addresses(plan: Plan, facts: Facts) -> Iterator[str]:
    for member in plan.members:
        yield from (address for address in (address_of(member, facts), ipv6_of(member, facts)) if address)


def _download_addresses(plan: Plan, direct: Collection[str]) -> Iterator[str]:
    """Those in a network that goes directly: Python's urllib knows no networks (urllib.request.proxy_bypass_environment)."""
    for url in (plan.distribution.url, plan.distribution.selinux_policy_url):
        host = urlsplit(url or "").hostname or ""
        if _is_held(direct, host) and host not in direct:
            yield str(ip_address(host))


def _is_held(networks: Collection[str], address: str) -> bool:
    return is_address(address) and any(ip_address(address) in network for network in _parsed(networks))


def _parsed(texts: Collection[str]) -> Iterator[IPv4Network | IPv6Network]:
    for text in texts:
        with suppress(ValueError):
            yield from [ip_network(text, strict=False)] if "/" in text else []


def proxy_files(plan: Plan, facts: Facts, machine: Member) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """A machine's files about the proxy: those in clear, or that go, and those with a secret."""
    if plan.proxy is None:
        return list(_gone(plan, machine)), []
    written = [*_environment(plan, plan.proxy, facts, machine), _interpreter(plan, plan.proxy, facts)]
    if plan.proxy.password_source:
        return [], [*written, *_packages(plan.proxy, machine)]
    return [{key: value for key, value in file.items() if key != "fills"} for file in written], []


def _gone(plan: Plan, machine: Member) -> Iterator[Mapping[str, Any]]:
    """An older record of a machine may still have its package manager's: then it is a file of first boot, and stays."""
    own, users = system_of(machine), {file.path for file in machine.files} | {file.path for file in machine.secret_files}
    if own.proxy_path and not machine.proxy:
        yield from _absent(own.proxy_path, users)
    yield {"path": INTERPRETER, "state": "absent"}
    for path, applies in _environment_files(plan, machine):
        yield from _absent(path, users, applies=applies)


def _absent(path: str, users: Collection[str], **more: str) -> Iterator[Mapping[str, Any]]:
    if path not in users:
        yield {"path": path, "state": "absent", "begins": HEAD, **more}


def _environment_files(plan: Plan, machine: Member) -> Iterator[tuple[str, str]]:
    own = distribution(plan.distribution.name)
    if machine.role != "loadbalancer":
        yield own.environment_files[machine.role], own.name


def _urls(proxy: Proxy, marks: Marks) -> dict[str, str]:
    """Scheme -> URL, with the mark of a password where there is one."""
    login = f"//{proxy.user}:{marks.of(proxy.password_source, 'url')}@" if proxy.password_source else "//"
    return {scheme: url.replace("//", login, 1) for scheme, url in (("http", proxy.http), ("https", proxy.https))}


def _variables(urls: Mapping[str, str], direct: tuple[str, ...]) -> Iterator[str]:
    """In capitals for Go's programs and in small letters for curl and the like, which takes http_proxy in no other."""
    for name, value in (*((f"{scheme}_proxy", url) for scheme, url in urls.items()), ("no_proxy", ",".join(direct))):
        yield f"{name.upper()}='{value}'"
        yield f"{name}='{value}'"


def _environment(plan: Plan, proxy: Proxy, facts: Facts, machine: Member) -> Iterator[Mapping[str, Any]]:
    for path, applies in _environment_files(plan, machine):
        marks = Marks()
        lines = _variables(_urls(proxy, marks), no_proxy(plan, facts))
        yield marks.file(path, HEAD + "".join(f"{line}\n" for line in lines), applies=applies)


def _interpreter(plan: Plan, proxy: Proxy, facts: Facts) -> Mapping[str, Any]:
    """Ansible would put an environment into the machine's command lines, which everybody there may read."""
    marks, direct = Marks(), no_proxy(plan, facts)
    direct = tuple(dict.fromkeys((*direct, *_download_addresses(plan, direct))))
    lines = "".join(f"export {line}\n" for line in _variables(_urls(proxy, marks), direct))
    return marks.file(INTERPRETER, f'#!/bin/sh\n{HEAD}{lines}exec {PYTHON} "$@"\n', "0700")


def _packages(proxy: Proxy, machine: Member) -> Iterator[Mapping[str, Any]]:
    """What first boot could not write. An older record of a machine may have it in clear: then it is a file of first boot."""
    own = system_of(machine)
    marks = Marks()
    if own.proxy is not None and not machine.proxy:
        urls = _urls(proxy, marks)
        file = own.proxy(PackageProxy(http=urls["http"], https=urls["https"], no_proxy=proxy.no_proxy))
        yield marks.file(file.path, file.content)
