"""`make demo` without a terminal: the real `cdktf deploy`, of which the log has what it tells; all that it says is in a file."""

from __future__ import annotations

import os
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

from tests.plans import ROOT

pytestmark = pytest.mark.unit

SAID = """\
\x1b[2K⠋ Synthesizing
quickstart  \x1b[1mPlan:\x1b[0m 2 to add, 0 to change, 0 to destroy.
            content: |
              # cloud-config
quickstart  \x1b[0m\x1b[1mproxmox_virtual_environment_vm.lb1: Creation complete after 2s [id=200]\x1b[0m
            Apply complete! Resources: 2 added, 0 changed, 0 destroyed.
"""


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, in a checkout of its own, where `runner` says what cdktf would, and how it was called."""
    loader = SourceFileLoader("demo", str(ROOT / "tools/demo"))
    spec = spec_from_loader("demo", loader)
    assert spec
    module = module_from_spec(spec)
    loader.exec_module(module)
    (tmp_path / "build/lab/quickstart").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    runner = tmp_path / "bin/runner"
    runner.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/called\ncat {tmp_path}/said\nexit $(cat {tmp_path}/code)\n')
    runner.chmod(0o755)
    (tmp_path / "said").write_text(SAID)
    (tmp_path / "code").write_text("0")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "cluster_name", lambda _file: "quickstart")
    return module


def test_the_log_of_a_demo_has_what_cdktf_tells_and_no_frames(demo: ModuleType, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    demo.Demo(Path("examples/quickstart/cluster.yaml")).deploy("cdktf", "deploy")
    assert capfd.readouterr().out.splitlines()[4:] == [
        "  Plan: 2 to add, 0 to change, 0 to destroy.",
        "  proxmox_virtual_environment_vm.lb1: Creation complete after 2s [id=200]",
        "  Apply complete! Resources: 2 added, 0 changed, 0 destroyed.",
    ]
    assert (tmp_path / "build/lab/quickstart/cdktf-deploy.log").read_text() == SAID
    assert (tmp_path / "called").read_text() == "lab run -f examples/quickstart/cluster.yaml -- env CI=true cdktf deploy\n"


def test_a_deploy_that_fails_shows_the_end_of_what_it_said(demo: ModuleType, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "code").write_text("1")
    with pytest.raises(SystemExit, match="cdktf deploy failed with exit code 1"):
        demo.Demo(Path("examples/quickstart/cluster.yaml")).deploy("cdktf", "deploy")
    assert "# cloud-config" in capfd.readouterr().out
