"""The cluster of a proof: its file, what is looked at, and that nothing but what must be seen passes."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stardock.distributions import DISTRIBUTIONS
from stardock.errors import ConditionError, EngineError
from stardock.prove import bench as benches
from stardock.prove import journal, proof, releases
from stardock.prove.api import Node
from stardock.prove.bench import Bench, FailedError, NotPossibleError
from stardock.prove.checks import CLUSTER_CHECKS, cluster, growth, pods
from stardock.prove.document import Cluster, Wanted, grow
from stardock.prove.founding import Stages
from stardock.prove.parts import parts
from stardock.prove.place import Place
from stardock.prove.plans import plan_of
from stardock.prove.things import Budget, Vm, budget, most
from stardock.verbs import machine as switch
from tests.plans import document as example
from tests.unit.prove.proofs import SCOPE, proof_document, proof_plan

pytestmark = pytest.mark.unit

VERSION = "v1.36.4+rke2r1"
WANTED = Wanted(
    scope=SCOPE,
    system="debian",
    vm_ids=tuple(range(99000, 99006)),
    cluster=Cluster(distribution="rke2", version=VERSION, vip="192.168.1.9"),
)


def quiet(_line: str) -> None:
    """Hear nothing."""


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Of a cluster that nobody made."""
    place = Place(tmp_path / "cluster.prove")
    place.folder.mkdir()
    place.prepare()
    estate: Any = type("Estate", (), {})()
    monkeypatch.setattr(benches, "proxmox_of", lambda _estate: journal.Proxmox("https://pve1.example.com:8006", "homelab", "a@pve"))
    made = Bench(place, SCOPE, proof_document(example(), WANTED), estate, quiet, WANTED)
    made.begin()
    return made


def ends(data: dict[str, Any]) -> dict[str, list[tuple[str, int]]]:
    """Role -> end of a name and VM id."""
    return {
        pool["role"]: [(one["name"].removeprefix(f"{SCOPE.cluster}-"), one["vm_id"]) for one in pool["machines"]] for pool in data["pools"]
    }


def test_a_cluster_begins_with_a_server_an_agent_and_who_holds_its_address_and_what_comes_later_moves_nobody() -> None:
    data = proof_document(example(), WANTED)
    first = {"loadbalancer": [("lb1", 99000), ("lb2", 99001)], "server": [("server1", 99002)], "agent": [("agent1", 99003)]}
    assert ends(data) == first
    before = {machine.name: machine for machine in plan_of(data, Path("/c.yaml")).machines}
    grow(data, WANTED)
    assert ends(data) == {**first, "server": [*first["server"], ("server2", 99004)], "agent": [*first["agent"], ("agent2", 99005)]}
    plan = plan_of(data, Path("/c.yaml"))
    assert {one.name: one.vm_id for one in plan.machines if one.name in before} == {name: one.vm_id for name, one in before.items()}
    assert plan.distribution.version == VERSION
    assert plan.load_balancing
    assert plan.load_balancing.vip == "192.168.1.9"
    assert [machine.address for machine in plan.machines] == [None] * 6, "by DHCP: the one address is the one that was named"


def test_without_an_address_there_is_no_load_balancer_and_what_is_needed_is_the_largest_part() -> None:
    alone = replace(WANTED, vm_ids=WANTED.vm_ids[:4], cluster=Cluster(distribution="k3s", version="v1.36.4+k3s1"))
    assert [*ends(proof_document(example(), alone))] == ["server", "agent"]
    data = proof_document(example(), WANTED)
    grow(data, WANTED)
    needs = most([budget(proof_plan(example())), budget(plan_of(data, Path("/c.yaml")))])
    assert needs == Budget(machines=6, cores=8, memory_mib=14336, disk_gib=102)


def test_how_machines_on_that_bridge_are_reached_is_taken_and_no_key_of_the_persons() -> None:
    data = example() | {"ssh": {"keys": ["own.pub"], "private_key": "own", "jump": "jump.example", "user": "ada"}}
    assert proof_document(data)["ssh"] == {"jump": "jump.example", "keys": [WANTED.key], "private_key": "id_ed25519"}


def test_parts_come_in_order_and_only_what_was_asked_for_is_made() -> None:
    asked = parts(["debian", "microos"], ["rke2", "k3s"], None, ())
    assert [one.title for one in asked] == ["debian", "debian, rke2", "debian, k3s", "microos", "microos, rke2", "microos, k3s"]
    (one,) = parts(["debian"], ["rke2"], None, ("a pod runs",))
    assert [check.name for check in one.checks] == ["the machines of a cluster are made", "a cluster is founded", "a pod runs"]
    assert [one.title for one in parts(["debian"], ["rke2"], None, ("pool and tags",))] == ["debian"]


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_it_begins_with_the_patch_release_before_stardocks_own(name: str) -> None:
    known = DISTRIBUTIONS[name]
    before, after = (known.release(version) for version in releases.releases(name))
    assert before
    assert after
    assert (before.series, before.patch + 1) == (after.series, after.patch)
    assert str(after) == known.default_version


def test_releases_in_a_folder_are_found_by_version_and_what_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(releases.VARIABLE, str(tmp_path))
    with pytest.raises(ConditionError, match=r"looks there for v1\.36\.4"):
        releases.folder_of(VERSION)
    (tmp_path / VERSION).mkdir()
    with releases.at_hand(VERSION):
        assert os.environ[releases.VARIABLE] == str(tmp_path / VERSION)
    assert releases.folder_of(VERSION) == tmp_path / VERSION
    monkeypatch.delenv(releases.VARIABLE)
    assert releases.folder_of(VERSION) is None


def test_what_comes_later_is_in_the_journal_before_it_is_made_and_nothing_twice(bench: Bench) -> None:
    def vms() -> list[int]:
        written = journal.read(bench.place.journal)
        assert written
        assert len(set(written.things)) == len(written.things)
        return [one.vm_id for one in written.things if isinstance(one, Vm)]

    assert vms() == [99000, 99001, 99002, 99003]
    bench.grow()
    assert sorted(vms()) == [*range(99000, 99006)]
    bench.intend()
    assert len(vms()) == 6


def stages(**changes: int) -> Callable[..., Stages]:
    """A bootstrap that changes this."""
    return lambda _bench, **_how: Stages(quiet, dict.fromkeys(changes, 1.0), dict(changes))


def test_a_second_bootstrap_that_changes_anything_is_told_with_its_stage(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "founded", stages(machines=0, founder=2))
    with pytest.raises(FailedError, match="changed something in: founder"):
        cluster.again(bench)
    monkeypatch.setattr(cluster, "founded", stages(machines=0, founder=0))
    assert cluster.again(bench) == "0 changed in 2 stages"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (None, "ended well with an API server that cannot start"),
        ("server1: a disk is full", "another cause was told than what was planted: server1: a disk is full"),
        ("server1: --stardock-prove is no flag of this version's program", ""),
    ],
)
def test_of_a_planted_failure_only_its_own_cause_will_do_and_the_edit_is_taken_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, told: str | None, words: str
) -> None:
    before, runs = copy.deepcopy(bench.data), []

    def bootstrap(_bench: Bench, **_how: int) -> Stages:
        runs.append("options" in bench.data["distribution"])
        if told and runs == [True]:
            raise EngineError(told)
        return Stages(quiet)

    monkeypatch.setattr(cluster, "founded", bootstrap)
    monkeypatch.setattr(cluster, "api_of", lambda _bench: ReadyApi())
    if words:
        with pytest.raises(FailedError, match=words):
            cluster.cause(bench)
    else:
        assert "the next run healed it" in cluster.cause(bench)
    assert runs == [True, False]
    assert bench.data == before


class ReadyApi:
    """One that is ready, with these Nodes."""

    def __init__(self, **nodes: Node) -> None:
        self.found = nodes

    def ready(self) -> bool:
        """Yes."""
        return True

    def nodes(self) -> dict[str, Node]:
        """Those."""
        return {f"{SCOPE.cluster}-{end}": node for end, node in self.found.items()}


NODE = Node(ready=True, votes=True, version=VERSION, runtime="containerd://2.1.5", address="192.168.1.20")
WRONG: dict[str, tuple[dict[str, Node], str]] = {
    "missing": ({"server1": NODE}, "there is no Node prove-0123abcd-agent1"),
    "not ready": ({"server1": replace(NODE, ready=False), "agent1": NODE}, "server1 is not Ready"),
    "no vote": ({"server1": replace(NODE, votes=False), "agent1": NODE}, "server1 does not vote"),
    "another release": ({"server1": NODE, "agent1": replace(NODE, version="v1.36.3+rke2r1")}, "agent1 says that it runs v1.36.3"),
    "a stranger": ({"server1": NODE, "agent1": NODE, "agent7": NODE}, "there is a Node prove-0123abcd-agent7"),
}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((cluster, "SETTLE_SECONDS"), (cluster, "_PAUSE_SECONDS")):
        monkeypatch.setattr(module, name, 0.01)


@pytest.mark.parametrize(("nodes", "words"), WRONG.values(), ids=WRONG.keys())
def test_nodes_that_are_not_as_planned_are_each_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, nodes: dict[str, Node], words: str
) -> None:
    monkeypatch.setattr(cluster, "api_of", lambda _bench: ReadyApi(**nodes))
    with pytest.raises(FailedError, match=words):
        cluster.nodes(bench)


def test_where_nodes_run_no_pods_a_pod_is_not_possible_and_says_why(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pods, "api_of", lambda _bench: ReadyApi(server1=replace(NODE, runtime="stand-in://0")))
    for check in (pods.pod, pods.service):
        with pytest.raises(NotPossibleError, match="container runtime is stand-in://0, which runs no pods"):
            check(bench)


def test_without_an_address_that_nobody_has_none_can_move(tmp_path: Path) -> None:
    wanted = replace(WANTED, vm_ids=WANTED.vm_ids[:4], cluster=Cluster(distribution="rke2", version=VERSION))
    place = Place(tmp_path / "cluster.prove")
    place.folder.mkdir()
    place.prepare()
    alone = Bench(place, SCOPE, proof_document(example(), wanted), None, quiet, wanted)  # type: ignore[arg-type]
    alone.write()
    with pytest.raises(NotPossibleError, match="--vip ADDRESS"):
        growth.moved(alone)


@pytest.mark.parametrize("fails", ["", "it does not answer", "nor starts again"])
def test_the_load_balancer_is_switched_on_again_whatever_came_of_it(bench: Bench, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    switched: list[str] = []

    def start(_file: Path, name: str, *_: object) -> None:
        switched.append(f"on {name}")
        if fails == "nor starts again":
            raise ConditionError("it does not start")

    monkeypatch.setattr(switch, "stop", lambda _file, name, *_: switched.append(f"off {name}"))
    monkeypatch.setattr(switch, "start", start)
    monkeypatch.setattr(growth, "api_of", lambda _bench: ReadyApi())
    monkeypatch.setattr(growth, "until", lambda *_: None if fails else 1.0)
    has = {"lb1": [True], "lb2": [False, True]}
    monkeypatch.setattr(growth, "_has", lambda _bench, end, _vip: has[end].pop(0))
    if fails:
        with pytest.raises(FailedError, match="after lb1 was switched off the API does not answer"):
            growth.moved(bench)
    else:
        assert growth.moved(bench).startswith("lb1 was switched off, lb2 has the address")
    assert switched == ["off prove-0123abcd-lb1", "on prove-0123abcd-lb1"]


def test_names_of_checks_are_all_different() -> None:
    names = [check.name for check in CLUSTER_CHECKS]
    assert len(set(names)) == len(names)


def test_the_file_of_the_persons_own_tokens_is_not_the_proofs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ((proof.SECRETS_VARIABLE, str(tmp_path / "mine.yaml")), (proof.LOCK_VARIABLE, "frozen")):
        monkeypatch.setenv(name, value)

    def looked(*_: object) -> Bench:
        assert proof.SECRETS_VARIABLE not in os.environ
        assert os.environ[proof.LOCK_VARIABLE] == "write"
        raise KeyboardInterrupt

    monkeypatch.setattr(proof, "_bench", looked)
    place = Place(tmp_path / "cluster.prove")
    place.folder.mkdir()
    asked = proof.Asked(file=tmp_path / "cluster.yaml", systems=("debian",), pool="p", ids=(100, 131))
    found: Any = proof.Ready(place, None, "9.1", None, None)  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        next(proof.outcomes(asked, found, quiet, quiet))
