"""openSUSE MicroOS, the ContainerHost cloud image: read-only root, transactional-update, rebootmgr 3, NetworkManager.

The faults of the origin's template (parity F1, F64, F66, F67) are repaired here: the reboot method is set before rebootmgr goes, nothing
edits cloud-init's module lists, and one reboot, cloud-init's own, activates the packages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stardock.systems.model import ManagedFile, System
from stardock.systems.shared import APPLY_SYSCTL, HEAD, START_AGENT, runs_kubernetes, sudoers, sysctl

if TYPE_CHECKING:
    from stardock.plan.model import Machine, Window


def _reboot_method(machine: Machine) -> ManagedFile:
    """Without a method transactional-update reboots by itself where rebootmgr is off: undrained. `kured` only leaves the sentinel."""
    method = "kured" if runs_kubernetes(machine) or machine.window is None else "rebootmgr"
    return ManagedFile("/etc/transactional-update.conf", f"{HEAD}REBOOT_METHOD={method}\n")


def duration(minutes: int) -> str:
    """Write a span as rebootmgr 3 does, `[XXh][YYm]`: 90 is 1h30m."""
    hours, rest = divmod(minutes, 60)
    return (f"{hours}h" if hours else "") + (f"{rest}m" if rest or not hours else "")


def _maintenance(window: Window | None) -> str:
    if window is None:
        return "strategy=off\n"
    return f"strategy=maint-window\nwindow-start={window.start}\nwindow-duration={duration(window.duration_minutes)}\n"


def _rebootmgr(machine: Machine) -> ManagedFile:
    """Write a drop-in, since rebootmgrctl needs the running daemon and keeps `off` only until the next reboot (rebootmgr 3)."""
    window = None if runs_kubernetes(machine) else machine.window
    return ManagedFile("/etc/rebootmgr/rebootmgr.conf.d/90-stardock.conf", f"{HEAD}[rebootmgr]\n{_maintenance(window)}")


#: RKE2's documented advice for NetworkManager, the names of its default network (canal).
_UNMANAGED = ("flannel*", "cali*", "tunl*", "vxlan.calico", "vxlan-v6.calico", "wireguard.cali", "wg-v6.cali")


def _network_manager(machine: Machine) -> tuple[ManagedFile, ...]:
    devices = ";".join(f"interface-name:{name}" for name in _UNMANAGED)
    content = f"{HEAD}[keyfile]\nunmanaged-devices={devices}\n"
    return (ManagedFile("/etc/NetworkManager/conf.d/rke2-canal.conf", content),) if runs_kubernetes(machine) else ()


def files(machine: Machine) -> tuple[ManagedFile, ...]:
    """All files that Stardock owns on a MicroOS machine before any Kubernetes is there."""
    return (sudoers(machine), _reboot_method(machine), _rebootmgr(machine), *_network_manager(machine), *sysctl(machine))


def _cloud_config(_machine: Machine) -> dict[str, Any]:
    """Grow only /var: the root is a read-only snapshot. Packages are live after a reboot, which cloud-init then does once."""
    return {
        "growpart": {"mode": "auto", "devices": ["/var"]},
        "resize_rootfs": False,
        "package_update": True,
        "package_upgrade": False,
        "package_reboot_if_required": True,
    }


def _boot_commands(_machine: Machine) -> tuple[str, ...]:
    """Images until early 2024 took NetworkManager for absent without this file, and set no address (cloud-init issue 4741)."""
    return ("touch /etc/NetworkManager/NetworkManager.conf",)


def _first_commands(machine: Machine) -> tuple[str, ...]:
    """Run after the files are there, so the reboot method is set when rebootmgr goes."""
    keeps = machine.window is not None and not runs_kubernetes(machine)
    rebootmgr = f"systemctl {'enable' if keeps else 'disable'} --now rebootmgr.service"
    return ("btrfs filesystem resize max /var", START_AGENT, rebootmgr, *((APPLY_SYSCTL,) if sysctl(machine) else ()))


_KUBERNETES = ("container-selinux", "iptables", "policycoreutils-python-utils")

MICROOS = System(
    name="microos",
    image_url="https://download.opensuse.org/tumbleweed/appliances/openSUSE-MicroOS.x86_64-ContainerHost-OpenStack-Cloud.qcow2",
    image_file_name="openSUSE-MicroOS.x86_64-ContainerHost-OpenStack-Cloud.qcow2",
    checksum_url="https://download.opensuse.org/tumbleweed/appliances/openSUSE-MicroOS.x86_64-ContainerHost-OpenStack-Cloud.qcow2.sha256",
    packages=("python3", "qemu-guest-agent", "sudo"),
    packages_by_role={"server": _KUBERNETES, "agent": _KUBERNETES, "loadbalancer": ("haproxy", "keepalived")},
    renderer="network-manager",
    files=files,
    cloud_config=_cloud_config,
    boot_commands=_boot_commands,
    first_commands=_first_commands,
    has_roles=False,
)
