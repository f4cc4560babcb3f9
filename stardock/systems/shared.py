"""Files that every system has alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stardock.systems.model import ManagedFile

if TYPE_CHECKING:
    from stardock.plan.model import Machine

HEAD = "# Written by Stardock; the next bootstrap puts it back.\n"


def sudoers(machine: Machine) -> ManagedFile:
    """Who may become root without a password. A file of our own: cloud-init's `sudo:` would write another one that nobody owns later."""
    rules = "".join(f"{user.name} ALL=(ALL) NOPASSWD:ALL\n" for user in machine.users if user.sudo and user.name != "root")
    return ManagedFile("/etc/sudoers.d/stardock", HEAD + rules, "0440")


def runs_kubernetes(machine: Machine) -> bool:
    """Whether a reboot of this machine must be drained first, so that it must never reboot itself."""
    return machine.role != "loadbalancer"


#: kubelet and containerd watch many files; the kernel's 128 instances a user end in "too many open files" on a busy node.
INOTIFY = HEAD + "fs.inotify.max_user_instances = 8192\nfs.inotify.max_user_watches = 524288\n"


def sysctl(machine: Machine) -> tuple[ManagedFile, ...]:
    """Kernel settings of machines that run Kubernetes; RKE2 sets forwarding and bridge settings by itself."""
    return (ManagedFile("/etc/sysctl.d/90-stardock.conf", INOTIFY),) if runs_kubernetes(machine) else ()


#: Reads sysctl.d again; its unit is skipped where /proc/sys cannot be written (containers), which a bare `sysctl` would not be.
APPLY_SYSCTL = "systemctl restart systemd-sysctl.service"

#: The agent's unit waits 90 s for its device where there is none; udev starts it only when the device comes after the package.
START_AGENT = "test ! -e /dev/virtio-ports/org.qemu.guest_agent.0 || systemctl start qemu-guest-agent.service"
