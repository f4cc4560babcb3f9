"""Files that several systems have alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stardock.systems.managed import ManagedFile

if TYPE_CHECKING:
    from stardock.model.host import Member
    from stardock.model.machine import Machine, Window

HEAD = "# Written by Stardock; the next bootstrap puts it back.\n"


def sudoers(machine: Member, path: str = "/etc/sudoers.d/stardock") -> ManagedFile:
    """Who may become root without a password. A file of our own: cloud-init's `sudo:` would write another one that nobody owns later."""
    rules = "".join(f"{user.name} ALL=(ALL) NOPASSWD:ALL\n" for user in machine.users if user.sudo and user.name != "root")
    return ManagedFile(path, HEAD + rules, "0440")


def runs_kubernetes(machine: Member) -> bool:
    """Whether a reboot of this machine must be drained first, so that it must never reboot itself."""
    return machine.role != "loadbalancer"


def own_window(machine: Machine) -> Window | None:
    """When a machine reboots itself; None for one that never does (invariant 10: a Kubernetes machine is rebooted by whoever drains it)."""
    if machine.window is None or runs_kubernetes(machine) or machine.window.strategy == "off":
        return None
    return machine.window


#: kubelet and containerd watch many files; the kernel's 128 instances a user end in "too many open files" on a busy node.
INOTIFY = HEAD + "fs.inotify.max_user_instances = 8192\nfs.inotify.max_user_watches = 524288\n"


def sysctl(machine: Member) -> tuple[ManagedFile, ...]:
    """Kernel settings of machines that run Kubernetes; RKE2 sets forwarding and bridge settings by itself."""
    return (ManagedFile("/etc/sysctl.d/90-stardock.conf", INOTIFY),) if runs_kubernetes(machine) else ()


_CALICO = ("cali*", "tunl*", "vxlan.calico", "vxlan-v6.calico", "wireguard.cali", "wg-v6.cali")

#: The interfaces that each network plugin makes; RKE2's documented advice is to keep the system's network manager off them.
_INTERFACES: dict[str, tuple[str, ...]] = {
    "canal": ("flannel*", *_CALICO),
    "calico": _CALICO,
    "flannel": ("flannel*", "cni*"),
    "cilium": ("cilium*", "lxc*"),
}


def plugin_interfaces(machine: Member) -> tuple[str, ...]:
    """Patterns of the names of interfaces that the cluster's network plugins make."""
    return tuple(dict.fromkeys(name for plugin in machine.cni for name in _INTERFACES.get(plugin, ())))


def network_manager(machine: Member) -> tuple[ManagedFile, ...]:
    """Always there on a Kubernetes machine, so that a plugin that goes takes its names along."""
    if not runs_kubernetes(machine):
        return ()
    devices = ";".join(f"interface-name:{name}" for name in plugin_interfaces(machine))
    content = f"[keyfile]\nunmanaged-devices={devices}\n" if devices else ""
    return (ManagedFile("/etc/NetworkManager/conf.d/90-stardock-cni.conf", HEAD + content),)


#: Reads sysctl.d again; its unit is skipped where /proc/sys cannot be written (containers), which a bare `sysctl` would not be.
APPLY_SYSCTL = "systemctl restart systemd-sysctl.service"

#: The agent's unit waits 90 s for its device where there is none; udev starts it only when the device comes after the package.
START_AGENT = "test ! -e /dev/virtio-ports/org.qemu.guest_agent.0 || systemctl start qemu-guest-agent.service"
