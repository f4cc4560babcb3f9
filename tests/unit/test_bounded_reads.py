"""Files of anybody's are read through one door, bounded: a sparse GiB fills no memory, and a loop of links is called one."""

from __future__ import annotations

import ast
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stardock.errors import InputErrors
from stardock.reading import read_file
from stardock.workspace.state import read_state
from tests.plans import ROOT
from tests.starbase import checkout

pytestmark = pytest.mark.unit

#: Who else reads a whole file, and why that has an end: it is Stardock's own, or the kernel's.
OWN = {
    "stardock/cli/version_view.py": "cdktf.json, shipped",
    "stardock/distributions/keys.py": "shipped",
    "stardock/systems/scripts.py": "shipped",
    "stardock/workspace/run_lock.py": "of /proc",
    "stardock/terraform/run.py": "the JSON that this run has written",
    "stardock/terraform/engine.py": "the note that Stardock writes beside that JSON",
    "stardock/playbooks/founded.py": "in the run's own folder; what a machine may send has its bound in stardock.playbooks.ansible",
    "stardock/playbooks/running.py": "likewise",
    "stardock/playbooks/aside.py": "likewise",
    "stardock/playbooks/via/session.py": "a program of Stardock's own",
    "stardock/playbooks/via/keeper.py": "of /proc",
    "stardock/playbooks/via/wheels.py": "what is installed",
    "stardock/prove/proof.py": "the key that the proof made",
    "stardock/prove/report.py": "in the proof's own folder",
    "stardock/cli/prove_view.py": "likewise",
    "stardock/prove/checks/answers.py": "a file of Stardock's own",
    "stardock/drift/contents.py": "in a temporary folder of its own",
}


def whole_reads(path: Path) -> Iterator[int]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Attribute) and called.attr in ("read_text", "read_bytes"):
            yield node.lineno  # type: ignore[attr-defined]  # a Call has one


def test_nobody_else_reads_a_whole_file() -> None:
    found = {str(path.relative_to(ROOT)): list(whole_reads(path)) for path in (ROOT / "stardock").rglob("*.py")}
    assert {name for name, lines in found.items() if lines} == set(OWN), found


def test_a_loop_of_links_is_called_one_and_the_cure_takes_the_right_link_away(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    for path in (tmp_path / "a", tmp_path / "a" / "cluster.lock"):
        with pytest.raises(InputErrors) as told:
            read_file(path, what="the lock", most=10, cure="")
        (problem,) = told.value.problems
        assert problem.message == "the lock is a symbolic link that leads back to itself"
        assert problem.cure == f"take the link away: rm {tmp_path / 'a'}"


@pytest.mark.parametrize("name", ["cluster.lock", "cluster.facts.json", "cluster.tfstate", "cluster.secrets.yaml"])
def test_a_file_of_a_cluster_that_is_a_loop_of_links_is_told_with_its_cure(tmp_path: Path, name: str) -> None:
    (tmp_path / "cluster.yaml").write_bytes((ROOT / "examples/single/cluster.yaml").read_bytes())
    (tmp_path / "id_ed25519.pub").write_text("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDY5MzAyNDg4NzU4NDAzODQ3NTg0MDM4NDc1ODQwMzg0 x\n")
    (tmp_path / name).symlink_to(name)
    with pytest.raises(InputErrors, match=name) as told:
        read_file(tmp_path / name, what="it", most=10, cure="x")
    assert "leads back to itself" in told.value.problems[0].message


def sparse(path: Path) -> None:
    path.unlink(missing_ok=True)
    with path.open("wb") as file:
        file.truncate(4 << 30)


@pytest.mark.parametrize("name", ["infra/terraform.tfvars", "terraform.tfstate", "custom.yml"])
def test_an_import_of_a_sparse_file_of_gigabytes_is_a_message_in_little_memory(tmp_path: Path, name: str) -> None:
    checkout(tmp_path / "old")
    sparse(tmp_path / "old" / name)
    done = subprocess.run(
        [Path(sys.executable).with_name("runner"), "import", "starbase", "old", "--dry-run"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30)),
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "are the most" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_state_that_cannot_be_read_is_not_taken_for_one_where_nothing_stands(tmp_path: Path) -> None:
    assert read_state(tmp_path / "cluster.tfstate") is None
    sparse(tmp_path / "cluster.tfstate")
    with pytest.raises(InputErrors, match=r"cluster\.tfstate"):
        read_state(tmp_path / "cluster.tfstate")
