"""A data disk that would go from a VM that exists, with the real engine and provider: refused, and taken off by the cure."""

from __future__ import annotations

import json

import pytest

from tests.contract.deploy.estate import EmulatedEstate
from tests.contract.deploy.test_deploy import MACHINES

pytestmark = pytest.mark.contract

DISKS = [{"name": "data", "size": "10GiB"}, {"name": "logs", "size": "5GiB"}]


def _config(estate: EmulatedEstate) -> dict[str, object]:
    node = next(vm["node"] for vm in estate.pve.granted("GET", "/cluster/resources?type=vm") if vm["vmid"] == 220)
    found: dict[str, object] = estate.pve.granted("GET", f"/nodes/{node}/qemu/220/config")
    return found


def _refused(estate: EmulatedEstate) -> str:
    code, output = estate.run("deploy", "--timeout", "20")
    assert code == 5, output
    assert {"virtio1", "virtio2"} <= _config(estate).keys()
    assert set(estate.vms()) == MACHINES
    return output


@pytest.mark.proves("hostile 12")
def test_a_data_disk_that_is_no_longer_listed_stays_on_the_running_vm_until_a_person_takes_it_off(deployed: EmulatedEstate) -> None:
    deployed.data["pools"][2]["data_disks"] = DISKS
    deployed.write()
    deployed.renew_role()
    deployed.deploy()
    assert {"virtio1", "virtio2"} <= _config(deployed).keys()

    # Edited and accepted.
    before = (deployed.folder / "cluster.lock").read_text()
    deployed.data["pools"][2]["data_disks"] = DISKS[:1]
    deployed.write()
    deployed.deploy()  # the lock keeps it
    assert deployed.run("lock", "accept", "agent1")[0] == 0
    output = _refused(deployed)
    assert "its disk virtio2 (logs, 5 GiB on local-lvm) would be taken off" in output
    assert "runner deploy --accept-loss agent1" in output

    # By an edit of the lock.
    deployed.data["pools"][2]["data_disks"] = DISKS
    deployed.write()
    record = json.loads(before)
    record["machines"]["agent1"]["record"]["data_disks"] = []
    (deployed.folder / "cluster.lock").write_text(json.dumps(record))
    deployed.data["pools"][2]["data_disks"] = []
    deployed.write()
    assert "its disk virtio1 (data, 10 GiB on local-lvm) would be taken off" in _refused(deployed)

    # As the cure says.
    deployed.deploy("--accept-loss", "agent1")
    assert not {"virtio1", "virtio2"} & _config(deployed).keys()
    deployed.plans_nothing()
