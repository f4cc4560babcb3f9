"""A VM under PVE's HA manager, and the PVE nodes that it may be moved to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cdktf import TerraformResourceLifecycle
from constructs import Construct
from imports.proxmox.haresource import Haresource
from imports.proxmox.harule import Harule

from pve.template import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class HaProps:
    """`rule` is the name of the rule of node affinity, the estate's only one of that name."""

    vm_id: int
    rule: Template
    nodes: Sequence[Template]
    max_restart: int
    max_relocate: int

    @property
    def resource_id(self) -> str:
        """The HA manager's name of the VM, literally: the VM is no longer the one it was when its id is another."""
        return f"vm:{self.vm_id}"


class HaResource(Haresource):
    """The machine as the HA manager knows it, once it and its snippets (`after`: addresses) are everywhere. Named as its machine."""

    def __init__(self, scope: Construct, id_: str, props: HaProps, *, after: Sequence[str]) -> None:
        super().__init__(
            scope,
            id_,
            resource_id=props.resource_id,
            state="started",
            max_restart=props.max_restart,
            max_relocate=props.max_relocate,
            lifecycle=_with(f"proxmox_virtual_environment_vm.{id_}"),
        )
        self.depends_on = list(after)


class HaRule(Harule):
    """Strict: a PVE node that has no snippets of the machine could not start it. Named as its machine.

    All nodes have one priority, so that a machine that was moved stays where it is until somebody moves it back.
    """

    def __init__(self, scope: Construct, id_: str, props: HaProps, *, resource: HaResource) -> None:
        super().__init__(
            scope,
            id_,
            rule=props.rule,
            type="node-affinity",
            resources=[props.resource_id],
            nodes=dict.fromkeys(props.nodes, 1),
            strict=True,
            depends_on=[resource],
            lifecycle=_with(f"proxmox_haresource.{id_}"),
        )


def _with(other: str) -> TerraformResourceLifecycle:
    """Replaced when that is: PVE takes a VM that it destroys out of HA, and what HA manages no more out of the rules."""
    return TerraformResourceLifecycle(replace_triggered_by=[f"{other}.id"])
