"""--via: what is refused before anybody is asked, what goes to HOST, and where what comes back is put."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stardock.bundle.about import about
from stardock.cli.main import runner as command
from stardock.errors import ConditionError
from stardock.model.jump import Jump
from stardock.playbooks.ansible import Run
from stardock.playbooks.subject import OfWorkspace
from stardock.playbooks.via import door
from stardock.playbooks.via.session import Via, _carried, lost
from stardock.playbooks.via.stream import Stream
from stardock.workspace.workspace import Workspace, open_workspace
from tests.plans import PUBLIC_KEY, ROOT
from tests.unit.cli.test_bootstrap_command import observe, written
from tests.unit.playbooks.via.test_wheels import GOOD

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature bootstrap on another machine")]

HOST = Jump("bastion", "ops", 2222)


def runner(*words: str) -> Result:
    return CliRunner().invoke(command, words, env={"STARDOCK_LOCK": "write"})


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    path = written(tmp_path)
    observe(path)
    return path


@pytest.mark.parametrize(
    "name", ["", "none", "-oProxyCommand=id", "a b", "host:0", "host:70000", "x;id", "$(id)", "\x1b[2J", "user@", "@host"]
)
def test_what_is_no_host_is_refused_before_anything_is_asked(cluster: Path, name: str) -> None:
    done = runner("bootstrap", "-f", str(cluster), "--via", name)
    assert (done.exit_code, "write user@host:port" in done.stderr) == (2, True), done.stderr
    assert "\x1b" not in done.stderr


def test_without_a_key_that_is_named_nobodys_agent_is_lent(cluster: Path) -> None:
    done = runner("bootstrap", "-f", str(cluster), "--via", "ops@bastion")
    assert (done.exit_code, "nobody's whole agent is lent" in done.stderr) == (4, True)
    assert "--private-key FILE" in done.stderr


def test_dry_run_says_where_it_would_run_and_reaches_nobody(cluster: Path) -> None:
    done = runner("bootstrap", "-f", str(cluster), "--via", "ops@bastion:2222", "--dry-run", "--stage", "machines")
    assert [line.split()[1] for line in done.stdout.splitlines()] == ["via", "machines"]
    assert "ops@bastion port 2222" in done.stdout


def test_cures_repeat_file_and_host(cluster: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("none")
    observe(cluster, keys=())
    other = tmp_path / "other.yaml"
    cluster.rename(other)
    (tmp_path / "cluster.facts.json").rename(tmp_path / "other.facts.json")
    done = runner("bootstrap", "-f", str(other), "--via", "ops@bastion", "--private-key", str(key))
    assert f"runner discover -f {other}`" in done.stderr, done.stderr


def where(folder: Path, jump: str) -> Workspace:
    (folder / "id_ed25519.pub").write_text(f"{PUBLIC_KEY}\n")
    (folder / "id_ed25519").write_text("")
    file = folder / "cluster.yaml"
    file.write_text((ROOT / "examples/quickstart/cluster.yaml").read_text().replace("ssh:\n", f"ssh:\n  jump: {jump}\n", 1))
    return open_workspace(file)


def test_machines_behind_the_host_itself_are_reached_directly_and_others_through_theirs(tmp_path: Path) -> None:
    opened = where(tmp_path, "ops@bastion:22")
    assert set(OfWorkspace(opened).about.jumps.values()) == {Jump("bastion", "ops", 22)}
    assert OfWorkspace(opened, HOST).about.jumps == {}
    assert OfWorkspace(opened, Jump("elsewhere")).about.jumps != {}


@pytest.fixture
def wanted(tmp_path: Path) -> Run:
    """A run as bootstrap makes it, with secrets and what an earlier run left."""
    bundle = tmp_path / "run"
    bundle.mkdir()
    OfWorkspace(where(tmp_path, "ops@other")).write(bundle, ())
    (bundle / "secrets.yaml").write_text("stardock_token: sesame\n")
    (bundle / "artifacts").mkdir()
    (bundle / "artifacts/old").write_text("old")
    (tmp_path / "x.kubeconfig").write_text("before")
    variables = {
        "kubernetes_report": str(bundle / "running.json"),
        "kubeconfig_path": str(tmp_path / "x.kubeconfig"),
        "ansible_ssh_private_key_file": str(tmp_path / "id_ed25519"),
        "kubernetes_timeout": 900,
    }
    return Run(bundle=bundle, tags=("machines", "kubeconfig"), variables=variables, secrets=bundle / "secrets.yaml")


def test_no_path_of_this_machine_goes_to_host_and_the_key_neither(wanted: Run, tmp_path: Path) -> None:
    far = _carried(wanted, tmp_path / "there", "/dev/shm/stardock-0/0123456789abcdef.run")
    assert str(tmp_path) not in json.dumps({name: str(value) for name, value in far.variables.items()})
    assert "ansible_ssh_private_key_file" not in far.variables
    assert far.variables["kubernetes_timeout"] == 900
    assert far.variables["kubernetes_report"].endswith("/artifacts/run/back/running.json")
    there = tmp_path / "there"
    assert (there / "artifacts/run/back/kubeconfig").read_text() == "before", "so that a second run changes nothing"
    assert (there / "secrets.yaml").exists()
    assert not (there / "artifacts/old").exists()
    assert (there / "project/site.yml").exists()


def test_without_its_stage_no_kubeconfig_goes_there_and_none_is_taken(wanted: Run, tmp_path: Path) -> None:
    other = replace(wanted, tags=("machines",))
    _carried(other, tmp_path / "there", "/dev/shm/stardock-0/0123456789abcdef.run")
    assert not (tmp_path / "there/artifacts/run/back/kubeconfig").exists()
    via(tmp_path)._bring(other, {"kubeconfig": GOOD.encode()})
    assert (tmp_path / "x.kubeconfig").read_text() == "before"


def via(folder: Path) -> Via:
    opened = open_workspace(folder / "cluster.yaml")
    return Via(host=HOST, about=about(opened.plan, opened.facts), key=folder / "id_ed25519", say=print)


def test_what_comes_back_is_where_a_run_from_here_would_have_left_it(wanted: Run, tmp_path: Path) -> None:
    evil = (GOOD + "users: [{user: {exec: {command: id}}}]\n").encode()
    came = {"running.json": b"{}", "known_hosts": b"a b c\n", "kubeconfig": evil, "report.json": b"not asked for"}
    accepts = {**wanted.variables, "stardock_host_key_checking": "accept-new"}
    via(tmp_path)._bring(replace(wanted, variables=accepts), came)
    assert (wanted.bundle / "running.json").read_text() == "{}"
    assert (wanted.bundle / "known_hosts").read_text() == "a b c\n"
    kubeconfig = (tmp_path / "x.kubeconfig").read_text()
    assert "exec" not in kubeconfig
    assert "server: https://192.168.1.40:6443" in kubeconfig
    assert (tmp_path / "x.kubeconfig").stat().st_mode & 0o777 == 0o600
    assert "not asked for" not in "".join(path.read_text() for path in wanted.bundle.iterdir() if path.is_file())


def test_of_a_founded_cluster_no_kubeconfig_with_another_authority_is_written(wanted: Run, tmp_path: Path) -> None:
    with pytest.raises(ConditionError, match="another authority"):
        replace(via(tmp_path), founded="ab" * 32)._bring(wanted, {"kubeconfig": GOOD.encode()})
    assert (tmp_path / "x.kubeconfig").read_text() == "before"


def test_host_keys_are_taken_only_where_ssh_may_accept_them(wanted: Run, tmp_path: Path) -> None:
    before = (wanted.bundle / "known_hosts").read_text()
    via(tmp_path)._bring(wanted, {"known_hosts": b"a b c\n"})
    assert (wanted.bundle / "known_hosts").read_text() == before


def test_check_writes_no_kubeconfig_and_one_that_is_as_it_was_is_left(wanted: Run, tmp_path: Path) -> None:
    before = (tmp_path / "x.kubeconfig").stat().st_mtime_ns
    via(tmp_path)._bring(replace(wanted, check=True), {"kubeconfig": GOOD.encode()})
    via(tmp_path)._bring(wanted, {"kubeconfig": b"before"})
    assert (tmp_path / "x.kubeconfig").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (door.NOT_LENT, "cannot be lent"),
        (door.NO_PYTHON, "no Python of 3.11"),
        (door.NOT_REACHED, "is not reached by ssh"),
        (94, "was lost"),
    ],
)
def test_why_a_run_was_lost_is_told_by_sshs_exit_code(code: int, words: str) -> None:
    reading, writing = os.pipe()
    error = lost(code, "Permission denied", HOST, Stream(reading, (), lambda: False, print))
    os.close(reading)
    os.close(writing)
    assert isinstance(error, ConditionError)
    assert words in error.message
    assert error.cure


def test_a_connection_that_is_cut_after_host_has_answered_is_a_lost_run_and_no_door_that_is_shut() -> None:
    reading, writing = os.pipe()
    os.write(writing, (json.dumps({"stardock": {"kind": "hello"}}) + "\n").encode())
    os.close(writing)
    stream = Stream(reading, (), lambda: False, print)
    stream.said("hello")
    error = lost(door.NOT_REACHED, "Connection to 192.168.1.90 closed by remote host.", HOST, stream)
    os.close(reading)
    assert "was lost: Connection to 192.168.1.90 closed" in error.message
    assert "runner bootstrap" in str(error.cure)
