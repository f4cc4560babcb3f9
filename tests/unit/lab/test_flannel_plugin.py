"""The CNI plugin `flannel`: it hands over to `bridge`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

PLUGIN = Path(__file__).parents[3] / "lab/standin/flannel-cni"

pytestmark = pytest.mark.unit


def delegated(folder: Path, subnet: str) -> dict[str, Any]:
    (folder / "bridge").write_text("#!/bin/sh\nexec cat\n")
    (folder / "bridge").chmod(0o755)
    (folder / "subnet.env").write_text(subnet)
    given = {
        "cniVersion": "1.0.0", "name": "cbr0", "type": "flannel", "subnetFile": str(folder / "subnet.env"),
        "delegate": {"hairpinMode": True, "isDefaultGateway": True},
    }  # fmt: skip
    variables = {"CNI_PATH": str(folder), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([PLUGIN], input=json.dumps(given), capture_output=True, text=True, check=True, env=variables)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_the_machines_subnet_and_mtu_go_to_bridge_and_the_delegates_own_words_win(tmp_path: Path) -> None:
    text = "FLANNEL_NETWORK=10.42.0.0/16\nFLANNEL_SUBNET=10.42.3.1/24\nFLANNEL_MTU=1400\nFLANNEL_IPMASQ=true\n"
    result = delegated(tmp_path, text)
    assert result["ipam"] == {
        "type": "host-local", "ranges": [[{"subnet": "10.42.3.0/24"}]], "routes": [{"dst": "10.42.0.0/16"}],
    }  # fmt: skip
    assert (result["mtu"], result["ipMasq"], result["hairpinMode"], result["type"]) == (1400, False, True, "bridge")


def test_both_families_have_a_range_and_a_route(tmp_path: Path) -> None:
    four = "FLANNEL_NETWORK=10.42.0.0/16\nFLANNEL_SUBNET=10.42.3.1/24\n"
    six = "FLANNEL_IPV6_NETWORK=fd00:42::/56\nFLANNEL_IPV6_SUBNET=fd00:42:0:3::1/64\n"
    result = delegated(tmp_path, four + six)
    assert [entry[0]["subnet"] for entry in result["ipam"]["ranges"]] == ["10.42.3.0/24", "fd00:42:0:3::/64"]
    assert [entry["dst"] for entry in result["ipam"]["routes"]] == ["10.42.0.0/16", "fd00:42::/56"]
