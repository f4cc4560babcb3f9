"""What was observed: addresses, host keys, whether the cluster was founded. Nothing is ever allocated from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from stardock.model.host import Host, Member
from stardock.model.plan import Plan

SSH_PORT = 22
#: A public key of WireGuard: 32 bytes in base64, of whose last digit two bits are none of them.
MESH_KEY = r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFacts:
    """`addresses`: interface -> addresses as the guest agent told them. `host_keys`: `ssh-ed25519 AAAA...`, without comment."""

    addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    host_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sshd:
    """A machine's sshd: where it answers, None: nobody knows; `keys` are those that cluster.yaml pins, and then no others count."""

    name: str
    address: str | None
    port: int
    keys: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """As what it stands in known_hosts."""
        return tuple(_spelled(each, self.port) for each in (self.address, self.name) if each)


@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    """That the cluster exists: the sha256 of its CA, and the servers (name -> host keys) that existed then.

    `versions` are the releases that servers and agents last said that they run, `settings` what it was founded with
    (`stardock.distributions.founding`); both empty where nobody asked yet.
    """

    ca_sha256: str
    servers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that was observed of one cluster.

    `unknown` are servers that may exist and never said whether they belong to a founded cluster: facts were lost, or a VM was taken back. A
    server that Stardock made while it had facts is none of them: it cannot have been founded unseen.
    `mesh_keys`: name -> public key in the mesh, as the machine said it last.
    """

    cluster: str
    machines: Mapping[str, MachineFacts] = field(default_factory=dict)
    founded: Founded | None = None
    unknown: tuple[str, ...] = ()
    mesh_keys: Mapping[str, str] = field(default_factory=dict)


def without_host_keys(facts: Facts, names: Iterable[str]) -> Facts:
    """The facts without what these machines' SSH servers were known by; their addresses stay."""
    gone = {name: replace(facts.machines[name], host_keys=()) for name in names if name in facts.machines}
    return replace(facts, machines={**facts.machines, **gone})


def address_of(machine: Member, facts: Facts) -> str | None:
    """A machine's own address: its static one, else what was observed on its first interface (IPv4 first), else None."""
    if isinstance(machine, Host) or machine.address is not None:
        return machine.address
    seen = facts.machines.get(machine.name, MachineFacts()).addresses.get(machine.interfaces[0].name, ())
    return next(iter(sorted(seen, key=lambda address: ":" in address)), None)


def reached_at(machine: Member, facts: Facts) -> str | None:
    """Where its sshd answers: a machine's own address, and what cluster.yaml says of a host."""
    return machine.reached_at if isinstance(machine, Host) else address_of(machine, facts)


def host_keys_of(machine: Member, facts: Facts) -> tuple[str, ...]:
    """What its sshd is known by: as cluster.yaml pins it, and only where that is silent as it was observed."""
    pinned = machine.host_keys if isinstance(machine, Host) else ()
    return pinned or facts.machines.get(machine.name, MachineFacts()).host_keys


def ipv6_of(machine: Member, facts: Facts) -> str | None:
    """The IPv6 address of a machine's first interface: the static one, else of those observed the least, else None."""
    if isinstance(machine, Host):
        return machine.ipv6
    own = machine.interfaces[0]
    if own.ipv6 is None:
        return None
    if own.ipv6.address is not None:
        return own.ipv6.address
    seen = facts.machines.get(machine.name, MachineFacts()).addresses.get(own.name, ())
    return min((address for address in seen if ":" in address), default=None)  # the agent's order may differ from day to day


def known_hosts(plan: Plan, facts: Facts) -> Iterator[str]:
    """One line a key of the plan's machines and hosts."""
    return host_lines((sshd_of(plan, member, facts) for member in plan.members), facts)


def sshd_of(plan: Plan, member: Member, facts: Facts) -> Sshd:
    """Where and by what a machine's sshd is known."""
    if isinstance(member, Host):
        return Sshd(member.name, member.reached_at, member.ssh_port or plan.ssh.port, member.host_keys)
    return Sshd(member.name, address_of(member, facts), plan.ssh.port)


def host_lines(sshds: Iterable[Sshd], facts: Facts) -> Iterator[str]:
    """One line a key, under the machine's address and its name; sshd(8), SSH_KNOWN_HOSTS FILE FORMAT."""
    for sshd in sshds:
        for key in sshd.keys or facts.machines.get(sshd.name, MachineFacts()).host_keys:
            yield f"{','.join(sshd.names)} {' '.join(key.split())}\n"  # one line, whatever was told


def _spelled(name: str, port: int) -> str:
    return name if port == SSH_PORT else f"[{name}]:{port}"
