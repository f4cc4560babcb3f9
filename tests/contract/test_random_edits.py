"""A sample of the random edits of `tests/edits.py`, planned by the real provider over real state: no machine is replaced or destroyed.

Several edits at once of the quick start, and single edits of a random cluster with more hardware.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from stardock.errors import InputErrors
from tests.contract.engine import Engine, engine
from tests.contract.estate import NODES, USUAL, Estate, estate
from tests.edits import EDITS, Data, a_cluster
from tests.plans import document, plan_of
from tests.synth.running import synthesize, write_cluster

pytestmark = pytest.mark.contract

VM = "proxmox_virtual_environment_vm."
#: Edits at once, of which there are so many samples: the provider takes longer to start than to compare.
QUICKSTART, RANDOM = (5, 3), (1, 3)


def quickstart() -> Data:
    """Its machines by name."""
    data = document()
    del data["pools"][0]["count"], data["pools"][0]["pattern"]
    data["pools"][0]["machines"] = ["lb1", "lb2"]
    return data


def cluster() -> Data:
    """The first random one on at most three PVE nodes that has data disks, UEFI or a TPM, and agents."""
    for number in count():
        data = a_cluster(random.Random(number))  # noqa: S311  not a secret
        rich = {"data_disks", "firmware", "tpm"} & {word for pool in data["pools"] for word in pool}
        if len(rich) > 1 and len(data["pools"]) > 1 and len(data["proxmox"]["nodes"]) <= len(NODES) and _is_planned(data):
            return data
    raise AssertionError


def _is_planned(data: Data) -> bool:
    try:
        plan_of(data)
    except (InputErrors, ValueError):
        return False
    return True


@contextmanager
def applied(data: Data, folder: Path) -> Iterator[Applied]:
    """Made once; edits are planned over its state and never applied."""
    (folder / "pve").mkdir()
    with estate(folder / "pve", ssh=True, storages=USUAL | {"other": "dir", "nvme": "zfspool"}) as pve:
        for pool in ("lab", "prod"):
            pve.granted("POST", "/pools", {"poolid": pool})
        data["proxmox"]["endpoint"] = pve.settings.endpoint
        for node in data["proxmox"]["nodes"]:
            node |= {"address": "127.0.0.1", "ssh_port": pve.ssh_ports[node["name"]]}
        made = engine(pve, synthesize(write_cluster(folder, data)).path.parent)
        made.init()
        made.apply()
        yield Applied(folder, (folder / "cluster.lock").read_text(), data, pve)


@dataclass(frozen=True)
class Applied:
    """A cluster that exists, and the lock of that time."""

    folder: Path
    lock: str
    data: Data
    pve: Estate

    def replaces_nothing(self, at_once: int, sample: int) -> None:
        """Plans a sample of edits."""
        machines = {machine.name for machine in plan_of(self.data)[0].machines}
        after, names = edited(self.data, at_once, sample)
        (self.folder / "cluster.lock").write_text(self.lock)  # as it was before the other samples
        made = synthesize(write_cluster(self.folder, after))
        running: Engine = engine(self.pve, made.path.parent)
        changes = [change for change in running.plan() if change.address.startswith(VM)]
        deleted = {change.address.removeprefix(VM) for change in changes if "delete" in change.actions}
        assert deleted <= set(after.get("remove", ())), names
        assert machines - deleted <= set(made.machines), names


def edited(data: Data, at_once: int, sample: int) -> tuple[Data, list[str]]:
    """The file after some edits that it takes, and their names."""
    chance = random.Random(sample)  # noqa: S311  not a secret
    _, lock = plan_of(data)
    names: list[str] = []
    while len(names) < at_once:
        attempt, edit = copy.deepcopy(data), chance.choice(EDITS)
        edit(attempt, chance)
        try:
            plan_of(attempt, lock)
        except (InputErrors, ValueError):
            continue
        data, names = attempt, [*names, edit.__name__]
    return data, names


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Applied]:
    """The quick start."""
    with applied(quickstart(), tmp_path_factory.mktemp("quick")) as made:
        yield made


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Applied]:
    """A random cluster."""
    with applied(cluster(), tmp_path_factory.mktemp("rich")) as made:
        yield made


@pytest.mark.proves("feature plan and allocation")
@pytest.mark.parametrize("sample", range(QUICKSTART[1]))
def test_random_edits_replace_no_machine_by_the_real_providers_plan(quick: Applied, sample: int) -> None:
    quick.replaces_nothing(QUICKSTART[0], sample)


@pytest.mark.parametrize("sample", range(RANDOM[1]))
def test_a_single_edit_of_a_random_cluster_replaces_no_machine_by_the_real_providers_plan(rich: Applied, sample: int) -> None:
    rich.replaces_nothing(RANDOM[0], sample)
