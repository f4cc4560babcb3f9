"""Random clusters, random single edits: no machine that exists changes a field that forces its replacement (invariants 1 and 2).

By rule, over the plan; `tests/contract/test_random_edits.py` asks the real provider about a sample of the same edits.
"""

from __future__ import annotations

import copy
import random
from collections import Counter

import pytest

from stardock.errors import InputErrors
from stardock.model.lock import Lock
from stardock.model.machine import Machine
from stardock.model.plan import Plan
from tests.edits import EDITS, Data, a_cluster
from tests.plans import plan_of

pytestmark = pytest.mark.unit

CLUSTERS, EDITS_EACH = 250, 14


def forced(machine: Machine) -> dict[str, object]:
    """What the provider replaces a VM for, moves it for, or takes from it, and what makes it another machine to its guest.

    Provider 0.111.1 replaces for vm_id, a TPM's version, the type of an EFI disk (which follow from `tpm` and `firmware`), and for ids of
    snippets (their datastore and file; the JSON ignores them as well); a node_name without `migrate`.
    """
    return {
        "vm_id": machine.vm_id,
        "node_name": machine.pve_node,
        "name": machine.hostname,
        "snippets": (machine.snippet_datastore, machine.cicustom),
        "image": (machine.image.system, machine.image.url, machine.image.file_name, machine.image.datastore),
        "disk": (machine.disk_interface, machine.disk_datastore),
        "data disks": tuple((disk.slot, disk.name, disk.datastore) for disk in machine.data_disks),
        "efi_disk, tpm_state": (machine.firmware, machine.tpm, machine.chipset),
        "network_device": tuple((nic.name, nic.mac, nic.address, nic.prefix) for nic in machine.interfaces),
    }


def differences(before: Plan, after: Plan) -> dict[str, list[str]]:
    """Of the machines in both plans: the forced fields that differ. A data disk more, and a disk that grows, are none."""
    found: dict[str, list[str]] = {}
    later = {machine.name: machine for machine in after.machines}
    for machine in before.machines:
        if machine.name in later:
            old, new = forced(machine), forced(later[machine.name])
            new["data disks"] = tuple(disk for disk in _disks(later[machine.name]) if disk[1] in {one.name for one in machine.data_disks})
            wrong = [field for field in old if old[field] != new[field]]
            if wrong or later[machine.name].disk_gib < machine.disk_gib:
                found[machine.name] = wrong or ["a smaller disk"]
    return found


def _disks(machine: Machine) -> list[tuple[int, str, str]]:
    return [(disk.slot, disk.name, disk.datastore) for disk in machine.data_disks]


def planned(data: Data, lock: Lock | None) -> tuple[Plan, Lock] | None:
    """The plan; None for a file that is refused."""
    try:
        return plan_of(data, lock)
    except (InputErrors, ValueError):  # pydantic's errors are ValueErrors
        return None


@pytest.mark.proves("feature plan and allocation")
def test_no_single_edit_changes_a_field_that_forces_replacement_of_any_machine() -> None:
    seen: Counter[str] = Counter()
    for number in range(CLUSTERS):
        chance = random.Random(number)  # noqa: S311  not a secret
        data = a_cluster(chance)
        first = planned(data, None)
        if first is None:
            seen["cluster refused"] += 1
            continue
        for edit in chance.sample(EDITS, EDITS_EACH):
            edited = copy.deepcopy(data)
            edit(edited, chance)
            second = planned(edited, first[1])
            seen[edit.__name__ if second else "edit refused"] += 1
            if second:
                assert differences(first[0], second[0]) == {}, f"cluster {number}, {edit.__name__}: {edited}"
                gone = {machine.name for machine in first[0].machines} - {machine.name for machine in second[0].machines}
                assert gone <= set(edited.get("remove", ())), f"cluster {number}, {edit.__name__}"
    accepted = sum(count for what, count in seen.items() if "refused" not in what)
    assert accepted > 2000, seen
    assert {edit.__name__ for edit in EDITS} <= set(seen), seen
