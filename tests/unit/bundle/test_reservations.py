"""What nodes keep from pods, and what the journal may take."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest

from stardock.bundle.inventory import inventory_files
from stardock.distributions.reservations import by_size
from stardock.errors import InputErrors
from stardock.model.facts import Facts
from stardock.spec.rules.across import broken_rules
from tests.plans import document, plan_of, spec_of

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature what nodes keep")]

GIB = 1024


@pytest.mark.parametrize(
    ("cores", "memory", "millicores", "mib"),
    [
        (1, 1 * GIB, 60, 256),
        (2, 4 * GIB, 70, 1024),
        (4, 8 * GIB, 80, 1843),
        (8, 16 * GIB, 90, 2662),
        (16, 128 * GIB, 110, 9544),
        (32, 150 * GIB, 150, 9994),  # GKE's own example, without its 100 MiB for eviction
    ],
)
def test_a_part_by_size_is_what_gke_publishes(cores: int, memory: int, millicores: int, mib: int) -> None:
    assert by_size(cores, memory) == (millicores, mib)


def kubelet(name: str, keys: dict[str, Any], **options: Any) -> list[str]:
    data = document() | ({"kubelet": keys} if keys else {})
    data["distribution"] = {"name": "rke2"}
    data["pools"][1] |= {"cores": 4, "memory": "8GiB"}
    data["pools"][2] |= {"cores": 1, "memory": "2GiB", "options": options}
    host = inventory_files(plan_of(data)[0], Facts(cluster="quickstart"))[f"host_vars/{name}.yml"]
    return list(host["kubernetes_config"].get("kubelet-arg", []))


DISKS = "imagefs.available<5%,nodefs.available<5%"


def test_servers_and_agents_keep_what_their_own_size_says() -> None:
    on = {"reserve": True}
    assert kubelet("server1", on) == ["kube-reserved=cpu=80m,memory=1843Mi", f"eviction-hard=memory.available<100Mi,{DISKS}"]
    assert kubelet("agent1", on) == ["kube-reserved=cpu=60m,memory=512Mi", f"eviction-hard=memory.available<100Mi,{DISKS}"]
    assert kubelet("agent1", {}) == []


def test_numbers_replace_the_steps_and_a_pools_own_arguments_go_before() -> None:
    numbers = {"reserve": True, "reserved_cpu": 200, "reserved_memory": "1GiB", "evict_below": "250MiB"}
    assert kubelet("server1", numbers) == ["kube-reserved=cpu=200m,memory=1024Mi", f"eviction-hard=memory.available<250Mi,{DISKS}"]
    assert kubelet("agent1", numbers, **{"kubelet-arg": ["max-pods=50"]})[0] == "max-pods=50"


def test_a_pool_that_says_one_of_the_two_itself_keeps_the_other() -> None:
    on, eviction = {"reserve": True}, f"eviction-hard=memory.available<100Mi,{DISKS}"
    assert kubelet("agent1", on, **{"kubelet-arg": ["kube-reserved=cpu=1"]}) == ["kube-reserved=cpu=1", eviction]
    assert kubelet("agent1", on, **{"kubelet-arg": ["--eviction-hard=memory.available<9%"]}) == [
        "--eviction-hard=memory.available<9%",
        "kube-reserved=cpu=60m,memory=512Mi",
    ]
    both = ["kube-reserved=cpu=1", "eviction-hard=memory.available<9%"]
    assert kubelet("agent1", on, **{"kubelet-arg": both}) == both
    assert kubelet("agent1", {}, **{"kubelet-arg": ["kube-reserved=cpu=1"]}) == ["kube-reserved=cpu=1"]


def test_what_a_pool_says_itself_is_not_counted_as_what_it_replaces() -> None:
    """2GiB less 1900MiB and 100MiB is nothing; its own 64MiB and its own threshold are what its kubelet gets."""
    data = document() | {"kubelet": {"reserve": True, "reserved_memory": "1900MiB"}}
    data["pools"][1]["memory"] = "8GiB"
    for own, refused in (("max-pods=50", True), ("kube-reserved=memory=64Mi", False), ("eviction-hard=memory.available<9%", False)):
        data["pools"][2] |= {"memory": "2GiB", "options": {"kubelet-arg": [own]}}
        with pytest.raises(InputErrors) if refused else nullcontext():
            plan_of(data)


def test_the_same_told_for_all_machines_is_refused() -> None:
    data = document() | {"kubelet": {"reserve": True}}
    data["distribution"] = {"name": "rke2", "options": {"kubelet-arg": ["kube-reserved=cpu=1"]}}
    (problem,) = broken_rules(spec_of(data))
    assert problem.path == "distribution.options.kubelet-arg"
    with pytest.raises(ValueError, match="does not say that anything is kept"):
        spec_of(document() | {"kubelet": {"evict_below": "1GiB"}})


def test_the_journal_of_every_machine_has_its_limit_and_loses_it_with_the_key() -> None:
    path = "/etc/systemd/journald.conf.d/90-stardock.conf"

    def files(journal: dict[str, Any]) -> list[dict[str, Any]]:
        found = inventory_files(plan_of(document() | {"journal": journal})[0], Facts(cluster="quickstart"))
        hosts = [found[f"host_vars/{name}.yml"]["machine_files"] for name in ("lb1", "server1", "agent1")]
        return [file for files in hosts for file in files if file["path"] == path]

    limited = files({"max_use": "1GiB"})
    assert [file["content"].splitlines()[1:] for file in limited] == [["[Journal]", "SystemMaxUse=1024M"]] * 3
    assert {file["applies"] for file in limited} == {"unit-systemd-journald.service"}
    assert [file["state"] for file in files({})] == ["absent"] * 3


@pytest.mark.parametrize(
    ("name", "memory", "kubelet", "told"),
    [
        ("rke2", "4GiB", {"reserve": True}, ""),
        ("rke2", "3GiB", {"reserve": True}, "its own control plane asks for 2176MiB"),
        ("k3s", "2GiB", {"reserve": True}, ""),
        ("rke2", "4GiB", {"reserve": True, "reserved_memory": "8GiB"}, "keeps 8192MiB"),
        ("k3s", "4GiB", {"reserve": True, "evict_below": "4GiB"}, "nothing is left"),
        ("rke2", "8GiB", {"reserve": True, "reserved_cpu": 4000}, "has 2 cores and would keep 4000m"),
    ],
)
def test_what_would_leave_a_kubelet_or_a_control_plane_nothing_is_refused(
    name: str, memory: str, kubelet: dict[str, Any], told: str
) -> None:
    data = document("single") | {"distribution": {"name": name}, "kubelet": kubelet}
    data["pools"][0]["memory"] = memory
    if not told:
        plan_of(data)
        return
    with pytest.raises(InputErrors) as caught:
        plan_of(data)
    (problem,) = caught.value.problems
    assert told in problem.message


def needs(memory: str, own: tuple[str, ...] = (), **numbers: Any) -> tuple[int, int]:
    """MiB and thousandths of a core that agent1 must have before its kubelet is told."""
    data = document() | {"kubelet": {"reserve": True, **numbers}}
    data["pools"][1]["memory"] = "16GiB"
    data["pools"][2] |= {"cores": 2, "memory": memory, "options": {"kubelet-arg": list(own)} if own else {}}
    host = inventory_files(plan_of(data)[0], Facts(cluster="quickstart"))["host_vars/agent1.yml"]
    found = host["kubernetes_reservation"]
    assert found["arguments"] == [item for item in host["kubernetes_config"]["kubelet-arg"] if item not in own]
    return found["memory_mib"], found["millicores"]


def test_a_reservation_is_for_a_machine_that_has_its_planned_memory() -> None:
    """Two thirds: what a kernel shows of it is never less; and never less than what the kubelet counts as kept."""
    assert needs("8GiB") == (5461, 70)
    assert needs("8GiB", reserved_memory="7GiB") == (7168 + 100, 70)
    assert needs("8GiB", reserved_cpu=1500)[1] == 1500
    assert needs("8GiB", own=("kube-reserved=cpu=1",), evict_below="300MiB") == (300, 0)
    off = inventory_files(plan_of(document())[0], Facts(cluster="quickstart"))["host_vars/agent1.yml"]
    assert off["kubernetes_reservation"] == {}


def test_a_balloons_least_memory_is_what_counts() -> None:
    data = document() | {"kubelet": {"reserve": True}}
    data["pools"][2] |= {"cores": 2, "memory": "32GiB", "balloon": "2GiB"}
    host = inventory_files(plan_of(data)[0], Facts(cluster="quickstart"))["host_vars/agent1.yml"]
    assert "kube-reserved=cpu=70m,memory=512Mi" in host["kubernetes_config"]["kubelet-arg"]
