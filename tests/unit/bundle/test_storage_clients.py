"""`storage_clients`: packages and units of each system."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.bundle.inventory import inventory_files
from stardock.model.facts import Facts
from tests.plans import document, plan_of

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature clients of storage")]


def hosts(name: str, clients: list[str]) -> dict[str, Any]:
    data = document() | ({"storage_clients": clients} if clients else {})
    for pool in data["pools"][1:]:
        pool["image"] = {"system": name}
    return inventory_files(plan_of(data)[0], Facts(cluster="quickstart"))


@pytest.mark.parametrize(
    ("name", "packages"),
    [
        ("debian", {"open-iscsi", "nfs-common"}),
        ("ubuntu", {"open-iscsi", "nfs-common"}),
        ("microos", {"open-iscsi", "nfs-client"}),
        ("leapmicro", {"open-iscsi", "nfs-client"}),
        ("flatcar", set()),
    ],
)
def test_nodes_of_each_system_have_the_packages_it_needs_and_the_daemon_runs(name: str, packages: set[str]) -> None:
    asked, plain = hosts(name, ["iscsi", "nfs"]), hosts(name, [])
    for machine in ("server1", "agent1"):
        host, before = asked[f"host_vars/{machine}.yml"], plain[f"host_vars/{machine}.yml"]
        assert set(host["machine_packages"]) - set(before["machine_packages"]) == packages
        assert (host["machine_storage_units"], before["machine_storage_units"]) == (["iscsid.service"], [])
    assert asked["host_vars/lb1.yml"] == plain["host_vars/lb1.yml"]


def test_nfs_alone_runs_no_daemon() -> None:
    assert hosts("debian", ["nfs"])["host_vars/agent1.yml"]["machine_storage_units"] == []
