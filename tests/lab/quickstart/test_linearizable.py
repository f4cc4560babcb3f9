"""What clients write and read through the VIP while machines fail is judged by porcupine: as of one copy, or not."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from lab.cache import cache_root
from lab.patience import patient
from tests.lab.cluster import Cluster
from tests.lab.quickstart.test_founded import SERVERS, holders
from tests.waiting import until

pytestmark = [pytest.mark.lab, pytest.mark.one_life("quick start"), pytest.mark.timeout(900)]

PROGRAM = cache_root() / "tools/linearizable/current/bin/linearizable"
CREDENTIALS = {
    "ca": ("cluster", "certificate-authority-data"),
    "cert": ("user", "client-certificate-data"),
    "key": ("user", "client-key-data"),
}
#: So long it writes and reads, that each failure has its time.
SECONDS = 60


def client(cluster: Cluster, folder: Path) -> list[str]:
    """The program with the address and the credentials of the kubeconfig that bootstrap wrote."""
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    named = {"cluster": config["clusters"][0]["cluster"], "user": config["users"][0]["user"]}
    for name, (part, key) in CREDENTIALS.items():
        with os.fdopen(os.open(folder / name, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
            file.write(base64.b64decode(named[part][key]))
    files = [f"--{name}={folder / name}" for name in CREDENTIALS]
    return [str(PROGRAM), f"--server={named['cluster']['server']}", *files, f"--seconds={SECONDS}"]


def verdict(run: subprocess.Popen[str]) -> dict[str, str | int]:
    said, _ = run.communicate(timeout=patient(200))
    assert said.lstrip().startswith("{"), said
    found: dict[str, str | int] = json.loads(said)
    return found


@pytest.mark.proves("feature load balancers and VIP")
def test_writes_and_reads_of_configmaps_through_the_vip_are_linearizable_while_haproxy_the_vip_s_holder_and_a_server_are_killed(
    cluster: Cluster, tmp_path: Path
) -> None:
    (killed,) = holders(cluster, "lb1", "lb2")
    (other,) = {"lb1", "lb2"} - {killed}
    cluster.wait_for_api()
    run = cluster.begin(*client(cluster, tmp_path))
    cluster.ssh(killed, "systemctl reload haproxy")
    cluster.ssh(killed, "systemctl kill --signal=KILL haproxy")
    cluster.kill(killed)
    until(lambda: holders(cluster, other), f"{other} to take the VIP")
    cluster.kill(SERVERS[2])
    found = verdict(run)
    for name in (killed, SERVERS[2]):
        cluster.start(name)
    assert found["linearizable"] == "yes", found
    assert min(int(found["reads"]), int(found["writes"])) > 100, found
    assert int(found["gap_ms"]) < SECONDS * 1000 * 3 / 4, f"requests went on after the failures: {found}"
    until(lambda: cluster.voters() == SERVERS, "all servers to vote again", 120)
