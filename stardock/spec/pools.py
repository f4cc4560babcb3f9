"""`pools`: machines of one role with the same hardware, image, network and labels."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from stardock.distributions.node_labels import EFFECTS, is_label_key, is_label_value, taint_of
from stardock.spec.cloud_init import PoolCloudInit
from stardock.spec.hardware import Cpu, Hardware
from stardock.spec.image import Image
from stardock.spec.interface import Interfaces
from stardock.spec.ip import Ipv4, Ipv6, Mac
from stardock.spec.mistakes import cures
from stardock.spec.network import RoleName
from stardock.spec.proxmox import NodeName
from stardock.spec.section import broken
from stardock.spec.units import Count, Gibibytes, HostName, MachineName, Mebibytes, Name, parse_machine_name, shown


@dataclass(frozen=True, slots=True)
class Size:
    """What a role's machines get when the pool does not say. Memory in MiB, disk in GiB."""

    cores: int
    memory: int
    disk: int
    vm_id_start: int


#: RKE2's documented minimum for servers is 2 cores and 4 GB; the id ranges are starbase's documented ones.
SIZES: dict[RoleName | None, Size] = {
    "loadbalancer": Size(cores=1, memory=1024, disk=20, vm_id_start=200),
    "server": Size(cores=2, memory=4096, disk=40, vm_id_start=210),
    "agent": Size(cores=2, memory=4096, disk=40, vm_id_start=220),
}
_NO_ROLE = Size(cores=2, memory=4096, disk=40, vm_id_start=200)

#: PVE's own limits: ids below 100 are reserved, nine digits at most.
VM_IDS = (100, 999_999_999)
_MAX_CORES = 128

_LABELS = re.compile(r"[a-z][a-z0-9-]{0,40}[a-z0-9]")
#: Machines of one pool; a plan of a thousand takes seconds.
MAX_COUNT = 1000


def _default(data: dict[str, Any]) -> Size:
    """By role; `data` lacks it when it was wrong, which is a problem of its own already."""
    return SIZES.get(data.get("role"), _NO_ROLE)


def parse_vm_id(value: int) -> int:
    """An id that PVE takes."""
    if not VM_IDS[0] <= value <= VM_IDS[1]:
        raise broken(f"VM id {value} is outside of {VM_IDS[0]} to {VM_IDS[1]}", "write for example 210")
    return value


def parse_cores(value: int) -> int:
    """At least one."""
    if not 1 <= value <= _MAX_CORES:
        raise broken(f"{value} cores are outside of 1 to {_MAX_CORES}", "write for example 2")
    return value


def parse_count(value: int) -> int:
    """Not negative, and no more than one cluster can be planned for."""
    if not 0 <= value <= MAX_COUNT:
        raise broken(f"count {value} is outside of 0 to {MAX_COUNT}", "write for example 3, or make several pools")
    return value


def parse_pattern(value: str) -> str:
    """A name with `{n}` once, which makes names of machines."""
    if value.count("{n}") != 1:
        meant = cures.pattern(value)
        fits = meant.count("{n}") == 1 and _LABELS.fullmatch(meant.replace("{n}", "1"))
        cure = f'write "{meant}"' if fits else 'write for example "agent{n}"'
        raise broken(f"pattern {shown(value)} must contain {{n}} once: it becomes 1, 2, 3, ...", cure)
    for number in (1, MAX_COUNT):
        try:
            parse_machine_name(value.replace("{n}", str(number)))
        except PydanticCustomError as error:
            raise broken(f"pattern {shown(value)}: {error.message()}", f"write {_better_pattern(value)}") from error
    return value


def _better_pattern(value: str) -> str:
    before, after = (re.sub(r"[^a-z0-9]+", "-", part.lower()) for part in value.split("{n}"))
    before = before.lstrip("-0123456789")[:40] or "m"
    return before + "{n}" + after[:10].rstrip("-")


def parse_labels(value: dict[str, str]) -> dict[str, str]:
    """Keys and values as Kubernetes takes them."""
    wrong = [f"{key}={text}" for key, text in value.items() if not is_label_key(key) or not is_label_value(text)]
    if wrong:
        raise broken(f"{', '.join(map(shown, wrong))}: not a label of Kubernetes", _better_labels(value))
    return value


def _better_labels(value: dict[str, str]) -> str:
    """Values without what no label takes; a key that is none has no better one."""
    better = {key: re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-_.")[:63] for key, text in value.items() if is_label_key(key)}
    changed = [f'{key}: "{text}"' for key, text in better.items() if text != value[key] and text]
    return f"write {', '.join(changed)}" if changed else "write for example topology.kubernetes.io/zone: rack1"


def parse_taint(value: str) -> str:
    """`key=value:Effect`."""
    if taint_of(value) is None:
        raise broken(f"{shown(value)} is not a taint", _better_taint(value))
    return value


def _better_taint(value: str) -> str:
    value = re.sub(r"\s*([:=])\s*", r"\1", value.strip())
    effect = {effect.lower(): effect for effect in EFFECTS}.get(value.rpartition(":")[2].lower())
    better = f"{value.rpartition(':')[0]}:{effect}" if effect else f"{value}:NoSchedule"
    usual = "write key=value:NoSchedule, key:PreferNoSchedule or key:NoExecute"
    return f"write {better}" + ("" if effect else ", or another effect") if taint_of(better) else usual


def parse_taint_mapping(value: object) -> object:
    """Kubernetes' own form of a taint is told in ours."""
    if isinstance(value, dict) and isinstance(value.get("key"), str):
        pair = f"{value['key']}={value['value']}" if value.get("value") else value["key"]
        effect = {effect.lower(): effect for effect in EFFECTS}.get(str(value.get("effect")).lower(), "NoSchedule")
        raise broken("there is a mapping where a taint belongs as one text", f"write {pair}:{effect}")
    return value


VmId = Annotated[Count, AfterValidator(parse_vm_id)]
Cores = Annotated[Count, AfterValidator(parse_cores)]


class Machine(Hardware):
    """One machine of a pool. Written as its name alone, or as a mapping with what differs from the pool."""

    name: MachineName = Field(description="host name and VM name; never changes")
    vm_id: VmId | None = Field(default=None, description="VM id, 100 to 999999999; default: the next of the pool")
    hostname: HostName | None = Field(default=None, description="full host name, also of the VM and the Kubernetes node; default: the name")
    pve_node: NodeName | None = Field(default=None, description="PVE node; default: placed by Stardock")
    nodes: tuple[NodeName, ...] | None = Field(
        default=None, description="PVE nodes that may carry this machine; default: the pool's", min_length=1
    )
    addresses: dict[str, Ipv4] = Field(default_factory=dict, description="static address by interface name; default: the next of the range")
    ipv6_addresses: dict[str, Ipv6] = Field(default_factory=dict, description="the same of IPv6")
    macs: dict[str, Mac] = Field(default_factory=dict, description="MAC by interface name; default: made from the names")
    cores: Cores | None = Field(default=None, description="default: the pool's")
    cpu: Cpu | None = Field(default=None, description="CPU type; default: the pool's")
    memory: Mebibytes | None = Field(default=None, description="default: the pool's")
    disk: Gibibytes | None = Field(default=None, description="default: the pool's")
    options: dict[str, Any] = Field(default_factory=dict, description="as of the pool; these win over them")


def _by_name(value: Any) -> Any:
    """A bare name stands for a machine that differs in nothing."""
    return [{"name": item} if isinstance(item, str | int) else item for item in value] if isinstance(value, list | tuple) else value


Machines = Annotated[tuple[Machine, ...], BeforeValidator(_by_name)]


class Pool(Hardware):
    """Machines of one role. Either `machines` names them, or `count` and `pattern` do."""

    name: Name = Field(description="the pool's name")
    role: RoleName = Field(description="what its machines are")
    machines: Machines | None = Field(default=None, description="names, or mappings of what differs")
    count: Annotated[Count, AfterValidator(parse_count)] | None = Field(default=None, description="number of machines, with `pattern`")
    pattern: Annotated[str, AfterValidator(parse_pattern)] | None = Field(
        default=None, description="their names: `{n}` becomes 1, 2, 3, ..."
    )
    cores: Cores = Field(default_factory=lambda data: _default(data).cores, description="CPU cores; default: 1 for load balancers, else 2")
    cpu: Cpu = Field(default="x86-64-v2-AES", description="CPU type of PVE")
    memory: Mebibytes = Field(default_factory=lambda data: _default(data).memory, description="default: 1GiB for load balancers, else 4GiB")
    disk: Gibibytes = Field(default_factory=lambda data: _default(data).disk, description="default: 20GiB for load balancers, else 40GiB")
    disk_interface: Literal["scsi0", "virtio0"] = Field(
        default="scsi0", description="where PVE attaches the disk; imported machines may have `virtio0`"
    )
    vm_id_start: VmId | None = Field(
        default=None,
        description="VM ids count up from here; default: the next free ones from 200 (load balancers), 210 (servers), 220 (agents) on",
    )
    nodes: tuple[NodeName, ...] | None = Field(
        default=None, description="PVE nodes that may carry these machines; default: all", min_length=1
    )
    labels: Annotated[dict[str, str], AfterValidator(parse_labels)] = Field(
        default_factory=dict, description="labels of the Kubernetes nodes"
    )
    taints: tuple[Annotated[str, AfterValidator(parse_taint), BeforeValidator(parse_taint_mapping)], ...] = Field(
        default=(), description="taints of the Kubernetes nodes: `key=value:NoSchedule`"
    )
    options: dict[str, Any] = Field(
        default_factory=dict,
        description="keys of config.yaml, as under `distribution`, for these machines alone; a list replaces the cluster's",
    )
    image: Image | None = Field(default=None, description="another image than the cluster's")
    cloud_init: PoolCloudInit = Field(default=PoolCloudInit(), description="further set-up of these machines")
    interfaces: Interfaces | None = Field(default=None, description="other interfaces than the role's")

    @model_validator(mode="after")
    def _one_way_to_name_machines(self) -> Pool:
        if self.machines is not None and (self.count is not None or self.pattern is not None):
            raise broken("`machines` excludes `count` and `pattern`", "delete one of the two ways to name machines")
        if self.machines is None and (self.count is None or self.pattern is None):
            raise broken("the pool does not say which machines it has", self._how_to_name())
        return self

    @property
    def first_vm_id(self) -> int:
        """Where its VM ids are counted from: its own word, else its role's."""
        return self.vm_id_start or SIZES[self.role].vm_id_start

    def _how_to_name(self) -> str:
        if self.count is not None:
            return f'add `pattern: "{self.role}{{n}}"`, which names them {self.role}1, {self.role}2 and so on'
        if self.nodes:
            return "if `nodes` are its machines, write `machines` in its place: `nodes` are PVE nodes; else add `machines: [NAME, ...]`"
        return "add `machines: [NAME, ...]`, or both `count` and `pattern`"

    @cached_property
    def members(self) -> tuple[Machine, ...]:
        """The machines in declared order, whichever way they were named."""
        if self.machines is not None:
            return self.machines
        return tuple(Machine(name=(self.pattern or "{n}").replace("{n}", str(n))) for n in range(1, (self.count or 0) + 1))
