"""Rules of `hosts`: addresses that are theirs alone, ways in, and what is asked of them that is nobody's but a machine's of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import ip_address, ip_network

from stardock.distributions import distribution
from stardock.distributions.cidrs import CIDRS, cidrs, is_dual_stack
from stardock.errors import Problem
from stardock.model.api import is_address
from stardock.spec.cluster import Keys, Spec
from stardock.spec.hosts import Host
from stardock.spec.ip import IpNetwork
from stardock.spec.places import at
from stardock.spec.units import shown
from stardock.systems import profile

_V4 = 4

Rule = Callable[[Spec, Keys, Host], Iterator[Problem]]


def host_rules(spec: Spec) -> Iterator[Problem]:
    """All of them."""
    for h, host in enumerate(spec.hosts):
        for rule in (_own_address, _in_the_cluster, _interface, _set_up, _size, _release, _way_to_the_api):
            yield from rule(spec, ("hosts", h), host)
    yield from _each_its_own(spec)


def own_address(host: Host) -> str | None:
    """Its address in the cluster; None where cluster.yaml does not tell it."""
    if host.node_ip is not None:
        return str(host.node_ip)
    return host.address if is_address(host.address) and ip_address(host.address).version == _V4 else None


def _own_address(spec: Spec, keys: Keys, host: Host) -> Iterator[Problem]:
    """Nodes are known by an IPv4 address, which no name is."""
    if own_address(host) is None:
        message = f"{shown(host.address)} leads to the host, and is no IPv4 address: other nodes know it by one"
        yield at(spec, (*keys, "address"), message, "add `node_ip: ADDRESS`, the host's own")
    if is_dual_stack(spec.distribution.options) and host.node_ipv6 is None:
        message = f"the cluster is dual stack (cluster-cidr), and {host.name} has no IPv6 address here"
        yield at(spec, keys, message, "add `node_ipv6: ADDRESS`, the host's own")


def _in_the_cluster(spec: Spec, keys: Keys, host: Host) -> Iterator[Problem]:
    """Its address is not among those of pods and services, nor a PVE node's: what bootstrap does there would be done to Proxmox."""
    own = own_address(host)
    key = "node_ip" if host.node_ip else "address"
    for option in CIDRS:
        for network in _networks(spec, option):
            if own and ip_address(own) in network:
                message = f"{own} is among the addresses of {CIDRS[option][0]}, {network} ({option})"
                yield at(
                    spec, (*keys, key), message, f"write another `{option}` before the cluster is founded, or give the host another address"
                )
    for node in spec.proxmox.nodes:
        if node.address and node.address in {host.address, own}:
            message = f"{node.address} is the PVE node {node.name}: Kubernetes would change the network of the VMs that it carries"
            yield at(spec, (*keys, "address"), message, "put a VM on it instead, in `pools`")


def _networks(spec: Spec, option: str) -> Iterator[IpNetwork]:
    for text in cidrs(spec.distribution.options, option):
        try:
            yield ip_network(text)
        except ValueError:  # told by another rule
            return


def _interface(spec: Spec, keys: Keys, host: Host) -> Iterator[Problem]:
    own = distribution(spec.distribution.name)
    if host.interface is not None and not own.interface_key:
        message = f"{own.title} is told no interface by node"
        yield at(spec, (*keys, "interface"), message, "delete it; `cni: {interface: NAME}` is one name for all nodes")


def _set_up(spec: Spec, keys: Keys, host: Host) -> Iterator[Problem]:
    """What first boot would do: a host had its own."""
    own = host.cloud_init
    for name, commands in (("runcmd", own.user_data.runcmd), ("bootcmd", own.user_data.bootcmd)):
        if commands:
            message = f"{host.name} has no first boot of ours, in which `{name}` would run"
            yield at(spec, (*keys, "cloud_init", "user_data", name), message, "delete it; run it on the host by hand, or by a hook")
    given: tuple[tuple[Keys, bool], ...] = (
        (("cloud_init", "packages"), bool(spec.cloud_init.packages)),
        ((*keys, "cloud_init", "packages"), bool(own.packages)),
    )
    for where in (where for where, packages in given if packages and profile(host.system).package_manager == "none"):
        message = f"packages of {host.name} are its owner's (`system: {host.system}`)"
        yield at(
            spec, where, message, "name packages under `cloud_init` of what has a package manager of ours, and install them there by hand"
        )
    yield from _accounts(spec, keys, host)
    yield from _files(spec, keys, host)


def _accounts(spec: Spec, keys: Keys, host: Host) -> Iterator[Problem]:
    names = {user.name for user in spec.cloud_init.users}
    for u, user in enumerate(host.cloud_init.users):
        where: Keys = (*keys, "cloud_init", "users", u)
        if user.name in names:
            yield at(spec, (*where, "name"), f"{host.name} has a user `{user.name}` already", "give one of them another name")
        if user.password_hash is not None:
            message = "passwords are set at a machine's first boot, and a host had its own"
            yield at(spec, (*where, "password_hash"), message, "delete it, and set it there: passwd")
        names.add(user.name)


def _files(spec: Spec, keys: Keys, host: Host) -> Iterator[Problem]:
    seen = {file.path for file in spec.cloud_init.user_data.write_files}
    for f, file in enumerate(host.cloud_init.user_data.write_files):
        if file.path in seen:
            where: Keys = (*keys, "cloud_init", "user_data", "write_files", f, "path")
            yield at(spec, where, f"`{file.path}` is written twice on {host.name}", "delete one of the two")
        seen.add(file.path)


def _size(spec: Spec, keys: Keys, host: Host) -> Iterator[Problem]:
    lacking = [key for key in ("cores", "memory") if getattr(host, key) is None]
    if spec.kubelet.reserve and lacking:
        message = f"nodes keep a part by their size (`kubelet.reserve`), and that of {host.name} is not known: {' and '.join(lacking)}"
        yield at(spec, keys, message, "add what it has: `cores: 4`, `memory: 8GiB`")


def _release(spec: Spec, keys: Keys, host: Host) -> Iterator[Problem]:
    """A file of the user's own choice is for one processor."""
    wanted = spec.distribution
    for key, own in (("url", wanted.url_arm64), ("sha256", wanted.sha256_arm64)):
        if getattr(wanted, key) and not own and host.architecture != "amd64":
            which = "has another" if host.architecture else "may have another"
            message = f"`distribution.{key}` is of the file for amd64 processors, and {host.name} {which}"
            amd64 = "" if host.architecture else ", or `architecture: amd64` on the host if it has one"
            yield at(spec, (*keys, "architecture"), message, f"add `{key}_arm64:` beside it{amd64}")


def _way_to_the_api(spec: Spec, keys: Keys, host: Host) -> Iterator[Problem]:
    """kube-vip runs on all servers, and is told one interface."""
    if host.role == "server" and spec.api.on_servers == "kube-vip":
        message = f"kube-vip would run on {host.name} too, whose network is not known here"
        yield at(
            spec,
            (*keys, "role"),
            message,
            "write `on_servers: keepalived` under `api`: hosts do not carry the virtual IP then, or let it be an agent",
        )


def _each_its_own(spec: Spec) -> Iterator[Problem]:
    """Two names for one host would be two nodes on it."""
    ways: dict[tuple[str, int], str] = {}
    owned: dict[str, str] = {}
    for h, host in enumerate(spec.hosts):
        way = (host.address.lower(), host.ssh_port or spec.ssh.port)
        other = ways.setdefault(way, host.name)
        if other != host.name:
            message = f"{host.name} is reached at {way[0]}, port {way[1]}, and so is {other}"
            yield at(spec, ("hosts", h, "address"), message, "write its own address, or the `ssh_port` that leads to it")
            continue
        own = own_address(host)
        other = owned.setdefault(own, host.name) if own else host.name
        if other != host.name:
            message = f"{host.name} and {other} have the same address {own}"
            yield at(
                spec,
                ("hosts", h, "node_ip" if host.node_ip else "address"),
                message,
                "give one of them another address, or write its `node_ip`",
            )
