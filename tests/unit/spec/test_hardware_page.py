"""The examples on the page about hardware are cluster.yaml as it is read."""

from __future__ import annotations

import re

import pytest
from ruamel.yaml import YAML

from tests.plans import ROOT, document, plan_of

pytestmark = pytest.mark.unit


def test_the_pages_examples_make_a_plan() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/hardware.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    pools, kubelet, proxmox = (YAML(typ="safe").load(block) for block in blocks)
    data = document() | kubelet
    data["proxmox"]["datastores"] = proxmox["proxmox"]["datastores"] | {"shared": ["ceph", "cephfs", "nvme"]}
    data["network"]["agent"] = [{"bridge": "vmbr0"}]
    data["pools"][2] = pools["pools"][0]
    plan, _ = plan_of(data)
    assert (plan.machine("gpu1").memory_mib, plan.machine("gpu2").memory_mib) == (32768, 65536)
    assert plan.reservation is not None
    assert [disk.name for disk in plan.machine("gpu1").data_disks] == ["longhorn", "osd"]
    assert (len(plan.machine("gpu1").devices), plan.machine("gpu2").devices) == (1, ())
