"""`python -m bench.doctor`: `runner doctor` on an emulated estate of 100 PVE nodes that answer after 50 ms, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests
from ruamel.yaml import YAML

from bench.clusters import cluster_yaml
from lab.pve import access_key, create_app, serving
from lab.pve.flags import PowerFlags
from lab.settings import LabSettings, Network, PveNode
from stardock.estate.role import commands
from stardock.estate.token import default_user
from stardock.workspace.workspace import open_workspace
from tests.contract import pveum

NODES, LATENCY = 100, 0.05
ROOT = "root@pam!bench=11111111-2222-3333-4444-555555555555"
DOCTOR = ["-c", "from stardock.cli.main import main; main()", "doctor", "--format", "json", "-f"]
SURVEY = """\
import os, resource, sys, time
from pathlib import Path
from stardock.estate.connection import Estate
from stardock.estate.survey import survey
from stardock.workspace.workspace import open_workspace
plan = open_workspace(Path(sys.argv[1])).plan
estate = Estate.from_environment(plan.proxmox, os.environ, seconds=10.0)
began = time.monotonic()
survey(estate, plan, time.time)
print(f"{time.monotonic() - began:.2f} s, {resource.getrusage(resource.RUSAGE_SELF).ru_utime:.2f} s of CPU with imports")
"""


def settings(folder: Path, port: int) -> LabSettings:
    """A hundred PVE nodes with a bridge."""
    nodes = tuple(PveNode(f"pve{number}", "127.0.0.1") for number in range(1, NODES + 1))
    return LabSettings("bench", str(folder), nodes, (Network("vmbr0", "10.20.255.1/16"),), "none", f"https://127.0.0.1:{port}")


def cluster(folder: Path, endpoint: str) -> Path:
    """A machine on each PVE node; nobody listens where their sshd should, which is told soon."""
    yaml = YAML()
    data = yaml.load(cluster_yaml(NODES, pve_nodes=NODES))
    data["proxmox"] |= {"endpoint": endpoint, "ssh": {"private_key": str(access_key(folder))}}
    data["proxmox"]["nodes"] = [
        {"name": name, "address": f"127.0.1.{number}", "ssh_port": 1} for number, name in enumerate(data["proxmox"]["nodes"], 1)
    ]
    file = folder / "cluster.yaml"
    with file.open("w") as stream:
        yaml.dump(data, stream)
    return file


def role(file: Path, port: int, trust: str) -> str:
    """The token that `runner proxmox-role` makes."""

    def ask(method: str, path: str, parameters: dict[str, str]) -> object:
        answer = requests.request(
            method,
            f"https://127.0.0.1:{port}/api2/json{path}",
            data=parameters,
            headers={"Authorization": f"PVEAPIToken={ROOT}"},
            verify=trust,
            timeout=10,
        )
        assert answer.ok, answer.reason
        return answer.json()["data"]

    plan = open_workspace(file).plan
    return pveum.run(commands(plan, default_user(plan.cluster)), ask)


def serve(folder: Path, port: int) -> None:
    """The estate, for as long as its parent lets it."""
    made = settings(folder, port)
    with serving(create_app(made, PowerFlags(folder / "power.json"), ROOT), made):
        print("ready", flush=True)
        sys.stdin.read()


def main() -> None:
    """Prints seconds: of the survey, of the whole command."""
    port = int(os.environ.get("BENCH_PORT", "38006"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = [sys.executable, "-m", "bench.doctor", str(folder), str(port)]
        with subprocess.Popen(server, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout
            assert process.stdin
            process.stdout.readline()
            file, trust = cluster(folder, f"https://127.0.0.1:{port}"), str(folder / "ca.pem")
            environment = {**os.environ, "SSL_CERT_FILE": trust, "PROXMOX_VE_API_TOKEN": role(file, port, trust)}
            requests.post(f"https://127.0.0.1:{port}/lab/delay", json={"answers": LATENCY}, verify=trust, timeout=10).raise_for_status()
            print("survey:", subprocess.check_output([sys.executable, "-c", SURVEY, str(file)], env=environment, text=True).strip())
            began = time.monotonic()
            subprocess.run([sys.executable, *DOCTOR, str(file)], env=environment, stdout=subprocess.DEVNULL, check=False)
            print(f"runner doctor: {time.monotonic() - began:.2f} s")
            process.stdin.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(Path(sys.argv[1]), int(sys.argv[2]))
    else:
        main()
