"""Who has which privilege where: the emulated PVE's rules are those of PVE::AccessControl."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.pve.access import Access, Rights, User
from lab.pve.access.effective import effective, privileges_on
from lab.pve.access.privileges import BUILT_IN, PRIVILEGES
from lab.pve.access.store import Pool, Token
from lab.pve.access.vm import VmRights
from lab.pve.errors import PveError

pytestmark = pytest.mark.unit

ADA = "ada@pve"
TOKEN = "ada@pve!x"


@pytest.fixture
def access(tmp_path: Path) -> Access:
    """An estate with one user and her token, which nobody granted anything."""
    made = Access(tmp_path / "access.json")
    with made.changed():
        made.users[ADA] = User(tokens={"x": Token("secret", privsep=True)})
        made.own_roles = {"Starter": frozenset({"VM.PowerMgmt"}), "Reader": frozenset({"VM.Audit", "Sys.Audit"})}
    return made


def grant(access: Access, path: str, role: str, *, who: str = ADA, propagate: bool = True) -> None:
    """One ACL entry."""
    with access.changed():
        access.acl.setdefault(path, {}).setdefault(who, {})[role] = propagate


def names(access: Access, path: str, who: str = ADA) -> set[str]:
    """The privileges on a path."""
    return set(privileges_on(access, who, path))


def test_nobody_may_do_what_no_role_gives_and_root_everything(access: Access) -> None:
    assert names(access, "/") == set()
    assert names(access, "/", "nobody@pve") == set()
    assert names(access, "/vms/100", "root@pam") == set(PRIVILEGES)
    assert BUILT_IN["PVEAuditor"] >= {"VM.Audit", "Datastore.Audit", "Sys.Audit"}
    assert "Sys.Modify" not in BUILT_IN["PVEAdmin"]


def test_a_role_propagates_unless_its_acl_says_no(access: Access) -> None:
    grant(access, "/", "Reader", propagate=False)
    grant(access, "/vms", "Starter")
    assert names(access, "/") == {"VM.Audit", "Sys.Audit"}
    assert names(access, "/nodes/pve1") == set()
    assert names(access, "/vms/100") == {"VM.PowerMgmt"}


def test_a_role_below_replaces_the_one_above_and_does_not_add_to_it(access: Access) -> None:
    grant(access, "/", "Reader")
    grant(access, "/vms/100", "Starter")
    assert names(access, "/vms/100") == {"VM.PowerMgmt"}
    assert names(access, "/vms/101") == {"VM.Audit", "Sys.Audit"}


def test_no_access_takes_everything_away(access: Access) -> None:
    grant(access, "/", "Administrator")
    grant(access, "/storage/secret", "NoAccess")
    assert names(access, "/storage/local") == set(PRIVILEGES)
    assert names(access, "/storage/secret") == set()
    assert "/storage/secret" not in effective(access, ADA)


def test_a_privilege_separated_token_has_what_both_it_and_its_user_have(access: Access) -> None:
    grant(access, "/", "Reader")
    assert names(access, "/vms/1", TOKEN) == set()
    grant(access, "/vms", "Administrator", who=TOKEN)
    assert names(access, "/vms/1", TOKEN) == {"VM.Audit", "Sys.Audit"}
    with access.changed():
        access.users[ADA].tokens["x"].privsep = False
    assert names(access, "/", TOKEN) == {"VM.Audit", "Sys.Audit"}


def test_a_pools_acl_reaches_its_members_and_no_access_there_wins(access: Access) -> None:
    grant(access, "/pool/lab", "Starter")
    with access.changed():
        access.pools["lab"] = Pool(vms=[100])
    assert names(access, "/vms/100") == {"VM.PowerMgmt"}
    assert names(access, "/vms/101") == set()
    grant(access, "/vms/100", "Reader")
    assert names(access, "/vms/100") == {"VM.Audit", "Sys.Audit", "VM.PowerMgmt"}
    grant(access, "/pool/lab", "NoAccess")
    assert names(access, "/vms/100") == set()


def test_access_outlives_a_restart_and_a_destroyed_vm_takes_its_acl_with_it(access: Access, tmp_path: Path) -> None:
    grant(access, "/vms/100", "Reader")
    again = Access(tmp_path / "access.json")
    assert (again.acl, again.own_roles, again.users) == (access.acl, access.own_roles, access.users)
    assert (tmp_path / "access.json").stat().st_mode & 0o777 == 0o600
    again.forget_vm(100)
    assert again.acl == {}


#: What a new VM may say, and the privilege on /vms that this alone asks for.
OPTIONS = [
    ("cores", "2", "VM.Config.CPU"),
    ("numa", "1", "VM.Config.CPU"),
    ("memory", "2048", "VM.Config.Memory"),
    ("balloon", "0", "VM.Config.Memory"),
    ("machine", "q35", "VM.Config.HWType"),
    ("scsihw", "virtio-scsi-single", "VM.Config.HWType"),
    ("serial0", "socket", "VM.Config.HWType"),
    ("name", "x", "VM.Config.Options"),
    ("agent", "enabled=1", "VM.Config.Options"),
    ("boot", "order=scsi0", "VM.Config.Disk"),
    ("net0", "model=virtio,link_down=1", "VM.Config.Network"),
    ("cicustom", "user=local:snippets/a.yaml", "VM.Config.Cloudinit|VM.Config.Network"),
    ("freeze", "1", "VM.PowerMgmt"),
]


@pytest.mark.parametrize(("option", "value", "privilege"), OPTIONS, ids=[option for option, _, _ in OPTIONS])
def test_each_option_of_a_new_vm_asks_for_its_privilege(access: Access, option: str, value: str, privilege: str) -> None:
    grant(access, "/vms", "Own")
    vm = VmRights(Rights(access, ADA), 100)
    access.own_roles["Own"] = PRIVILEGES - set(privilege.split("|"))
    with pytest.raises(PveError) as refused:
        vm.create({option: value}, start=False)
    assert (refused.value.code, refused.value.reason) == (403, f"Permission check failed (/vms/100, {privilege})")
    access.own_roles["Own"] = frozenset({"VM.Allocate", privilege.partition("|")[0]})
    vm.create({option: value}, start=False)


#: The same for what is asked for elsewhere than on /vms.
ELSEWHERE = [
    ({"startup": "order=1"}, "/", "Sys.Modify"),
    ({"scsi0": "local-lvm:20"}, "/storage/local-lvm", "Datastore.AllocateSpace"),
    ({"net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0"}, "/sdn/zones/localnetwork/vmbr0", "SDN.Use"),
    ({"net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=7"}, "/sdn/zones/localnetwork/vmbr0/7", "SDN.Use"),
    ({"net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0,trunks=3;5-6"}, "/sdn/zones/localnetwork/vmbr0/6", "SDN.Use"),
    ({"hostpci0": "mapping=gpu"}, "/mapping/pci/gpu", "Mapping.Use"),
    ({"usb0": "mapping=stick"}, "/mapping/usb/stick", "Mapping.Use"),
    ({"virtiofs0": "share"}, "/mapping/dir/share", "Mapping.Use"),
    ({"rng0": "source=/dev/hwrng"}, "/mapping/hwrng", "Mapping.Use"),
    ({"vmstatestorage": "fast"}, "/storage/fast", "Datastore.AllocateSpace"),
]


@pytest.mark.parametrize(("options", "path", "privilege"), ELSEWHERE, ids=[" ".join(options) for options, _, _ in ELSEWHERE])
def test_what_a_vm_uses_asks_for_a_privilege_where_that_is(access: Access, options: dict[str, str], path: str, privilege: str) -> None:
    access.own_roles["Less"] = PRIVILEGES - {privilege}
    grant(access, "/", "Administrator")
    access.acl[path] = {ADA: {"Less": True}}
    vm = VmRights(Rights(access, ADA), 100)
    with pytest.raises(PveError, match=f"{path}, {privilege}"):
        vm.create(options, start=False)
    access.acl[path] = {ADA: {"Administrator": True}}
    vm.create(options, start=False)


@pytest.mark.parametrize("option", ["args", "hugepages", "affinity", "arch", "lock", "vmgenid", "hookscript"])
def test_some_options_are_roots_alone_and_not_even_its_tokens(access: Access, option: str) -> None:
    access.users["root@pam"].tokens["t"] = Token("secret", privsep=False)
    with pytest.raises(PveError, match="only root can set"):
        VmRights(Rights(access, "root@pam!t"), 100).create({option: "1"}, start=False)
    VmRights(Rights(access, "root@pam"), 100).create({option: "1"}, start=False)


def test_a_pool_gives_what_a_new_vm_asks_for_but_its_tags(access: Access) -> None:
    """Tags are looked at on the VM's own path, before it is a member (PVE::API2::Qemu, create)."""
    access.pools["lab"] = Pool()
    grant(access, "/pool/lab", "Administrator")
    vm = VmRights(Rights(access, ADA), 100, "lab")
    vm.create({"cores": "2", "tags": "a"}, start=True)
    with pytest.raises(PveError, match=r"VM\.Config\.Options"):
        vm.tags()


def test_a_drive_that_is_there_asks_by_what_it_is(access: Access) -> None:
    config = {"scsi0": "local-lvm:vm-100-disk-0,size=20G", "ide2": "local-lvm:vm-100-cloudinit,media=cdrom"}
    grant(access, "/storage/local-lvm", "PVEDatastoreUser")
    vm = VmRights(Rights(access, ADA), 100)
    for name, privileges in {"scsi0": "VM.Config.Disk", "ide2": "VM.Config.Cloudinit VM.Config.CDROM"}.items():
        access.own_roles["Own"] = frozenset()
        grant(access, "/vms", "Own")
        with pytest.raises(PveError, match=r"VM\.Config"):
            vm.update({}, [name], config)
        access.own_roles["Own"] = frozenset(privileges.split())
        vm.update({}, [name], config)
