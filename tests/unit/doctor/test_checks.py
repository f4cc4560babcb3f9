"""Each check of `runner doctor` on its own: what is well says so once, what is not says what, why, and the command that cures it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from stardock.doctor.checks import ASKED, HERE, run
from stardock.doctor.finding import Finding, Level
from stardock.doctor.scene import Heard, Scene, Tried
from stardock.estate.survey import Answer
from stardock.plan.model import Plan
from stardock.plan.parts import Device, Ha
from stardock.plan.privileges import needed
from tests.unit.doctor.scenes import NODES, URL, bridge, node, plan, resources, scene, storage, vm

pytestmark = pytest.mark.unit

OURS = "stardock;quickstart"


def wrong(made: Scene) -> list[Finding]:
    """What is not well."""
    return [finding for finding in run(made) if finding.level is not Level.OK]


def only(made: Scene) -> Finding:
    """The one finding that is not well, which has a cure."""
    findings = wrong(made)
    assert len(findings) == 1, findings
    assert findings[0].cure
    return findings[0]


def with_machines(**changes: Any) -> Plan:
    """The plan with every machine changed."""
    made = plan()
    return replace(made, machines=tuple(replace(machine, **changes) for machine in made.machines))


def on_vlan(vlan: int) -> Plan:
    made = plan()
    changed = [replace(one, interfaces=tuple(replace(nic, vlan=vlan) for nic in one.interfaces)) for one in made.machines]
    return replace(made, machines=tuple(changed))


def test_where_all_is_well_each_check_says_so_and_nothing_else() -> None:
    findings = run(scene())
    assert {finding.level for finding in findings} == {Level.OK}
    assert [finding.cure for finding in findings if finding.cure] == []
    quiet = {"environment", "roots_alone", "devices", "pools"}  # they speak of what is odd only
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


def pcis(of: Plan) -> Plan:
    gpu = (Device(mapping="gpu"),)
    return replace(of, machines=(replace(of.machines[0], devices=gpu, ha=Ha(), pve_pool="lab"), *of.machines[1:]))


def test_a_plan_needs_what_it_uses_and_nothing_that_it_does_not() -> None:
    lean, rich = needed(plan()), needed(pcis(on_vlan(7)))
    assert set(rich) - set(lean) == {"/mapping/pci/gpu", "/pool/lab", "/sdn/zones/localnetwork/vmbr0/7"}
    assert rich["/"] - lean["/"] == {"Sys.Console"}
    assert not any(name.startswith(("User.", "Permissions.")) for names in rich.values() for name in names)


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


@pytest.mark.parametrize(
    ("item", "level", "cause", "cure"),
    [
        (storage("pve1", "local", content="iso,backup,snippets"), Level.PROBLEM, "`import` on pve1", "iso,backup,snippets,import"),
        (
            storage("pve1", "local-lvm", content="rootdir"),
            Level.PROBLEM,
            "`images` on pve1",
            "pvesm set local-lvm --content rootdir,images",
        ),
        (storage("pve1", "local", status="unknown"), Level.WARNING, "not active on pve1", "pvesm status"),
    ],
    ids=["import", "images", "inactive"],
)
def test_a_datastore_that_cannot_take_what_we_put_there_is_told(item: dict[str, Any], level: Level, cause: str, cure: str) -> None:
    found = only(scene(resources=Answer(resources(item))))
    assert (found.check, found.level) == ("datastores", level)
    assert cause in found.cause
    assert cure in found.cure


def test_a_datastore_that_is_not_there_is_one_finding_for_all_pve_nodes() -> None:
    found = only(scene(with_machines(disk_datastore="fast")))
    assert (found.check, found.subject) == ("datastores", "fast")
    assert "is not on pve1, pve2, pve3" in found.cause


@pytest.mark.parametrize(
    ("kind", "free", "level"), [("lvm", 30, Level.PROBLEM), ("lvmthin", 30, Level.WARNING), ("lvmthin", 0, Level.PROBLEM)]
)
def test_a_datastore_without_room_is_told_by_what_is_to_come_and_what_is_free(kind: str, free: int, level: Level) -> None:
    item = storage("pve1", "local-lvm", plugintype=kind, maxdisk=100 * 1024**3, disk=(100 - free) * 1024**3)
    found = only(scene(resources=Answer(resources(item))))
    assert (found.check, found.subject, found.level) == ("space", "local-lvm on pve1", level)
    assert f"{free:.1f} GiB are free" in found.cause


def test_machines_that_exist_ask_for_no_more_room() -> None:
    full = storage("pve1", "local-lvm", maxdisk=100 * 1024**3, disk=99 * 1024**3)
    there = [vm(machine.vm_id, machine.hostname, tags=OURS) for machine in plan().machines]
    assert wrong(scene(resources=Answer(resources(full, *there)))) == []


def test_a_bridge_that_is_not_there_is_told_with_those_that_are() -> None:
    found = only(scene(networks={name: Answer([bridge("vmbr1")] if name == "pve3" else [bridge()]) for name in NODES}))
    assert (found.check, found.subject, found.level) == ("bridges", "vmbr0 on pve3", Level.PROBLEM)
    assert "bridges there: vmbr1" in found.cause


def test_a_bridge_that_is_not_vlan_aware_matters_to_machines_on_a_vlan_only() -> None:
    plain = {name: Answer([bridge(bridge_vlan_aware=None)]) for name in NODES}
    assert wrong(scene(networks=plain)) == []
    findings = wrong(scene(on_vlan(7), networks=plain))
    assert [(found.subject, found.level) for found in findings] == [(f"vmbr0 on {name}", Level.WARNING) for name in NODES]
    assert "--bridge_vlan_aware 1" in findings[0].cure


def test_a_vnet_of_sdn_is_as_good_as_a_bridge_and_its_privileges_are_its_zones() -> None:
    told = {name: Answer([bridge(type="vnet", bridge_vlan_aware=None)]) for name in NODES}
    allowed = {path: Answer({path: dict.fromkeys(names, 1)}) for path, names in needed(plan()).items() if not path.startswith("/sdn")}
    nothing = {path: Answer({}) for path in needed(plan()) if path.startswith("/sdn")}
    assert wrong(scene(networks=told, permissions=allowed | nothing)) == []


def test_a_bridge_that_is_down_is_told() -> None:
    told = {name: Answer([bridge(active=0 if name == "pve1" else 1)]) for name in NODES}
    assert only(scene(networks=told)).cause == "is not up"


@pytest.mark.parametrize(("kind", "word"), [("qemu", "VM"), ("lxc", "container")])
def test_a_vm_id_that_somebody_has_is_told_with_who(kind: str, word: str) -> None:
    found = only(scene(resources=Answer(resources(vm(210, "mail", kind=kind)))))
    assert (found.check, found.subject, found.level) == ("VM ids", "server1, 210", Level.PROBLEM)
    assert f"{word} mail on pve2" in found.cause
    assert "`vm_id:`" in found.cure


def test_a_vm_id_of_something_that_the_token_may_not_see_is_told() -> None:
    ids = {machine.vm_id: Answer(machine.vm_id) for machine in plan().machines} | {211: Answer(refused="400 VM 211 already exists")}
    assert "may not see" in only(scene(vm_ids=ids)).cause


def test_our_own_machines_are_no_strangers() -> None:
    assert wrong(scene(resources=Answer(resources(vm(210, "server1", tags=OURS))))) == []


def test_a_name_that_somebody_has_is_a_warning() -> None:
    found = only(scene(resources=Answer(resources(vm(999, "server1")))))
    assert (found.check, found.subject, found.level) == ("names", "server1", Level.WARNING)


def test_a_device_that_is_mapped_nowhere_or_not_on_the_machines_pve_node_is_told() -> None:
    made = pcis(plan())  # lb1 on pve1
    pool = Answer([{"poolid": "lab"}])
    missing = only(scene(made, mappings=Answer([]), pools=pool))
    assert (missing.check, missing.subject, missing.level) == ("devices", "gpu on pve1", Level.PROBLEM)
    assert "pvesh create /cluster/mapping/pci --id gpu --map node=pve1," in missing.cure
    elsewhere = only(scene(made, mappings=Answer([{"id": "gpu", "map": ["node=pve2,path=0000:01:00.0"]}]), pools=pool))
    assert elsewhere.cause == "has no device there"
    assert wrong(scene(made, mappings=Answer([{"id": "gpu", "map": ["id=1,node=pve1,path=0000:01:00.0"]}]), pools=pool)) == []


def test_a_pool_that_is_not_there_is_told() -> None:
    mapped = Answer([{"id": "gpu", "map": ["node=pve1,path=0000:01:00.0"]}])
    found = only(scene(pcis(plan()), mappings=mapped, pools=Answer([])))
    assert (found.check, found.subject, found.cure) == ("pools", "lab", "pveum pool add lab")


def test_what_only_root_may_set_is_told_before_proxmox_refuses_it() -> None:
    made = plan()
    found = only(scene(replace(made, machines=(replace(made.machines[0], hugepages="any"), *made.machines[1:]))))
    assert (found.subject, found.level) == ("lb1", Level.PROBLEM)
    assert "never by a token" in found.cause


def test_an_address_that_answers_is_a_problem_while_its_machine_does_not_exist() -> None:
    heard = {"192.168.1.50": Heard("an sshd answers on port 22", sure=True)}
    found = only(replace(scene(), answering=heard))
    assert (found.check, found.subject, found.level) == ("addresses", "192.168.1.50", Level.PROBLEM)
    assert "server1" in found.cause
    exists = resources(vm(210, "server1", tags=OURS))
    assert wrong(replace(scene(resources=Answer(exists)), answering=heard)) == []


def test_the_vip_may_answer_once_a_load_balancer_exists() -> None:
    heard = {"192.168.1.40": Heard("an sshd answers on port 22", sure=True)}
    assert "the VIP" in only(replace(scene(), answering=heard)).cause
    assert wrong(replace(scene(resources=Answer(resources(vm(200, "lb1", tags=OURS)))), answering=heard)) == []


def test_addresses_that_something_on_the_way_may_answer_for_are_one_warning() -> None:
    heard = {f"192.168.1.{number}": Heard("refused", sure=False) for number in (50, 51, 40)}
    found = only(replace(scene(), answering=heard))
    assert found.level is Level.WARNING
    assert found.subject == "192.168.1.50, 192.168.1.51, 192.168.1.40"


def test_what_cannot_be_heard_from_here_is_said_plainly() -> None:
    found = next(finding for finding in run(scene()) if finding.check == "VRRP id")
    assert "not checked" in found.cause
    assert "tcpdump" in found.cause


@pytest.mark.parametrize(
    ("trouble", "cure"),
    [
        ("Permission denied (publickey).", "ssh-copy-id"),
        ("does not answer (silence)", "ssh_port"),
        ("there is no such key file", "proxmox.ssh.private_key"),
    ],
)
def test_a_pve_node_that_does_not_let_us_in_is_told_with_what_to_do_about_it(trouble: str, cure: str) -> None:
    made = scene()
    found = only(replace(made, ssh={**made.ssh, "pve2": Tried("root@pve2", trouble)}))
    assert (found.check, found.subject, found.level) == ("SSH", "pve2", Level.PROBLEM)
    assert trouble in found.cause
    assert cure in found.cure


def test_an_image_that_a_pve_node_does_not_get_is_told_by_url() -> None:
    told = {(name, URL): Answer({"size": 1}) for name in NODES} | {("pve3", URL): Answer(refused="500 invalid server response: '404'")}
    found = only(scene(images=told))
    assert (found.check, found.subject, found.level) == ("images", URL, Level.PROBLEM)
    assert "pve3 does not get it" in found.cause


def test_an_image_without_a_checksum_is_a_warning() -> None:
    made = plan()
    loose = replace(made, machines=tuple(replace(one, image=replace(one.image, checksum=None)) for one in made.machines))
    assert "no checksum" in only(scene(loose)).cause


def test_a_local_image_that_is_not_there_is_told() -> None:
    found = only(replace(scene(), local_images={"root.qcow2": Tried("root.qcow2", "there is no such file")}))
    assert (found.check, found.subject) == ("images", "root.qcow2")


@pytest.mark.parametrize("tool", ["engine", "node", "ansible-playbook", "ssh", "sftp"])
def test_a_tool_that_is_missing_is_told_with_how_to_get_it(tool: str) -> None:
    found = only(replace(scene(), tools={tool: Tried(tool, f"{tool} is not in PATH")}))
    assert (found.check, found.subject, found.level) == ("tools", tool, Level.PROBLEM)


def test_a_variable_without_effect_is_told() -> None:
    found = only(replace(scene(), environment={"PROXMOX_VE_SSH_USERNAME": "ada", "PROXMOX_VE_ENDPOINT": "https://192.168.1.10:8006/"}))
    assert (found.check, found.subject, found.level) == ("environment", "PROXMOX_VE_SSH_USERNAME", Level.WARNING)
    assert "proxmox.ssh.user: ada" in found.cure


def test_a_proxmox_that_cannot_be_asked_is_one_problem_with_its_own_cure() -> None:
    found = only(replace(scene(), survey=None, silent=("it does not answer", "check the endpoint")))
    assert (found.check, found.cure) == ("connection", "check the endpoint")
    assert "nothing else" in found.cause


def test_an_unverified_certificate_is_a_warning() -> None:
    made = plan()
    assert only(scene(replace(made, proxmox=replace(made.proxmox, insecure=True)))).level is Level.WARNING


@pytest.mark.parametrize("change", ["status", "resources", "clocks", "networks", "permissions"])
def test_what_the_token_may_not_read_is_a_warning_with_the_way_out_and_no_traceback(change: str) -> None:
    refused = Answer(refused="the API token may not do this")
    keyed: dict[str, Callable[[], Any]] = {
        "status": lambda: refused,
        "resources": lambda: refused,
        "clocks": lambda: dict.fromkeys(NODES, refused),
        "networks": lambda: dict.fromkeys(NODES, refused),
        "permissions": lambda: dict.fromkeys(needed(plan()), refused),
    }
    findings = wrong(scene(**{change: keyed[change]()}))
    assert findings
    assert {found.cure for found in findings} == {"runner proxmox-role"}
