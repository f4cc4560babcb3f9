"""A disk that a person detached in Proxmox, with the real provider: an empty one in its place is refused, and both cures work."""

from __future__ import annotations

import pytest

from tests.contract.deploy.estate import EmulatedEstate
from tests.contract.deploy.test_in_place import DISKS, _config

pytestmark = [pytest.mark.contract, pytest.mark.proves("hostile 12")]


def _edit(estate: EmulatedEstate, **parameters: str) -> None:
    node = next(vm["node"] for vm in estate.pve.granted("GET", "/cluster/resources?type=vm") if vm["vmid"] == 220)
    estate.pve.granted("PUT", f"/nodes/{node}/qemu/220/config", parameters)


def _refused(estate: EmulatedEstate, key: str, told: str) -> str:
    """Detach, then deploy; gives the volume. Drift names it."""
    volume = str(_config(estate)[key]).partition(",")[0]
    _edit(estate, delete=key)
    code, output = estate.run("deploy", "--timeout", "20")
    assert code == 5, output
    assert f"agent1 has its disk {told} no more (detached in Proxmox?), and an empty one would be made in its place" in output
    assert key not in _config(estate)
    assert _config(estate)["unused0"] == volume
    assert f"if it was detached, attach it again: qm set 220 --{key} {volume}" in estate.run("drift")[1]
    return volume


def test_a_disk_that_was_detached_is_not_replaced_by_an_empty_one(deployed: EmulatedEstate) -> None:
    deployed.data["pools"][2]["data_disks"] = DISKS
    deployed.write()
    deployed.renew_role()
    deployed.deploy()

    # As the cure says.
    for key, told, serial in (
        ("scsi0", "scsi0 (40 GiB on local-lvm)", ""),
        ("virtio1", "virtio1 (data, 10 GiB on local-lvm)", ",serial=data"),
    ):
        volume = _refused(deployed, key, told)
        _edit(deployed, **{key: f"{volume}{serial}"})
        deployed.deploy()
        assert str(_config(deployed)[key]).startswith(f"{volume},")
        deployed.plans_nothing()

    # Knowingly: the provider makes the disk and stumbles then.
    _refused(deployed, "virtio2", "virtio2 (logs, 5 GiB on local-lvm)")
    code, output = deployed.run("deploy", "--timeout", "20", "--accept-loss", "agent1")
    assert code == 6, output
    assert "after it had done the rest: run the command once more" in output
    deployed.deploy()
    assert "serial=logs" in str(_config(deployed)["virtio2"])
    deployed.plans_nothing()
