"""Which image a machine starts from, and under which name it lies on the datastore."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stardock.errors import InputErrors
from stardock.model.lock import Lock, Pin
from stardock.systems import system
from tests.plans import document, former_lock, plan_of
from tests.unit.plan.clusters import cluster, pool

pytestmark = pytest.mark.unit

DEBIAN = system("debian").current.image_url
OLD, NEW = (Pin(checksum=f"sha256:{digit * 64}", date="2026-11-01") for digit in "ab")


@pytest.fixture
def data() -> dict[str, Any]:
    return cluster(["pve1", "pve2"], server=["s1"], agent=["a1"])


def pinned(lock: Lock | None, pins: dict[str, Pin]) -> Lock:
    return replace(lock or Lock(cluster="test", founder=""), images=pins)


def test_a_pin_in_the_lock_is_the_checksum_of_new_machines(data: dict[str, Any]) -> None:
    plan, lock = plan_of(data, pinned(None, {DEBIAN: OLD}))
    assert {machine.image.checksum for machine in plan.machines} == {OLD.checksum}
    assert lock.images == {DEBIAN: OLD}


def test_a_new_pin_never_touches_a_machine_that_exists_and_new_machines_use_it(data: dict[str, Any]) -> None:
    first, lock = plan_of(data, pinned(None, {DEBIAN: OLD}))
    pool(data, "agent")["machines"].append("a2")
    plan, after = plan_of(data, pinned(lock, {DEBIAN: NEW}))
    assert [plan.machine(name) for name in ("s1", "a1")] == list(first.machines)
    assert plan.machine("a2").image.checksum == NEW.checksum
    assert plan.machine("a2").image.file_name != plan.machine("a1").image.file_name
    assert [after.machines[name] for name in ("s1", "a1")] == [lock.machines[name] for name in ("s1", "a1")]


def test_a_checksum_of_cluster_yaml_goes_before_the_pin(data: dict[str, Any]) -> None:
    data["image"]["checksum"] = NEW.checksum
    plan, _ = plan_of(data, pinned(None, {DEBIAN: OLD}))
    assert plan.machine("s1").image.checksum == NEW.checksum


def test_a_mirror_has_the_publishers_paths(data: dict[str, Any]) -> None:
    data["image"]["mirror"] = "https://mirror.lan/cloud/"
    plan, _ = plan_of(data)
    assert plan.machine("s1").image.url == f"https://mirror.lan/cloud{DEBIAN.removeprefix('https://cloud.debian.org')}"


def test_a_pools_own_image_is_fetched_as_the_clusters_where_it_does_not_say_how(data: dict[str, Any]) -> None:
    data["image"] |= {"mirror": "https://mirror.lan", "timeout": "2h", "verify": False}
    pool(data, "agent")["image"] = {"system": "microos", "timeout": "1h"}
    image = plan_of(data)[0].machine("a1").image
    assert (image.url or "").startswith("https://mirror.lan/tumbleweed/")
    assert (image.timeout_seconds, image.verify, image.overwrite) == (3600, False, False)


def test_a_local_file_without_a_checksum_is_refused_with_its_line(data: dict[str, Any]) -> None:
    pool(data, "agent")["image"] = {"system": "debian", "file": "images/baked.qcow2"}
    with pytest.raises(InputErrors) as caught:
        plan_of(data)
    (problem,) = caught.value.problems
    assert (problem.path, problem.cure) == ("pools[1].image.file", "run `runner image pin`, and commit the lock")
    plan, _ = plan_of(data, pinned(None, {"file:images/baked.qcow2": OLD}))
    image = plan.machine("a1").image
    assert (image.url, image.file, image.checksum) == (None, "images/baked.qcow2", OLD.checksum)
    assert image.file_name.startswith("baked-")


def test_a_file_name_of_the_users_still_tells_pins_apart(data: dict[str, Any]) -> None:
    data["image"]["file_name"] = "golden.raw"
    names = [plan_of(data, pinned(None, {DEBIAN: pin}))[0].machine("s1").image.file_name for pin in (OLD, NEW)]
    assert len(set(names)) == 2
    assert all(name.startswith("golden-") and name.endswith(".raw") for name in names)


def test_names_that_pve_takes_whatever_the_url_is_called(data: dict[str, Any]) -> None:
    data["image"]["url"] = "https://example.org/a%20b/debian~12%20(amd64).img?x=1"
    name = plan_of(data)[0].machine("s1").image.file_name
    assert name.startswith("debian-12-20-amd64-")
    assert name.endswith(".qcow2")


def test_an_image_everywhere_is_on_every_pve_node_that_its_pool_may_use(data: dict[str, Any]) -> None:
    data["proxmox"]["nodes"].append("pve3")
    pool(data, "agent")["image"] = {"system": "debian", "everywhere": True}
    pool(data, "agent")["nodes"] = ["pve2", "pve3"]
    plan, _ = plan_of(data)
    assert [(one.pve_node, one.image) for one in plan.prefetched] == [(name, plan.machine("a1").image) for name in ("pve2", "pve3")]
    assert [one.pve_node for one in plan.images] == ["pve1", "pve2", "pve2", "pve3"]


def test_a_shared_datastore_is_known_to_new_machines_only(data: dict[str, Any]) -> None:
    first, lock = plan_of(data)
    data["proxmox"]["datastores"] = {"images": "local", "shared": ["local"]}
    pool(data, "agent")["machines"].append("a2")
    plan, _ = plan_of(data, lock)
    assert [machine.image.shared for machine in plan.machines] == [False, False, True]
    assert plan.machine("s1") == first.machine("s1")


def test_how_an_image_is_fetched_may_change_at_any_time(data: dict[str, Any]) -> None:
    _, lock = plan_of(data)
    data["image"] |= {"timeout": "2h", "overwrite": True}
    plan, _ = plan_of(data, lock)
    assert (plan.machine("s1").image.timeout_seconds, plan.machine("s1").image.overwrite) == (7200, True)
    assert plan.replacements == ()


@pytest.mark.parametrize("origin", ["https://cloud.debian.org", "https://mirror.example"])
def test_a_new_machine_from_another_default_image_than_the_one_that_is_pinned_is_warned_of(origin: str) -> None:
    data = document()
    data["image"] = {"system": "debian"} | ({"mirror": origin} if "mirror" in origin else {})
    pin = Pin(checksum=f"sha512:{'b' * 128}", date="2026-10-01")
    former = f"{origin}/images/cloud/bookworm/latest/debian-12-genericcloud-amd64.qcow2"
    before = replace(former_lock("quickstart"), images={former: pin})
    assert not [line for line in plan_of(data, before)[0].warnings if "pin" in line]
    data["pools"][2]["machines"].append("agent2")
    plan, _ = plan_of(data, before)
    (told,) = [line for line in plan.warnings if "pin" in line]
    url = plan.machine("agent2").image.url
    assert told == f"agent2: {url} is not pinned, as {former} is; run `runner image pin`, then plan again"
    pinned = replace(before, images={**before.images, str(url): pin})
    assert not [line for line in plan_of(data, pinned)[0].warnings if "is not pinned" in line]
    other = replace(before, images={"https://example.org/debian-12-genericcloud-amd64.qcow2": pin})
    assert not [line for line in plan_of(data, other)[0].warnings if "is not pinned" in line]
