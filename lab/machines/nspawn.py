"""systemd-nspawn's command line for one boot of a machine, on a host whose own init may not be systemd.

The order of things, each of which cost somebody a day: a network namespace for this boot alone, in which the NICs already carry
their final names (nspawn 252 cannot rename; two machines' `ens18` would meet in a shared one); the machine's own cgroups, entered
before nspawn starts; then nspawn, which moves the NICs on into the container. /sys is read-only in the lab's mount namespace,
or nspawn waits for a udev that is not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from lab.machines.hypervisor import Guest

#: what Kubernetes' and keepalived's services ask for beyond nspawn's own list; the machine's kernel is shared, so the list stays short
_CAPABILITIES = "CAP_NET_ADMIN,CAP_NET_RAW,CAP_SYS_NICE,CAP_IPC_LOCK"
#: where machines see the programs and images that a real one would fetch from a registry
LAB_FOLDER = "/opt/stardock-lab"
#: nspawn's exit status for "the guest asked for a reboot"
REBOOT = 133

#: says `ready` once it has its own network namespace and cgroups, waits for a line, becomes nspawn
_LAUNCH = """
for procs in $1; do echo $$ > "$procs" || exit 1; done
shift
echo ready
read -r go && [ "$go" = go ] || exit 1
exec "$@" </dev/null >>"$CONSOLE" 2>&1
"""


def launcher(procs: Iterable[Path], command: Iterable[str]) -> list[str]:
    """Runs `command` in a new network namespace and in the cgroups whose cgroup.procs files are given (paths without blanks)."""
    return ["unshare", "--net", "sh", "-c", _LAUNCH, "sh", " ".join(map(str, procs)), *command]


def environment(console: Path) -> dict[str, str]:
    """For the launcher. /tmp stays on the disk, as on Debian 12."""
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "CONSOLE": str(console), "SYSTEMD_NSPAWN_TMPFS_TMP": "0"}


def command(guest: Guest, root: Path, files: Mapping[str, Path]) -> list[str]:
    """Boots `root` with the guest's NICs (already in this namespace) and, read-only, files below the lab's folder."""
    return [
        "systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--settings=no",
        f"--machine={machine_name(guest)}", f"--directory={root}",
        f"--capability={_CAPABILITIES}",
        "--resolv-conf=off", "--timezone=off", "--link-journal=no", "--console=pipe",
        *(f"--network-interface=ens{18 + nic.index}" for nic in guest.nics),
        *([] if guest.nics else ["--private-network"]),
        *(f"--bind-ro={path}:{LAB_FOLDER}/{name}" for name, path in files.items()),
    ]  # fmt: skip


def machine_name(guest: Guest) -> str:
    """A host name for the container until cloud-init sets the real one."""
    name = re.sub(r"[^a-zA-Z0-9-]", "-", guest.name).strip("-")[:60]
    return name or f"vm{guest.vm_id}"
