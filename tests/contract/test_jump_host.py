"""A machine behind a jump host: two real sshds, the bundle's own connection between them, and whose host keys count (parity 79)."""

from __future__ import annotations

import json
import os
import pwd
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.patience import patient
from stardock.bundle import write_bundle
from stardock.model.facts import Facts, MachineFacts
from tests.plans import document, plan_of
from tests.waiting import until

pytestmark = pytest.mark.contract

SSHD = """\
HostKey {key}
AuthorizedKeysFile {authorized}
PidFile none
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
"""


def made_key(path: Path) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


def public(path: Path) -> str:
    return " ".join(path.with_name(f"{path.name}.pub").read_text().split()[:2])


@contextmanager
def sshd(folder: Path, authorized: str) -> Iterator[tuple[int, str]]:
    """An sshd that lets one key in; its port and host key."""
    folder.mkdir()
    host_key = made_key(folder / "host")
    (folder / "authorized").write_text(f"{authorized}\n")
    (folder / "config").write_text(SSHD.format(key=host_key, authorized=folder / "authorized"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "config"), "-o", "ListenAddress=127.0.0.1", "-p", str(port)]
    Path("/run/sshd").mkdir(exist_ok=True)
    with (folder / "log").open("w") as log:
        running = subprocess.Popen(command, stderr=log)
    try:
        until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, "an sshd to listen")
        yield port, public(host_key)
    finally:
        running.kill()
        running.wait()


def asked_through(folder: Path, known: str, authorized_by: Path, jump: int, machine: tuple[int, str]) -> subprocess.CompletedProcess[str]:
    """What a machine says to Ansible in a bundle, for a person whose ~/.ssh/known_hosts is `known`: a home of their own, for ssh alone."""
    data = document("single")
    data["ssh"] |= {"jump": f"root@127.0.0.1:{jump}", "port": machine[0]}
    seen = MachineFacts(addresses={"ens18": ("127.0.0.1",)}, host_keys=(machine[1],))
    write_bundle(plan_of(data)[0], Facts(cluster="single", machines={"server1": seen}), folder / "bundle")
    (folder / "home/.ssh").mkdir(parents=True, exist_ok=True)
    (folder / "home/.ssh/known_hosts").write_text(known)
    me = pwd.getpwuid(os.getuid())
    (folder / "passwd").write_text(
        f"{me.pw_name}:x:{me.pw_uid}:{me.pw_gid}::{folder}/home:/bin/sh\nsshd:x:105:65534::/run/sshd:/bin/false\n"
    )
    task = [
        "-m",
        "ansible.builtin.raw",
        "-a",
        "echo through $SSH_CONNECTION",
        "-e",
        json.dumps({"ansible_ssh_private_key_file": str(authorized_by)}),
    ]
    script = f'mount --bind {folder}/passwd /etc/passwd && exec ansible -i inventory server1 "$@"'
    command = ["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", script, "sh", *task]
    kept = {key: value for key, value in os.environ.items() if key != "SSH_AUTH_SOCK"}
    environment = {**kept, "ANSIBLE_SSH_ARGS": "-o ControlMaster=no -o PreferredAuthentications=publickey"}
    return subprocess.run(command, cwd=folder / "bundle", env=environment, capture_output=True, text=True, check=False, timeout=patient(60))


@pytest.mark.proves("feature jump hosts")
def test_a_machine_is_reached_through_its_jump_host_with_the_same_key_and_an_unknown_jump_host_is_refused(tmp_path: Path) -> None:
    key = made_key(tmp_path / "a key")
    with sshd(tmp_path / "jump", public(key)) as (jump, host_key), sshd(tmp_path / "machine", public(key)) as machine:
        known = f"[127.0.0.1]:{jump} {host_key}\n"
        through = asked_through(tmp_path, known, key, jump, machine)
        assert "through 127.0.0.1" in through.stdout, through.stdout + through.stderr
        assert "Accepted publickey" in (tmp_path / "jump/log").read_text(), "it went through the jump host"
        refused = asked_through(tmp_path, "", key, jump, machine)
        assert "through 127.0.0.1" not in refused.stdout
        assert "Host key verification failed" in refused.stdout + refused.stderr
