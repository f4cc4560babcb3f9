"""The checks of `runner doctor` on the ways: ssh, images, the tools here, the API itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from stardock.doctor.checks import run
from stardock.doctor.finding import Level
from stardock.doctor.scene import Tried
from stardock.estate.survey import Answer
from stardock.model.jump import Jump
from stardock.plan.views.privileges import needed
from tests.plans import plan_of
from tests.unit.doctor.findings import only, wrong
from tests.unit.doctor.scenes import NODES, URL, plan, scene
from tests.unit.plan.test_hosts import with_hosts

pytestmark = pytest.mark.unit


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


@pytest.mark.proves("feature jump hosts")
@pytest.mark.parametrize(
    ("trouble", "cure"),
    [
        ("ops@bastion: Permission denied (publickey).", "ssh-copy-id -i id_ed25519 -p 2022 ops@bastion"),
        ("Host key verification failed.", "ssh -p 2022 ops@bastion   # compare its fingerprint"),
        ("ssh: Could not resolve hostname bastion", "by hand: ssh -v -p 2022 ops@bastion"),
    ],
)
def test_a_jump_host_that_does_not_let_us_through_is_told_with_what_to_do_about_it(trouble: str, cure: str) -> None:
    jump, made = Jump("bastion", "ops", 2022), scene()
    behind = replace(made, plan=replace(made.plan, ssh=replace(made.plan.ssh, jumps={"lb1": jump})))
    found = only(replace(behind, jumps={str(jump): Tried(str(jump), trouble)}))
    assert (found.check, found.subject, found.level) == ("jump host", "ops@bastion port 2022", Level.PROBLEM)
    assert found.cause == trouble
    assert cure in found.cure
    fine = [one for one in run(replace(behind, jumps={str(jump): Tried(str(jump))})) if one.check == "jump host"]
    assert [one.level for one in fine] == [Level.OK]


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


@pytest.mark.proves("feature hosts that exist already")
def test_a_host_that_does_not_answer_is_told_and_one_behind_a_jump_host_was_not_asked() -> None:
    made, hosts = scene(), plan_of(with_hosts({"ssh_user": "pi", "ssh_port": 2222}, {}, {}))[0].hosts
    known = replace(made, plan=replace(made.plan, hosts=hosts, ssh=replace(made.plan.ssh, jumps={"pi3": Jump("bastion", "ops")})))
    tried = {"pi1": Tried("192.168.1.201 port 2222", "does not answer (silence)"), "pi2": Tried("192.168.1.202 port 22")}
    found = [one for one in run(replace(known, hosts=tried)) if one.check == "hosts"]
    assert [(one.subject, one.level) for one in found] == [("pi1", Level.WARNING), ("pi2", Level.OK), ("pi3", Level.WARNING)]
    assert "by hand: ssh -v -p 2222 pi@192.168.1.201" in found[0].cure
    assert found[2].cause == "not checked: behind the jump host ops@bastion"
