"""A sample of the random edits of `tests/edits.py`, planned by the real provider over real state: no machine is replaced or destroyed."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from stardock.errors import InputErrors
from tests.contract.engine import Engine, engine
from tests.contract.estate import Estate, estate
from tests.edits import EDITS, Data
from tests.plans import document, plan_of
from tests.synth.running import synthesize, write_cluster

pytestmark = pytest.mark.contract

VM = "proxmox_virtual_environment_vm."
MACHINES = {"lb1", "lb2", "server1", "server2", "server3", "agent1"}
#: Each plan has so many edits at once: the provider takes longer to start than to compare.
AT_ONCE, SAMPLES = 5, 3


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, Data, Estate]]:
    """The quick start, applied once; edits are planned over its state and never applied."""
    folder = tmp_path_factory.mktemp("random")
    with estate(tmp_path_factory.mktemp("pve"), ssh=True) as pve:
        data = document()
        del data["pools"][0]["count"], data["pools"][0]["pattern"]
        data["pools"][0]["machines"] = ["lb1", "lb2"]
        data["proxmox"]["endpoint"] = pve.settings.endpoint
        for node in data["proxmox"]["nodes"]:
            node |= {"address": "127.0.0.1", "ssh_port": pve.ssh_ports[node["name"]]}
        made = engine(pve, synthesize(write_cluster(folder, data)).path.parent)
        made.init()
        made.apply()
        yield folder, (folder / "cluster.lock").read_text(), data, pve


def edited(data: Data, sample: int) -> tuple[Data, list[str]]:
    """The file after some edits that it takes, and their names."""
    chance = random.Random(sample)  # noqa: S311  not a secret
    _, lock = plan_of(data)
    names: list[str] = []
    while len(names) < AT_ONCE:
        attempt, edit = copy.deepcopy(data), chance.choice(EDITS)
        edit(attempt, chance)
        try:
            plan_of(attempt, lock)
        except (InputErrors, ValueError):
            continue
        data, names = attempt, [*names, edit.__name__]
    return data, names


@pytest.mark.parametrize("sample", range(SAMPLES))
def test_random_edits_replace_no_machine_by_the_real_providers_plan(deployed: tuple[Path, str, Data, Estate], sample: int) -> None:
    folder, lock, data, pve = deployed
    after, names = edited(data, sample)
    (folder / "cluster.lock").write_text(lock)  # as it was before the other samples
    made = synthesize(write_cluster(folder, after))
    running: Engine = engine(pve, made.path.parent)
    deleted = {change.address.removeprefix(VM) for change in running.plan() if change.address.startswith(VM) and "delete" in change.actions}
    assert deleted <= set(after.get("remove", ())), names
    assert MACHINES - deleted <= set(made.machines), names
