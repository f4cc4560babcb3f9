"""What a command that took long says first and last: what is Ready, the kubeconfig's path, what comes next, how long each thing took."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stardock.bundle.about import about
from stardock.cli.endings import NEXT, bootstrap_ending, deploy_ending, expectation
from stardock.model.facts import Facts, Founded, MachineFacts
from stardock.model.stages import NAMES
from stardock.playbooks.bootstrap import Options
from stardock.playbooks.silent import LeftOut
from stardock.playbooks.subject import OfWorkspace
from stardock.verbs.bootstrap import Done
from stardock.workspace.workspace import Workspace, open_workspace
from tests.plans import ROOT, document

pytestmark = pytest.mark.unit


def workspace(folder: Path, data: dict[str, Any]) -> Workspace:
    file = folder / "cluster.yaml"
    file.write_text(json.dumps(data))
    return open_workspace(file)


def done(where: Workspace, missing: LeftOut | None = None, **more: Any) -> Done:
    return Done(about=about(where.plan, where.facts), files=where.files, missing=missing or LeftOut(), **more)


def ending(where: Workspace, missing: LeftOut | None = None, **options: Any) -> list[str]:
    return list(bootstrap_ending(done(where, missing, options=Options(**options))))


def test_bootstrap_ends_with_what_is_ready_the_kubeconfig_and_what_next(tmp_path: Path) -> None:
    ready, export, following = ending(workspace(tmp_path, document()))
    assert ready == "Ready: server1..server3 (3), agent1; rke2 v1.36.5+rke2r1, the API at https://192.168.1.40:6443"
    assert export == f"export KUBECONFIG={tmp_path}/cluster.kubeconfig"
    assert following == f"kubectl get nodes        # next: ingress, storage, addresses for services: {NEXT}"
    assert (ROOT / NEXT).exists()


@pytest.mark.parametrize("check", [False, True])
def test_a_reservation_that_waits_for_a_power_cycle_is_told_with_what_is_to_be_done(tmp_path: Path, check: bool) -> None:
    where = workspace(tmp_path, document())
    said = next(iter(bootstrap_ending(done(where, options=Options(check=check), held={"agent1": 1987}))))
    planned = where.plan.machine("agent1").memory_mib
    assert said.startswith(f"agent1: its kubelet keeps what it kept before (it has 1987 MiB of memory, planned are {planned} MiB and")
    assert said.endswith("After `runner deploy` and its power cycle: runner bootstrap")


def test_a_new_key_of_a_killed_run_that_was_dropped_is_told_with_the_command_that_makes_another(tmp_path: Path) -> None:
    where = workspace(tmp_path, document())
    said = next(iter(bootstrap_ending(done(where, options=Options(), dropped=frozenset({"agent1", "server2"})))))
    assert said.startswith(
        "agent1, server2: a run that ended too early had begun a new key in the mesh: dropped, the one before is in force"
    )
    assert said.endswith("runner bootstrap --stage mesh --new-mesh-key agent1 --new-mesh-key server2")


def test_a_path_that_a_shell_would_take_apart_is_quoted(tmp_path: Path) -> None:
    folder = tmp_path / "my cluster; rm"
    folder.mkdir()
    assert f"export KUBECONFIG='{folder}/cluster.kubeconfig'" in ending(workspace(folder, document()))


@pytest.mark.parametrize("kind", ["silent", "failed"])
def test_an_agent_that_was_left_out_is_not_among_the_ready(tmp_path: Path, kind: str) -> None:
    said = ending(workspace(tmp_path, document()), LeftOut(**{kind: {"agent1": "for a reason"}}))
    assert "agent1" not in "\n".join(said)


def test_without_a_network_plugin_nobody_is_said_to_be_ready(tmp_path: Path) -> None:
    data = document()
    data["distribution"]["options"] = {"cni": "none"}
    first = ending(workspace(tmp_path, data))[0]
    assert first.startswith("Joined (`cni: none`: none is Ready, and no pod starts, until your network plugin is there): server1")


def test_a_check_and_a_stage_alone_claim_no_more_than_they_did(tmp_path: Path) -> None:
    where = workspace(tmp_path, document())
    assert ending(where, check=True) == []
    assert ending(where, stages=("machines",)) == []
    assert ending(where, stages=("kubeconfig",))[0].startswith("export KUBECONFIG=")
    assert len(ending(where, stages=NAMES)) == 3


@pytest.mark.parametrize(("external", "url"), [(None, "https://192.168.1.40:443"), ("2001:db8::5", "https://[2001:db8::5]:443")])
def test_the_api_is_where_the_kubeconfig_leads(tmp_path: Path, external: str | None, url: str) -> None:
    data = document() | {"api": {"port": 443}}
    if external:
        data["api"]["external"] = external
        del data["network"]["vip"]
        data["pools"] = data["pools"][1:]
    assert ending(workspace(tmp_path, data))[0].endswith(f"the API at {url}")


def test_a_dhcp_cluster_is_told_by_its_observed_address(tmp_path: Path) -> None:
    where = workspace(tmp_path, document("single"))
    nic = where.plan.machines[0].interfaces[0].name
    facts = Facts(cluster="single", machines={"server1": MachineFacts(addresses={nic: ("192.0.2.7",)})})
    assert "the API at https://192.0.2.7:6443" in ending(replace(where, facts=facts))[0]


def test_deploy_ends_with_times_what_is_known_and_the_next_command(tmp_path: Path) -> None:
    where = workspace(tmp_path, document("single"))
    where = replace(where, facts=Facts(cluster="single", machines={"server1": MachineFacts()}))
    done, following = deploy_ending(where, {"check": 0.6, "apply": 40.2})
    assert done == "deploy: done in 41 s (check 1 s, apply 40 s)"
    assert (
        following == "Machines with address and SSH host key: server1. Next: runner bootstrap    # load balancers, Kubernetes, kubeconfig"
    )
    founded = replace(where, facts=replace(where.facts, founded=Founded(ca_sha256="0" * 64)))
    assert list(deploy_ending(founded, {}))[1].endswith("Next: runner bootstrap    # brings what changed inside of them")


def test_bootstrap_begins_with_how_long_it_may_take_and_where_the_log_is(tmp_path: Path) -> None:
    said = expectation(OfWorkspace(workspace(tmp_path, document())))
    assert said.startswith("bootstrap: 6 machines; a new cluster takes minutes")
    assert said.endswith("cluster.log")


def test_the_set_up_of_the_lab_begins_with_a_line_of_expectation() -> None:
    setup = (ROOT / "tools/setup").read_text()
    lab = setup[setup.index("part_lab()") :]
    assert lab.index("the first time this takes many minutes") < lab.index("need mmdebstrap")
