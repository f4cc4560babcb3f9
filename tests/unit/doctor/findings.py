"""What `runner doctor` finds in a scene, and plans that differ in one thing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stardock.doctor.checks import run
from stardock.doctor.finding import Finding, Level
from stardock.doctor.scene import Scene
from stardock.model.parts import Device, Ha
from stardock.model.plan import Plan
from tests.unit.doctor.scenes import plan


def wrong(made: Scene) -> list[Finding]:
    """What is not well, beside the VRRP id, which nobody can look at from here."""
    return [finding for finding in run(made) if finding.level is not Level.OK and finding.check != "VRRP id"]


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


def pcis(of: Plan) -> Plan:
    """Its first machine with a GPU, under HA, in a pool."""
    gpu = (Device(mapping="gpu"),)
    return replace(of, machines=(replace(of.machines[0], devices=gpu, ha=Ha(), pve_pool="lab"), *of.machines[1:]))
