"""The sshd of each emulated PVE node: SFTP for root into that node's own storages, and nothing else.

Each runs in a mount namespace of its own, chrooted into a root that holds that node's file-based storages (/var/lib/vz, /mnt/pve/...)
and no more, so that no file of the host can be touched, and what is uploaded to one node is not on another, but on a shared storage.
Key-only; the key is <directory>/ssh/id_ed25519 (`access_key`). No shell: an upload mode that needs one fails, as it would for an account
without sudo.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from lab.access import access_key, ensure_ssh_key
from lab.patience import patient
from lab.pve.storage import Storage
from lab.settings import LabSettings, PveNode

#: For `start_sshd`: the sshd ends with the thread that started it, however that ends.
END_WITH_PARENT = ("setpriv", "--pdeathsig", "TERM", "--")
#: An account that is not root: it owns its home, and no storage's folder unless that is given to it.
ACCOUNT, ACCOUNT_ID = "terraform", 1000
#: How long a start may take, in seconds.
_PATIENCE = 10.0

_CONFIG = """\
ListenAddress {address}:{port}
HostKey /mnt/ssh/host_key
PidFile none
AuthorizedKeysFile /mnt/ssh/authorized_keys
StrictModes no
UsePAM no
UseDNS no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowTcpForwarding no
X11Forwarding no
ChrootDirectory /mnt/root
ForceCommand internal-sftp
Subsystem sftp internal-sftp
"""

# $1: the folder of all nodes' storages, $2: the node's folder of sshd's files; both are opened first, since they may lie below what is
# mounted over. Then pairs: a storage's folder in $1, and where the node has it.
# Everything is mounted inside this mount namespace only.
_SCRIPT = """\
set -eu
exec 3<"$1" 4<"$2"
shift 2
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir -p /mnt/root/home/terraform /mnt/ssh
chown 1000:1000 /mnt/root/home/terraform
while [ $# -gt 0 ]; do
    mkdir -p "/mnt/root$2"
    mount --no-canonicalize --bind "/proc/self/fd/3/$1" "/mnt/root$2"
    shift 2
done
cp /proc/self/fd/4/* /mnt/ssh/
exec 3<&- 4<&-
chmod 600 /mnt/ssh/*
chmod 644 /mnt/ssh/passwd /mnt/ssh/authorized_keys
mount --bind /mnt/ssh/passwd /etc/passwd
mount --bind /mnt/ssh/shadow /etc/shadow
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/sshd
exec "$(command -v sshd || echo /usr/sbin/sshd)" -D -e -f /mnt/ssh/sshd_config
"""


def start_sshd(settings: LabSettings, node: PveNode, *, port: int = 22, prefix: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    """Starts the node's sshd on its address in the caller's network namespace; ending the process ends it. Needs root.

    `prefix` is put before the command (END_WITH_PARENT, for a caller that is no lab). Returns once it listens; what it says goes to
    <directory>/pve/<node>/sshd.log. Raises OSError when it ends or stays silent.
    """
    root = Path(settings.directory).absolute() / "pve"
    home = root / node.name
    places = [place for name, kind in node.storages.items() for place in _place(Storage(name, kind), root, node)]
    files = _prepare(settings, node, home / "ssh", port)
    with (home / "sshd.log").open("ab") as log:
        process = subprocess.Popen(
            [*prefix, "unshare", "--mount", "--propagation", "private", "--", "sh", "-c", _SCRIPT, "sh", str(root), str(files), *places],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=os.environ | {"LC_ALL": "C"},
        )  # fmt: skip
    _wait(process, node.address, port)
    return process


def _place(storage: Storage, root: Path, node: PveNode) -> tuple[str, ...]:
    """Where a storage's files are below `root`, and where the node shows them; nothing for a block device."""
    if not storage.holds_files:
        return ()
    folder = storage.folder(root, node.name)
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder.relative_to(root)), storage.path


def _wait(process: subprocess.Popen[bytes], address: str, port: int) -> None:
    deadline = time.monotonic() + patient(_PATIENCE)
    while True:
        try:
            socket.create_connection((address, port), timeout=1).close()
        except OSError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise OSError(f"the sshd of {address} does not listen on port {port}: see its sshd.log") from error
            time.sleep(0.02)
        else:
            return


def _prepare(settings: LabSettings, node: PveNode, folder: Path, port: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    ensure_ssh_key(folder / "host_key", node.name)
    public = access_key(settings.directory).with_suffix(".pub")
    (folder / "authorized_keys").write_bytes(public.read_bytes())
    (folder / "sshd_config").write_text(_CONFIG.format(address=node.address, port=port), encoding="utf-8")
    users = list(dict.fromkeys(["root", settings.ssh_user]))
    accounts = [f"{user}:x:0:0::/:/bin/sh" for user in users] + ["sshd:x:102:65534::/run/sshd:/usr/sbin/nologin"]
    accounts.append(f"{ACCOUNT}:x:{ACCOUNT_ID}:{ACCOUNT_ID}::/home/{ACCOUNT}:/bin/sh")
    users.append(ACCOUNT)
    (folder / "passwd").write_text("\n".join(accounts) + "\n", encoding="utf-8")
    (folder / "shadow").write_text("".join(f"{user}:*:1::::::\n" for user in [*users, "sshd"]), encoding="utf-8")
    return folder
