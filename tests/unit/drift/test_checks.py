"""What drift finds in an estate that was just deployed, and in one where a single thing was changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from stardock.drift.checks import run
from stardock.drift.files import image_volume, volumes
from stardock.drift.finding import Finding
from stardock.drift.scene import Scene
from stardock.estate.power import Power
from stardock.firstboot import documents
from stardock.model.file_names import DOCUMENTS
from stardock.model.parts import Ha
from stardock.model.plan import Plan
from tests.plans import document, former_lock, plan_of, quickstart_plan
from tests.pveconfig import deployed

pytestmark = pytest.mark.unit

SERVER1 = 210
SEED = "local-lvm:vm-210-cloudinit,media=cdrom"
OWN = "local:snippets/quickstart.server1."


@cache
def plan_made() -> Plan:
    """The quick start's: frozen, so that one is enough."""
    return quickstart_plan()


@pytest.mark.proves("reality A1")
def test_machines_that_stand_with_their_drive_on_ide2_are_as_planned_and_one_on_scsi1_is_told() -> None:
    """A lock from before the drive was recorded; and what is found where somebody moved it."""
    scene = deployed(plan_of(document(), former_lock("quickstart"))[0])
    assert "ide2" in scene.configs[SERVER1]
    assert [finding for finding in run(scene) if finding.kind != "image"] == []
    (moved,) = run(edited(scene, ide2=None, scsi1=SEED))
    assert (moved.field, moved.wanted, moved.found) == ("cloud-init drive", "ide2", "scsi1")


def test_a_vm_that_is_gone_is_made_anew_with_its_drive_where_new_ones_have_it() -> None:
    for lock, command in ((former_lock("quickstart"), "runner deploy --replace server1"), (None, "runner deploy")):
        scene = deployed(plan_of(document(), lock)[0])
        gone = replace(scene, machines={vm_id: vm for vm_id, vm in scene.machines.items() if vm_id != SERVER1})
        (missing,) = [finding for finding in run(gone) if finding.kind == "missing"]
        assert missing.cure.startswith(f"`{command}` makes it anew")


def test_a_cloud_init_drive_on_a_directory_is_one_too() -> None:
    assert run(edited(deployed(plan_made()), scsi1="local:210/vm-210-cloudinit.qcow2,media=cdrom")) == ()


def test_a_volume_of_proxmoxs_csi_comes_and_goes_and_any_other_disk_is_told() -> None:
    scene = deployed(plan_made())
    assert run(edited(scene, scsi3="local-lvm:vm-9999-pvc-1a2b,backup=0,iothread=1,size=5G,wwn=0x5056432d49443033")) == ()
    (told,) = run(edited(scene, scsi3="local-lvm:vm-210-disk-7,size=5G"))
    assert (told.field, told.wanted) == ("scsi3", "none")


@cache
def rich_plan() -> Plan:
    """The quick start's whose servers have UEFI, a TPM and a data disk."""
    data = document()
    data["pools"][1] |= {"firmware": "ovmf", "tpm": True, "data_disks": [{"name": "data", "size": "8GiB"}]}
    return plan_of(data)[0]


def edited(scene: Scene, **values: Any) -> Scene:
    """server1 with other options; None takes one out."""
    config = {**scene.configs[SERVER1], **values}
    return replace(scene, configs={**scene.configs, SERVER1: {key: value for key, value in config.items() if value is not None}})


def seen(scene: Scene, **values: Any) -> Scene:
    return replace(scene, machines={**scene.machines, SERVER1: replace(scene.machines[SERVER1], **values)})


def without_volume(scene: Scene, ending: str) -> Scene:
    kept = {place: {volume: size for volume, size in found.items() if not volume.endswith(ending)} for place, found in scene.sizes.items()}
    return replace(scene, sizes=kept)


def resized(scene: Scene, ending: str) -> Scene:
    grown = {place: {volume: size + volume.endswith(ending) for volume, size in found.items()} for place, found in scene.sizes.items()}
    return replace(scene, sizes=grown)


def moved(scene: Scene, node: str) -> Scene:
    """server1 on another PVE node, with all files that were on its own."""
    files = {**scene.sizes[scene.plan.machine("server1").pve_node, "local"], **scene.sizes.get((node, "local"), {})}
    return replace(seen(scene, pve_node=node), sizes={**scene.sizes, (node, "local"): files})


def net(scene: Scene, old: str, new: str) -> Scene:
    return edited(scene, net0=scene.configs[SERVER1]["net0"].replace(old, new))


def disk(scene: Scene, old: str, new: str) -> Scene:
    return edited(scene, scsi0=scene.configs[SERVER1]["scsi0"].replace(old, new))


#: What happened -> (how, kind, field, what is found, whether the engine shows it by itself).
DRIFTS: dict[str, tuple[Callable[[Scene], Scene], str, str, str, bool]] = {
    "missing": (lambda s: replace(s, machines={k: v for k, v in s.machines.items() if k != SERVER1}), "missing", "VM", "no such VM", True),
    "stopped": (lambda s: replace(s, powers={SERVER1: Power(running=False, state="stopped")}), "stopped", "power", "stopped", True),
    "paused": (lambda s: replace(s, powers={SERVER1: Power(running=True, state="io-error")}), "stopped", "power", "io-error", False),
    "moved": (lambda s: moved(s, "pve9"), "moved", "PVE node", "pve9", False),
    "locked": (lambda s: edited(s, lock="backup"), "locked", "lock", "backup", False),
    "cores": (lambda s: edited(s, cores=8), "size", "cores", "8", True),
    "memory": (lambda s: edited(s, memory="1024"), "size", "memory", "1024", True),
    "balloon": (lambda s: edited(s, balloon=512), "size", "balloon", "512", True),
    "balloon left to PVE": (lambda s: edited(s, balloon=None), "size", "balloon", "4096", True),
    "cpu": (lambda s: edited(s, cpu="host"), "size", "cpu", "host", True),
    "CPU flags": (lambda s: edited(s, cpu="cputype=x86-64-v2-AES,flags=+aes;-pcid"), "size", "cpu flags", "+aes;-pcid", True),
    "machine type": (lambda s: edited(s, machine=None), "firmware", "machine", "pc", True),
    "bios": (lambda s: edited(s, bios="ovmf"), "firmware", "bios", "ovmf", True),
    "scsihw": (lambda s: edited(s, scsihw=None), "disk", "scsihw", "lsi", False),
    "agent": (lambda s: edited(s, agent=None), "size", "agent", "0", True),
    "onboot": (lambda s: edited(s, onboot=None), "startup", "onboot", "0", True),
    "startup": (lambda s: edited(s, startup="order=9"), "startup", "startup", "order=9", True),
    "disk grown": (lambda s: disk(s, "size=40G", "size=60G"), "disk", "scsi0 size", "60GiB", True),
    "disk gone": (lambda s: edited(s, scsi0=None), "disk", "scsi0", "none", True),
    "disk moved": (lambda s: disk(s, "local-lvm:", "ceph:"), "disk", "scsi0 datastore", "ceph", True),
    "discard": (lambda s: disk(s, "discard=on", "discard=ignore"), "disk", "scsi0 discard", "ignore", True),
    "iothread": (lambda s: disk(s, "iothread=1,", ""), "disk", "scsi0 iothread", "0", True),
    "cache": (lambda s: disk(s, "cache=none", "cache=writeback"), "disk", "scsi0 cache", "writeback", True),
    "aio": (lambda s: disk(s, "aio=io_uring", "aio=threads"), "disk", "scsi0 aio", "threads", True),
    "no backup": (lambda s: disk(s, "backup=1", "backup=0"), "disk", "scsi0 backup", "0", True),
    "no replication": (lambda s: disk(s, "replicate=1", "replicate=0"), "disk", "scsi0 replicate", "0", True),
    "a limit": (lambda s: disk(s, "ssd=1", "ssd=1,mbps_rd=50"), "disk", "scsi0 mbps_rd", "50", True),
    "ssd": (lambda s: disk(s, ",ssd=1", ""), "disk", "scsi0 ssd", "0", True),
    "a disk more": (lambda s: edited(s, scsi2="local-lvm:vm-210-disk-9,size=8G"), "disk", "scsi2", "local-lvm:vm-210-disk-9,size=8G", True),
    "a disk unplugged": (lambda s: edited(s, unused0="local-lvm:vm-210-disk-9"), "disk", "unused0", "local-lvm:vm-210-disk-9", False),
    "an EFI disk": (lambda s: edited(s, efidisk0="local-lvm:vm-210-disk-9"), "disk", "efidisk0", "local-lvm:vm-210-disk-9", False),
    "a TPM": (lambda s: edited(s, tpmstate0="local-lvm:vm-210-disk-9"), "disk", "tpmstate0", "local-lvm:vm-210-disk-9", False),
    "boot order gone": (lambda s: edited(s, boot=None), "boot", "boot order", "none", False),
    "boot from the network": (lambda s: edited(s, boot="order=net0;scsi0"), "boot", "boot order", "net0;scsi0", False),
    "cloud-init drive gone": (lambda s: edited(s, scsi1=None), "first-boot", "cloud-init drive", "none", False),
    "cloud-init drive elsewhere": (lambda s: edited(s, scsi1=None, ide2=SEED), "first-boot", "cloud-init drive", "ide2", False),
    "cicustom gone": (lambda s: edited(s, cicustom=None), "first-boot", "cicustom", "none", False),
    "bridge": (lambda s: net(s, "vmbr0", "vmbr1"), "nic", "net0 bridge", "vmbr1", True),
    "MAC": (lambda s: edited(s, net0="virtio=BC:24:11:00:00:01,bridge=vmbr0"), "nic", "net0 macaddr", "BC:24:11:00:00:01", True),
    "VLAN": (lambda s: net(s, "firewall=0", "tag=7"), "nic", "net0 tag", "7", True),
    "trunks": (lambda s: net(s, "firewall=0", "firewall=0,trunks=10;20"), "nic", "net0 trunks", "10;20", True),
    "model": (lambda s: net(s, "virtio=", "e1000="), "nic", "net0 model", "e1000", True),
    "unplugged": (lambda s: net(s, "firewall=0", "link_down=1"), "nic", "net0 link_down", "1", True),
    "NIC gone": (lambda s: edited(s, net0=None), "nic", "net0", "none", True),
    "NIC more": (lambda s: edited(s, net1="virtio=BC:24:11:00:00:01,bridge=vmbr0"), "nic", "net1", "BC:24:11:00:00:01", True),
    "snippet gone": (lambda s: without_volume(s, "server1.user.yaml"), "snippet", f"{OWN}user.yaml", "none", True),
    "snippet of another size": (lambda s: resized(s, "server1.meta.yaml"), "snippet", f"{OWN}meta.yaml", "bytes", False),
    "name": (lambda s: edited(s, name="mine"), "name", "name", "mine", True),
    "tags": (lambda s: seen(s, tags=frozenset({"mine"})), "tags", "tags", "mine", True),
    "description": (lambda s: edited(s, description="mine"), "description", "description", "mine", True),
    "pool": (lambda s: seen(s, pool="mine"), "pool", "pool", "mine", False),
    "protection": (lambda s: edited(s, protection=1), "protection", "protection", "1", True),
    "an option by hand": (lambda s: edited(s, hookscript="local:snippets/x.pl"), "option", "hookscript", "local:snippets/x.pl", False),
}  # fmt: skip


#: What happened to a drive that only some machines have -> (drive, old, new, field, what is found, whether the engine shows it by itself).
DRIVES: dict[str, tuple[str, str, str, str, str, bool]] = {
    "serial": ("virtio1", "serial=data", "serial=other", "virtio1 serial", "other", True),
    "serial gone": ("virtio1", ",serial=data", "", "virtio1 serial", "none", True),
    "data disk's discard": ("virtio1", "discard=on,", "", "virtio1 discard", "ignore", True),
    "data disk's cache": ("virtio1", "cache=none", "cache=unsafe", "virtio1 cache", "unsafe", True),
    "data disk's iothread": ("virtio1", "iothread=1", "iothread=0", "virtio1 iothread", "0", True),
    "Secure Boot keys": ("efidisk0", "pre-enrolled-keys=0", "pre-enrolled-keys=1", "efidisk0 pre-enrolled-keys", "1", True),
    "efitype": ("efidisk0", "efitype=4m", "efitype=2m", "efidisk0 efitype", "2m", True),
    "efitype left to PVE": ("efidisk0", "efitype=4m,", "", "efidisk0 efitype", "2m", True),
    "TPM version": ("tpmstate0", "version=v2.0", "version=v1.2", "tpmstate0 version", "v1.2", True),
    "EFI disk gone": ("efidisk0", "", "", "efidisk0", "none", False),
    "TPM gone": ("tpmstate0", "", "", "tpmstate0", "none", False),
}


@pytest.mark.parametrize("plan", [quickstart_plan, rich_plan])
def test_nothing_is_otherwise_after_a_deploy(plan: Callable[[], Plan]) -> None:
    assert run(deployed(plan())) == ()


@pytest.mark.parametrize(("key", "old", "new", "field", "found", "shown"), DRIVES.values(), ids=DRIVES.keys())
def test_a_drive_that_was_changed_is_found_alone(key: str, old: str, new: str, field: str, found: str, *, shown: bool) -> None:
    scene = deployed(rich_plan())
    (finding,) = run(edited(scene, **{key: scene.configs[SERVER1][key].replace(old, new) if old else None}))
    assert (finding.kind, finding.subject, finding.field, finding.hidden) == ("disk", "server1", field, not shown)
    assert finding.found == found
    assert finding.wanted != finding.found
    assert finding.cure


def test_runner_deploy_is_no_cure_where_it_would_make_the_vm_anew() -> None:
    scene = deployed(rich_plan())
    (finding,) = run(edited(scene, tpmstate0=scene.configs[SERVER1]["tpmstate0"].replace("v2.0", "v1.2")))
    assert finding.cure.startswith("not runner deploy")
    assert "qm set 210 --delete tpmstate0, then --tpmstate0 local-lvm:1,version=v2.0" in finding.cure


def test_what_proxmox_leaves_out_is_its_default() -> None:
    scene = deployed(rich_plan())
    efi, data = (str(scene.configs[SERVER1][key]) for key in ("efidisk0", "virtio1"))
    assert run(edited(scene, efidisk0=efi.replace(",pre-enrolled-keys=0", ""), virtio1=data.replace("cache=none,", ""))) == ()


@pytest.mark.parametrize(("plant", "kind", "field", "found", "shown"), DRIFTS.values(), ids=DRIFTS.keys())
def test_one_planted_drift_is_found_alone(plant: Callable[[Scene], Scene], kind: str, field: str, found: str, *, shown: bool) -> None:
    (finding,) = run(plant(deployed(plan_made())))
    assert (finding.kind, finding.subject, finding.field, finding.hidden) == (kind, "server1", field, not shown)
    assert found in finding.found
    assert finding.wanted != finding.found
    assert finding.cure


def test_planned_flags_of_disks_are_no_drift_and_pves_defaults_are() -> None:
    data = document()
    flags = {"backup": False, "cache": "writeback", "discard": False, "iothread": False, "limits": {"mbps_rd": 50}}
    data["pools"][1] |= {"disk_options": flags | {"ssd": False}}
    scene = deployed(plan_of(data)[0])
    otherwise = {one.field: (one.wanted, one.found) for one in run(scene) if one.subject == "server1"}
    assert otherwise == {
        "scsi0 backup": ("0", "1"), "scsi0 cache": ("writeback", "none"), "scsi0 discard": ("ignore", "on"),
        "scsi0 iothread": ("0", "1"), "scsi0 mbps_rd": ("50", "none"), "scsi0 ssd": ("0", "1"),
    }  # fmt: skip
    written = "aio=io_uring,backup=0,cache=writeback,discard=ignore,iothread=0,mbps_rd=50,replicate=1"
    as_planned = edited(scene, scsi0=f"local-lvm:vm-210-disk-0,{written},size=40G")
    assert [one for one in run(as_planned) if one.subject == "server1"] == []


@pytest.mark.proves("case 12-usb-mapping")
def test_planned_usb_devices_are_no_drift_and_another_mapping_or_one_more_is() -> None:
    data = document()
    data["pools"][1]["usb"] = ["zigbee"]
    scene = deployed(plan_of(data)[0])

    def told(**usb: str) -> list[tuple[str, str, str, str]]:
        return [(one.kind, one.field, one.wanted, one.found) for one in run(edited(scene, **usb)) if one.subject == "server1"]

    assert told(usb0="mapping=zigbee,usb3=0") == []
    assert told() == [("device", "usb0", "zigbee", "none")]
    assert told(usb0="10c4:ea60") == [("device", "usb0", "zigbee", "none")]
    assert told(usb0="mapping=zigbee", usb1="mapping=ups") == [("option", "usb1", "none", "mapping=ups")]


@pytest.mark.proves("case 11-vlan-trunk")
def test_planned_trunks_are_no_drift_and_a_range_by_hand_is_told_with_what_the_engine_cannot_read() -> None:
    data = document()
    data["network"]["server"][0]["trunks"] = "10-12"
    scene = deployed(plan_of(data)[0])
    own = {trunks: [one for one in run(net(scene, "firewall=0", f"firewall=0{trunks}")) if one.subject == "server1"] for trunks in (
        "", ",trunks=10;11;12", ",trunks=10-12",
    )}  # fmt: skip
    assert [(one.wanted, one.found) for one in own[""]] == [("10;11;12", "none")]
    assert own[",trunks=10;11;12"] == []
    (found,) = own[",trunks=10-12"]
    assert (found.field, found.wanted, found.found) == ("net0 trunks", "10;11;12", "10-12")
    assert found.cure.startswith("write its VLANs one by one in Proxmox")


def test_an_image_that_is_gone_is_told_once_a_pve_node_with_the_machines_that_run_without_it() -> None:
    plan = quickstart_plan()
    found = run(without_volume(deployed(plan), image_volume(plan.cluster, plan.machines[0]).rpartition("/")[2]))
    assert {(finding.kind, finding.wanted) for finding in found} == {("image", f"on {node}") for node in ("pve1", "pve2", "pve3")}
    assert any("server1" in finding.cure for finding in found)


def test_the_content_of_a_snippet_is_compared_apart_from_the_hash_that_only_the_state_knows() -> None:
    data = document()
    data["cloud_init"] = {"users": [{"name": "ada", "password_hash": {"env": "ADA"}}]}
    plan = plan_of(data)[0]
    machine, scene = plan.machine("server1"), deployed(plan)
    volume, written = volumes(plan.cluster, machine)["user"], documents(plan.cluster, machine)
    (placed,) = written.marks
    right = written.user.replace(placed, "$6$x$y").encode()

    def judged(content: bytes) -> tuple[Finding, ...]:
        return run(replace(scene, contents={(machine.pve_node, volume): content}))

    assert judged(right) == ()
    (finding,) = judged(right.replace(b"hostname: server1", b"hostname: server9"))
    assert (finding.kind, finding.field, finding.hidden) == ("snippet", volume, True)
    assert finding.found.startswith("sha256 ")


def test_an_imported_machine_keeps_the_files_it_was_made_with_and_they_must_lie_where_it_starts() -> None:
    plan = quickstart_plan()
    theirs = "user=local:snippets/server1.lan-user-data"
    machines = tuple(replace(one, cicustom=theirs) if one.name == "server1" else one for one in plan.machines)
    plan = replace(plan, machines=machines)
    scene = edited(deployed(plan), cicustom=theirs)
    (finding,) = run(scene)
    assert (finding.kind, finding.field) == ("snippet", "local:snippets/server1.lan-user-data")
    node = plan.machine("server1").pve_node
    there = {**scene.sizes[node, "local"], "local:snippets/server1.lan-user-data": 7}
    assert run(replace(scene, sizes={**scene.sizes, (node, "local"): there})) == ()


def test_a_machine_that_pve_ha_moved_is_where_it_may_be_and_needs_its_files_there() -> None:
    scene = deployed(plan_made())
    machines = tuple(replace(one, ha=Ha(nodes=("pve1", "pve2"))) if one.name == "server1" else one for one in scene.plan.machines)
    scene = replace(scene, plan=replace(scene.plan, machines=machines))
    assert run(moved(scene, "pve2")) == ()
    assert {finding.kind for finding in run(moved(scene, "pve9"))} == {"moved"}
    bare = replace(seen(scene, pve_node="pve2"), sizes={**scene.sizes, ("pve2", "local"): {}})
    assert [finding.field for finding in run(bare) if finding.subject == "server1"] == [f"{OWN}{kind}.yaml" for kind in sorted(DOCUMENTS)]


def test_what_could_not_be_read_is_no_drift() -> None:
    assert run(replace(deployed(plan_made()), sizes={}, configs={})) == ()
    blind = replace(without_volume(deployed(plan_made()), ".yaml"), unlisted=frozenset({"local"}))
    assert run(blind) == ()


def test_what_an_unlink_deletes_for_good_is_said_to_be_deleted() -> None:
    (unused,) = run(edited(deployed(plan_made()), unused0="local-lvm:vm-210-disk-7"))
    assert unused.cure.endswith("if nobody wants that any more, qm disk unlink 210 --idlist unused0 deletes it")
    (extra,) = run(edited(deployed(plan_made()), scsi9="local-lvm:vm-210-disk-7,size=8G"))
    assert extra.cure == "if it is not wanted: qm disk unlink 210 --idlist scsi9 (its content stays, as unused disk)"


def test_the_cloud_init_drive_comes_back_by_commands_that_can_be_copied() -> None:
    scene = deployed(plan_made())
    wanted = plan_made().machine("server1")
    (moved,) = run(edited(scene, **{wanted.seed_interface: None, "ide2": SEED}))
    assert moved.cure.endswith(f": qm set 210 --delete ide2 && qm set 210 --{wanted.seed_interface} {wanted.disk_datastore}:cloudinit")
