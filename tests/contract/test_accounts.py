"""What was granted on a machine and is no longer planned is taken away: the real role and usermod, over a copy of this machine's /etc."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.contract, pytest.mark.timeout(200)]

ANSIBLE = Path(__file__).parents[2] / "ansible"

#: $1: a folder with play.json; $2: what is put there before; then the inventories to run one after the other, with what they changed.
SCRIPT = """
set -eu
mount -t tmpfs tmpfs /mnt
cp -a /etc /mnt/etc
mount --bind /mnt/etc /etc
mount -t tmpfs tmpfs /home
mount -t tmpfs tmpfs /run
mkdir -p /mnt/cloud
mount --bind /mnt/cloud /var/lib
folder=$1
sh -euc "$2"
shift 2
for inventory; do
    flags=
    case $inventory in *.check) flags="--check --diff" ;; esac
    said=$folder/$inventory.out
    ansible-playbook -i "$folder/${inventory%.check}.json" $flags "$folder/play.json" >"$said" 2>&1 || { cat "$said"; exit 1; }
    {
        for name in alice bob carol mallory; do
            getent shadow $name | cut -d : -f 1,8
            test ! -e /home/$name/.ssh/authorized_keys || echo "key $name"
        done
        sed -n 's/ .*NOPASSWD.*/ sudo/p' /etc/sudoers.d/stardock 2>/dev/null
        test ! -d /home/bob || echo "home bob"
    } >"$folder/$inventory.state" || true
done
"""


def inventory(folder: Path, name: str, *users: str) -> None:
    """A machine with these users, as the bundle describes it."""
    homes = {user: f"/home/{user}" for user in users}
    keys: list[dict[str, Any]] = [
        {"path": f"{home}/.ssh/authorized_keys", "content": "ssh-ed25519 AAAA x\n", "owner": user, "group": "", "mode": "0600"}
        for user, home in homes.items()
    ]
    rules = "".join(f"{user} ALL=(ALL) NOPASSWD:ALL\n" for user in users)
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": "/usr/bin/python3",
        "machine_users": [{"name": user, "home": home, "keys": []} for user, home in homes.items()],
        "machine_files": [{"path": "/etc/sudoers.d/stardock", "content": rules, "mode": "0440"}, *keys],
        "machine_packages": [],
        "machine_package_manager": "none",
    }
    (folder / f"{name}.json").write_text(json.dumps({"all": {"hosts": {"m": variables}}}))


def states(folder: Path, before: str, runs: Sequence[str]) -> dict[str, list[str]]:
    """What was true after each run: accounts with the day on which they expire, keys, sudo rules."""
    (folder / "play.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "roles": ["machine"]}]))
    command = ["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", SCRIPT, "sh", str(folder), before, *runs]
    (folder / "bin").mkdir()
    (folder / "bin/loginctl").write_text(f'#!/bin/sh\necho "$@" >>{folder}/ended\n')
    (folder / "bin/loginctl").chmod(0o755)
    environment = {**os.environ, "ANSIBLE_ROLES_PATH": str(ANSIBLE / "roles"), "PATH": f"{folder}/bin:{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=ANSIBLE, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return {name: (folder / f"{name}.state").read_text().split("\n")[:-1] for name in runs}


def changed(folder: Path, name: str) -> int:
    return int((folder / f"{name}.out").read_text().rpartition("changed=")[2].split()[0])


@pytest.mark.proves("hostile 11")
def test_a_user_who_is_taken_out_loses_keys_sudo_and_every_way_in_and_nobody_else_does(tmp_path: Path) -> None:
    inventory(tmp_path, "both", "alice", "bob")
    inventory(tmp_path, "one", "alice")
    inventory(tmp_path, "again", "alice", "bob")
    (tmp_path / "one2.json").write_bytes((tmp_path / "one.json").read_bytes())
    mallory = "useradd --create-home mallory; mkdir -p /home/mallory/.ssh; touch /home/mallory/.ssh/authorized_keys"
    seen = states(tmp_path, mallory, ["both", "one.check", "one", "one2", "again"])
    both = ["alice:", "key alice", "bob:", "key bob", "mallory:", "key mallory", "alice sudo", "bob sudo", "home bob"]
    assert seen["both"] == seen["one.check"] == both
    assert "authorized_keys" in (tmp_path / "one.check.out").read_text()
    assert changed(tmp_path, "one.check") == changed(tmp_path, "one") == 3
    assert seen["one"] == ["alice:", "key alice", "bob:1", "mallory:", "key mallory", "alice sudo", "home bob"]
    assert (tmp_path / "ended").read_text() == "terminate-user bob\n"
    assert changed(tmp_path, "one2") == 0
    assert seen["one2"] == seen["one"]
    assert seen["again"] == both


@pytest.mark.proves("hostile 11")
def test_where_an_older_stardock_kept_no_record_its_sudo_rules_are_one(tmp_path: Path) -> None:
    inventory(tmp_path, "one", "alice")
    older = """
        useradd --create-home bob
        mkdir -p /home/bob/.ssh /etc/sudoers.d /etc/stardock
        touch /home/bob/.ssh/authorized_keys
        echo "bob ALL=(ALL) NOPASSWD:ALL" >/etc/sudoers.d/stardock
        printf '%s\\n' daemon ../../x '$(touch /home/x)' >/etc/stardock/accounts
    """
    seen = states(tmp_path, older, ["one"])
    assert seen["one"] == ["alice:", "key alice", "bob:1", "alice sudo", "home bob"]


#: user-data as Stardock writes it, of a first boot with two users who have no sudo.
USER_DATA = """#cloud-config
users:
  - name: alice
    lock_passwd: true
  - name: "bob"
    shell: /bin/bash
    ssh_authorized_keys:
      - ssh-ed25519 AAAA x
  - name: ../x
  - name: daemon
packages:
  - name: mallory
write_files:
  - path: /etc/sudoers.d/stardock
    content: |
      # Written by Stardock; the next bootstrap puts it back.
"""


@pytest.mark.proves("hostile 11")
@pytest.mark.parametrize("ours", [True, False])
def test_where_an_older_stardock_kept_no_record_its_first_boot_tells_of_users_without_sudo(tmp_path: Path, ours: bool) -> None:
    inventory(tmp_path, "one", "alice")
    (tmp_path / "user-data").write_text(USER_DATA if ours else USER_DATA.replace("Stardock", "another tool"))
    older = f"""
        mkdir -p /var/lib/cloud/instances/i-1
        cp {tmp_path}/user-data /var/lib/cloud/instances/i-1/user-data.txt
        for name in bob mallory; do
            useradd --create-home $name
            mkdir -p /home/$name/.ssh
            touch /home/$name/.ssh/authorized_keys
        done
    """
    seen = states(tmp_path, older, ["one"])
    bob = ["bob:1"] if ours else ["bob:", "key bob"]
    assert seen["one"] == ["alice:", "key alice", *bob, "mallory:", "key mallory", "alice sudo", "home bob"]
