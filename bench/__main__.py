"""`python -m bench`: every figure with the floor that it is compared with, as a Markdown table."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.clusters import cluster_yaml
from bench.measure import Figure, measure

PYTHON = sys.executable
OPEN = "import sys; from pathlib import Path; from stardock.workspace.workspace import open_workspace; open_workspace(Path(sys.argv[1]))"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    ours: Figure
    floor_is: str
    floor: Figure

    def markdown(self) -> str:
        """The line."""
        ratio = self.ours.cpu_seconds / self.floor.cpu_seconds
        ours = f"{self.ours.seconds:.2f} s | {self.ours.cpu_seconds:.2f} s | {self.ours.peak_mib:.0f} MiB"
        return f"| {self.what} | {ours} | {self.floor_is} | {self.floor.seconds:.2f} s | {self.floor.cpu_seconds:.2f} s | {ratio:.1f} |"


def startup() -> Iterator[Row]:
    """`runner --help` against a Python that imports click."""
    runner = str(Path(PYTHON).with_name("runner"))
    yield Row("`runner --help`", measure([runner, "--help"]), "import click", measure([PYTHON, "-c", "import click"]))


def plan(folder: Path) -> Iterator[Row]:
    """Read, check and plan, against importing the two libraries that it reads with."""
    floor = measure([PYTHON, "-c", "import pydantic, ruamel.yaml"])
    for machines, nodes in ((11, 3), (1000, 50)):
        file = _cluster(folder / f"plan{machines}", machines, nodes)
        what = f"plan of {machines} machines on {nodes} PVE nodes"
        yield Row(what, measure([PYTHON, "-c", OPEN, str(file)]), "import pydantic, ruamel.yaml", floor)


def _cluster(folder: Path, machines: int, nodes: int) -> Path:
    """A cluster alone in its folder: clusters beside each other are checked against each other."""
    folder.mkdir()
    file = folder / "cluster.yaml"
    file.write_text(cluster_yaml(machines, pve_nodes=nodes))
    return file


def synth(folder: Path) -> Iterator[Row]:
    """`python -O main.py` (what `cdktf synth` runs) against as many bare resources."""
    for machines, nodes, runs in ((11, 3, 3), (100, 3, 3), (1000, 50, 1)):
        out = folder / f"out{machines}"
        file = _cluster(folder / f"synth{machines}", machines, nodes)
        environment = {"STARDOCK_FILE": str(file), "CDKTF_OUTDIR": str(out), "STARDOCK_LOCK": "write"}
        ours = measure([PYTHON, "-O", "main.py"], runs=runs, **environment)
        stack = json.loads(next((out / "stacks").glob("*/cdk.tf.json")).read_text())
        resources = sum(len(named) for named in stack["resource"].values())
        floor = measure([PYTHON, "-m", "bench.floor_synth", str(resources)], runs=runs, CDKTF_OUTDIR=str(folder / "floor"))
        where = f"synth of {machines} machines on {nodes} PVE nodes, {resources} resources"
        yield Row(where, ours, "as many bare TerraformResources", floor)


def main() -> None:
    """Prints the table."""
    print("| what | wall | CPU | peak memory | floor | floor, wall | floor, CPU | ratio |\n|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for rows in (startup(), plan(folder), synth(folder)):
            for row in rows:
                print(row.markdown(), flush=True)


if __name__ == "__main__":
    main()
