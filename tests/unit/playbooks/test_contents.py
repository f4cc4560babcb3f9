"""Files that hold a secret of the user's: read at bootstrap, and nowhere but on machines."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stardock.bundle import write_bundle
from stardock.bundle.machine import machine_variables
from stardock.errors import ConditionError, InputErrors
from stardock.firstboot import documents
from stardock.playbooks.bootstrap import Options, contents_for
from stardock.playbooks.contents import read_contents
from stardock.playbooks.subject import OfWorkspace
from stardock.spec import load_spec
from stardock.verbs.bootstrap import check
from stardock.workspace.lock import to_json
from stardock.workspace.secrets import Secrets, save_variables
from stardock.workspace.workspace import Workspace, commit_lock, open_workspace
from stardock.yamltext import yaml_text
from tests.plans import document, plan_of

pytestmark = pytest.mark.unit

ANSIBLE = Path(__file__).parents[3] / "ansible"
PLANTED = "configs: {registry.example: {auth: {password: '{{ planted }} #jinja2:'}}}\n"
PATH = "/etc/rancher/rke2/registries.yaml"


def workspace(folder: Path, *sources: dict[str, str]) -> Workspace:
    data = document()
    files = [{"path": PATH if number == 0 else f"/etc/own{number}", "content_from": one} for number, one in enumerate(sources)]
    data["cloud_init"] = {"user_data": {"write_files": files}}
    data["pools"][2]["cloud_init"] = {"user_data": {"write_files": [{"path": "/etc/agent", "content_from": {"env": "ONLY_AGENTS"}}]}}
    (folder / "cluster.yaml").write_text(yaml_text(data))
    return open_workspace(folder / "cluster.yaml")


@pytest.mark.proves("case 05-registries-later")
def test_contents_come_from_the_environment_and_from_files_beside_cluster_yaml(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text(PLANTED)
    where = workspace(tmp_path, {"env": "REGISTRIES"}, {"file": "secret.yaml"})
    environment = {"REGISTRIES": "a: b\n", "ONLY_AGENTS": "x", "OTHER": "y"}
    found = read_contents(where.spec, where.plan.secret_sources, where.files.spec, environment)
    assert found == {"env:ONLY_AGENTS": "x", "env:REGISTRIES": "a: b\n", "file:secret.yaml": PLANTED}


@pytest.mark.proves("case 05-registries-later")
def test_all_that_cannot_be_read_is_told_at_its_line_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "large").write_text("x" * 70_000)
    where = workspace(tmp_path, {"env": "NOT_SET_HERE"}, {"file": "missing"}, {"file": "binary"}, {"file": "large"}, {"file": "."})
    with pytest.raises(InputErrors) as caught:
        check(where, Options())
    told = {problem.path: problem for problem in caught.value.problems}
    place = "cloud_init.user_data.write_files[{}].content_from"
    assert "NOT_SET_HERE is not set, or empty" in told[place.format(0)].message
    assert "missing cannot be read: No such file or directory" in told[place.format(1)].message
    assert "is not UTF-8 text" in told[place.format(2)].message
    assert "no text of at most 65536 bytes" in told[place.format(3)].message
    assert "cannot be read: Is a directory" in told[place.format(4)].message
    assert "pools[2].cloud_init.user_data.write_files[0].content_from" in told
    assert all(problem.line and problem.cure for problem in told.values())
    assert contents_for(OfWorkspace(where), Options(stages=("servers",))) == {}


@pytest.mark.parametrize(("file", "words"), [
    ("pipe", "pipe cannot be read: It is a device or a pipe"),
    ("/dev/zero", "/dev/zero cannot be read: It is a device or a pipe"),
    ("~nobody-of-that-name/x", "~nobody-of-that-name/x cannot be read"),
    ("lost", "lost is a symbolic link to nothing"),
])  # fmt: skip
def test_a_pipe_a_device_and_a_home_of_nobody_are_told_and_wait_for_nothing(file: str, words: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "lost").symlink_to("nothing")
    where = workspace(tmp_path, {"file": file})
    with pytest.raises(InputErrors) as caught:
        read_contents(where.spec, where.plan.secret_sources, where.files.spec, {"ONLY_AGENTS": "x"})
    (problem,) = caught.value.problems
    assert words in problem.message
    assert problem.line
    assert problem.cure


@pytest.mark.parametrize(("written", "mode"), [({}, "0600"), ({"permissions": "0640"}, "0640")])
def test_nobody_but_the_owner_reads_a_file_with_a_secret_unless_cluster_yaml_says_so(written: dict[str, str], mode: str) -> None:
    data = document()
    secret = {"path": "/etc/x", "content_from": {"env": "X"}, **written}
    data["cloud_init"] = {"user_data": {"write_files": [secret, {"path": "/etc/y", "content": "y"}]}}
    variables = machine_variables(plan_of(data)[0].machine("server1"))
    assert [file["mode"] for file in variables["machine_secret_files"]] == [mode]
    assert [file["mode"] for file in variables["machine_files"] if file["path"] == "/etc/y"] == ["0644"]


@pytest.mark.parametrize("both", [{"content": "x", "content_from": {"env": "A"}}, {}, {"content_from": {"env": "A", "file": "b"}}])
def test_a_file_has_one_content(both: dict[str, Any], tmp_path: Path) -> None:
    data = document()
    data["cloud_init"] = {"user_data": {"write_files": [{"path": "/etc/x", **both}]}}
    (tmp_path / "cluster.yaml").write_text(yaml_text(data))
    with pytest.raises(InputErrors) as caught:
        load_spec(tmp_path / "cluster.yaml")
    assert "exactly one" in str(caught.value.problems)


def test_each_stage_reads_its_own_contents_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    share = {"name": "band", "source": "//nas/band", "user": "k", "password_from": {"env": "SMB_PASSWORD"}}
    data = document() | {"addons": {"smb_csi": {"classes": [share]}}}
    data["cloud_init"] = {"user_data": {"write_files": [{"path": "/etc/x", "content_from": {"env": "FILE_CONTENT"}}]}}
    (tmp_path / "cluster.yaml").write_text(yaml_text(data))
    where = OfWorkspace(open_workspace(tmp_path / "cluster.yaml"))
    monkeypatch.setenv("SMB_PASSWORD", "one")
    assert contents_for(where, Options(stages=("addons",))) == {"env:SMB_PASSWORD": "one"}
    assert contents_for(where, Options(stages=("servers",))) == {}
    with pytest.raises(InputErrors) as caught:
        contents_for(where, Options())
    assert "FILE_CONTENT" in caught.value.problems[0].message
    monkeypatch.setenv("FILE_CONTENT", "two")
    assert contents_for(where, Options(stages=("machines",))) == {"env:FILE_CONTENT": "two"}


def test_what_only_a_lock_names_is_not_read(tmp_path: Path) -> None:
    """Whoever can write the lock could have any file of this machine's sent to theirs."""
    where = workspace(tmp_path, {"env": "REGISTRIES"})
    spec = load_spec(tmp_path / "cluster.yaml")
    commit_lock(where)
    data = document()
    data["pools"][2]["machines"] = []
    data["pools"].pop()
    (tmp_path / "cluster.yaml").write_text(yaml_text(data))
    lock = tmp_path / "cluster.lock"
    lock.write_text(lock.read_text().replace("env:ONLY_AGENTS", "file:/etc/shadow"))
    retained = open_workspace(tmp_path / "cluster.yaml")
    assert retained.plan.retained == ("agent1",)
    with pytest.raises(ConditionError, match="file:/etc/shadow"):
        read_contents(retained.spec, retained.plan.secret_sources, retained.files.spec, {"REGISTRIES": "x"})
    assert spec.cloud_init.user_data.write_files


@pytest.mark.proves("case 05-registries-later")
def test_the_secret_is_in_no_lock_first_boot_bundle_or_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRIES", PLANTED)
    monkeypatch.setenv("ONLY_AGENTS", PLANTED)
    where = workspace(tmp_path, {"env": "REGISTRIES"})
    assert contents_for(OfWorkspace(where), Options())["env:REGISTRIES"] == PLANTED
    commit_lock(where)
    write_bundle(where.plan, where.facts, tmp_path / "bundle")
    texts = [path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file()]
    for machine in where.plan.machines:
        written = documents("quickstart", machine)
        texts += [written.user, written.network, written.meta]
        assert PATH not in written.user
    texts += [to_json(where.lock), repr(where.plan), repr(where.spec)]
    assert not [text for text in texts if "planted" in text]
    assert "source: env:REGISTRIES" in (tmp_path / "bundle/README.md").read_text().replace('"', "")


@pytest.mark.proves("case 05-registries-later")
def test_the_stage_machines_writes_it_and_tells_rke2_and_shows_it_nowhere(tmp_path: Path) -> None:
    where = workspace(tmp_path, {"env": "REGISTRIES"})
    variables = machine_variables(where.plan.machine("server1"))
    (file,) = variables["machine_secret_files"]
    assert (file["applies"], file["source"]) == ("rke2", "env:REGISTRIES")
    first = played(tmp_path, file, PLANTED)
    assert (tmp_path / "own/registries.yaml").is_file(), first
    assert (tmp_path / "own/registries.yaml").read_text() == PLANTED
    assert "changed=1 " in first
    assert "planted" not in first
    assert "changed=0 " in played(tmp_path, file, PLANTED)
    check_mode = played(tmp_path, file, "another planted\n", "--check", "--diff")
    assert "changed=1 " in check_mode
    assert "planted" not in check_mode
    lacking = played(tmp_path, {**file, "source": "env:LOST"}, PLANTED)
    assert "The content of env:LOST was not handed over (stardock_contents): nothing was changed on server1" in " ".join(lacking.split())


def played(folder: Path, file: dict[str, Any], content: str, *arguments: str) -> str:
    """The tasks of the role that concern such files, here; what Ansible said."""
    (folder / "own").mkdir(exist_ok=True)
    whole = {**file, "path": str(folder / "own/registries.yaml"), "owner": ""}
    python = {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}
    here = {**python, "machine_secret_files": [whole], "machine_files": []}
    (folder / "hosts.yml").write_text(yaml_text({"all": {"hosts": {"server1": here}}}))
    save_variables(folder / "secrets.yaml", Secrets(token="a", agent_token="b"), {"env:REGISTRIES": content})
    role = yaml_of(ANSIBLE / "roles/machine/tasks/main.yml")
    tasks = [task for task in role if "secret" in task["name"]]
    assert len(tasks) == 3  # they were handed over, their folders are there, they are written
    for task in tasks:
        if "stardock.machine.files" in task:
            task["stardock.machine.files"]["marks"] = str(folder / "marks")
    play = [{"hosts": "all", "gather_facts": False, "vars_files": [str(ANSIBLE / "roles/machine/vars/main.yml")], "tasks": tasks}]
    (folder / "play.json").write_text(json.dumps(play))
    command = ["ansible-playbook", "-i", "hosts.yml", "play.json", "-e", "@secrets.yaml", *arguments]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ANSIBLE / "ansible.cfg"), "ANSIBLE_COLLECTIONS_PATH": str(ANSIBLE / "collections")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def yaml_of(path: Path) -> list[dict[str, Any]]:
    from ruamel.yaml import YAML  # noqa: PLC0415 -- only here

    read: list[dict[str, Any]] = YAML(typ="safe").load(path.read_text())
    return read
