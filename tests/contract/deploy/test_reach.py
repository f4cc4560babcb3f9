"""PVE nodes that each have an SSH port, account and key of their own, behind a SOCKS proxy; and a key that only an agent has."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.contract.deploy.estate import EmulatedEstate, until
from tests.contract.socks import socks_proxy

pytestmark = pytest.mark.contract


@pytest.mark.proves("feature reaching Proxmox")
def test_snippets_reach_each_pve_node_by_its_own_port_user_and_key_through_a_socks_proxy(estate: EmulatedEstate) -> None:
    data, nodes = estate.data, estate.data["proxmox"]["nodes"]
    shutil.copy(data["proxmox"]["ssh"]["private_key"], estate.folder / "pve.key")
    (estate.folder / "wrong.key").write_text("no key at all")
    data["pools"] = [{"name": "servers", "role": "server", "machines": ["server1", "server2", "server3"]}]
    del data["network"]["vip"]
    with socks_proxy() as (proxy, asked):
        data["proxmox"]["ssh"] = {"user": "nobody", "private_key": "wrong.key", "socks5": proxy}
        for node in nodes:
            node |= {"ssh_user": "root", "ssh_private_key": "pve.key"}
        estate.write()
        estate.deploy()
        assert set(asked) == {node["ssh_port"] for node in nodes}
    assert len(estate.vms()) == 3
    for number, node in enumerate(nodes, 1):
        snippets = {path.name for path in (estate.folder.parent / f"lab/pve/{node['name']}/local/snippets").iterdir()}
        assert snippets == {f"quickstart.server{number}.{document}.yaml" for document in ("user", "network", "meta")}


@contextmanager
def agent(folder: Path, key: Path) -> Iterator[str]:
    """An ssh-agent that holds the key; its socket."""
    socket = str(folder / "agent")
    running = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL)
    try:
        until(lambda: Path(socket).exists())
        subprocess.run(["ssh-add", "-q", str(key)], env={**os.environ, "SSH_AUTH_SOCK": socket}, check=True)
        yield socket
    finally:
        running.terminate()
        running.wait()


def test_without_a_key_in_the_file_the_ssh_agents_is_used(estate: EmulatedEstate, tmp_path: Path) -> None:
    key = Path(estate.data["proxmox"]["ssh"].pop("private_key"))
    estate.data["pools"] = [{"name": "servers", "role": "server", "machines": ["server1"]}]
    del estate.data["network"]["vip"]
    estate.write()
    with agent(tmp_path, key) as socket:
        key.rename(key.with_suffix(".away"))
        code, said = estate.run("deploy", "--timeout", "20", SSH_AUTH_SOCK=socket)
    assert code == 0, said
    assert set(estate.vms().values()) == {"running"}
