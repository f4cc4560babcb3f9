"""The examples on the page about the network are cluster.yaml as it is read, and so is the example with both families."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.plans import ROOT, document, plan_of

pytestmark = pytest.mark.unit


def snippets() -> list[dict[str, Any]]:
    text = (ROOT / "docs/network.md").read_text(encoding="utf-8")
    return [YAML(typ="safe").load(found) for found in re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)]


def test_the_pages_examples_make_a_plan() -> None:
    interfaces, dual_stack, api = snippets()
    data = document("single") | interfaces | dual_stack
    nics = plan_of(data)[0].machines[0].interfaces
    assert [nic.address for nic in nics] == ["192.168.1.50", "10.30.0.50"]
    assert nics[1].routes[0].via == "10.30.0.254"
    balancing = plan_of(document() | api)[0].load_balancing
    assert balancing is not None
    assert (balancing.api_port, balancing.keepalived.advert_ms, balancing.keepalived.priorities) == (443, 150, {"lb2": 200})


def test_the_example_with_both_families_makes_a_plan_without_warnings() -> None:
    plan, _ = plan_of(document("dual-stack"))
    assert plan.warnings == ()
    assert [[nic.ipv6 and nic.ipv6.mode for nic in machine.interfaces] for machine in plan.machines] == [
        ["static", "static"],
        ["slaac", "dhcp"],
    ]
