"""Addresses behind a jump host: nobody here can ask them, and doctor says so."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from stardock.doctor import reach
from stardock.doctor.checks.addresses import addresses, static
from stardock.doctor.finding import Level
from stardock.doctor.look import look
from stardock.doctor.scene import Heard
from stardock.model.facts import Sshd
from stardock.model.plan import Plan
from stardock.workspace.workspace import open_workspace
from tests.plans import document
from tests.unit.doctor.scenes import scene

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature jump hosts")]


def looked(folder: Path, monkeypatch: pytest.MonkeyPatch, data: dict[str, object]) -> tuple[Plan, list[str], dict[str, Heard]]:
    """The plan, the addresses that were asked from here, and what is known of all."""
    asked: list[str] = []

    def nobody(ports: Mapping[str, int]) -> dict[str, Heard]:
        asked.extend(ports)
        return {}

    monkeypatch.setattr(reach, "answering", nobody)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    (folder / "ssh").write_text(f'#!/bin/sh\necho "$*" >>{folder}/called\necho SSH-2.0-x\n')
    (folder / "ssh").chmod(0o755)
    (folder / "cluster.yaml").write_text(json.dumps(data))
    where = open_workspace(folder / "cluster.yaml")
    found = look(where, {"PATH": os.environ["PATH"]})
    return where.plan, asked, dict(found.answering)


def test_what_is_behind_a_jump_host_is_told_as_not_asked_and_the_vip_of_such_machines_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = document()
    data["ssh"]["jump"] = "ops@bastion"
    data["pools"][2]["ssh_jump"] = "none"
    plan, asked, known = looked(tmp_path, monkeypatch, data)
    own = [address for address, whose in static(plan).items() if whose == "agent1"]
    assert asked == own, "the VIP is where the load balancers are"
    behind = set(static(plan)) - set(own)
    assert known == dict.fromkeys(behind, Heard("it is behind the jump host ops@bastion", sure=False, asked=False))
    told, rest = addresses(replace(scene(plan), answering=known))
    assert (told.level, told.cause) == (Level.WARNING, "not checked, no way leads there from here: it is behind the jump host ops@bastion")
    assert (rest.level, f"on {len(own)} that" in rest.cause) == (Level.OK, True)


def test_a_vip_whose_machines_are_reached_without_one_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = document()
    data["pools"][2]["ssh_jump"] = "bastion"
    plan, asked, known = looked(tmp_path, monkeypatch, data)
    assert plan.load_balancing
    assert plan.load_balancing.vip in asked
    assert {static(plan)[address] for address in known} == {"agent1"}


def test_a_machine_with_an_ipv6_address_behind_it_is_named_as_ssh_takes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = document()
    data["ssh"]["jump"] = "bastion"
    monkeypatch.setattr("stardock.doctor.look.sshd_of", lambda *_: Sshd("server1", "fd00:10::50", 22))
    looked(tmp_path, monkeypatch, data)
    assert "-W [fd00:10::50]:22 bastion" in (tmp_path / "called").read_text()


@pytest.mark.proves("feature hosts that exist already")
def test_a_host_behind_a_jump_host_is_where_its_own_sshd_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = document() | {"hosts": [{"name": "pi1", "role": "agent", "address": "10.9.0.7", "system": "debian", "ssh_port": 2222}]}
    data["hosts"][0]["ssh_jump"] = "bastion"
    looked(tmp_path, monkeypatch, data)
    assert "-W 10.9.0.7:2222 bastion" in (tmp_path / "called").read_text()
