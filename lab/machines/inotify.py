"""Room for the machines' inotify instances: a kernel limit that all of root's processes share, containers included.

systemd, journald, networkd and their like hold about a dozen in each machine, and the kernel's default of 128 is used up by ten machines.
The eleventh then does not boot to its end ("Failed to create inotify object: Too many open files"). LXC's and kind's documents ask for
the same change. It lasts until the host's next boot.
"""

from __future__ import annotations

from pathlib import Path

LIMIT = Path("/proc/sys/fs/inotify/max_user_instances")
ENOUGH = 1024


def make_room(limit: Path = LIMIT) -> str:
    """Raises the limit where it is lower; gives what was done in a line, or nothing."""
    before = int(limit.read_text())
    if before >= ENOUGH:
        return ""
    limit.write_text(f"{ENOUGH}\n")
    return f"raised this machine's fs.inotify.max_user_instances from {before} to {ENOUGH}, until its next boot: containers share it"
