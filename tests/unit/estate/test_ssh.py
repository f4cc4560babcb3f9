"""Where a PVE node's sshd is looked for: where the provider looks, so that doctor and drift judge the door that the upload takes."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stardock.estate.ssh import KEY_VARIABLE, Door, door, environment_key, sftp_command
from stardock.model.settings import Proxmox, PveNode

pytestmark = pytest.mark.unit

COROSYNC: dict[str, Any] = {"iface": "eno2", "address": "192.0.2.11", "cidr": "192.0.2.11/24"}
BRIDGE: dict[str, Any] = {"iface": "vmbr0", "address": "10.0.0.11/24", "gateway": "10.0.0.1"}
BRIDGE6: dict[str, Any] = {"iface": "vmbr1", "address6": "2001:db8::11", "gateway6": "2001:db8::1"}


def address(*interfaces: dict[str, Any], node: PveNode | None = None) -> str:
    return door(Proxmox(endpoint=None, nodes=()), node or PveNode(name="pve1"), interfaces, None).address


def test_what_cluster_yaml_says_goes_before_what_proxmox_tells() -> None:
    assert address(BRIDGE, node=PveNode(name="pve1", address="10.9.9.9")) == "10.9.9.9"


@pytest.mark.parametrize(
    ("interfaces", "found"),
    [
        ((COROSYNC, BRIDGE6, BRIDGE), "10.0.0.11"),
        ((COROSYNC, BRIDGE6), "2001:db8::11"),
        (({"iface": "lo"}, COROSYNC), "192.0.2.11"),
        ((), "pve1"),
    ],
    ids=["the IPv4 gateway's, not corosync's", "the IPv6 gateway's", "any IPv4", "the node's name"],
)
def test_the_interface_with_a_gateway_has_the_address(interfaces: tuple[dict[str, Any], ...], found: str) -> None:
    assert address(*interfaces) == found


@pytest.mark.parametrize("told", ["-oProxyCommand=touch /tmp/x", "10.0.0.11 rm", "host.example", 7, "10.0.0.11\n"])
def test_what_is_no_address_is_not_taken_for_one(told: object) -> None:
    assert address({"iface": "vmbr0", "address": told, "gateway": "10.0.0.1"}) == "pve1"


def test_a_key_of_the_environment_lies_in_memory_for_us_alone_and_goes_with_the_login(key: Path) -> None:
    text, where = key.read_text(), Door("h", 22, "root")
    with environment_key(where, {KEY_VARIABLE: text}) as descriptor:
        assert descriptor is not None
        held = Path(f"/proc/{os.getpid()}/fd/{descriptor}")
        shown = subprocess.run(["ssh-keygen", "-y", "-f", str(held)], capture_output=True, text=True, check=True)
        assert shown.stdout.startswith("ssh-ed25519 ")
        assert stat.S_IMODE(os.fstat(descriptor).st_mode) == 0o600
        assert f"IdentityFile={held}" in sftp_command(where, descriptor)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_a_named_key_goes_before_that_of_the_environment(key: Path) -> None:
    with environment_key(Door("h", 22, "root", key), {KEY_VARIABLE: key.read_text()}) as descriptor:
        assert descriptor is None


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A key that opens nothing here."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    return tmp_path / "key"
