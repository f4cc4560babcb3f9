"""Hardware whose parts do not fit together, in the quick start's pool of agents or on its one machine."""

from __future__ import annotations

POOL = "machines: [agent1]\n    cores: 2\n    memory: 4GiB\n"

#: As in `test_bad_input`: old, new, where the fault is told, the message, the cure.
Fault = tuple[str, str, str, str, str]


def fault(lines: str, where: str, message: str, cure: str) -> Fault:
    """Lines that the pool gets in place of its cores and memory."""
    return POOL, f"machines: [agent1]\n    {lines}\n", where, f"agent1: {message}", cure


HARDWARE: dict[str, Fault] = {
    "cores that do not spread over the sockets": fault(
        "sockets: 2\n    cores: 3", "sockets: 2", "3 cores do not spread evenly over 2 sockets", "a divisor of `cores`"
    ),
    "balloon larger than the memory": fault(
        "memory: 4GiB\n    balloon: 5GiB",
        "balloon: 5GiB",
        "a balloon of 5120MiB is larger than the memory of 4096MiB",
        "write 4096MiB at most",
    ),
    "balloon with a PCI device": fault(
        "balloon: 1GiB\n    devices: [gpu]", "balloon: 1GiB", "the memory of a machine with a PCI device is pinned", "`balloon: 0`"
    ),
    "balloon with huge pages": fault(
        "balloon: 1GiB\n    numa: true\n    hugepages: any",
        "balloon: 1GiB",
        "the memory of a machine with huge pages is pinned",
        "`balloon: 0`",
    ),
    "huge pages without NUMA": fault("hugepages: 2MiB", "hugepages: 2MiB", "`hugepages: 2MiB` needs NUMA", "add `numa: true`"),
    "memory that is no multiple of huge pages": fault(
        "memory: 4608MiB\n    numa: true\n    hugepages: 1GiB",
        "hugepages: 1GiB",
        "4608MiB of memory is no multiple of huge pages of 1024MiB",
        "a multiple of 1024MiB",
    ),
    "memory that huge pages do not divide on each socket": fault(
        "memory: 5GiB\n    cores: 2\n    sockets: 2\n    numa: true\n    hugepages: 1GiB",
        "hugepages: 1GiB",
        "5120MiB of memory is no multiple of huge pages of 1024MiB on each of 2 sockets",
        "a multiple of 2048MiB",
    ),
    "two data disks of one name": fault(
        "data_disks: [{name: d, size: 1GiB}, {name: d, size: 2GiB}]", "data_disks:", "two data disks are named `d`", "another name"
    ),
    "two data disks at one mount point": fault(
        "data_disks: [{name: a, size: 1GiB, mount: /srv}, {name: b, size: 1GiB, mount: /srv}]",
        "data_disks:",
        "two data disks are mounted at `/srv`",
        "another mount point",
    ),
    "data disk on a read-only root": fault(
        "image: {system: microos}\n    data_disks: [{name: d, size: 1GiB, mount: /data}]",
        "data_disks:",
        "openSUSE MicroOS's root is read-only: the mount point `/data` cannot be made there",
        "below /var, /srv, /home, /opt",
    ),
    "PCI Express without q35": fault(
        "chipset: i440fx\n    devices: [{mapping: gpu, pcie: true}]",
        "devices:",
        "the device gpu wants PCI Express, which the chipset i440fx lacks",
        "`chipset: q35`, or `pcie: false`",
    ),
    "two primary graphics cards": fault(
        "devices: [{mapping: a0, primary_gpu: true}, {mapping: a1, primary_gpu: true}]",
        "devices:",
        "2 devices are the primary graphics card: a0, a1",
        "leave one",
    ),
    "an SSD on virtio": fault(
        "disk_interface: virtio0\n    disk_options: {ssd: true}",
        "disk_options:",
        "the disk is on virtio0, for which PVE has no `ssd`",
        "delete",
    ),
    "a USB device twice": fault("usb: [zigbee, zigbee]", "usb:", "the USB device zigbee is there twice", "delete one"),
    "DHCP without a guest agent": (
        "machines: [agent1]",
        "machines: [agent1]\n    interfaces: [{bridge: vmbr0}]\n    agent: {enabled: false}",
        "agent: {enabled",
        "agent1: without a guest agent nobody tells the address",
        "a static address",
    ),
    "a machine's own memory below its pool's balloon": (
        "machines: [agent1]",
        "machines: [{name: agent1, memory: 1GiB}]\n    balloon: 2GiB",
        "balloon: 2GiB",
        "agent1: a balloon of 2048MiB is larger than the memory of 1024MiB",
        "1024MiB at most",
    ),
}
