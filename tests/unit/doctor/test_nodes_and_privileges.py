"""The checks of `runner doctor` on privileges and PVE nodes: what is well says so once, what is not says what, why, and the cure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stardock.doctor.checks import ASKED, HERE, run
from stardock.doctor.finding import Level
from stardock.estate.survey import Answer
from stardock.plan.views.privileges import grants, needed
from tests.unit.doctor.findings import on_vlan, only, pcis, wrong
from tests.unit.doctor.scenes import NODES, URL, bridge, node, plan, resources, scene, storage

pytestmark = pytest.mark.unit


def test_where_all_is_well_each_check_says_so_and_nothing_else_but_what_nobody_can_check() -> None:
    findings = [finding for finding in run(scene()) if finding.check != "VRRP id"]
    assert len(run(scene())) == len(findings) + 1
    assert {finding.level for finding in findings} == {Level.OK}
    assert [finding.cure for finding in findings if finding.cure] == []
    quiet = {"environment", "roots_alone", "devices", "pools", "vrid", "jumps", "hosts"}  # they speak of what is odd only
    assert len(findings) == len(HERE) + len(ASKED) - len(quiet)


@pytest.mark.parametrize(("path", "privilege"), [(path, name) for path, names in needed(plan()).items() for name in sorted(names)])
def test_any_one_privilege_less_is_named_with_its_path_and_the_commands_that_give_it(path: str, privilege: str) -> None:
    told = {
        place: Answer({place: {name: 1 for name in names if (place, name) != (path, privilege)}}) for place, names in needed(plan()).items()
    }
    found = only(scene(permissions=told))
    assert (found.check, found.level, found.subject) == ("privileges", Level.PROBLEM, path)
    assert found.cause == f"ada@pve lacks {privilege}"
    assert f"pveum acl modify {path} --users ada@pve --tokens 'ada@pve!x' --roles stardock-quickstart-" in found.cure
    assert privilege in found.cure


def test_a_plan_needs_what_it_uses_and_nothing_that_it_does_not() -> None:
    lean, rich = needed(plan()), needed(pcis(on_vlan(7)))
    assert set(rich) - set(lean) == {"/mapping/pci/gpu", "/pool/lab", "/sdn/zones/localnetwork/vmbr0/7"}
    assert rich["/"] - lean["/"] == {"Sys.Console"}
    assert not any(name.startswith(("User.", "Permissions.")) for names in rich.values() for name in names)


@pytest.mark.proves("case 11-vlan-trunk")
@pytest.mark.parametrize(("vlan", "trunks", "paths"), [
    (None, ("10", "20-21"), {"/10", "/20", "/21"}), (7, ("10",), {"/7", "/10"}), (None, (), {""}), (7, ("100-199",), {""}),
])  # fmt: skip
def test_each_vlan_of_a_trunk_is_granted_and_the_bridge_for_a_long_one(vlan: int | None, trunks: tuple[str, ...], paths: set[str]) -> None:
    made = plan()
    nics = tuple(replace(nic, vlan=vlan, trunks=trunks) for nic in made.machines[0].interfaces)
    found = needed(replace(made, machines=(replace(made.machines[0], interfaces=nics),)))
    bridge = "/sdn/zones/localnetwork/vmbr0"
    assert {path.removeprefix(bridge) for path in found if path.startswith("/sdn")} == paths


def test_a_role_that_is_given_anew_after_an_edit_keeps_what_the_edit_undoes() -> None:
    lean, rich = ({grant.kind: grant.privileges for grant in grants(made)} for made in (plan(), pcis(on_vlan(7))))
    assert rich.keys() - lean.keys() == {"ha", "devices", "pools"}
    assert lean.items() <= rich.items()


def test_a_pve_node_of_another_name_is_told_with_the_nearest_one() -> None:
    known = [item for item in resources() if item["node"] != "pve3"] + [node("pve03"), storage("pve03", "local")]
    found = next(finding for finding in wrong(scene(resources=Answer(known))) if finding.subject == "pve3")
    assert (found.check, found.level) == ("nodes", Level.PROBLEM)
    assert "no node of that name" in found.cause
    assert "write pve03" in found.cure


def test_a_pve_node_that_is_off_is_told_once_and_not_again_by_every_other_check() -> None:
    dead = Answer(refused="595 No route to host")
    known = resources(node("pve2", status="offline"), storage("pve2", "local", status="unknown"))
    seen = scene(
        resources=Answer(known),
        networks={"pve1": Answer([bridge()]), "pve2": dead, "pve3": Answer([bridge()])},
        clocks={"pve1": Answer((1.0, 1.0, 1.0)), "pve2": dead, "pve3": Answer((1.0, 1.0, 1.0))},
        versions={"pve1": Answer("9.1.2"), "pve2": dead, "pve3": Answer("9.1.2")},
        images={("pve2", URL): dead},
    )
    found = only(seen)
    assert (found.subject, found.cause) == ("pve2", "is offline")


def test_a_cluster_without_quorum_is_told() -> None:
    found = only(scene(status=Answer([{"type": "cluster", "name": "home", "quorate": 0}])))
    assert (found.check, found.level) == ("quorum", Level.PROBLEM)


def test_a_single_pve_node_has_no_cluster_and_needs_none() -> None:
    assert wrong(scene(status=Answer([{"type": "node", "name": "pve1"}]))) == []


@pytest.mark.parametrize(
    ("told", "level", "cause"),
    [
        ({"pve1": "8.4.1", "pve2": "9.1.2", "pve3": "9.1.2"}, Level.PROBLEM, "Proxmox VE 8.4.1"),
        ({"pve1": "9.0.5", "pve2": "9.1.2", "pve3": "9.1.2"}, Level.WARNING, "run 9.0, 9.1"),
    ],
    ids=["too old", "halfway through an upgrade"],
)
def test_a_version_is_told(told: dict[str, str], level: Level, cause: str) -> None:
    found = only(scene(versions={name: Answer(text) for name, text in told.items()}))
    assert (found.check, found.level) == ("version", level)
    assert cause in found.cause


@pytest.mark.parametrize(
    ("there", "level", "words"),
    [(1006.0, Level.WARNING, "6 s ahead"), (1090.0, Level.PROBLEM, "90 s ahead"), (900.0, Level.PROBLEM, "99 s behind")],
)
def test_a_clock_that_is_off_is_told_with_how_much(there: float, level: Level, words: str) -> None:
    told = {name: Answer((1000.0, 1000.0, 1000.2)) for name in NODES} | {"pve2": Answer((there, 1000.0, 1000.2))}
    found = only(scene(clocks=told))
    assert (found.check, found.subject, found.level) == ("clock", "pve2", level)
    assert words in found.cause


def test_a_slow_answer_is_no_wrong_clock() -> None:
    assert wrong(scene(clocks={name: Answer((1004.0, 1000.0, 1008.0)) for name in NODES})) == []
