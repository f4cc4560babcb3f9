"""Rules of `api`: ports that are apart, servers that can be found by name, priorities of machines that are there."""

from __future__ import annotations

from collections.abc import Iterator

from stardock.distributions import distribution
from stardock.distributions.network import NO_PLUGIN
from stardock.errors import Problem
from stardock.model.api import is_address
from stardock.nearest import nearest
from stardock.spec.cluster import Keys, Spec
from stardock.spec.derived import all_options
from stardock.spec.hosts import Host
from stardock.spec.places import at
from stardock.spec.pools import Machine
from stardock.systems import system

#: Where haproxy answers keepalived and whoever reads its numbers (the role haproxy).
_METRICS_PORT = 8404
_BIND = "bind-address"
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 -- nothing is bound here


def api_rules(spec: Spec) -> Iterator[Problem]:
    """All of them."""
    yield from _one_way(spec)
    yield from _carried_on_servers(spec)
    yield from _asks_by_a_service(spec)
    yield from _one_port(spec)
    yield from _ports_apart(spec)
    yield from _whole_names(spec)
    yield from _new_backends(spec)
    yield from _priorities(spec)


def _one_way(spec: Spec) -> Iterator[Problem]:
    """The API has one address."""
    if spec.api.external and spec.network.vip:
        message = f"the API has one address: `external` is {spec.api.external}, and `network.vip` {spec.network.vip}"
        yield at(spec, ("api", "external"), message, "delete one of the two")
    if spec.api.external and spec.api.on_servers:
        yield at(spec, ("api", "on_servers"), "nobody has to hold an address that exists already (`external`)", "delete one of the two")
    if not spec.api.external and not any(pool.role == "loadbalancer" and pool.members for pool in spec.pools):
        for key in ("port", "supervisor_port") if spec.api.on_servers or not spec.network.vip else ():
            if getattr(spec.api, key) is not None:
                message = "nobody listens on another port than the servers' own: there is no load balancer"
                yield at(spec, ("api", key), message, "delete the line, or add a pool of role loadbalancer")


def _carried_on_servers(spec: Spec) -> Iterator[Problem]:
    """A VIP that servers hold themselves, with a keepalived that their system has."""
    if spec.api.on_servers is None:
        return
    if spec.network.vip is None and not spec.api.external:
        message = "servers are to hold the virtual IP, and there is none"
        yield at(spec, ("api", "on_servers"), message, "write `vip: ADDRESS` under `network:`, a free address of the servers' subnet")
    if spec.network.vip_ipv6 and spec.api.on_servers == "kube-vip":
        message = "kube-vip is written here for one address, and `vip_ipv6` is a second one"
        yield at(spec, ("network", "vip_ipv6"), message, "delete it, or write `on_servers: keepalived`")
    for keys, bound in dict(_bound(spec)).items():
        if bound not in {None, *_EVERYWHERE}:
            message = f"servers would listen at {bound} alone, and not at the virtual IP that they are to hold (`on_servers`)"
            yield at(spec, (*keys, _BIND), message, "delete it, or let load balancers hold the virtual IP")
    for pool in spec.pools:
        if pool.role == "loadbalancer" and pool.members:
            message = "load balancers hold the virtual IP where there are any, and `on_servers` wants it on servers"
            yield at(spec, ("api", "on_servers"), message, f"delete the line, or the pool `{pool.name}`")
        own = system(spec.image_of(pool).system)
        if pool.role == "server" and spec.api.on_servers == "keepalived" and "loadbalancer" not in own.roles:
            message = f"{own.title} has no keepalived, so that servers of `{pool.name}` cannot hold the virtual IP"
            yield at(spec, ("api", "on_servers"), message, "write `on_servers: kube-vip`, or add load balancers of another system")


def _bound(spec: Spec) -> Iterator[tuple[Keys, object]]:
    """Where a server listens, and where that is said: by the machine, else by its pool, else for all."""
    for keys, pool, machine in spec.members():
        said = ((keys, machine.options), (keys[:2], pool.options), (("distribution",), spec.distribution.options))
        for where, options in said if pool.role == "server" else ():
            if _BIND in options:
                yield (*where, "options"), options[_BIND]
                break


def _asks_by_a_service(spec: Spec) -> Iterator[Problem]:
    """kube-vip runs in the cluster, and knows no other way to the API."""
    options, own = all_options(spec), distribution(spec.distribution.name)
    if spec.api.on_servers == "kube-vip" and options.get("disable-kube-proxy") is True and own.plugin(options) == NO_PLUGIN:
        message = "kube-vip asks the API by the Service `kubernetes`, which nobody serves: there is neither kube-proxy nor a plugin of ours"
        yield at(spec, ("api", "on_servers"), message, "write `on_servers: keepalived`, or delete `kube_proxy: false` under `cni`")


def _one_port(spec: Spec) -> Iterator[Problem]:
    own = distribution(spec.distribution.name)
    if spec.api.supervisor_port is not None and own.supervisor_port == own.api_port:
        message = f"machines of {own.title} join at the API's port"
        yield at(spec, ("api", "supervisor_port"), message, "delete it; `port` moves both")


def _ports_apart(spec: Spec) -> Iterator[Problem]:
    """Those that load balancers listen on; the servers' own among them, which agents use in any case."""
    own = distribution(spec.distribution.name)
    used: dict[int | None, str] = {spec.ssh.port: "sshd's", _METRICS_PORT: "haproxy's own, for keepalived and its numbers"}
    joining: dict[int | None, str] = {own.supervisor_port: "where machines join"} if own.supervisor_port != own.api_port else {}
    asking: dict[int | None, str] = {own.api_port: "the API's", spec.api.port: "the API's"}
    for key, port, taken in (
        ("port", spec.api.port, {**used, **joining}),
        ("supervisor_port", spec.api.supervisor_port, {**used, **asking}),
    ):
        if port is not None and port in taken:
            yield at(spec, ("api", key), f"port {port} of load balancers is {taken[port]}", "write another port")


def _whole_names(spec: Spec) -> Iterator[Problem]:
    """Name servers are asked for exactly the name that haproxy is given (2.6, configuration.txt, 5.3): no search domain is added."""
    servers: list[tuple[Keys, Machine | Host]] = [(keys, machine) for keys, pool, machine in spec.members() if pool.role == "server"]
    servers += [(("hosts", h), host) for h, host in enumerate(spec.hosts) if host.role == "server"]
    for keys, machine in servers if spec.api.haproxy.by_name else ():
        if "." not in (machine.hostname or ""):
            message = f"load balancers look servers up by name, and `{machine.name}` has no whole host name"
            where: Keys = (*keys, "hostname") if machine.hostname else keys
            whole = f"{machine.name}.home.arpa"
            cure = f"add `hostname: {whole}`" if isinstance(machine, Host) else f"write {{name: {machine.name}, hostname: {whole}}}"
            yield at(spec, where, message, f"{cure} with your domain")
    for b, backend in enumerate(spec.api.haproxy.backends):
        if "." not in backend.address and not is_address(backend.address):
            message = f"load balancers look `{backend.address}` up by name, and it is no whole host name"
            yield at(spec, ("api", "haproxy", "backends", b, "address"), message, f"write {backend.address}.home.arpa with your domain")


def _new_backends(spec: Spec) -> Iterator[Problem]:
    servers = {machine.name for _, pool, machine in spec.members() if pool.role == "server"}
    servers |= {host.name for host in spec.hosts if host.role == "server"}
    for b, backend in enumerate(spec.api.haproxy.backends):
        keys: Keys = ("api", "haproxy", "backends", b)
        if backend.name in servers:
            message = f"`{backend.name}` is a server of `pools` or `hosts`, which load balancers know already"
            yield at(spec, (*keys, "name"), message, "delete the entry, or give it another name")


def _priorities(spec: Spec) -> Iterator[Problem]:
    role = "server" if spec.api.on_servers else "loadbalancer"
    carriers = [machine.name for _, pool, machine in spec.members() if pool.role == role]
    for name in (name for name in spec.api.keepalived.priorities if name not in carriers):
        message, near = f"`{name}` is no {role}, and never carries the virtual IP", nearest(name, carriers)
        yield at(spec, ("api", "keepalived", "priorities", name), message, f"did you mean `{near}`?" if near else "delete the line")
