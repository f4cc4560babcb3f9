"""/cluster/ha: which VMs the HA manager looks after, and where they may run."""

from __future__ import annotations

from typing import Any

from lab.pve import ha
from lab.pve.errors import BAD_REQUEST, PveError, failed
from lab.pve.estate import Estate
from lab.pve.routes.handler import Request, Routes

_RESOURCES, _RULES = "/cluster/ha/resources", "/cluster/ha/rules"
_SETTINGS = ("state", "max_restart", "max_relocate", "comment", "failback")
_NUMBERS = frozenset({"max_restart", "max_relocate"})
_FLAGS = frozenset({"failback", "strict", "disable"})


def _given(request: Request, names: tuple[str, ...]) -> dict[str, Any]:
    given = {name: request[name] for name in names if name in request.parameters}
    return {name: _typed(name, value) for name, value in given.items()}


def _typed(name: str, value: str) -> str | int:
    if name in _FLAGS:
        return int(value.lower() in {"1", "on", "yes", "true"})
    return int(value) if name in _NUMBERS else value


def resources(request: Request) -> list[dict[str, Any]]:
    """GET resources."""
    return [_described(request.estate, sid) for sid in sorted(request.estate.state.ha)]


def _described(estate: Estate, sid: str) -> dict[str, Any]:
    return {"sid": sid, "type": "vm", "digest": "0" * 40, **estate.state.ha[sid]}


def resource(request: Request) -> dict[str, Any]:
    """GET resources/{sid}."""
    sid = ha.resource_id(request.estate, request["sid"])
    if sid not in request.estate.state.ha:
        raise failed(f"no such resource '{sid}'")
    return _described(request.estate, sid)


def create_resource(request: Request) -> None:
    """POST resources; the manager takes the VM at once."""
    estate, sid = request.estate, ha.resource_id(request.estate, request["sid"])
    kind, _, name = sid.partition(":")
    if request.get("type") not in {None, kind}:
        raise failed("types does not match")
    if "group" in request.parameters:
        raise failed("invalid parameter 'group': ha groups have been migrated to rules")
    if kind != "vm" or not name.isdigit() or int(name) not in estate.state.vms:
        raise failed(f"resource '{sid}' does not exist in cluster")
    with estate.state as state:
        if sid in state.ha:
            raise failed(f"create resource failed: resource ID '{sid}' already defined")
        state.ha[sid] = {"state": "started"} | _given(request, _SETTINGS)
    ha.settle_one(estate, sid)


def update_resource(request: Request) -> None:
    """PUT resources/{sid}: one in state `error` must be disabled first."""
    estate, sid = request.estate, ha.resource_id(request.estate, request["sid"])
    if sid not in estate.state.ha:
        raise failed(f"no such resource '{sid}'")
    if estate.ha_states.get(sid) == "error" and request.get("state") != "disabled":
        raise failed(f"service '{sid}' in error state, must be disabled and fixed first")
    with estate.state as state:
        for name in ha.listed(request.get("delete") or ""):
            state.ha[sid].pop(name, None)
        state.ha[sid] |= _given(request, _SETTINGS)
    ha.settle_one(estate, sid)


def delete_resource(request: Request) -> None:
    """DELETE resources/{sid}: with `purge` (the default) out of the rules, too; the VM stays as it is."""
    sid = ha.resource_id(request.estate, request["sid"])
    if sid not in request.estate.state.ha:
        raise failed(f"cannot delete service '{sid}', not HA managed!")
    ha.forget(request.estate, sid, purge=request.flag("purge", default=True))


def rules(request: Request) -> list[dict[str, Any]]:
    """GET rules."""
    return [rule for rule in request.estate.state.ha_rules.values() if request.get("type") in {None, rule["type"]}]


def rule(request: Request) -> dict[str, Any]:
    """GET rules/{rule}."""
    found = request.estate.state.ha_rules.get(request["rule"])
    if found is None:
        raise failed(f"no such ha rule '{request['rule']}'")
    return found


_RULE = ("type", "resources", "nodes", "strict", "disable", "comment", "affinity")


def create_rule(request: Request) -> None:
    """POST rules."""
    name, made = request["rule"], _given(request, _RULE)
    if made["type"] == "node-affinity" and "nodes" not in made:
        raise PveError(BAD_REQUEST, "Parameter verification failed.", {"nodes": "missing value for required option"})
    _check_rule(request.estate, name, made)
    with request.estate.state as state:
        if name in state.ha_rules:
            raise failed(f"create ha rule failed: HA rule '{name}' already defined")
        state.ha_rules[name] = {"rule": name} | made


def update_rule(request: Request) -> None:
    """PUT rules/{rule}."""
    name, changed = request["rule"], _given(request, _RULE)
    if name not in request.estate.state.ha_rules:
        raise failed(f"update HA rules failed: HA rule '{name}' does not exist")
    _check_rule(request.estate, name, changed)
    with request.estate.state as state:
        for gone in ha.listed(request.get("delete") or ""):
            state.ha_rules[name].pop(gone, None)
        state.ha_rules[name] |= changed


def _check_rule(estate: Estate, name: str, given: dict[str, Any]) -> None:
    """What PVE refuses: VMs that are not managed, nodes that are not there, a second rule for a VM."""
    members = ha.listed(given.get("resources", ""))
    unmanaged = [sid for sid in members if sid not in estate.state.ha]
    if unmanaged:
        raise failed(f"cannot use unmanaged resource(s) {', '.join(unmanaged)}.")
    missing = [node for node in ha.names_of(given.get("nodes", "")) if node not in estate.nodes]
    if missing:
        raise failed(f"cannot use non-existent node(s) {', '.join(missing)}.")
    for sid in members:
        if any(other["rule"] != name for other in ha.rules_of(estate, sid)):
            words = f"resource '{sid}' is already used in another node affinity rule"
            raise PveError(BAD_REQUEST, f"Rule '{name}' is invalid.", {"resources": words})


def delete_rule(request: Request) -> None:
    """DELETE rules/{rule}."""
    with request.estate.state as state:
        state.ha_rules.pop(request["rule"], None)


def current(request: Request) -> list[dict[str, Any]]:
    """GET status/current: every resource, and where it is."""
    estate = request.estate
    found = [{"id": "quorum", "type": "quorum", "node": estate.nodes[0], "status": "OK", "quorate": 1}]
    for sid in sorted(estate.state.ha):
        vm, state = ha.vm_of(estate, sid), estate.ha_states.get(sid, "queued")
        node = vm.node if vm else ""
        found.append(
            {"id": f"service:{sid}", "sid": sid, "type": "service", "node": node, "state": state, "status": f"{sid} ({node}, {state})"}
        )
    return found


ROUTES: Routes = {
    ("GET", _RESOURCES): resources,
    ("POST", _RESOURCES): create_resource,
    ("GET", f"{_RESOURCES}/{{sid}}"): resource,
    ("PUT", f"{_RESOURCES}/{{sid}}"): update_resource,
    ("DELETE", f"{_RESOURCES}/{{sid}}"): delete_resource,
    ("GET", _RULES): rules,
    ("POST", _RULES): create_rule,
    ("GET", f"{_RULES}/{{rule}}"): rule,
    ("PUT", f"{_RULES}/{{rule}}"): update_rule,
    ("DELETE", f"{_RULES}/{{rule}}"): delete_rule,
    ("GET", "/cluster/ha/status/current"): current,
}
