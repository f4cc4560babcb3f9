"""Privileges at the emulated PVE's API: what a token may not do is refused with the path and the privilege, lists leave out the rest."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
import requests

from tests.contract.estate import Answer, Estate, estate

pytestmark = pytest.mark.contract

USER = "ada@pve"
IMAGE = {"content": "import", "filename": "x.qcow2", "url": "https://images.example/x.qcow2"}


@pytest.fixture(scope="module")
def pve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """An estate with an image and a VM, and a user with a token who may do nothing yet."""
    with estate(tmp_path_factory.mktemp("access")) as made:
        assert made.do("POST", "/nodes/pve1/storage/local/download-url", **IMAGE).status == "OK"
        assert made.do("POST", "/nodes/pve1/qemu", vmid=100, name="vm100", scsi0="local-lvm:4").status == "OK"
        made.snippet("pve1", "x.yaml", "x")
        assert made.ask("POST", "/access/users", userid=USER).status == 200
        yield made


@pytest.fixture
def ada(pve: Estate) -> Iterator[Estate]:
    """A client with ada's token."""
    made = pve.ask("POST", f"/access/users/{USER}/token/test", privsep=0)
    yield dataclasses.replace(pve, token=f"{USER}!test={made.data['value']}", session=requests.Session())
    pve.ask("DELETE", f"/access/users/{USER}/token/test")


def allow(pve: Estate, path: str, *privileges: str) -> None:
    """Gives ada a role with just these privileges on a path."""
    pve.ask("POST", "/access/roles", roleid="Own", privs=",".join(privileges))
    pve.ask("PUT", "/access/roles/Own", privs=",".join(privileges))
    assert pve.ask("PUT", "/access/acl", path=path, users=USER, roles="Own").status == 200


@pytest.fixture(autouse=True)
def _nothing_is_left(pve: Estate) -> Iterator[None]:
    yield
    for entry in pve.get("/access/acl"):
        pve.ask("PUT", "/access/acl", path=entry["path"], users=entry["ugid"], roles=entry["roleid"], delete=1)


def refused(answer: Answer, what: str) -> bool:
    """Whether PVE said so."""
    return (answer.status, answer.reason) == (403, f"Permission check failed ({what})")


def test_a_method_asks_for_the_privilege_that_the_schema_publishes(pve: Estate, ada: Estate) -> None:
    assert refused(ada.ask("GET", "/nodes/pve1/qemu/100/config"), "/vms/100, VM.Audit")
    assert refused(ada.ask("POST", "/nodes/pve1/qemu/100/status/start"), "/vms/100, VM.PowerMgmt")
    assert refused(ada.ask("GET", "/storage/local"), "/storage/local, Datastore.Allocate")
    assert refused(ada.ask("GET", "/nodes/pve1/time"), "/nodes/pve1, Sys.Audit")
    allow(pve, "/vms", "VM.Audit")
    assert ada.ask("GET", "/nodes/pve1/qemu/100/config").status == 200


def test_a_download_asks_for_the_storage_and_for_the_way_out(pve: Estate, ada: Estate) -> None:
    path = "/nodes/pve1/storage/local/download-url"
    assert refused(ada.ask("POST", path, **IMAGE), "/storage/local, Datastore.AllocateTemplate")
    allow(pve, "/storage/local", "Datastore.AllocateTemplate", "Sys.AccessNetwork")
    assert ada.ask("POST", path, **IMAGE).status == 403
    allow(pve, "/nodes/pve1", "Datastore.AllocateTemplate", "Sys.AccessNetwork")
    assert ada.ask("POST", path, **IMAGE).status == 200


def test_lists_leave_out_what_one_may_not_see(pve: Estate, ada: Estate) -> None:
    content = "/nodes/pve1/storage/local/content"
    assert ada.get("/cluster/resources", type_="vm") == ada.get("/nodes/pve1/qemu") == ada.get("/storage") == []
    assert ada.get("/nodes/pve1/network") == ada.get("/nodes/pve1/storage") == []
    assert refused(ada.ask("GET", content), "/storage/local, Datastore.Audit|Datastore.AllocateSpace")
    allow(pve, "/", "VM.Audit", "Datastore.Audit", "SDN.Audit")
    assert [vm["vmid"] for vm in ada.get("/cluster/resources", type_="vm")] == [100]
    assert [bridge["iface"] for bridge in ada.get("/nodes/pve1/network")] == ["vmbr0"]
    assert [volume["content"] for volume in ada.get(content)] == ["import"], "a snippet is seen with Datastore.Allocate alone"


def test_a_bridge_is_seen_through_one_of_its_vlans(pve: Estate, ada: Estate) -> None:
    allow(pve, "/sdn/zones/localnetwork/vmbr0/7", "SDN.Use")
    assert [bridge["iface"] for bridge in ada.get("/nodes/pve1/network")] == ["vmbr0"]


@pytest.mark.proves("case 25-sdn-vnet")
def test_a_vnet_is_used_in_its_zone_and_listed_for_who_may_audit_it(pve: Estate, ada: Estate) -> None:
    for node in ("pve1", "pve2", "pve3"):
        pve.lab("bridge", node=node, name="vmbr0", type="vnet", zone="kube")
    vm = {"vmid": 150, "net0": "virtio,bridge=vmbr0"}
    allow(pve, "/sdn/zones/localnetwork/vmbr0", "SDN.Use")
    allow(pve, "/vms", "VM.Allocate", "VM.Config.Network")
    assert refused(ada.ask("POST", "/nodes/pve1/qemu", **vm), "/sdn/zones/kube/vmbr0, SDN.Use")
    assert (ada.get("/nodes/pve1/network"), ada.get("/cluster/sdn/vnets")) == ([], [])
    allow(pve, "/sdn/zones/kube/vmbr0", "SDN.Use", "SDN.Audit")
    assert ada.get("/cluster/sdn/vnets") == [{"vnet": "vmbr0", "zone": "kube", "type": "vnet"}]
    assert [bridge["type"] for bridge in ada.get("/nodes/pve1/network")] == ["vnet"]


def test_everybody_may_read_what_they_may_do_and_a_task_of_their_own(pve: Estate, ada: Estate) -> None:
    assert ada.get("/access/permissions") == {}
    allow(pve, "/vms", "VM.Audit", "VM.PowerMgmt")
    assert ada.get("/access/permissions", path="/vms/100") == {"/vms/100": {"VM.Audit": 1, "VM.PowerMgmt": 1}}
    others = pve.ask("POST", "/nodes/pve1/qemu/100/status/stop").data
    assert refused(ada.ask("GET", f"/nodes/pve1/tasks/{others}/status"), "/nodes/pve1, Sys.Audit")
    assert ada.do("POST", "/nodes/pve1/qemu/100/status/stop").status == "OK"


def test_a_wrong_token_is_told_what_is_wrong_with_it(pve: Estate, ada: Estate) -> None:
    pve.lab("delay", unauthorized=0)
    for token, reason in {
        "eve@pve!x=1": "no such user ('eve@pve')",
        f"{USER}!y=1": f"no such token 'y' for user '{USER}'",
        f"{USER}!test=1": "invalid token value!",
    }.items():
        wrong = dataclasses.replace(pve, token=token, session=requests.Session())
        assert (wrong.ask("GET", "/version").status, wrong.ask("GET", "/version").reason) == (401, reason)


def test_roles_users_and_acls_are_roots_to_change(pve: Estate, ada: Estate) -> None:
    assert refused(ada.ask("POST", "/access/roles", roleid="Mine"), "/access, Sys.Modify")
    assert refused(ada.ask("PUT", "/access/acl", path="/", users=USER, roles="Administrator"), "/, Permissions.Modify")
    assert refused(ada.ask("POST", "/access/users", userid="eve@pve"), "/access/realm/pve, Realm.AllocateUser")
    assert pve.ask("POST", "/access/roles", roleid="Mine", privs="VM.Fly").status == 400
    assert pve.ask("PUT", "/access/acl", path="/nowhere", users=USER, roles="PVEAdmin").status == 400
    assert pve.ask("PUT", "/access/acl", path="/", users=USER, roles="Nobodys").status == 500
    assert pve.ask("PUT", "/access/roles/PVEAdmin", privs="VM.Audit").status == 500


def test_a_vm_in_a_pool_is_reached_through_the_pools_acl(pve: Estate, ada: Estate) -> None:
    assert pve.ask("POST", "/pools", poolid="lab").status == 200
    assert pve.ask("PUT", "/pools", poolid="lab", vms="100").status == 200
    allow(pve, "/pool/lab", "VM.Audit", "Pool.Audit")
    assert ada.ask("GET", "/nodes/pve1/qemu/100/status/current").status == 200
    assert [member["vmid"] for member in ada.get("/pools", poolid="lab")[0]["members"]] == [100]
    assert pve.ask("DELETE", "/pools", poolid="lab").status == 500
    assert pve.ask("PUT", "/pools", poolid="lab", vms="100", delete=1).status == 200
    assert pve.ask("DELETE", "/pools", poolid="lab").status == 200
