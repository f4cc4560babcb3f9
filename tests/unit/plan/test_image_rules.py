"""What a kernel lacks and a disk too small for its image are refused by the plan, with line, key path and cure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stardock.errors import InputErrors, Problem
from stardock.model.lock import Lock, Pin
from stardock.model.machine import Image
from stardock.plan.machine.images import kernel_of
from stardock.systems import SYSTEMS
from tests.plans import document, former_lock, plan_of
from tests.unit.plan.clusters import cluster, pool

pytestmark = pytest.mark.unit

CLOUD = "https://example.org/debian-13-genericcloud-amd64.qcow2"
CLOUD_12 = "https://example.org/debian-12-genericcloud-amd64-20260101-1.qcow2"


def one(**image: Any) -> dict[str, Any]:
    data = cluster(["pve1"], server=["s1"])
    data["image"] = {"system": "debian", **image}
    return data


def refused(data: dict[str, Any], lock: Lock | None = None) -> list[Problem]:
    with pytest.raises(InputErrors) as caught:
        plan_of(data, lock)
    return list(caught.value.problems)


@pytest.mark.proves("reality A2")
@pytest.mark.parametrize("url", [CLOUD, CLOUD_12])
@pytest.mark.parametrize("model", ["e1000", "e1000e", "rtl8139"])
def test_a_nic_that_the_images_kernel_does_not_drive_is_refused(url: str, model: str) -> None:
    data = one(url=url)
    data["network"]["server"][0]["model"] = model
    (problem,) = refused(data)
    assert problem.path == "network.server[0].model"
    assert "cloud kernel, which debian-1" in problem.message
    assert problem.message.endswith(f"drives no NIC of model {model}")
    assert (problem.cure or "").startswith("write `model: virtio`, or take the image debian-1")


@pytest.mark.parametrize("model", ["virtio", "vmxnet3"])
def test_a_nic_that_the_cloud_kernel_drives_is_planned(model: str) -> None:
    data = one(url=CLOUD)
    data["network"]["server"][0]["model"] = model
    assert plan_of(data)[0].machine("s1").interfaces[0].model == model


@pytest.mark.proves("reality A2")
@pytest.mark.parametrize("model", ["virtio", "e1000", "e1000e", "rtl8139", "vmxnet3"])
@pytest.mark.parametrize("release", ["12", "13"])
def test_the_generic_kernel_of_either_release_drives_every_nic_that_is_offered(model: str, release: str) -> None:
    data = one(release=release)
    data["network"]["server"][0]["model"] = model
    assert plan_of(data)[0].machine("s1").interfaces[0].model == model


@pytest.mark.proves("reality A2")
@pytest.mark.parametrize("device", [{"mapping": "gpu", "primary_gpu": True}, {"mapping": "gpu", "mdev": "nvidia-63"}])
def test_graphics_are_refused_where_the_kernel_has_none_and_planned_where_it_has(device: dict[str, Any]) -> None:
    data = one(url=CLOUD)
    pool(data, "server")["devices"] = [device]
    (problem,) = refused(data)
    assert (problem.path, "drives no graphics: gpu cannot work" in problem.message) == ("pools[0].devices", True)
    data["image"] = {"system": "debian"}
    assert plan_of(data)[0].machine("s1").devices


@pytest.mark.proves("reality A2")
def test_a_machine_that_exists_with_the_cloud_kernel_gets_no_nic_that_it_does_not_drive() -> None:
    data = document()
    data["pools"][2]["interfaces"] = [{"name": "ens18", "model": "e1000"}]
    (problem,) = [one for one in refused(data, former_lock("quickstart")) if "drives" in one.message]
    assert "agent1: Debian 12's cloud kernel" in problem.message
    assert problem.path == "pools[2].interfaces[0].model"


@pytest.mark.proves("case 12-usb-mapping")
def test_usb_is_refused_where_the_kernel_has_none_and_planned_where_it_has() -> None:
    data = one(url=CLOUD)
    data["pools"][0]["usb"] = ["zigbee"]
    with pytest.raises(InputErrors) as caught:
        plan_of(data)
    (problem,) = caught.value.problems
    assert (problem.path, "drives no USB: zigbee cannot work" in problem.message) == ("pools[0].usb", True)
    assert problem.cure is not None
    assert "take it away, or take the image debian-13-generic" in problem.cure
    del data["image"]["url"]
    assert [usb.mapping for usb in plan_of(data)[0].machines[0].usb] == ["zigbee"]


@pytest.mark.parametrize("name", ["debian-12-ec2-amd64.qcow2", "debian-13-azure-amd64.raw", "my-debian-13-genericcloud-baked.qcow2"])
def test_an_image_whose_name_says_so_has_the_cloud_kernel(name: str) -> None:
    release = "12" if "12" in name else "13"
    image = Image(system="debian", release=release, file=f"images/{name}", file_name=name, datastore="local")
    kernel = kernel_of(image)
    assert "e1000" in kernel.nics
    assert kernel.ahci == (release == "13")


def test_an_image_without_cloud_init_is_refused() -> None:
    (problem,) = refused(one(url="https://cloud.debian.org/images/cloud/trixie/latest/debian-13-nocloud-amd64.qcow2"))
    assert (problem.path, problem.message) == ("image.url", "s1: debian-13-nocloud-amd64.qcow2 has no cloud-init")


@pytest.mark.proves("reality A6")
@pytest.mark.parametrize(("system", "least"), [("debian", 3), ("ubuntu", 4), ("microos", 20), ("leapmicro", 20), ("flatcar", 9)])
def test_a_disk_smaller_than_the_systems_image_is_refused_with_the_least_that_works(system: str, least: int) -> None:
    data = one()
    data["image"] = {"system": system}
    pool(data, "server")["disk"] = f"{least - 1}GiB"
    (problem,) = refused(data)
    assert problem.path == "pools[0].disk"
    assert problem.message == f"s1: a disk of {least - 1}GiB is smaller than its image, which PVE would have to shrink"
    assert problem.cure == f"write `disk: {least}GiB` or more"
    pool(data, "server")["disk"] = f"{least}GiB"
    assert plan_of(data)[0].machine("s1").disk_gib == least


def test_every_release_has_a_least_disk_and_the_defaults_are_no_smaller() -> None:
    least = [release.disk_gib for system in SYSTEMS.values() for release in system.releases]
    assert all(0 < gib <= 20 for gib in least)  # the smallest default is that of load balancers


@pytest.mark.proves("reality A6")
def test_a_mirrors_image_is_the_publishers() -> None:
    data = one(mirror="https://mirror.lan")
    pool(data, "server")["machines"] = [{"name": "s1", "disk": "2GiB"}]
    assert [problem.path for problem in refused(data)] == ["pools[0].machines[0].disk"]


@pytest.mark.proves("reality A6")
def test_a_disk_smaller_than_ones_own_file_is_refused_once_its_pin_knows_the_size() -> None:
    data = one(file="images/baked.qcow2")
    pin = Pin(checksum=f"sha256:{'a' * 64}", date="2026-11-01", virtual_bytes=50 * 1024**3 + 1)
    lock = Lock(cluster="test", founder="", images={"file:images/baked.qcow2": pin})
    (problem,) = refused(data, lock)
    assert problem.cure == "write `disk: 51GiB` or more"
    pool(data, "server")["disk"] = "51GiB"
    assert plan_of(data, lock)[0].machine("s1").disk_gib == 51
    unknown = replace(lock, images={"file:images/baked.qcow2": replace(pin, virtual_bytes=None)})
    pool(data, "server")["disk"] = "1GiB"
    assert plan_of(data, unknown)[0].machine("s1").disk_gib == 1


def test_a_users_own_url_may_be_of_any_size() -> None:
    data = one(url="https://example.org/tiny.qcow2")
    pool(data, "server")["disk"] = "1GiB"
    assert plan_of(data)[0].machine("s1").disk_gib == 1


@pytest.mark.parametrize(("system", "smaller"), [("debian", 2), ("microos", 10)])
def test_a_machine_that_exists_on_a_smaller_disk_than_new_ones_need_keeps_it(system: str, smaller: int) -> None:
    data = one()
    data["image"] = {"system": system}
    _, lock = plan_of(data)
    held = {name: replace(machine, record=replace(machine.record, disk_gib=smaller)) for name, machine in lock.machines.items()}
    pool(data, "server")["disk"] = f"{smaller}GiB"
    assert plan_of(data, replace(lock, machines=held))[0].machine("s1").disk_gib == smaller
    pool(data, "server")["machines"].append("s2")
    (problem,) = refused(data, replace(lock, machines=held))
    assert problem.message.startswith("s2: a disk of")


def test_a_machine_that_exists_with_a_nic_that_its_image_seems_not_to_drive_is_warned_of_and_not_refused() -> None:
    data = one(url="https://example.org/my-debian-12-genericcloud-with-more-drivers.qcow2")
    _, lock = plan_of(data)
    nics = tuple(replace(nic, model="e1000") for nic in lock.machines["s1"].record.interfaces)
    machine = lock.machines["s1"]
    held = replace(lock, machines={"s1": replace(machine, record=replace(machine.record, interfaces=nics))})
    data["network"]["server"][0]["model"] = "e1000"
    plan, _ = plan_of(data, held)
    assert plan.machine("s1").interfaces[0].model == "e1000"
    assert [line for line in plan.warnings if "s1: Debian 12's cloud kernel, which my-debian-12-genericcloud" in line]
    data["network"]["server"][0]["model"] = "e1000e"
    assert "model e1000e" in refused(data, held)[0].message


def test_a_machine_that_exists_with_graphics_that_its_image_seems_not_to_drive_is_warned_of_and_not_refused() -> None:
    data = one(url="https://example.org/my-debian-13-genericcloud-with-drm.qcow2")
    pool(data, "server")["devices"] = [{"mapping": "gpu", "mdev": "nvidia-63"}]
    generic = one(url="https://example.org/my-debian-13.qcow2")
    pool(generic, "server")["devices"] = pool(data, "server")["devices"]
    _, lock = plan_of(generic)
    machine = lock.machines["s1"]
    image = replace(machine.record.image, url=data["image"]["url"])
    held = replace(lock, machines={"s1": replace(machine, record=replace(machine.record, image=image))})
    plan, _ = plan_of(data, held)
    assert [line for line in plan.warnings if "drives no graphics: gpu cannot work" in line]


def test_an_image_that_another_system_s_name_is_on_is_told_and_not_refused() -> None:
    said = "debian-13-generic-amd64.qcow2 is Debian 13 by its name, and its machines are set up as Ubuntu (`image.system`)"
    url = "https://example.org/debian-13-generic-amd64.qcow2"
    assert said in plan_of(one(system="ubuntu", url=url))[0].warnings
    assert not any("by its name" in warning for warning in plan_of(one(system="debian", url=url))[0].warnings)
