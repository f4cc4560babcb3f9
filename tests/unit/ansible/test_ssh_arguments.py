"""`ssh.extra_args`, as ssh itself understands what Ansible gives it (parity 78)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from stardock.bundle import write_bundle
from stardock.model.facts import Facts
from tests.plans import document, plan_of

pytestmark = pytest.mark.unit

#: In ssh's place: ssh itself tells what it would do with these arguments.
STUB = '#!/bin/sh\nssh -G "$@" > "$TOLD"\nexit 1\n'


def understood(folder: Path, arguments: str = "-4", machine: str = "lb1", **given: str) -> dict[str, str]:
    """The settings of ssh for a machine; `given` are further keys of `ssh`."""
    data = document()
    data["ssh"] |= {"extra_args": arguments, "port": 2222, **given}
    data["pools"][1] = {"name": "servers", "role": "server", "machines": ["server1", {"name": "server2", "ssh_jump": "none"}]}
    data["pools"][2]["ssh_jump"] = "root@[fd00::7]"
    folder.mkdir(exist_ok=True)
    write_bundle(plan_of(data)[0], Facts(cluster="quickstart"), folder / "bundle")
    stub = folder / "ssh"
    stub.write_text(STUB)
    stub.chmod(0o755)
    environment = {**os.environ, "ANSIBLE_SSH_EXECUTABLE": str(stub), "TOLD": str(folder / "told")}
    key = ["-e", f"ansible_ssh_private_key_file='{folder}/a %key'"]
    command = ["ansible", "-i", "inventory", machine, "-m", "ansible.builtin.raw", "-a", "true", *key]
    subprocess.run(command, cwd=folder / "bundle", env=environment, capture_output=True, check=False)
    return dict(line.split(" ", 1) for line in (folder / "told").read_text().splitlines() if " " in line)


@pytest.mark.proves("feature further arguments of ssh")
def test_further_arguments_reach_ssh_and_who_is_trusted_stays(tmp_path: Path) -> None:
    found = understood(tmp_path, "-o Compression=yes -4 -o 'ProxyCommand=nc -x 192.0.2.1:1080 %h %p'")
    assert (found["compression"], found["addressfamily"], found["port"]) == ("yes", "inet", "2222")
    assert found["proxycommand"] == "nc -x 192.0.2.1:1080 %h %p"
    assert found["stricthostkeychecking"] == "true"
    assert found["userknownhostsfile"] == str((tmp_path / "bundle/known_hosts").resolve())
    assert (found["globalknownhostsfile"], found["forwardagent"]) == ("/dev/null", "no")


def test_a_template_among_them_stays_text(tmp_path: Path) -> None:
    assert understood(tmp_path, "-o 'ProxyCommand={{ 7 * 7 }}'")["proxycommand"] == "{{ 7 * 7 }}"


@pytest.mark.proves("feature jump hosts")
def test_a_jump_host_is_a_command_with_the_same_key_whose_host_key_must_be_known(tmp_path: Path) -> None:
    found = understood(tmp_path, jump="ops@bastion.lan:2022")
    always = "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o ForwardAgent=no"
    assert found["proxycommand"] == f"{always} -p 2022 -i '{tmp_path}/a %%key' -W [%h]:%p ops@bastion.lan"
    assert (found["stricthostkeychecking"], found["forwardagent"]) == ("true", "no")


@pytest.mark.proves("feature jump hosts")
def test_a_pool_has_its_own_jump_host_and_a_machine_may_have_none(tmp_path: Path) -> None:
    assert understood(tmp_path, machine="agent1", jump="bastion.lan")["proxycommand"].endswith("-W [%h]:%p root@fd00::7")
    assert "proxycommand" not in understood(tmp_path / "2", machine="server2", jump="bastion.lan")
    assert "bastion.lan" in understood(tmp_path / "3", machine="server1", jump="bastion.lan")["proxycommand"]
