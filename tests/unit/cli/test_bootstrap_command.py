"""`runner bootstrap` and `runner bundle` on bad input: exit code, message with cure, nothing written."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stardock.cli import main
from stardock.model.facts import Facts, Founded, MachineFacts
from stardock.workspace.facts import save_facts
from stardock.workspace.workspace import open_workspace
from tests.plans import PUBLIC_KEY, ROOT

pytestmark = pytest.mark.unit

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHRlc3RzLW9mLXN0YXJkb2NrLW5vLXByaXZhdGUta2V5IQ"


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    return written(tmp_path)


def written(folder: Path) -> Path:
    """One server with a static loopback address at a port where nobody listens: nothing is sent anywhere."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = folder / "cluster.yaml"
    path.write_text(
        "cluster: alone\n"
        "proxmox: {endpoint: 'https://192.168.1.10:8006', nodes: [{name: pve1, address: 192.168.1.10}]}\n"
        "image: {system: debian}\n"
        f"ssh: {{keys: ['{PUBLIC_KEY}'], port: {port}}}\n"
        "pools: [{name: servers, role: server, machines: [server1], memory: 4GiB, disk: 40GiB}]\n"
    )
    return path


def runner(*words: str, **environment: str) -> Result:
    return CliRunner().invoke(main.runner, words, env={"STARDOCK_LOCK": "write", **environment})


def started(*words: str) -> subprocess.CompletedProcess[str]:
    """The same as a process of its own."""
    program = [sys.executable, "-c", "from stardock.cli.main import main; main()", *words]
    return subprocess.run(program, capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, "STARDOCK_LOCK": "write"})


def observe(cluster: Path, *, keys: tuple[str, ...] = (KEY,), founded: Founded | None = None) -> None:
    workspace = open_workspace(cluster)
    seen = {"server1": MachineFacts(addresses={workspace.plan.machines[0].interfaces[0].name: ("127.0.0.1",)}, host_keys=keys)}
    save_facts(workspace.files.facts, replace(Facts(cluster="alone", machines=seen), founded=founded))


def names(cluster: Path) -> set[str]:
    return {path.name for path in cluster.parent.iterdir()}


def test_no_facts_and_no_pinned_keys(cluster: Path) -> None:
    done = started("bootstrap", "-f", str(cluster))
    assert done.returncode == 4
    assert "no address is known for server1" in done.stderr
    assert "runner discover" in done.stderr
    assert names(cluster) == {"cluster.yaml"}


def test_an_address_but_no_host_key(cluster: Path) -> None:
    observe(cluster, keys=())
    done = runner("bootstrap", "-f", str(cluster))
    assert done.exit_code == 4
    assert "no SSH host key is known for server1" in done.stderr
    assert "--accept-new-host-keys" in done.stderr
    assert names(cluster) == {"cluster.yaml", "cluster.facts.json"}


@pytest.fixture(scope="module")
def unanswered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, str]:
    """A bootstrap of a machine that does not answer, with a secret in its environment; its log."""
    cluster = written(tmp_path_factory.mktemp("unanswered"))
    observe(cluster)
    words = ("bootstrap", "-f", str(cluster), "--stage", "machines", "--timeout", "1")
    return runner(*words, PROXMOX_VE_API_TOKEN="planted-secret"), (cluster.parent / "cluster.log").read_text()


def test_a_machine_that_does_not_answer(unanswered: tuple[Result, str]) -> None:
    done, _ = unanswered
    assert done.exit_code == 4
    assert "server1: Wait until it answers on ssh:" in done.stderr
    assert "does the machine run" in done.stderr
    assert "--from-stage machines" in done.stderr


def test_secrets_file_missing_on_a_founded_cluster(cluster: Path) -> None:
    observe(cluster, founded=Founded(ca_sha256="ab" * 32))
    done = runner("bootstrap", "-f", str(cluster), "--timeout", "1")
    assert done.exit_code == 4
    assert "cluster.secrets.yaml is missing, the cluster is founded" in done.stderr
    assert "STARDOCK_SECRETS" in done.stderr
    assert "cluster.secrets.yaml" not in names(cluster)


def test_dry_run_shows_the_stages_and_asks_nobody(cluster: Path) -> None:
    done = runner("bootstrap", "-f", str(cluster), "--dry-run", "--from-stage", "servers")
    assert done.exit_code == 0
    assert [line.split()[1] for line in done.stdout.splitlines()] == ["servers", "agents", "kubeconfig", "addons"]
    assert names(cluster) == {"cluster.yaml"}


def test_stage_and_from_stage_exclude_each_other(cluster: Path) -> None:
    assert runner("bootstrap", "-f", str(cluster), "--stage", "agents", "--from-stage", "agents").exit_code == 2


def test_a_planted_secret_reaches_neither_ansible_nor_the_log(unanswered: tuple[Result, str]) -> None:
    done, log = unanswered
    assert "server1" in log
    assert "planted-secret" not in done.stdout + done.stderr + log


def test_bundle_writes_the_directory_and_says_where(cluster: Path) -> None:
    observe(cluster)
    done = runner("bundle", "-f", str(cluster), "-o", str(cluster.parent / "out"))
    assert done.exit_code == 0, done.stderr
    assert (cluster.parent / "out/project/site.yml").is_file()
    assert "README.md" in done.stdout


def with_hooks(cluster: Path) -> Path:
    cluster.write_text(
        cluster.read_text() + "hooks: {before_bootstrap: [touch before, touch second && exit 3], after_bootstrap: touch after}\n"
    )
    return cluster


def test_dry_run_shows_hooks_around_the_stages_and_runs_none(cluster: Path) -> None:
    done = runner("bootstrap", "-f", str(with_hooks(cluster)), "--dry-run", "--stage", "machines")
    assert [line.split()[1] for line in done.stdout.splitlines()] == ["before_bootstrap", "before_bootstrap", "machines", "after_bootstrap"]
    assert names(cluster) == {"cluster.yaml"}
    check = runner("bootstrap", "-f", str(cluster), "--dry-run", "--check", "--stage", "machines")
    assert "before_bootstrap" not in check.stdout


def test_a_hook_that_fails_before_bootstrap_stops_it_before_a_machine_is_entered(cluster: Path) -> None:
    observe(with_hooks(cluster))
    done = runner("bootstrap", "-f", str(cluster), "--stage", "machines", "--timeout", "1")
    assert done.exit_code == 6
    assert "the hook before_bootstrap ended with 3: touch second && exit 3" in done.stderr
    assert "no machine was entered" in done.stderr
    assert {"before", "second"} <= names(cluster)
    assert not {"after", "cluster.log"} & names(cluster)


@pytest.mark.proves("hostile 15")
@pytest.mark.parametrize("name", ["kubeconfig", "pid", "log", "run"])
def test_what_a_bootstrap_writes_is_no_symbolic_link(cluster: Path, name: str) -> None:
    observe(cluster)
    target = cluster.with_name("target")
    target.mkdir() if name == "run" else target.write_text("precious")
    cluster.with_suffix(f".{name}").symlink_to(target)
    done = runner("bootstrap", "-f", str(cluster), "--timeout", "1", "--accept-new-host-keys")
    assert done.exit_code == 4
    assert f"cluster.{name} is a symbolic link, and Stardock writes through none" in done.stderr
    assert target.is_dir() or target.read_text() == "precious"
