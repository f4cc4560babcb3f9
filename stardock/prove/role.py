"""What the token of a proof may do: the same as any token of Stardock's, but VMs in one pool and one range of ids alone."""

from __future__ import annotations

from dataclasses import replace

from stardock.estate.vm_ids import TAGS
from stardock.model.plan import Plan
from stardock.plan.views.privileges import Grant, grants
from stardock.prove.scope import Scope

#: On an id that no VM has PVE lists disks with that id by it alone (PVE::Storage, `check_volume_access`): such an id is not taken.
_DISKS = "VM.Config.Disk"


def proof_grants(plan: Plan, scope: Scope) -> tuple[Grant, ...]:
    """Those of the plan, with what is granted on all VMs granted through the pool; and tags and disks of new VMs, id by id.

    A VM that is being made is in its pool only once it is there, and its tags are looked at before (PVE::API2::Qemu, `create_vm`;
    PVE::GuestHelpers, `assert_tag_permissions`). When a VM is destroyed, PVE takes the ACL on its id away: each id serves once.
    """
    given = tuple(replace(one, paths=(f"/pool/{scope.pool}",)) if one.kind == "machines" else one for one in grants(plan))
    new = Grant(
        kind="new",
        what_for="tags of new VMs, and disks that are there with such an id; an id serves once, for PVE takes its ACL away with the VM",
        privileges=(TAGS, _DISKS),
        paths=tuple(f"/vms/{vm_id}" for vm_id in scope.ids),
    )
    return (*given, new)
