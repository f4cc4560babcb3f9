"""kube-vip that is no longer wished: what was applied of its manifest goes through the API, and the manifest after that."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from stardock.bundle.kubernetes import facts
from stardock.distributions.rke2 import RKE2

pytestmark = pytest.mark.unit

ROLES = Path(__file__).parents[3] / "ansible/roles"
TASK = {"name": "endpoint", "tasks_from": "former"}
NAME = "stardock-kube-vip --ignore-not-found --timeout 60s --dry-run=none"
DELETED = [
    f"--namespace kube-system delete daemonset --cascade foreground {NAME}",
    f"--namespace kube-system delete clusterrolebinding,clusterrole,serviceaccount,addons {NAME}",
]
OURS = "# Written by Stardock\n"
#: This machine's own keepalived is none of ours.
NO_KEEPALIVED = {"keepalived_vip": "192.0.2.1"}


def server(folder: Path, *, answers: bool, content: str, member: bool) -> dict[str, str]:
    """The variables of a server with that manifest, and with a kubectl of this test."""
    (folder / ("server/db/etcd/member/wal" if member else "server")).mkdir(parents=True, exist_ok=True)
    if content:
        (folder / "manifest").write_text(content)
    (folder / "kubectl").write_text(f'#!/bin/sh\necho "$*" >>{folder}/calls\n{"echo deleted" if answers else "echo refused >&2; exit 1"}\n')
    (folder / "kubectl").chmod(0o755)
    places = {"former_kube_vip": "manifest", "data_dir": "", "client": "kubectl"}
    return {f"kubernetes_{name}": str(folder / path) for name, path in places.items()}


def plays_that_give_up(stage: str) -> list[dict[str, Any]]:
    """Of a stage's own file, the plays by which servers give up an address that they no longer carry."""
    plays = yaml.safe_load((ROLES.parent / f"{stage}.yml").read_text())
    here = {"become": False, "gather_facts": False, "vars": NO_KEEPALIVED}
    return [{**play, **here} for play in plays if "no longer carry" in play["name"]]


def withdraw(
    folder: Path, *answers: bool, content: str = OURS, member: bool = True, plays: list[dict[str, Any]] | None = None
) -> tuple[str, list[str]]:
    """What Ansible said, and what server1's kubectl was asked; `answers` are the servers, and whether each has an API."""
    servers = {
        f"server{n}": server(folder / f"server{n}", answers=up, content=content, member=member) for n, up in enumerate(answers, start=1)
    }
    here = {**facts(RKE2), "ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}
    own = [key for key in here if key in next(iter(servers.values()))]
    here = {key: value for key, value in here.items() if key not in own}
    (folder / "hosts.json").write_text(json.dumps({"server": {"hosts": servers, "vars": here}}))
    tasks = [{"ansible.builtin.include_role": TASK}]
    play = {"hosts": "server", "gather_facts": False, "any_errors_fatal": True, "vars": NO_KEEPALIVED, "tasks": tasks}
    (folder / "play.yml").write_text(json.dumps(plays or [play]))
    command = ["ansible-playbook", "-i", str(folder / "hosts.json"), str(folder / "play.yml")]
    environment = {**os.environ, "ANSIBLE_ROLES_PATH": str(ROLES), "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    calls, prefix = folder / "server1/calls", f"--kubeconfig {RKE2.kubeconfig} --request-timeout 10s "
    return done.stdout + done.stderr, [one.removeprefix(prefix) for one in calls.read_text().splitlines()] if calls.exists() else []


def left(folder: Path) -> list[str]:
    return sorted(path.parent.name for path in folder.glob("*/manifest"))


def test_the_daemon_set_goes_before_its_manifest_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    said, calls = withdraw(tmp_path, True, False)
    assert "failed=1" not in said, said
    assert (calls, left(tmp_path)) == (DELETED, [])
    said, calls = withdraw(tmp_path, True, True, content="")
    assert said.count("changed=0") == len(("server1", "server2"))
    assert calls == DELETED, "asked no more"


def test_without_an_api_nothing_goes_and_the_cause_is_named(tmp_path: Path) -> None:
    said, _ = withdraw(tmp_path, False, False)
    assert "no server's API could delete its DaemonSet" in said
    assert left(tmp_path) == ["server1", "server2"]


def test_before_a_cluster_was_founded_only_the_manifest_goes(tmp_path: Path) -> None:
    said, calls = withdraw(tmp_path, False, False, member=False)
    assert "failed=1" not in said, said
    assert (calls, left(tmp_path)) == ([], [])


def test_a_manifest_of_somebody_else_stays(tmp_path: Path) -> None:
    _, calls = withdraw(tmp_path, True, True, content="kind: DaemonSet\n")
    assert (calls, left(tmp_path)) == ([], ["server1", "server2"])


@pytest.mark.parametrize("stage", ["loadbalancers", "founder", "servers"])
def test_it_goes_whatever_stage_a_run_begins_with_before_that_stage_has_others_carry_the_address(tmp_path: Path, stage: str) -> None:
    said, calls = withdraw(tmp_path, True, True, plays=plays_that_give_up(stage))
    assert "failed=0" in said, said
    assert (calls, left(tmp_path)) == (DELETED, [])
    plays = (ROLES.parent / f"{stage}.yml").read_text().split("\n- name: ")
    (gives,) = (index for index, play in enumerate(plays) if "no longer carry" in play)
    carries = [index for index, play in enumerate(plays) if "keepalived" in play]
    assert carries
    assert gives < min(carries)


def test_where_kube_vip_is_wished_no_stage_asks_for_it(tmp_path: Path) -> None:
    (play,) = plays_that_give_up("servers")
    wished = {**play, "vars": {**play["vars"], "kubernetes_former_kube_vip": ""}}
    said, calls = withdraw(tmp_path, True, plays=[wished])
    assert "failed=0" in said, said
    assert (calls, left(tmp_path)) == ([], ["server1"])
