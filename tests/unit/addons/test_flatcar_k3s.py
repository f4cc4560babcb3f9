"""examples/flatcar-k3s: what is handed over to the cluster, whole, and what its nodes are told for it."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import yaml

from stardock.bundle.addons import addon_variables
from stardock.bundle.kubernetes import node
from stardock.model.plan import Plan
from stardock.yamltext import yaml_text
from tests.plans import document, plan_of
from tests.unit.addons.test_addons import GOLDEN

pytestmark = [
    pytest.mark.unit,
    pytest.mark.proves("feature add-ons", "feature storage add-ons", "feature hand-over", "feature k3s on Flatcar"),
]


@cache
def planned() -> Plan:
    return plan_of(document("flatcar-k3s"))[0]


def test_what_servers_get_is_the_golden_file() -> None:
    variables = addon_variables(planned())
    files = [*variables["kubernetes_addons"], *variables["kubernetes_secret_addons"]]
    found: dict[str, list[Any]] = {file["path"]: list(yaml.safe_load_all(file["content"])) for file in files}
    assert all(path.startswith("/var/lib/rancher/k3s/server/manifests/stardock-addon-") for path in found)
    golden = GOLDEN / "flatcar-k3s.yaml"
    assert yaml_text(found) == golden.read_text(), f"if that is meant, write it into {golden}"


def test_the_token_of_pulumis_backend_is_named_by_its_source_alone() -> None:
    assert planned().secret_sources == {"env:PULUMI_ACCESS_TOKEN"}


def test_agents_have_the_raw_disk_and_every_node_builds_drbd_as_flatcar_can() -> None:
    plan = planned()
    labels = {machine.name: node(plan, machine)["labels"] for machine in plan.machines}
    assert {name for name, found in labels.items() if found.get("stardock.io/piraeus") == "disk"} == {"agent1", "agent2", "agent3"}
    assert {found["stardock.io/piraeus-builder"] for found in labels.values()} == {"without-usr-src"}
    assert plan.distribution.options["disable"] == ["local-storage"]


def test_kured_takes_one_node_at_a_time_by_flatcars_sentinel() -> None:
    (kured,) = [addon for addon in planned().addons if addon.name == "kured"]
    configuration = kured.values["configuration"]
    assert (configuration["concurrency"], configuration["rebootSentinel"]) == (1, "/var/run/reboot-required")
