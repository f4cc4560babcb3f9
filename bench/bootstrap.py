"""How long `runner bootstrap` takes on the quick start, with nodes that are real, beside the floor of waits that nobody can avoid.

`python -m bench.bootstrap [TURNS]` makes a lab of 2 load balancers, 3 servers and an agent as often (3), from nothing each time: founds
the cluster, and runs again without a change. `python -m bench.bootstrap agents [AGENTS]` has three servers and 20 agents, of which only the
processes are emulated, and adds one. All that the first saw is in `build/bootstrap.json`.

The floor is what systemd on the machines says that the services themselves needed, from their start until they said that they are ready
(both distributions are Type=notify): etcd takes one member at a time, so those of servers are added up; agents start side by side, so
the slowest counts.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from stardock.distributions import DISTRIBUTIONS
from tests.lab.cluster import ROOT, Cluster, example_as

JSON = ROOT / "build/bootstrap.json"
SERVERS, AGENTS = ("server1", "server2", "server3"), ("agent1",)
STARTED = "systemctl show --property=ExecMainStartTimestampMonotonic,ActiveEnterTimestampMonotonic {service}"


@dataclass(frozen=True)
class Turn:
    """Seconds: of a run from nothing, each of its stages, the floor, and a run again."""

    founded: float
    stages: dict[str, float]
    floor: float
    again: float


def last_run(cluster: Cluster) -> dict[str, Any]:
    """What `runner runs` says of the last one."""
    runs: list[dict[str, Any]] = json.loads(cluster.command("runs", "-f", str(cluster.file), "--format", "json").stdout)
    return runs[-1]


def needed(cluster: Cluster, machine: str, service: str) -> float:
    """Seconds from the start of a machine's service until it said that it is ready."""
    told = dict(line.split("=", 1) for line in cluster.ssh(machine, STARTED.format(service=service)).split())
    return (int(told["ActiveEnterTimestampMonotonic"]) - int(told["ExecMainStartTimestampMonotonic"])) / 1e6


def floor(cluster: Cluster) -> float:
    """The servers' starts one after the other, then the slowest agent's."""
    services = DISTRIBUTIONS["rke2"].services
    servers = sum(needed(cluster, name, services["server"]) for name in SERVERS)
    return servers + max(needed(cluster, name, services["agent"]) for name in AGENTS)


def turn(folder: Path) -> Turn:
    """One cluster from nothing."""
    with Cluster("bench-boot", example_as("bench-boot", folder), "real").deployed() as cluster:
        cluster.bootstrap()
        first, least = last_run(cluster), floor(cluster)
        cluster.bootstrap()
        stages = {stage["name"]: stage["milliseconds"] / 1000 for stage in first["stages"]}
        return Turn(first["milliseconds"] / 1000, stages, least, last_run(cluster)["milliseconds"] / 1000)


def report(turns: Sequence[Turn]) -> None:
    """Medians, and the worst."""
    JSON.write_text(json.dumps([asdict(one) for one in turns], indent=2))
    for name in ("founded", "floor", "again"):
        seen = [getattr(one, name) for one in turns]
        print(f"{name:10} {statistics.median(seen):6.1f} s, worst {max(seen):.1f} s")
    for stage in turns[0].stages:
        print(f"  {stage:14} {statistics.median(one.stages[stage] for one in turns):6.1f} s")


def more_agents(folder: Path, count: int) -> None:
    """One agent more among so many."""
    source = example_as("bench-agents", folder)
    text = source.read_text()
    names = [f"agent{number}" for number in range(1, count + 1)]
    source.write_text(text.replace("machines: [agent1]", f"machines: [{', '.join(names)}]"))
    with Cluster("bench-agents", source).deployed() as cluster:
        cluster.bootstrap()
        print(f"{count} agents from nothing: {last_run(cluster)['milliseconds'] / 1000:.1f} s")
        cluster.edit(rf"{names[-1]}\]", f"{names[-1]}, agent{count + 1}]")
        cluster.deploy()
        cluster.bootstrap()
        print(f"one more: {last_run(cluster)['milliseconds'] / 1000:.1f} s, {last_run(cluster)}")


def main(words: Sequence[str]) -> None:
    """The one or the other."""
    with tempfile.TemporaryDirectory() as folder:
        if words[:1] == ["agents"]:
            more_agents(Path(folder), int(words[1]) if words[1:] else 20)
        else:
            report([turn(Path(folder) / str(number)) for number in range(int(words[0]) if words else 3)])


if __name__ == "__main__":
    main(sys.argv[1:])
