"""kured's files: pinned, with the plan's hours, and on the servers only when asked for."""

from __future__ import annotations

from typing import Any

import pytest
from ruamel.yaml import YAML

from stardock.addons.kured import argocd_application, values
from stardock.bundle.machine import machine_variables
from stardock.model.plan import Plan
from stardock.systems import SENTINEL, SYSTEMS, system
from tests.machines import machines
from tests.plans import document, plan_of

pytestmark = pytest.mark.unit


def planned(*, taints: list[str] | None = None, addon: dict[str, Any] | None = None, **kured: Any) -> Plan:
    data = document() | ({} if addon is None else {"addons": {"kured": addon}})
    data["pools"][1]["taints"] = taints or []
    data["maintenance"] |= {"timezone": "Europe/Berlin", "kured": kured}
    return plan_of(data)[0]


@pytest.mark.proves("feature kured")
def test_kured_values_are_generated_from_the_maintenance_plan() -> None:
    own = values(planned(days=["sa", "su"], period="1h30m", start="01:00", end="04:00"))
    assert (
        own["configuration"]
        | {
            "timeZone": "Europe/Berlin",
            "startTime": "01:00",
            "endTime": "04:00",
            "rebootDays": ["sa", "su"],
            "period": "1h30m0s",
            "concurrency": 1,
        }
        == own["configuration"]
    )


def test_a_drain_and_the_lock_have_their_times() -> None:
    own = values(planned(drain_timeout="1h", lock_timeout="90m"))["configuration"]
    assert (own["drainTimeout"], own["lockTtl"]) == ("1h0m0s", "1h30m0s")


@pytest.mark.proves("reality B12")
def test_the_sentinel_is_what_every_systems_reboot_method_leaves() -> None:
    """One file for kured, for the systems and for the role; `/run/reboot-needed` holds a transaction's level."""
    assert values(planned())["configuration"]["rebootSentinel"] == SENTINEL == "/var/run/reboot-required"
    assert {machine_variables(machines(name)[-1])["machine_sentinel"] for name in SYSTEMS} == {SENTINEL}
    for name in SYSTEMS:
        (server,) = [each for each in machines(name) if each.role == "server"][:1]
        method = [file.content for file in system(name).files(server) if file.path == "/etc/transactional-update.conf"]
        assert all("REBOOT_METHOD=kured" in content for content in method), "which touches reboot-required and reboots nothing"


def test_kured_runs_on_every_machine_that_it_is_to_reboot() -> None:
    tolerated = values(planned(taints=["CriticalAddonsOnly=true:NoExecute"]))["tolerations"]
    assert {"key": "CriticalAddonsOnly", "operator": "Exists", "effect": "NoExecute"} in tolerated
    assert {"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"} in tolerated


@pytest.mark.proves("feature kured")
def test_the_argocd_application_pins_the_chart_and_prunes_and_heals() -> None:
    plan = planned()
    application = argocd_application(plan)
    assert application["spec"]["source"]["targetRevision"] == "6.1.0"
    assert application["spec"]["source"]["helm"]["valuesObject"] == values(plan)
    assert application["spec"]["syncPolicy"]["automated"] == {"prune": True, "selfHeal": True}
    assert (application["kind"], application["metadata"]) == ("Application", {"name": "kured", "namespace": "argocd"})


@pytest.mark.proves("feature kured")
def test_what_is_handed_over_and_what_the_command_prints_are_the_same_values() -> None:
    plan = planned(addon={"values": {"configuration": {"period": "5m"}, "resources": {"limits": {"memory": "64Mi"}}}})
    (addon,) = plan.addons
    (manifest,) = addon.files["kured"]
    assert YAML(typ="safe").load(manifest["spec"]["valuesContent"]) == values(plan) == addon.values
    assert values(plan)["configuration"]["period"] == "5m"
    assert values(plan)["configuration"]["concurrency"] == 1
    assert (manifest["spec"]["chart"], manifest["spec"]["version"]) == ("kured", "6.1.0")


def test_an_older_kubernetes_gets_the_chart_that_is_made_for_it() -> None:
    data = document() | {"addons": {"kured": {}}, "distribution": {"version": "v1.34.4+rke2r1"}}
    assert plan_of(data)[0].addons[0].version == "5.9.0"
