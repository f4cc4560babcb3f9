"""The engine's plan as values, read strictly: what Stardock does not know in it is told, and nothing of it is done.

The JSON is that of `tofu show -json PLANFILE` (https://opentofu.org/docs/internals/json-format/ and
https://developer.hashicorp.com/terraform/internals/json-format, format 1.x): `resource_changes[].change.actions` is `["no-op"]`,
`["create"]`, `["read"]`, `["update"]`, `["delete"]`, `["delete","create"]`, `["create","delete"]` or `["forget"]`; `action_reason` and
`change.replace_paths` say why. Newer engines add fields for what older ones could not do (deferred changes, actions): so fields count too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from stardock.terraform.in_place import Detached, detached, losses

MACHINE = "proxmox_virtual_environment_vm"
#: All that stacks/ makes.
TYPES = frozenset(
    {MACHINE, "proxmox_virtual_environment_file", "proxmox_download_file", "proxmox_haresource", "proxmox_harule"},
)
_PROVIDER = "/bpg/proxmox"

Action = Literal["create", "update", "replace", "delete", "import"]

#: An engine's list of actions -> in one word; "" for nothing.
_ACTIONS: Mapping[tuple[str, ...], Action | Literal[""]] = {
    ("no-op",): "",
    ("read",): "",
    ("create",): "create",
    ("update",): "update",
    ("delete",): "delete",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
}
_FORMAT = "1"
_FIELDS = frozenset(
    [
        "format_version",
        "terraform_version",
        "variables",
        "planned_values",
        "resource_drift",
        "resource_changes",
        "output_changes",
        "prior_state",
        "configuration",
        "relevant_attributes",
        "checks",
        "timestamp",
        "applyable",
        "complete",
        "errored",
    ]
)
_RESOURCE_FIELDS = frozenset(["address", "mode", "type", "name", "provider_name", "change", "action_reason"])
_CHANGE_FIELDS = frozenset(
    [
        "actions",
        "before",
        "after",
        "after_unknown",
        "before_sensitive",
        "after_sensitive",
        "importing",
        "replace_paths",
        "before_identity",
        "after_identity",
    ]
)

_REASONS = {
    "replace_because_tainted": "its creation failed half-way, so the engine does not trust it",
    "replace_by_request": "replacement was asked for",
    "replace_by_triggers": "something it depends on is replaced",
    "delete_because_no_resource_config": "cluster.yaml and the lock name it no more",
}


@dataclass(frozen=True, slots=True)
class MachineChange:
    """What the engine would do to one machine.

    `paths` are the attributes that force a replacement, `importing` is the VM (`PVE node/VM id`) that is taken into the state, `losses`
    what a machine that stays would lose, `detached` its disks that somebody took off in Proxmox.
    """

    name: str
    action: Action
    reason: str = ""
    paths: tuple[str, ...] = ()
    importing: str = ""
    losses: tuple[str, ...] = ()
    detached: tuple[Detached, ...] = ()

    @property
    def destroys(self) -> bool:
        """Whether the VM that exists now would be gone."""
        return self.action in {"replace", "delete"}

    def why(self) -> str:
        """The engine's reason in words."""
        if self.paths and self.reason != "replace_by_request":
            return "only a replacement can change " + ", ".join(self.paths)
        return _REASONS.get(self.reason, self.reason.replace("_", " ") or "the engine gives no reason")


@dataclass(frozen=True, slots=True)
class Strange:
    """Something in a plan that Stardock does not know, or never asks for. `address` is empty where it concerns the whole plan.

    `own` is an object of a type that Stardock makes, a VM for example.
    """

    address: str
    what: str
    own: bool = False


def machine_changes(plan: Mapping[str, Any]) -> tuple[MachineChange, ...]:
    """The machines that the engine's plan touches, in its order."""
    changes = (_machine_change(item) for item in plan.get("resource_changes", ()) if item.get("type") == MACHINE)
    return tuple(change for change in changes if change is not None)


def _machine_change(item: Mapping[str, Any]) -> MachineChange | None:
    change = item["change"]
    importing = str((change.get("importing") or {}).get("id", ""))
    action = _action(change["actions"], importing=bool(importing))
    if not action:
        return None
    paths = tuple(".".join(str(step) for step in path) for path in change.get("replace_paths") or ())
    stays = action not in {"create", "replace", "delete"}
    lost, off = (losses(change), detached(change)) if stays else ((), ())
    return MachineChange(item["name"], action, item.get("action_reason", ""), paths, importing, lost, off)


def _action(actions: Sequence[str], *, importing: bool) -> Action | Literal[""]:
    """Anything that deletes stays visible, also beside an import and in an order that nobody knows."""
    if "delete" in actions:
        return "replace" if "create" in actions else "delete"
    return "import" if importing else _ACTIONS.get(tuple(actions), "update")


def strange(plan: Mapping[str, Any]) -> tuple[Strange, ...]:
    """All that is not known in a plan; empty when all is. An empty plan holds nothing."""
    return tuple(Strange("", what) for what in _of_plan(plan)) + tuple(
        Strange(str(item.get("address", "?")), what, item.get("type") in TYPES)
        for item in plan.get("resource_changes", ())
        for what in _of_resource(item)
    )


def _of_plan(plan: Mapping[str, Any]) -> Iterator[str]:
    if not plan:
        return
    version = str(plan.get("format_version", "none"))
    if version.partition(".")[0] != _FORMAT:
        yield f"its format is {version}, and {_FORMAT} is known"
    yield from (f"it has `{field}`" for field in sorted(plan.keys() - _FIELDS) if plan[field])
    if not plan.get("complete", True) and not plan.get("errored"):
        yield "the engine calls it incomplete: another plan would have to follow"


def _of_resource(item: Mapping[str, Any]) -> Iterator[str]:
    change = item.get("change") or {}
    yield from _kinds(item)
    yield from (f"it has `{field}`" for field in sorted(item.keys() - _RESOURCE_FIELDS) if item[field] not in (None, ""))
    yield from (f"its change has `{field}`" for field in sorted(change.keys() - _CHANGE_FIELDS) if change[field])
    action = _ACTIONS.get(tuple(change.get("actions", ())))
    if action is None:
        yield f"the engine would do this to it: {', '.join(change.get('actions', ())) or 'nothing that it names'}"
    if change.get("replace_paths") and action != "replace":
        yield f"a replacement is called for by {change['replace_paths']}, and not planned"
    if change.get("importing") and item.get("type") != MACHINE:
        yield "it would be imported"


def _kinds(item: Mapping[str, Any]) -> Iterator[str]:
    """Whose it is."""
    if item.get("mode") != "managed":
        yield f"its mode is {item.get('mode', 'not given')}"
    if item.get("type") not in TYPES:
        yield "it is of a type that Stardock never makes"
    elif not str(item.get("provider_name", _PROVIDER)).endswith(_PROVIDER):
        yield f"it is of the provider {item['provider_name']}"


def tainted_machines(state: Mapping[str, Any]) -> tuple[str, ...]:
    """List the machines in `tofu show -json` of a state whose creation did not end well, in the state's order."""
    root = state.get("values", {}).get("root_module", {})
    return tuple(item["name"] for item in root.get("resources", ()) if item["type"] == MACHINE and item.get("tainted"))
