"""What was observed: `X.facts.json` (addresses, host keys, whether the cluster was founded) and `X.known_hosts`. Never allocated from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from stardock.plan.model import Machine, Plan
from stardock.records.document import Words, read_document
from stardock.writing import write_atomically

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SSH_PORT = 22
CURE = "facts are only observed: delete the file and run `runner discover`"


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFacts:
    """`addresses`: interface -> addresses as the guest agent told them. `host_keys`: `ssh-ed25519 AAAA...`, without comment."""

    addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    host_keys: tuple[str, ...] = ()


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

    `unknown` are servers that may stand and never said whether they belong to a founded cluster: facts were lost, or a VM was taken back. A
    server that Stardock made while it had facts is none of them: it cannot have been founded unseen.
    """

    cluster: str
    machines: Mapping[str, MachineFacts] = field(default_factory=dict)
    founded: Founded | None = None
    unknown: tuple[str, ...] = ()


def load_facts(path: Path, cluster: str, servers: Iterable[str] = ()) -> Facts:
    """Read the facts of a cluster. `InputErrors` when damaged or of another cluster.

    `servers` may stand: all of them are unknown where there is no file, and where it says neither who is unknown (older ones do not) nor
    that something is founded. Whoever saves these facts, for whatever reason, thus never makes known what is not.
    """
    document = read_document(path, Words(name="facts", cure=CURE, conflict=CURE))
    unknown = tuple(sorted(servers))
    if document is None:
        return Facts(cluster=cluster, unknown=unknown)
    from stardock.records import forms  # noqa: PLC0415 - pydantic: a tenth of a second
    from stardock.records.facts_forms import facts_forms  # noqa: PLC0415

    facts = forms.read(document, _adapter(), document.data, facts_forms())
    if facts.cluster != cluster:
        forms.tell(document, [(("cluster",), f"these are the facts of the cluster {facts.cluster}, not {cluster}")])
    return facts if "unknown" in document.data or facts.founded else replace(facts, unknown=unknown)


def save_facts(path: Path, facts: Facts) -> None:
    """Write facts atomically; the same facts give the same bytes."""
    write_atomically(path, json.dumps(asdict(facts), indent=2, sort_keys=True) + "\n")


def address_of(machine: Machine, facts: Facts) -> str | None:
    """Where a machine answers: its static address, else what was observed on its first interface (IPv4 first), else None."""
    if machine.address is not None:
        return machine.address
    seen = facts.machines.get(machine.name, MachineFacts()).addresses.get(machine.interfaces[0].name, ())
    return next(iter(sorted(seen, key=lambda address: ":" in address)), None)


def ipv6_of(machine: Machine, facts: Facts) -> str | None:
    """The IPv6 address of a machine's first interface: the static one, else of those observed the least, else None."""
    own = machine.interfaces[0]
    if own.ipv6 is None:
        return None
    if own.ipv6.address is not None:
        return own.ipv6.address
    seen = facts.machines.get(machine.name, MachineFacts()).addresses.get(own.name, ())
    return min((address for address in seen if ":" in address), default=None)  # the agent's order may differ from day to day


def save_known_hosts(path: Path, plan: Plan, facts: Facts) -> None:
    """Write the host keys of the plan's machines in OpenSSH's format; keys of machines that are gone go with this."""
    write_atomically(path, "".join(known_hosts(plan, facts)))


def known_hosts(plan: Plan, facts: Facts) -> Iterator[str]:
    """One line a key, under the machine's address and its name; sshd(8), SSH_KNOWN_HOSTS FILE FORMAT."""
    for machine in plan.machines:
        names = ",".join(_spelled(name, plan.ssh.port) for name in (address_of(machine, facts), machine.name) if name)
        for key in facts.machines.get(machine.name, MachineFacts()).host_keys:
            yield f"{names} {' '.join(key.split())}\n"  # one line, whatever was told


def _spelled(name: str, port: int) -> str:
    return name if port == SSH_PORT else f"[{name}]:{port}"


@cache
def _adapter() -> TypeAdapter[Facts]:
    from pydantic import TypeAdapter  # noqa: PLC0415 - a tenth of a second

    return TypeAdapter(Facts)
