"""Each kernel of Debian, firmware and chipset, up to the answer of the guest's own agent; and the one combination that never sees its seed.

All VMs boot at once, each on one CPU.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.vm.estate import QemuEstate, qemu_estate
from tests.waiting import until

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1200)]

UEFI = {"bios": "ovmf", "efidisk0": "local-lvm:1,efitype=4m,pre-enrolled-keys=0"}
SEED = "local-lvm:cloudinit"


@dataclass(frozen=True)
class Case:
    """A VM: id, name, image, and what it has beyond the usual."""

    vm_id: int
    name: str
    image: str
    hardware: dict[str, str]


BLIND = Case(120, "cloud-q35-ide2", "debian-12-genericcloud", {"machine": "q35", "ide2": SEED})
SEEING = (
    Case(121, "cloud-q35-scsi1", "debian-12-genericcloud", {"machine": "q35", "scsi1": SEED}),
    Case(122, "cloud-i440fx-ide2", "debian-12-genericcloud", {"ide2": SEED}),
    Case(123, "generic-q35-ovmf-scsi1", "debian-13-generic", {"machine": "q35", "scsi1": SEED, **UEFI}),
    Case(124, "generic-i440fx-ovmf-scsi1", "debian-13-generic", {"scsi1": SEED, **UEFI}),
)


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QemuEstate]:
    """All of them, started."""
    with qemu_estate(tmp_path_factory.mktemp("matrix"), {case.name: f"{case.image}-amd64.qcow2" for case in (BLIND, *SEEING)}) as estate:
        for case in (BLIND, *SEEING):
            estate.make(case.vm_id, case.name, case.image, case.hardware)
        yield estate


@pytest.mark.proves("reality A1")
@pytest.mark.parametrize("case", SEEING, ids=lambda case: case.name)
def test_its_agent_answers_through_the_channel(estate: QemuEstate, case: Case) -> None:
    until(lambda: estate.answers(case.vm_id), f"the agent of {case.name}", 600, lambda: estate.console(case.vm_id)[-3000:])
    (own,) = [one for one in estate.agent(case.vm_id)["result"] if one["name"] != "lo"]
    assert own["hardware-address"] == f"bc:24:11:00:00:{case.vm_id:02x}"
    assert f"192.168.1.{case.vm_id}" in [address["ip-address"] for address in own["ip-addresses"]]
    release = estate.agent(case.vm_id, "file-read", file="/proc/sys/kernel/osrelease")["content"].strip()
    assert release.endswith("-cloud-amd64" if "cloud" in case.image else "-amd64")
    assert release.endswith("-cloud-amd64") == ("cloud" in case.image)


@pytest.mark.proves("reality A1")
def test_debian_12s_cloud_kernel_on_q35_never_sees_a_seed_on_ide2(estate: QemuEstate) -> None:
    until(lambda: " login:" in estate.console(BLIND.vm_id), "a login prompt", 600, lambda: estate.console(BLIND.vm_id)[-3000:])
    assert f"{BLIND.name} login:" not in estate.console(BLIND.vm_id), "the name is in the seed"
    assert not estate.answers(BLIND.vm_id), "the agent is in the seed, too"
    assert str(estate.ask("GET", f"/nodes/pve1/qemu/{BLIND.vm_id}/config")["ide2"]).startswith("local-lvm:vm-120-cloudinit")
