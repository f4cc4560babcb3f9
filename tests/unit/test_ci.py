"""What CI and the inner loop run, as make itself tells it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]


def told(target: str) -> str:
    """What make would run, targets that it starts by itself included; nothing of it is run."""
    command = ["make", "--no-print-directory", "--dry-run", target, "SIDE_BY_SIDE=: make"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_make_check_is_lint_types_unit_and_synth_tests_and_nothing_that_boots() -> None:
    said = told("check")
    assert ": make --keep-going lint types" in said
    (run,) = re.findall(r"pytest .*", said)
    assert re.findall(r"tests\S*", run.removeprefix("pytest")) == ["tests/unit", "tests/synth"]


def test_ci_run_runs_make_test_one_vm_and_a_dozen_of_kubernetes_own_tests_whose_builds_go_on_beside_the_first() -> None:
    commands = (ROOT / ".ci/run").read_text()
    parts = ["tools/setup conformance", "make test ||", "make test-vm ||", 'wait "$builds"', "make test-dozen ||"]
    assert sorted(parts, key=commands.index) == parts
    assert "pytest -m dozen tests/conformance" in told("test-dozen")
    assert "pytest -m ci_vm tests/vm" in told("test-vm")
    marked = [path.name for path in (ROOT / "tests/vm").glob("test_*.py") if "pytest.mark.ci_vm" in path.read_text()]
    assert "test_single.py" in marked, "the VM that deploys; without any test pytest would fail"


def test_vms_real_nodes_and_kubernetes_own_tests_are_no_part_of_make_test() -> None:
    assert '-m "not vm and not nodes and not conformance and not cis and not long"' in told("suite")
    assert 'pytest -m "nodes and not long" tests/lab tests/conformance' in told("test-nodes")
    assert "pytest -m conformance tests/conformance" in told("test-conformance")
    assert "pytest -m cis tests/conformance" in told("test-cis")
    assert "pytest -m long tests/lab" in told("test-long")
