"""Which agents a bootstrap goes on without, what it says of them, and with which exit code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stardock.errors import ConditionError, PartialError
from stardock.model.facts import Facts, MachineFacts
from stardock.model.parts import Agent
from stardock.playbooks.progress import LEAVES_OUT, STOPS
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
            bootstrap.check(where, bootstrap.Options(check=True))
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
    options = bootstrap.Options(check=True)
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
    reasons = left_out({"agent3": "no address is known"}, watcher)
    assert list(reasons) == ["agent3", "agent1", "agent2"]
    error = partial_error(reasons)
    assert (error.exit_code, PartialError.exit_code) == (7, 7)
    assert "agent1: timed out waiting for ping module test: Connection refused: does the machine run" in error.message
    assert "agent2: Host key verification failed: if the machine was made anew" in error.message


def test_a_failure_that_others_depend_on_stays_one_beside_a_machine_that_is_left_out(tmp_path: Path) -> None:
    watcher, _ = watch(
        tmp_path,
        event("failed", "agent1", role="reachable", task="Wait until it answers on ssh", result={"msg": "silent"}),
        event("ok", "agent1", role="reachable", task=TASK),
        event("failed", "server2", role="reachable", task="Wait until it answers on ssh", result={"msg": "silent, too"}),
        event("failed", "server2", role="reachable", task=STOPS[1], result={"msg": "silent, too"}),
    )
    assert watcher.failure is not None
    assert (watcher.failure.host, watcher.failure.task) == ("server2", "Wait until it answers on ssh")
