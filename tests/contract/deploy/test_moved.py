"""A machine that a person migrates in Proxmox, as `runner rebalance` says: told by drift, never moved back nor rebuilt, taken over."""

from __future__ import annotations

import pytest

from tests.contract.deploy.estate import EmulatedEstate, until

pytestmark = pytest.mark.contract

VM = 210
HARMFUL = ("/status/stop", "/status/shutdown", "/status/reboot", "/status/reset", "/migrate")


def migrate(estate: EmulatedEstate, target: str) -> None:
    """`qm migrate 210 TARGET --online --with-local-disks`."""
    options = {"target": target, "online": "1", "with-local-disks": "1"}
    assert estate.pve.do("POST", f"/nodes/{place(estate)}/qemu/{VM}/migrate", **options).status == "OK"


def place(estate: EmulatedEstate) -> str:
    """The PVE node of server1."""
    return str(next(vm["node"] for vm in estate.pve.get("/cluster/resources", type_="vm") if vm["vmid"] == VM))


def untouched(estate: EmulatedEstate) -> None:
    """Since the last reset no VM was deleted, made, moved or switched."""
    asked = [(item["method"], item["path"]) for item in estate.pve.lab("requests") if "/qemu" in item["path"]]
    assert [path for method, path in asked if method == "DELETE" or path.endswith(HARMFUL)] == []
    assert [path for method, path in asked if method == "POST" and path.endswith("/qemu")] == []


def test_a_machine_that_was_migrated_is_told_left_where_it_is_and_taken_over_without_a_restart(deployed: EmulatedEstate) -> None:
    migrate(deployed, "pve2")
    deployed.pve.lab("reset")
    code, said = deployed.run("drift")
    assert code == 2, said
    assert "pve_node: pve2" in said
    assert "runner lock accept server1" in said
    deployed.deploy()
    untouched(deployed)
    assert place(deployed) == "pve2"
    servers = next(pool for pool in deployed.data["pools"] if pool["role"] == "server")
    servers["machines"][servers["machines"].index("server1")] = {"name": "server1", "pve_node": "pve2"}
    deployed.write()
    assert deployed.run("lock", "accept", "server1")[0] == 0
    deployed.pve.lab("reset")
    deployed.deploy()
    untouched(deployed)
    deployed.plans_nothing()
    code, said = deployed.run("drift", "--ssh")
    assert code == 0, said
    starts_again(deployed)


def starts_again(estate: EmulatedEstate) -> None:
    """With its first-boot files, which the deploy brought to where it is now."""
    path = f"/nodes/{place(estate)}/qemu/{VM}/status"
    assert estate.pve.do("POST", f"{path}/stop").status == "OK"
    assert estate.pve.do("POST", f"{path}/start").status == "OK"
    until(lambda: estate.vms()[VM] == "running")
