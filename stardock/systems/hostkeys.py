"""The public SSH host keys in a file that the guest agent may read, so that `runner discover` finds them on every system.

Under SELinux the agent (`virt_qemu_ga_t`) has no rule for `sshd_key_t`, the label of /etc/ssh/ssh_host_*, and its boolean for such files
is off; `etc_t`, the label of a new file under /etc/stardock, it reads (openSUSE/selinux-policy, asked with sesearch). A path unit of
systemd keeps the copy true: made at each boot after sshd's own keys, and again whenever they change (`init_t` may watch all folders that
hold no secrets of SELinux's own, and a shell that it starts is unconfined: init.te).
"""

from __future__ import annotations

from stardock.systems.managed import ManagedFile
from stardock.systems.scripts import script

#: The unit that is switched on; it brings the other one along.
UNIT = "stardock-host-keys.path"

_UNITS = (UNIT, "stardock-host-keys.service")


def files() -> tuple[ManagedFile, ...]:
    """The script and its two units; the same on every machine."""
    units = (ManagedFile(f"/etc/systemd/system/{name}", script(name)) for name in _UNITS)
    return (ManagedFile("/etc/stardock/host-keys.sh", script("host-keys.sh"), "0755"), *units)
