"""The parameters of a VM that the emulated PVE takes when no official schema is at hand: what PVE 9.1 takes, in our notation."""

from __future__ import annotations

from lab.pve.schema.model import Rule
from lab.pve.schema.notation import rules

_THROTTLE = "\n".join(
    [f"bps{way} integer\nbps{way}_max_length integer 1.." for way in ("", "_rd", "_wr")]
    + ["bps_rd_length =bps_rd_max_length", "bps_wr_length =bps_wr_max_length"]
    + [f"iops{way} integer\niops{way}_max integer\niops{way}_max_length integer 1.." for way in ("", "_rd", "_wr")]
    + ["iops_rd_length =iops_rd_max_length", "iops_wr_length =iops_wr_max_length"]
    + [f"mbps{way} number\nmbps{way}_max number" for way in ("", "_rd", "_wr")]
)

_DRIVE = f"""
file! <pve-volume-id-or-qm-path> default
volume =file
aio native|threads|io_uring
backup boolean
cache none|writethrough|writeback|unsafe|directsync
detect_zeroes boolean
discard ignore|on
format raw|qcow|qed|qcow2|vmdk|cloop
import-from <pve-volume-id-or-absolute-path>
media cdrom|disk
replicate boolean
rerror ignore|report|stop
serial <urlencoded> ..60
shared boolean
size <disk-size>
snapshot boolean
werror enospc|ignore|report|stop
{_THROTTLE}
"""
_WWN = "ssd boolean\nwwn /(0x)[0-9a-fA-F]{16}/"
_SCSI = r"""
iothread boolean
product /[A-Za-z0-9\-_\s]{0,16}/
queues integer 2..
ro boolean
scsiblock boolean
vendor /[A-Za-z0-9\-_\s]{0,8}/
"""

_MODELS = (
    *("e1000", "e1000-82540em", "e1000-82544gc", "e1000-82545em", "e1000e", "i82551", "i82557b", "i82559er"),
    *("ne2k_isa", "ne2k_pci", "pcnet", "rtl8139", "virtio", "vmxnet3"),
)
_NET = (
    "\n".join(f"{model} =macaddr ^model" for model in _MODELS)
    + rf"""
model! {"|".join(_MODELS)} default
macaddr <mac-addr>
bridge <pve-bridge-id>
firewall boolean
link_down boolean
mtu integer 1..65520
queues integer 0..64
rate number 0..
tag integer 1..4094
trunks /\d+(?:-\d+)?(?:;\d+(?:-\d+)?)*/
"""
)

_MACHINE_TYPE = (
    r"(pc|pc(-i440fx)?-\d+(\.\d+)+(\+pve\d+)?(\.pxe)?|q35|pc-q35-\d+(\.\d+)+(\+pve\d+)?(\.pxe)?|virt(?:-\d+(\.\d+)+)?(\+pve\d+)?)"
)

_RANGES = r"\d+(?:-\d+)?(?:;\d+(?:-\d+)?)*"

#: A device, a port or spice (PVE::QemuServer::USB).
_USB = r"(?:(?:(?:(?:(0x)?([0-9A-Fa-f]{4}):(0x)?([0-9A-Fa-f]{4})))|(?:(?:(\d+)\-(\d+(\.\d+)*)))|[Ss][Pp][Ii][Cc][Ee]))"

#: Property strings by the name that the tables below use.
NESTED: dict[str, dict[str, Rule]] = {
    "agent": rules("enabled! boolean default\nfreeze-fs boolean\nfreeze-fs-on-backup =freeze-fs\nguest-fsfreeze =freeze-fs\n"
                   "fstrim_cloned_disks boolean\ntype virtio|isa"),
    "efidisk": rules("file! <pve-volume-id-or-qm-path> default\nvolume =file\nefitype 2m|4m\nformat raw|qcow|qed|qcow2|vmdk|cloop\n"
                     "import-from <pve-volume-id-or-absolute-path>\nms-cert 2011|2023|2023w|2023k\npre-enrolled-keys boolean\n"
                     "size <disk-size>"),
    "tpmstate": rules("file! <pve-volume-id-or-qm-path> default\nvolume =file\nformat raw|qcow2|vmdk\n"
                      "import-from <pve-volume-id-or-absolute-path>\nsize <disk-size>\nversion v1.2|v2.0"),
    "scsi": rules(_DRIVE + _WWN + _SCSI),
    "virtio": rules(_DRIVE + "iothread boolean\nro boolean"),
    "sata": rules(_DRIVE + _WWN),
    "ide": rules(_DRIVE + _WWN + "\nmodel <urlencoded> ..120"),
    "net": rules(_NET),
    "machine": rules(f"type /{_MACHINE_TYPE}/ ..40 default\naw-bits number 32..64\nenable-s3 boolean\nenable-s4 boolean\n"
                     "viommu intel|virtio"),
    "numa": rules(f"cpus! /{_RANGES}/\nhostnodes /{_RANGES}/\nmemory number\npolicy preferred|bind|interleave"),
    "memory": rules("current! integer 16.. default"),
    "unused": rules("file! <pve-volume-id> default\nvolume =file"),
    "usb": rules(f"host /{_USB}/ default\nmapping <pve-configid>\nusb3 boolean"),
    "vga": rules("type cirrus|qxl|qxl2|qxl3|qxl4|none|serial0|serial1|serial2|serial3|std|virtio|virtio-gl|vmware default\n"
                 "clipboard vnc\nmemory integer 4..512"),
}  # fmt: skip

#: What a VM's configuration is made of.
OPTIONS: dict[str, Rule] = rules(
    r"""
acpi boolean
affinity <pve-cpuset>
agent {agent}
allow-ksm boolean
arch x86_64|aarch64
args string
autostart boolean
balloon integer 0..
bios seabios|ovmf
boot <pve-qm-boot>
bootdisk <pve-qm-bootdisk> /(ide|sata|scsi|virtio)\d+/
cicustom <pve-qm-cicustom>
cipassword string
citype configdrive2|nocloud|opennebula
ciupgrade boolean
ciuser string
cores integer 1..
cpu <pve-vm-cpu-conf>
cpulimit number 0..128
cpuunits integer 1..262144
description string ..8192
efidisk0 {efidisk}
freeze boolean
hookscript <pve-volume-id>
hostpci[n] <pve-qm-hostpci>
hotplug <pve-hotplug-features>
hugepages any|2|1024
ide[n] {ide}
ipconfig[n] <pve-qm-ipconfig>
keyboard de|de-ch|da|en-gb|en-us|es|fi|fr|fr-be|fr-ca|fr-ch|hu|is|it|ja|lt|mk|nl|no|pl|pt|pt-br|sv|sl|tr
keephugepages boolean
kvm boolean
localtime boolean
lock backup|clone|create|migrate|rollback|snapshot|snapshot-delete|suspending|suspended
machine {machine}
memory {memory}
name <dns-name>
nameserver <address-list>
net[n] {net}
numa boolean
numa[n] {numa}
onboot boolean
ostype other|wxp|w2k|w2k3|w2k8|wvista|win7|win8|win10|win11|l24|l26|solaris
protection boolean
reboot boolean
sata[n] {sata}
scsi[n] {scsi}
scsihw lsi|lsi53c810|virtio-scsi-pci|virtio-scsi-single|megasas|pvscsi
searchdomain string
serial[n] /(/dev/.+|socket)/
shares integer 0..50000
smbios1 <pve-qm-smbios1> ..512
sockets integer 1..
sshkeys <urlencoded>
startdate /(now|\d{4}-\d{1,2}-\d{1,2}(T\d{1,2}:\d{1,2}:\d{1,2})?)/
startup <pve-startup-order>
tablet boolean
tags <pve-tag-list>
template boolean
tpmstate0 {tpmstate}
unused[n] {unused}
usb[n] {usb}
vcpus integer 1..
vga {vga}
virtio[n] {virtio}
vmgenid /(?:[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}|[01])/
vmstatestorage <pve-storage-id>
""",
    NESTED,
)
