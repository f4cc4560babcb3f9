"""PVE's HA manager, as far as a cluster is hit: a PVE node that fails is fenced, and its HA resources start elsewhere.

What is like the real one: the configuration of a resource moves, its disks and snippets do not; a start that fails is tried again on
the same PVE node (`max_restart`) and then on others (`max_relocate`); a strict rule of node affinity is kept; after the last try the
resource is in state `error`. What is not: fencing takes no time, there are no priorities, and nothing fails back.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from lab.pve import power
from lab.pve.errors import PveError, TaskError, failed
from lab.pve.estate import Estate
from lab.pve.state import Vm

#: What the CRM is asked for, by its other names too.
_STARTED = frozenset({"started", "enabled"})
_STOPPED = frozenset({"stopped", "disabled"})


def node_changed(estate: Estate, node: str) -> None:
    """A PVE node went or came: what ran on one that went runs no more, and the manager sees to its resources."""
    if _offline(estate, node):
        for vm in list(estate.state.vms.values()):
            if vm.node == node:
                estate.hypervisor.stop(vm.vm_id)
    settle(estate)


def settle(estate: Estate) -> None:
    """Brings every resource to where it shall be; the last word of each is in `estate.ha_states`."""
    for sid in sorted(estate.state.ha):
        settle_one(estate, sid)


def settle_one(estate: Estate, sid: str) -> None:
    """The same for one resource."""
    wanted, vm = estate.state.ha[sid].get("state", "started"), vm_of(estate, sid)
    if vm is None or wanted == "ignored":
        return
    if wanted in _STOPPED:
        estate.ha_states[sid] = wanted
        estate.hypervisor.stop(vm.vm_id)
    elif wanted in _STARTED and estate.ha_states.get(sid) != "error":
        _start(estate, sid, vm)


def stop(estate: Estate, sid: str, timeout: float) -> None:
    """The CRM's command `stop`: asks the guest, and cuts the power after `timeout` seconds, whoever asked (PVE::HA::Resources::PVEVM,
    `shutdown`: forceStop); 0: at once. It stays off, for the resource's state is `stopped` from now on (PVE::HA::Manager). Returns at once.
    """
    with estate.state as state:
        state.ha[sid]["state"] = "stopped"
    estate.ha_states[sid] = "request_stop"
    threading.Thread(target=_stop, args=(estate, sid, timeout), name=f"ha stop {sid}", daemon=True).start()


def _stop(estate: Estate, sid: str, timeout: float) -> None:
    vm, log = vm_of(estate, sid), estate.ha_log.append
    if vm is None:
        return
    if timeout:
        power.shutdown(estate, vm, timeout, force=True, log=log)
    else:
        power.stop(estate, vm, log)
    estate.ha_states[sid] = "stopped"


def told(estate: Estate, vm_id: int) -> dict[str, Any]:
    """What a VM's status says of it (PVE::HA::Config, `get_service_status`)."""
    if not managed(estate, vm_id):
        return {"managed": 0}
    return {"managed": 1, "state": estate.ha_states.get(f"vm:{vm_id}")}


def _start(estate: Estate, sid: str, vm: Vm) -> None:
    if not _offline(estate, vm.node) and estate.is_running(vm):
        estate.ha_states[sid] = "started"
        return
    tried: list[str] = []
    for _ in range(1 + int(estate.state.ha[sid].get("max_relocate", 1))):
        node = vm.node if not tried and not _offline(estate, vm.node) else _elsewhere(estate, sid, vm, tried)
        if node is None:
            break
        _move(estate, sid, vm, node)
        if _tries(estate, sid, vm):
            estate.ha_states[sid] = "started"
            return
        tried.append(node)
    estate.ha_states[sid] = "error" if tried else "recovery"  # recovery: there is no PVE node for it now


def _offline(estate: Estate, node: str) -> bool:
    return estate.conditions.node(node).offline


def _elsewhere(estate: Estate, sid: str, vm: Vm, tried: list[str]) -> str | None:
    """The eligible PVE node with the fewest VMs."""
    eligible = [node for node in nodes_of(estate, sid) if not _offline(estate, node) and node not in {*tried, vm.node}]
    count = {node: sum(other.node == node for other in estate.state.vms.values()) for node in eligible}
    return min(eligible, key=lambda node: count[node], default=None)


def _move(estate: Estate, sid: str, vm: Vm, node: str) -> None:
    """Moves the configuration, and nothing else."""
    if node != vm.node:
        estate.ha_log.append(f"recover service '{sid}' from fenced node '{vm.node}' to node '{node}'")
        with estate.state:
            vm.node = node


def _tries(estate: Estate, sid: str, vm: Vm) -> bool:
    for _ in range(1 + int(estate.state.ha[sid].get("max_restart", 1))):
        try:
            power.start(estate, vm, estate.ha_log.append)
        except (TaskError, PveError) as error:
            estate.ha_log.append(f"unable to start service {sid} on node '{vm.node}': {error}")
        else:
            return True
    return False


def forget(estate: Estate, sid: str, *, purge: bool) -> None:
    """Takes a resource out of the manager's care; with `purge` out of its rules, those that hold no other go."""
    with estate.state as state:
        state.ha.pop(sid, None)
        for name, rule in list(state.ha_rules.items()) if purge else ():
            left = [other for other in listed(rule["resources"]) if other != sid]
            rule["resources"] = ",".join(left)
            if not left:
                del state.ha_rules[name]
    estate.ha_states.pop(sid, None)


def vm_of(estate: Estate, sid: str) -> Vm | None:
    """The VM of a resource id (`vm:100`)."""
    return estate.state.vms.get(int(sid.partition(":")[2]))


def managed(estate: Estate, vm_id: int) -> bool:
    """Whether the manager looks after a VM."""
    return f"vm:{vm_id}" in estate.state.ha


def rules_of(estate: Estate, sid: str) -> Iterator[dict[str, Any]]:
    """The enabled rules of node affinity that name a resource."""
    for rule in estate.state.ha_rules.values():
        if rule["type"] == "node-affinity" and sid in listed(rule["resources"]) and not rule.get("disable"):
            yield rule


def nodes_of(estate: Estate, sid: str) -> list[str]:
    """Where a resource may run: all PVE nodes, unless a strict rule names some."""
    strict = [names_of(rule["nodes"]) for rule in rules_of(estate, sid) if rule.get("strict")]
    return [node for node in estate.nodes if all(node in names for names in strict)]


def names_of(nodes: str) -> list[str]:
    """The PVE nodes of `pve1:2,pve2`, without priorities."""
    return [part.partition(":")[0] for part in listed(nodes)]


def listed(text: str) -> list[str]:
    """The items of a list as PVE takes them."""
    return [part for part in text.replace(";", ",").replace(" ", ",").split(",") if part]


def resource_id(estate: Estate, text: str) -> str:
    """`vm:100` of it or of a bare VM id. Raises PveError (500) as PVE does."""
    if not text.isdigit():
        return text
    if int(text) not in estate.state.vms:
        raise failed(f"unable to detect SID from VMID - VM/CT {text} does not exist")
    return f"vm:{text}"
