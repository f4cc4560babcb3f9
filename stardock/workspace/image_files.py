"""Images that cluster.yaml names as files, looked at before one is uploaded."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from stardock.errors import ConditionError
from stardock.images.local import importable
from stardock.model.plan import Plan
from stardock.plan.rules.images import GIB
from stardock.workspace.files import named_file


def refuse_unfit_files(plan: Plan, new: Collection[str], directory: Path) -> None:
    """Look at the local images that machines in `new` are to be made from, before any is uploaded; `directory` is cluster.yaml's.

    `ConditionError` for one that PVE would refuse, or whose disk is larger than a machine's.
    """
    for machine in (machine for machine in plan.machines if machine.name in new and machine.image.file):
        path = named_file(directory, machine.image.file or "")
        size = importable(path, machine.image.file_name).virtual_bytes
        least = -(-size // GIB)
        if machine.disk_gib < least:
            message = f"{machine.name}: a disk of {machine.disk_gib}GiB is smaller than that of {path}, which PVE would have to shrink"
            raise ConditionError(message, cure=f"write `disk: {least}GiB` or more")
