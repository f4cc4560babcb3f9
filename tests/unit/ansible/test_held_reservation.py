"""A reservation that is for more than its machine has yet: held back until the machine has it, with what it kept before as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stardock.distributions.reservations import arguments
from tests.unit.ansible.test_kubernetes_role import play

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature what nodes keep")]

OLD, NEW = list(arguments(70, 1024, 100)), list(arguments(90, 5632, 200))
USERS = "max-pods=50"
ROLE = {"name": "kubernetes", "rolespec_validate": False, "public": True}
TASKS: list[dict[str, Any]] = [
    {"ansible.builtin.include_role": {**ROLE, "tasks_from": "see"}},
    {"ansible.builtin.include_role": {**ROLE, "tasks_from": "held"}},
    {"stardock.machine.files": {"files": ["{{ kubernetes_main }}"], "marks": "{{ marks }}"}, "register": "written"},
    {"ansible.builtin.copy": {"content": "{{ [written.changed, kubernetes_held | default('')] | to_json }}", "dest": "{{ said }}"}},
]


def shown() -> int:
    """MiB that the kernel of this machine shows."""
    return next(int(line.split()[1]) // 1024 for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal:"))


def configured(folder: Path, *, memory_mib: int, millicores: int = 90, new: list[str] = NEW) -> tuple[list[str], bool, str]:
    """The kubelet's arguments after a run, whether the file changed, and what is told; `new` are for a machine of that size."""
    own = {
        "kubernetes_type": "agent", "kubernetes_config_dir": str(folder), "kubernetes_data_dir": str(folder / "data"),
        "kubernetes_password_file": str(folder / "password"), "kubernetes_service": "stardock-none.service",
        "kubernetes_version": "v1.36.5+rke2r1",
        "kubernetes_config": {"node-name": "agent1", "kubelet-arg": [USERS, *new]},
        "kubernetes_reservation": {"arguments": new, "memory_mib": memory_mib, "millicores": millicores},
        "marks": str(folder / "marks"), "said": str(folder / "said.json"), "stardock_agent_token": "t",
    }  # fmt: skip
    done = play(folder, TASKS, {"agent1": own})
    assert done.returncode == 0, done.stdout + done.stderr
    changed, told = json.loads((folder / "said.json").read_text())
    return YAML(typ="safe").load((folder / "config.yaml").read_text())["kubelet-arg"], changed, told


def test_memory_that_waits_for_its_power_cycle_is_not_what_the_kubelet_keeps_a_part_of(tmp_path: Path) -> None:
    small, large = shown(), shown() + 1
    assert configured(tmp_path, memory_mib=small, new=OLD) == ([USERS, *OLD], True, "")
    assert configured(tmp_path, memory_mib=large) == ([USERS, *OLD], False, str(small)), "the same bytes: no restart"
    assert configured(tmp_path, memory_mib=small) == ([USERS, *NEW], True, ""), "after it"


def written(folder: Path, *former: str) -> None:
    """A configuration of before."""
    (folder / "config.yaml").write_text("kubelet-arg:\n" + "".join(f"- {argument}\n" for argument in former))


def test_more_cores_than_there_are_yet_hold_it_back_too(tmp_path: Path) -> None:
    written(tmp_path, *OLD)
    assert configured(tmp_path, memory_mib=1, millicores=10_000_000)[0] == [USERS, *OLD]


def test_of_before_only_what_is_a_reservation_of_ours_is_kept(tmp_path: Path) -> None:
    written(tmp_path, "kube-reserved=cpu=1,memory=1Gi", "eviction-hard=memory.available<$(touch x)", "v=9")
    assert configured(tmp_path, memory_mib=shown() + 1)[0] == [USERS]


def test_of_what_a_pool_says_itself_nothing_of_before_is_kept(tmp_path: Path) -> None:
    """It said `kube-reserved` itself all the while, in our form; of ours is the threshold alone."""
    written(tmp_path, *OLD)
    assert configured(tmp_path, memory_mib=shown() + 1, new=NEW[1:])[0] == [USERS, OLD[1]]
