"""Which agents a bootstrap goes on without, what it says of them, and with which exit code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stardock.distributions.rke2 import RKE2
from stardock.errors import ConditionError, EngineError, PartialError
from stardock.model.facts import Facts, MachineFacts
from stardock.model.parts import Agent
from stardock.playbooks.bootstrap import Options
from stardock.playbooks.progress import LEAVES_OUT, LOGS, STOPS
from stardock.playbooks.silent import left_out, partial_error, unknown_agents
from stardock.verbs import bootstrap
from stardock.workspace.workspace import Workspace
from tests.plans import quickstart_plan
from tests.unit.playbooks.test_progress import event, watch

pytestmark = pytest.mark.unit

TASK = LEAVES_OUT[1]


def workspace(**machines: MachineFacts) -> Workspace:
    """The quick start's, of which only this is known."""
    unused: Any = None
    plan = quickstart_plan()
    known = {machine.name: MachineFacts(host_keys=("k",)) for machine in plan.machines}
    return Workspace(
        files=unused, spec=unused, plan=plan, lock_before=None, lock=unused, facts=Facts(cluster="quickstart", machines=known | machines)
    )


def dhcp(where: Workspace, name: str) -> Workspace:
    """The machine gets its address by DHCP, and nobody has seen it."""
    machines = tuple(
        replace(one, interfaces=(replace(one.interfaces[0], address=None),)) if one.name == name else one for one in where.plan.machines
    )
    return replace(where, plan=replace(where.plan, machines=machines))


def without_agent(where: Workspace, *names: str) -> Workspace:
    """The machines have no guest agent."""
    machines = tuple(replace(one, agent=Agent(enabled=False)) if one.name in names else one for one in where.plan.machines)
    return replace(where, plan=replace(where.plan, machines=machines))


def test_nobody_is_sent_to_discover_for_the_host_key_of_a_machine_without_a_guest_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    keyless = workspace(agent1=MachineFacts(), server1=MachineFacts(), server2=MachineFacts())
    mute = without_agent(keyless, "agent1", "server1")
    reason = unknown_agents(mute, accept_new_host_keys=False)["agent1"]
    assert "discover" not in reason
    assert "--accept-new-host-keys" in reason
    monkeypatch.setattr(bootstrap, "refuse", lambda *_: None)
    monkeypatch.setattr(bootstrap, "known", lambda *_: None)
    for where, told in ((mute, True), (without_agent(mute, "server2"), False)):
        with pytest.raises(ConditionError, match="no SSH host key is known for server1, server2") as caught:
            bootstrap.check(where, Options(check=True))
        assert ("runner discover" in str(caught.value.cure)) == told
        assert "server1: no guest agent" in str(caught.value.cure) or not told
        assert "--accept-new-host-keys" in str(caught.value.cure)


@pytest.mark.proves("reality D31")
def test_an_agent_without_an_address_or_a_host_key_is_gone_on_without_and_named_with_the_cause() -> None:
    assert unknown_agents(workspace(), accept_new_host_keys=False) == {}
    assert "no address is known" in unknown_agents(dhcp(workspace(), "agent1"), accept_new_host_keys=False)["agent1"]
    keyless = workspace(agent1=MachineFacts())
    assert "--accept-new-host-keys" in unknown_agents(keyless, accept_new_host_keys=False)["agent1"]
    assert unknown_agents(keyless, accept_new_host_keys=True) == {}


@pytest.mark.parametrize("name", ["server2", "lb1"])
def test_a_server_or_a_load_balancer_without_an_address_or_a_host_key_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "refuse", lambda *_: None)
    monkeypatch.setattr(bootstrap, "known", lambda *_: None)
    options = Options(check=True)
    with pytest.raises(ConditionError, match=f"no address is known for {name}"):
        bootstrap.check(dhcp(workspace(), name), options)
    with pytest.raises(ConditionError, match=f"no SSH host key is known for {name}"):
        bootstrap.check(workspace(**{name: MachineFacts()}), options)
    bootstrap.check(dhcp(workspace(), "agent1"), options)
    bootstrap.check(workspace(agent1=MachineFacts()), options)


@pytest.mark.proves("reality D31")
def test_a_machine_that_the_playbook_goes_on_without_is_no_failure_of_the_run_and_is_told_at_its_end(tmp_path: Path) -> None:
    lost = {"msg": "timed out waiting for ping module test: Connection refused"}
    watcher, shown = watch(
        tmp_path,
        event("play", "", play="Machines: reached, and as planned"),
        event("start", "agent1"),
        event("failed", "agent1", role="reachable", task="Wait until it answers on ssh", result=lost),
        event("failed", "agent2", role="reachable", task="Wait until it answers on ssh", result={"msg": "Host key verification failed"}),
        event("ok", "agent1", role="reachable", task=TASK),
        event("ok", "agent2", role="reachable", task=TASK),
        event("play", "", play="Founder: what the machines know"),
        event("start", "server1"),
    )
    assert watcher.failure is None
    assert shown.stages == ["machines", "founder"]
    reasons = left_out({"agent3": "no address is known"}, watcher, RKE2, {})
    assert (list(reasons.silent), reasons.failed) == (["agent3", "agent1", "agent2"], {})
    error = partial_error(reasons, None)
    assert (error.exit_code, PartialError.exit_code) == (7, 7)
    assert "agent1: timed out waiting for ping module test: Connection refused: does the machine run" in error.message
    assert "agent2: Host key verification failed: if the machine was made anew" in error.message


def test_a_failure_that_others_depend_on_stays_one_beside_a_machine_that_is_left_out(tmp_path: Path) -> None:
    watcher, _ = watch(
        tmp_path,
        event("failed", "agent1", role="reachable", task="Wait until it answers on ssh", result={"msg": "silent"}),
        event("ok", "agent1", role="reachable", task=TASK),
        event("failed", "server2", role="reachable", task="Wait until it answers on ssh", result={"msg": "silent, too"}),
        event("failed", "server2", role="reachable", task=STOPS[0][1], result={"msg": "silent, too"}),
    )
    assert watcher.failure is not None
    assert (watcher.failure.host, watcher.failure.task) == ("server2", "Wait until it answers on ssh")


@pytest.mark.proves("reality D31")
def test_agents_that_fail_in_their_stage_are_told_at_the_end_with_cause_and_cure_and_the_exit_code_of_a_failed_run(tmp_path: Path) -> None:
    masked = {"msg": "Unable to start service rke2-agent.service: Failed to start: Unit rke2-agent.service is masked."}
    rejected = {"stdout": "== journal\nNode password rejected, duplicate hostname"}
    watcher, shown = watch(
        tmp_path,
        event("play", "", play="Agents: ten at a time"),
        event("start", "agent1"),
        event("failed", "agent1", role="rke2", task="The service runs, with this configuration", result=masked),
        event("ok", "agent2", role="rke2", task=LOGS, result=rejected),
        event("failed", "agent2", role="rke2", task="Say what was waited for", result={"msg": "agent2 did not become Ready"}),
        event("failed", "agent3", role="reachable", task="Wait until it answers on ssh", result={"msg": "timed out"}),
        *(event("ok", name, role="reachable", task=TASK) for name in ("agent1", "agent2", "agent3")),
        event("play", "", play="Kubeconfig: for the administrator"),
        event("start", "server1"),
    )
    assert (watcher.failure, shown.stages) == (None, ["agents", "kubeconfig"])
    missing = left_out({}, watcher, RKE2, {"agent2": "agent2.lan"})
    assert (list(missing.failed), list(missing.silent)) == (["agent1", "agent2"], ["agent3"])
    error = partial_error(missing, tmp_path / "x.log")
    assert isinstance(error, EngineError)
    assert error.message.startswith("done, without agent1, agent2, agent3:\n  agent1: rke2-agent.service is masked there (The service runs")
    assert "systemctl unmask rke2-agent.service" in error.message
    assert "Node password rejected" in error.message
    assert "kubectl delete node agent2.lan" in error.message
    assert str(error.cure) == f"the whole log is {tmp_path}/x.log; when the cause is gone: runner bootstrap"


def test_agents_lost_in_their_own_stage_are_gone_on_without_and_no_other_failure_is_passed_over(tmp_path: Path) -> None:
    begun = event("play", "", play="Agents: ten at a time")
    lost = event("unreachable", "agent1", result={"msg": "gone"})
    watcher, _ = watch(tmp_path, begun, event("start", "agent1"), lost)
    assert watcher.leave_lost(["agent1", "agent2"])
    assert watcher.failure is None
    assert list(left_out({}, watcher, RKE2, {}).silent) == ["agent1"]
    others = (event("failed", "agent2"), event("unreachable", "server1"))
    for other in others:
        watcher, _ = watch(tmp_path, begun, lost, other)
        assert not watcher.leave_lost(["agent1", "agent2"])
        assert watcher.failure is not None
    before, _ = watch(tmp_path, event("play", "", play="Machines: reached, and as planned"), lost)
    assert not before.leave_lost(["agent1"])
    assert not watch(tmp_path, begun)[0].leave_lost(["agent1"])
