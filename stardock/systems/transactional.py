"""What MicroOS and Leap Micro have in common: read-only root, transactional-update, rebootmgr, NetworkManager, SELinux.

The faults of the origin's template (parity F1, F64, F66, F67) are repaired here: the reboot method is set before rebootmgr goes, nothing
leans on the image's lists of cloud-init's modules, and one reboot, at the end of the first boot and only when a new snapshot waits,
activates the packages.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from stardock.systems import proxies, storage
from stardock.systems.managed import ManagedFile, Mirror
from stardock.systems.model import System
from stardock.systems.scripts import filled, script
from stardock.systems.shared import APPLY_SYSCTL, HEAD, network_manager, own_window, sudoers, sysctl

if TYPE_CHECKING:
    from stardock.model.machine import Machine, Role, Window

#: Ansible wants the first two; the others are the origin's common packages.
PACKAGES = ("python3", "sudo", "qemu-guest-agent", "screen", "htop", "policycoreutils-python-utils")

KUBERNETES = ("container-selinux", "iptables")
PACKAGES_BY_ROLE: dict[Role, tuple[str, ...]] = {
    "loadbalancer": ("haproxy", "keepalived"),
    "server": KUBERNETES,
    "agent": KUBERNETES,
}


def _reboot_method(machine: Machine) -> ManagedFile:
    """Without a method transactional-update reboots by itself where rebootmgr is off: undrained. `kured` only leaves the sentinel."""
    method = "kured" if own_window(machine) is None else "rebootmgr"
    return ManagedFile("/etc/transactional-update.conf", f"{HEAD}REBOOT_METHOD={method}\n")


def duration(minutes: int) -> str:
    """Write a span as rebootmgr does, `[XXh][YYm]`: 90 is 1h30m."""
    hours, rest = divmod(minutes, 60)
    return (f"{hours}h" if hours else "") + (f"{rest}m" if rest or not hours else "")


def _maintenance(window: Window | None) -> str:
    if window is None:
        return "strategy=off\n"
    return f"strategy={window.strategy}\nwindow-start={window.start}\nwindow-duration={duration(window.duration_minutes)}\n"


def rebootmgr(machine: Machine, path: str) -> ManagedFile:
    """Write the file itself: rebootmgrctl needs the running daemon, and rebootmgr 3 keeps its `off` only until the next reboot."""
    return ManagedFile(path, f"{HEAD}[rebootmgr]\n{_maintenance(own_window(machine))}")


#: Where rebootmgr 3 (2025) looks; 2 reads one file, /etc/rebootmgr.conf.
REBOOTMGR_3 = "/etc/rebootmgr/rebootmgr.conf.d/90-stardock.conf"
REBOOTMGR_2 = "/etc/rebootmgr.conf"


def _dns(machine: Machine) -> ManagedFile:
    """cloud-init writes connections once; an edit of `dns` reaches the machine through this, which stands above all connections."""
    servers = ",".join(dict.fromkeys(server for nic in machine.interfaces for server in nic.dns))
    search = ",".join(dict.fromkeys(domain for nic in machine.interfaces for domain in nic.search))
    content = f"[global-dns]\nsearches={search}\n\n[global-dns-domain-*]\nservers={servers}\n" if servers else ""
    return ManagedFile("/etc/NetworkManager/conf.d/90-stardock-dns.conf", HEAD + content)


#: Behind every metric that NetworkManager gives by itself (100 and up for wires).
_LAST_METRIC = 20_000


def _default_routes(machine: Machine) -> ManagedFile:
    """One way out: what DHCP or a router offers elsewhere comes last. cloud-init's connections cannot say that, and leave room for this."""
    offered = [nic for nic in machine.interfaces if nic.hears_offers and (nic.metric or not nic.default_route)]
    metrics = {nic: nic.metric or _LAST_METRIC for nic in offered}
    sections = (
        f"[connection-stardock-{nic.name}]\nmatch-device=mac:{nic.mac}\nipv4.route-metric={metric}\nipv6.route-metric={metric}\n"
        for nic, metric in metrics.items()
    )
    return ManagedFile("/etc/NetworkManager/conf.d/90-stardock-routes.conf", HEAD + "\n".join(sections))


def files(machine: Machine, *, rebootmgr_paths: tuple[str, ...]) -> tuple[ManagedFile, ...]:
    """All files that Stardock owns on such a machine before any Kubernetes is there."""
    return (
        sudoers(machine),
        _reboot_method(machine),
        *(rebootmgr(machine, path) for path in rebootmgr_paths),
        _dns(machine),
        _default_routes(machine),
        *network_manager(machine),
        *sysctl(machine),
    )


def mirror(machine: Machine, repositories: dict[str, str]) -> Mirror | None:
    """Give the mirror's repositories; `repositories` maps a name to its path below the mirror. All others are switched off."""
    if machine.mirror is None:
        return None
    url = machine.mirror.rstrip("/")
    files = tuple(
        ManagedFile(
            f"/etc/zypp/repos.d/stardock-{name}.repo",
            f"{HEAD}[stardock-{name}]\nname=stardock-{name}\nenabled=1\nautorefresh=1\ngpgcheck=1\nbaseurl={url}/{path}\ntype=rpm-md\n",
        )
        for name, path in repositories.items()
    )
    ours = " ".join(f"stardock-{name}" for name in repositories)
    # a service (openSUSE-repos) would switch its repositories on again at each refresh
    off = ("zypper --non-interactive modifyservice --disable --all || true", "zypper --non-interactive modifyrepo --disable --all")
    return Mirror(
        check=f"{url}/{next(iter(repositories.values()))}/repodata/repomd.xml",
        files=files,
        commands=(*off, f"zypper --non-interactive modifyrepo --enable {ours}"),
    )


#: What runs, and when. User-data goes before the image's own configuration, and of two lists cloud-init takes the first whole (ConfigMerger
#: in cloudinit/helpers.py, mergemanydict in cloudinit/util.py). Which ones cloud-init-config-MicroOS has is not promised; a packager's
#: thread says that the package modules are off (lxc/lxc-ci#234). All these are in every cloud-init since 22.4. growpart and resizefs are
#: left out: the image grows itself.
_MODULES = {
    "cloud_init_modules": [
        "seed_random",
        "bootcmd",
        "write_files",
        "set_hostname",
        "update_hostname",
        "update_etc_hosts",
        "users_groups",
        "ssh",
        "set_passwords",
    ],
    "cloud_config_modules": ["timezone", "runcmd"],
    "cloud_final_modules": [
        "package_update_upgrade_install",
        "write_files_deferred",
        "scripts_per_once",
        "scripts_per_boot",
        "scripts_per_instance",
        "scripts_user",
        "ssh_authkey_fingerprints",
        "final_message",
        "power_state_change",
    ],
}


def cloud_config(_machine: Machine) -> dict[str, Any]:
    """The image grows itself, and cloud-init's two modules then fail: off from the first boot on, not from the second as in the origin.

    Packages are live after a reboot. `package_reboot_if_required` looks for a file that nobody leaves for sure, and would reboot before
    runcmd: here the last thing of the first boot is a reboot, if `cloudinit/restart-needed.sh.j2` found that one is needed.
    """
    return {
        **_MODULES,
        "growpart": {"mode": "off"},
        "resize_rootfs": False,
        "package_update": True,
        "package_upgrade": False,
        "power_state": {"mode": "reboot", "delay": "now", "timeout": 60, "condition": f"test -e {RESTARTS}"},
    }


#: While it is there (never after a reboot), the machine is about to restart: the role `reachable` waits for that.
RESTARTS = "/run/stardock/restarts"


def first_commands(machine: Machine) -> tuple[str, ...]:
    """Run after the files are there, so the reboot method is set when rebootmgr goes.

    `grow-root.sh` does nothing where the image has grown already (growpart's 1). /var is a subvolume of the root's file system.
    """
    return (script("grow-root.sh"), script("guest-agent.sh"), *((APPLY_SYSCTL,) if sysctl(machine) else ()))


def last_commands(_machine: Machine) -> tuple[str, ...]:
    """Decide whether the first boot ends with a reboot."""
    return (filled("restart-needed.sh.j2", restarts=RESTARTS),)


def services(machine: Machine) -> dict[str, bool]:
    """Let rebootmgr run only on a machine that reboots itself."""
    return {"rebootmgr.service": own_window(machine) is not None}


#: A system of this family; what it says itself goes before this.
system = partial(
    System,
    first_user="root",
    renderer="network-manager",
    package_manager="transactional-update",
    packages=PACKAGES,
    packages_by_role=PACKAGES_BY_ROLE,
    storage=storage.SUSE,
    mesh_packages=("wireguard-tools", "nftables"),
    growth="the image itself at first boot, and a command of ours after it; cloud-init's growpart and resizefs are off",
    reboots="rebootmgr, in its window",
    answer_seconds=1200,  # it refreshes repositories, installs and restarts before the agent is there
    first_boot_seconds=1800,
    proxy=proxies.zypper,
    proxy_path=proxies.ZYPPER,
    cloud_config=cloud_config,
    first_commands=first_commands,
    last_commands=last_commands,
    services=services,
)
