"""QEMU's arguments for ten configurations: what a guest sees of each, with the place in qemu-server that the fact was read from.

The lines are our own; paths below src/test/cfg2cmd are upstream's cases of the same configuration, other names its modules.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from lab.machines.qemu.command import OWN_SLOT, Firmware, Place, arguments, refuse
from lab.machines.qemu.drives import File
from lab.machines.qemu.pci import SLOTS

DISK, SEED = "local-lvm:vm-100-disk-0", "local-lvm:vm-100-cloudinit"
FILES = {
    DISK: File(Path("/disk"), "qcow2"),
    SEED: File(Path("/seed"), "raw"),
    "local-lvm:vm-100-disk-1": File(Path("/data"), "qcow2"),
    "local-lvm:vm-100-disk-2": File(Path("/vars"), "raw"),
}
PLACE = Place(Path("/run/vm"), Path("/console"), FILES, Firmware(Path("/code"), FILES["local-lvm:vm-100-disk-2"]))


@dataclass(frozen=True)
class Golden:
    """A configuration, the values of options that it must give, and where each is from. `absent`: parts that no argument has."""

    name: str
    config: dict[str, str]
    lines: tuple[tuple[str, str, str], ...]
    absent: tuple[str, ...] = ()


GOLDEN = (
    Golden(
        "q35 with a cloud-init drive on ide2: an AHCI port, which Debian's cloud kernel cannot see",
        {"machine": "q35", "scsihw": "virtio-scsi-pci", "scsi0": f"{DISK},size=3G", "ide2": f"{SEED},media=cdrom", "ostype": "l26"},
        (
            ("-device", "ide-cd,bus=ide.1,unit=0,drive=drive-ide2,id=ide2", "q35-ide.conf.cmd"),
            ("-device", "virtio-scsi-pci,id=scsihw0,bus=pci.0,addr=0x5", "q35-ide.conf.cmd"),
            ("-device", "VGA,id=vga,bus=pcie.0,addr=0x1", "q35-ide.conf.cmd"),
            ("-device", "usb-tablet,id=tablet,bus=ehci.0,port=1", "q35-ide.conf.cmd"),
            ("-device", "pci-bridge,id=pci.0,bus=pcidmi,addr=1.0,chassis_nr=1", "src/usr/pve-q35-4.0.cfg"),
            ("-device", "pci-bridge,id=pci.3,bus=pcidmi,addr=4.0,chassis_nr=4", "src/usr/pve-q35-4.0.cfg"),
            ("-global", "ICH9-LPC.disable_s3=1", "q35-ide.conf.cmd"),
            ("-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off", "q35-ide.conf.cmd: no `meta`, so of unknown age"),
            ("-machine", "hpet=off,accel=tcg,type=q35", "q35-ide.conf.cmd; Cfg2Cmd/Timer.pm; accel: QemuServer.pm where kvm is 0"),
        ),
    ),
    Golden(
        "i440fx, without `machine`: two units on each of two IDE buses",
        {"ide0": "none,media=cdrom", "ide1": "none,media=cdrom", "ide2": f"{SEED},media=cdrom", "ide3": "none,media=cdrom"},
        (
            ("-device", "ide-cd,bus=ide.0,unit=0,id=ide0", "ide.conf.cmd; without a medium: simple1.conf.cmd"),
            ("-device", "ide-cd,bus=ide.0,unit=1,id=ide1", "ide.conf.cmd"),
            ("-device", "ide-cd,bus=ide.1,unit=0,drive=drive-ide2,id=ide2", "ide.conf.cmd"),
            ("-device", "ide-cd,bus=ide.1,unit=1,id=ide3", "ide.conf.cmd"),
            ("-device", "piix3-usb-uhci,id=uhci,bus=pci.0,addr=0x1.0x2", "ide.conf.cmd"),
            ("-device", "pci-bridge,id=pci.1,chassis_nr=1,bus=pci.0,addr=0x1e", "ide.conf.cmd"),
            ("-device", "VGA,id=vga,bus=pci.0,addr=0x2", "ide.conf.cmd"),
            ("-global", "PIIX4_PM.disable_s4=1", "ide.conf.cmd"),
            ("-machine", "accel=tcg,type=pc", "minimal-defaults.conf.cmd: hpet stays where no ostype is given"),
        ),
        absent=("pcidmi", "id=pci.3"),
    ),
    Golden(
        "q35, a controller for each disk, the cloud-init drive on scsi1: what Stardock makes",
        {
            "machine": "q35",
            "scsihw": "virtio-scsi-single",
            "scsi0": f"{DISK},discard=on,iothread=1,size=40G,ssd=1",
            "scsi1": f"{SEED},media=cdrom",
            "virtio1": "local-lvm:vm-100-disk-1,iothread=1,serial=data,size=2G",
            "boot": "order=scsi0",
            "meta": "creation-qemu=10.1.2,ctime=1700000000",
            "ostype": "l26",
        },
        (
            ("-object", "iothread,id=iothread-virtioscsi0", "QemuServer.pm, config_to_command: iothread of virtio-scsi-single"),
            (
                "-device",
                "virtio-scsi-pci,id=virtioscsi0,bus=pci.3,addr=0x1,iothread=iothread-virtioscsi0",
                "scsihw-virtio-scsi-single.conf.cmd",
            ),
            (
                "-device",
                (
                    "scsi-hd,bus=virtioscsi0.0,channel=0,scsi-id=0,lun=0,drive=drive-scsi0,id=scsi0,device_id=drive-scsi0,rotation_rate=1"
                    ",bootindex=100,write-cache=on"
                ),
                "scsihw-virtio-scsi-single.conf.cmd; rotation_rate: DriveDevice.pm",
            ),
            ("-device", "virtio-scsi-pci,id=virtioscsi1,bus=pci.3,addr=0x2", "scsihw-virtio-scsi-single.conf.cmd"),
            (
                "-device",
                "scsi-cd,bus=virtioscsi1.0,channel=0,scsi-id=0,lun=1,drive=drive-scsi1,id=scsi1,device_id=drive-scsi1",
                "scsihw-virtio-scsi-single.conf.cmd (bus, lun); Drive.pm, get_scsi_device_type: cd for the cloud-init volume",
            ),
            (
                "-device",
                "virtio-blk-pci,drive=drive-virtio1,id=virtio1,bus=pci.0,addr=0xb,iothread=iothread-virtio1,serial=data,write-cache=on",
                "bootorder.conf.cmd; serial: DriveDevice.pm",
            ),
        ),
        absent=("ide-cd", "acpi-pci-hotplug"),
    ),
    Golden(
        "boot order over three kinds of device",
        {
            "boot": "order=virtio1;net0;scsi4;ide2",
            "ide2": "none,media=cdrom",
            "scsi4": DISK,
            "virtio1": "local-lvm:vm-100-disk-1",
            "net0": "virtio=A2:C0:43:77:08:A0,bridge=vmbr0",
        },
        (
            ("-device", "ide-cd,bus=ide.1,unit=0,id=ide2,bootindex=103", "bootorder.conf.cmd"),
            ("-device", "lsi,id=scsihw0,bus=pci.0,addr=0x5", "bootorder.conf.cmd: lsi is the default"),
            (
                "-device",
                "scsi-hd,bus=scsihw0.0,scsi-id=4,drive=drive-scsi4,id=scsi4,device_id=drive-scsi4,bootindex=102,write-cache=on",
                "bootorder.conf.cmd",
            ),
            (
                "-device",
                "virtio-blk-pci,drive=drive-virtio1,id=virtio1,bus=pci.0,addr=0xb,bootindex=100,write-cache=on",
                "bootorder.conf.cmd",
            ),
            (
                "-device",
                (
                    "virtio-net-pci,mac=A2:C0:43:77:08:A0,netdev=net0,bus=pci.0,addr=0x12,id=net0,rx_queue_size=1024,tx_queue_size=256"
                    ",bootindex=101,host_mtu=1500"
                ),
                "bootorder.conf.cmd; host_tunnel is of QEMU 11",
            ),
        ),
    ),
    Golden(
        "LSI: seven disks a controller, the third behind a bridge on a bridge",
        {"scsihw": "lsi", "scsi9": f"{DISK},cache=directsync", "scsi16": "local-lvm:vm-100-disk-1"},
        (
            ("-device", "lsi,id=scsihw1,bus=pci.0,addr=0x6", "scsihw-lsi.conf.cmd"),
            (
                "-device",
                "scsi-hd,bus=scsihw1.0,scsi-id=2,drive=drive-scsi9,id=scsi9,device_id=drive-scsi9,write-cache=off",
                "scsihw-lsi.conf.cmd",
            ),
            ("-device", "pci-bridge,id=pci.4,chassis_nr=4,bus=pci.1,addr=0x1c", "scsihw-lsi.conf.cmd"),
            ("-device", "lsi,id=scsihw2,bus=pci.4,addr=0x1", "scsihw-lsi.conf.cmd"),
        ),
    ),
    Golden(
        "OVMF: two flash chips, the second with the VM's own variables",
        {"machine": "q35", "bios": "ovmf", "efidisk0": "local-lvm:vm-100-disk-2,efitype=4m,pre-enrolled-keys=0,size=4M"},
        (
            ("-machine", "pflash0=pflash0,pflash1=drive-efidisk0,accel=tcg,type=q35", "efi-secboot-and-tpm-q35.conf.cmd"),
            ("-blockdev", "driver=raw,node-name=pflash0,read-only=on,file.driver=file,file.filename=/code", "efi-raw.conf.cmd"),
            ("-blockdev", "driver=raw,node-name=drive-efidisk0,file.driver=file,file.filename=/vars", "efi-raw.conf.cmd"),
        ),
        absent=("id=efidisk0",),
    ),
    Golden(
        "a serial terminal under SeaBIOS: no card, no tablet, no SMM",
        {"vga": "serial0", "serial0": "socket", "ostype": "l26", "smbios1": "uuid=7b10d7af-b932-4c66-b2c3-3996152ec465"},
        (
            ("-device", "isa-serial,chardev=serial0", "seabios_serial.conf.cmd"),
            ("-machine", "hpet=off,smm=off,accel=tcg,type=pc", "seabios_serial.conf.cmd"),
            ("-smbios", "type=1,uuid=7b10d7af-b932-4c66-b2c3-3996152ec465", "seabios_serial.conf.cmd"),
        ),
        absent=("VGA", "usb-tablet"),
    ),
    Golden(
        "the guest agent's channel",
        {"agent": "enabled=1,fstrim_cloned_disks=0,type=virtio"},
        (
            ("-chardev", "socket,path=/run/vm/qga,server=on,wait=off,id=qga0", "qga-minimal.conf.cmd"),
            ("-device", "virtio-serial,id=qga0,bus=pci.0,addr=0x8", "qga-minimal.conf.cmd"),
            ("-device", "virtserialport,chardev=qga0,name=org.qemu.guest_agent.0", "qga-minimal.conf.cmd"),
        ),
    ),
    Golden(
        "NICs: queues, MTU, another model, and the seventh on the second bus",
        {
            "net0": "virtio=A2:C0:43:77:08:A1,bridge=vmbr0,mtu=900,queues=2",
            "net1": "e1000=A2:C0:43:77:08:A2,bridge=vmbr1",
            "net6": "virtio=A2:C0:43:77:08:A6,bridge=vmbr0,mtu=1,tag=20",
        },
        (
            (
                "-device",
                (
                    "virtio-net-pci,mac=A2:C0:43:77:08:A1,netdev=net0,bus=pci.0,addr=0x12,id=net0,vectors=6,mq=on,packed=on"
                    ",rx_queue_size=1024,tx_queue_size=256,host_mtu=900"
                ),
                "netdev-7.1-multiqueues.conf.cmd; netdev.conf.cmd (mtu)",
            ),
            ("-netdev", "tap,id=net0,ifname=tap100i0,script=no,downscript=no,queues=2", "netdev-7.1-multiqueues.conf.cmd (name, queues)"),
            ("-device", "e1000,mac=A2:C0:43:77:08:A2,netdev=net1,bus=pci.0,addr=0x13,id=net1", "QemuServer.pm, print_netdevice_full"),
            (
                "-device",
                "virtio-net-pci,mac=A2:C0:43:77:08:A6,netdev=net6,bus=pci.1,addr=0x1,id=net6,rx_queue_size=1024,tx_queue_size=256,host_mtu=1500",
                "PCI.pm, get_pci_addr_map; an MTU of 1 is the bridge's: print_netdevice_full",
            ),
        ),
    ),
    Golden(
        "processors, memory, random numbers, SATA, no balloon",
        {
            "cores": "3",
            "sockets": "2",
            "memory": "768",
            "cpu": "cputype=x86-64-v2-AES",
            "rng0": "source=/dev/urandom",
            "sata0": DISK,
            "balloon": "0",
            "vmgenid": "c773c261-d800-4348-9f5d-167fadd53cf8",
        },
        (
            ("-smp", "6,sockets=2,cores=3,maxcpus=6", "simple1.conf.cmd"),
            ("-m", "768", "simple1.conf.cmd"),
            ("-cpu", "qemu64,+popcnt,+pni,+sse4.1,+sse4.2,+ssse3,+aes", "CPUConfig.pm, builtin_models"),
            ("-device", "virtio-rng-pci,rng=rng0,max-bytes=1024,period=1000,bus=pci.1,addr=0x1d", "pinned-version-pxe-pve.conf.cmd"),
            ("-device", "ahci,id=ahci0,multifunction=on,bus=pci.0,addr=0x7", "simple1-template.conf.cmd"),
            ("-device", "ide-hd,bus=ahci0.0,drive=drive-sata0,id=sata0,write-cache=on", "simple1-template.conf.cmd; hd: DriveDevice.pm"),
            ("-device", "vmgenid,guid=c773c261-d800-4348-9f5d-167fadd53cf8", "simple1.conf.cmd"),
        ),
        absent=("virtio-balloon",),
    ),
)


@pytest.mark.parametrize("golden", GOLDEN, ids=[golden.name for golden in GOLDEN])
def test_qemu_is_started_with_the_arguments_that_pve_derives(golden: Golden) -> None:
    made = arguments(100, golden.config, PLACE)
    pairs = set(pairwise(made))
    for option, value, source in golden.lines:
        assert (option, value) in pairs, (source, sorted(text for name, text in pairs if name == option))
    for text in golden.absent:
        assert not [argument for argument in made if text in argument]


def test_each_device_has_a_slot_of_its_own() -> None:
    shared = {("pci.3", "scsihw0")}  # one of the two is there: PCI.pm, conflict_ok
    taken: dict[tuple[int, int], str] = {}
    for name, place in SLOTS.items():
        assert place not in taken or tuple(sorted((name, taken[place]))) in shared, (name, taken.get(place))
        taken[place] = name


def test_the_labs_own_drive_is_in_no_slot_of_pves() -> None:
    assert OWN_SLOT not in {f"bus=pci.{bus},addr={slot:#x}" for bus, slot in SLOTS.values()}
    assert not [line for line in arguments(100, {"scsi0": DISK}, PLACE) if OWN_SLOT in line]


def test_the_seed_and_the_disk_are_files_that_a_killed_guest_keeps() -> None:
    made = arguments(100, {"scsi0": f"{DISK},discard=on", "ide2": f"{SEED},media=cdrom"}, PLACE)
    disk, seed = (next(value for value in made if f"drive-{name}" in value and "filename" in value) for name in ("scsi0", "ide2"))
    assert '"discard": "unmap"' in disk
    assert '"read-only": true' not in disk
    assert '"read-only": true' in seed


@pytest.mark.parametrize("key", ["hostpci0", "usb0", "tpmstate0", "args", "audio0"])
def test_what_the_lab_has_not_is_refused_with_the_key(key: str) -> None:
    assert str(refuse({"scsi0": DISK, key: "anything"})).startswith(f"{key}: ")
    assert refuse({"scsi0": DISK, "boot": "order=scsi0"}) is None
    assert refuse({"boot": "cdn"}) == "boot: cdn: the lab knows the form order=... only"
