"""The quick start as `runner deploy` left it: deployed once a worker, restored for each test that begins there.

What such a test is about comes after its deploy; test_deploy.py proves the deploy itself. Each has a copy of its own of all that a deploy
leaves: what PVE keeps on disk, and the folder with cluster.yaml, lock, state, facts and JSON. Proxmox comes up again on other ports, as
after a power cut, and starts its VMs; what was asked of it before is not remembered.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.contract.deploy.estate import EmulatedEstate, emulated_estate, served, until
from tests.synth.running import synthesize


@dataclass(frozen=True)
class Made:
    """What a deploy left in a folder that nobody serves any more, and the token of whom `runner proxmox-role` made."""

    directory: Path
    token: str

    @contextmanager
    def restored(self, directory: Path) -> Iterator[EmulatedEstate]:
        """Serve a copy, its VMs running."""
        for part in ("lab", "cluster"):
            shutil.copytree(self.directory / part, directory / part, symlinks=True)
        with served(directory) as estate:
            estate.token = self.token
            estate.write()
            synthesize(estate.file)  # names the ports of this copy, so that bare tofu works at once
            _power_on(estate)
            estate.pve.lab("reset")
            yield estate


def deployed_in(directory: Path) -> Made:
    """Deploy the quick start there."""
    with emulated_estate(directory) as estate:
        estate.deploy()
        return Made(directory, estate.token)


def _power_on(estate: EmulatedEstate) -> None:
    for vm in estate.pve.granted("GET", "/cluster/resources?type=vm"):
        estate.pve.granted("POST", f"/nodes/{vm['node']}/qemu/{vm['vmid']}/status/start")
    until(lambda: set(estate.vms().values()) == {"running"})
