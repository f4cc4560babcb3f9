"""Files with secrets in them: the role `machine` fills marks in, on the machine alone, and takes the proxy's files away again."""

from __future__ import annotations

import json
import os
import pwd
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from stardock.bundle.inventory import inventory_files
from stardock.bundle.secret_text import Marks
from stardock.model.facts import Facts
from stardock.workspace.secrets import Secrets, save_variables
from tests.plans import document, plan_of
from tests.unit.ansible.test_mirror import ROLES

pytestmark = pytest.mark.unit

PROXY = {"http": "http://proxy.home.arpa:3128", "user": "ann", "password_from": {"env": "PROXY_PASSWORD"}}
#: With what URLs, shells, systemd and templates would take for more than itself, and the line end of a file.
PASSWORD = "p@ss/'\"$x{{ 7 * 7 }} %\n"
QUOTED = "p%40ss%2F%27%22%24x%7B%7B%207%20%2A%207%20%7D%7D%20%25"


def play(folder: Path, clear: list[Any], secret: list[Any], contents: Mapping[str, str], *arguments: str) -> str:
    """The tasks of the role about files, with every path below a folder; what Ansible said."""
    role = yaml.safe_load((ROLES / "machine/tasks/main.yml").read_text())
    wanted = ("Contents that are secret", "Folders of files", "Files with a secret", "Files and keys are")
    tasks = [task for task in role if task["name"].startswith(wanted)]
    assert len(tasks) == len(wanted)
    for task in tasks[1:]:
        task["stardock.machine.files"]["marks"] = str(folder / "marks")
    own = {"owner": pwd.getpwuid(os.geteuid()).pw_name, "group": ""}
    files = [[{**file, **own, "path": f"{folder}/m{file['path']}"} for file in each] for each in (clear, secret)]
    host = {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}
    variables = {"machine_files": files[0], "machine_secret_files": files[1]}
    (folder / "hosts.yml").write_text(json.dumps({"all": {"hosts": {"server1": host}}}))
    (folder / "vars.yml").write_text(json.dumps(variables))
    (folder / "play.yml").write_text(
        json.dumps([{"hosts": "all", "gather_facts": False, "vars_files": [f"{ROLES}/machine/vars/main.yml", "vars.yml"], "tasks": tasks}])
    )
    save_variables(folder / "secrets.yaml", Secrets(token="a", agent_token="b"), contents)
    command = ["ansible-playbook", "-vv", "-i", "hosts.yml", "play.yml", "-e", "@secrets.yaml", *arguments]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROLES.parent / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def proxy_files(proxy: Mapping[str, Any] | None) -> tuple[list[Any], list[Any]]:
    """What the inventory says of a server's files about the proxy."""
    plan = plan_of(document() | ({"proxy": proxy} if proxy else {}))[0]
    host = inventory_files(plan, Facts(cluster="quickstart"))["host_vars/server1.yml"]
    return [file for file in host["machine_files"] if re.search("proxy|/etc/default", file["path"])], host["machine_secret_files"]


@pytest.mark.proves("feature proxy")
def test_a_password_reaches_the_machine_and_nobody_else_and_the_second_run_changes_nothing(tmp_path: Path) -> None:
    contents = {"env:PROXY_PASSWORD": PASSWORD}
    first = play(tmp_path, *proxy_files(PROXY), contents, "--diff")
    assert re.search("changed=[1-9].*failed=0", first), first
    url = f"http://ann:{QUOTED}@proxy.home.arpa:3128"
    for name, line in {
        "etc/default/rke2-server": f"HTTPS_PROXY='{url}'",
        "etc/stardock/python-with-proxy": f"export http_proxy='{url}'",
        "etc/apt/apt.conf.d/52stardock-proxy": f'Acquire::http::Proxy "{url}";',
    }.items():
        assert line in (tmp_path / "m" / name).read_text().splitlines()
        assert (tmp_path / "m" / name).stat().st_mode & 0o077 == 0
    assert "p%40ss" not in first
    assert "p@ss" not in first
    assert (tmp_path / "marks/rke2").exists()
    assert re.search("changed=0 .*failed=0", play(tmp_path, *proxy_files(PROXY), contents))


@pytest.mark.proves("feature proxy")
def test_without_the_key_the_files_go_once_and_a_file_of_somebody_elses_stays(tmp_path: Path) -> None:
    play(tmp_path, *proxy_files(PROXY), {"env:PROXY_PASSWORD": PASSWORD})
    (tmp_path / "marks/rke2").unlink()
    gone = play(tmp_path, *proxy_files(None), {})
    assert re.search("changed=1 .*failed=0", gone), gone
    assert [path for path in (tmp_path / "m").rglob("*") if path.is_file()] == []
    assert (tmp_path / "marks/rke2").exists(), "its service is told"
    assert "changed=0 " in play(tmp_path, *proxy_files(None), {})
    theirs = tmp_path / "m/etc/default/rke2-server"
    theirs.write_text("AWS_REGION=x\n")
    assert "changed=0 " in play(tmp_path, *proxy_files(None), {})
    assert theirs.read_text() == "AWS_REGION=x\n"


def test_a_text_of_yaml_is_that_text_whatever_it_holds(tmp_path: Path) -> None:
    marks = Marks()
    content = f"user: {marks.of('env:A', 'yaml')}\npassword: {marks.of('env:B', 'yaml')}\n"
    texts = {"env:A": "StardockSecret1x", "env:B": 'ä "quoted": {{ x }}\t\U0001f600 #\\ \x85\u2028\x7f' + "long " * 60 + "\n"}
    said = play(tmp_path, [], [marks.file("/etc/x", content)], texts)
    assert "failed=0" in said
    assert yaml.safe_load((tmp_path / "m/etc/x").read_text()) == {"user": texts["env:A"], "password": texts["env:B"].removesuffix("\n")}


@pytest.mark.proves("feature registries")
def test_a_registrys_password_is_on_machines_alone_and_is_that_text_whatever_it_holds(tmp_path: Path) -> None:
    login = {"registry": "r.home.arpa:5000", "user": "puller", "password_from": {"env": "REGISTRY_PASSWORD"}}
    plan = plan_of(document() | {"registries": {"access": [login]}})[0]
    (file,) = inventory_files(plan, Facts(cluster="quickstart"))["host_vars/agent1.yml"]["machine_secret_files"]
    texts = {"env:REGISTRY_PASSWORD": 'a: "b" #c\\\n'}
    said = play(tmp_path, [], [file], texts, "--diff")
    assert "failed=0" in said
    assert '"b"' not in said
    path = tmp_path / f"m{file['path']}"
    assert yaml.safe_load(path.read_text())["configs"]["r.home.arpa:5000"]["auth"] == {"username": "puller", "password": 'a: "b" #c\\'}
    assert path.stat().st_mode & 0o077 == 0
    assert "changed=0 " in play(tmp_path, [], [file], texts)


@pytest.mark.proves("feature snapshots")
def test_keys_of_s3_reach_the_manifest_whose_folder_is_roots_alone_and_those_above_it_are_not(tmp_path: Path) -> None:
    s3 = {"bucket": "etcd", "access_key_from": {"env": "A"}, "secret_key_from": {"env": "B"}}
    plan = plan_of(document() | {"snapshots": {"s3": s3}})[0]
    host = inventory_files(plan, Facts(cluster="quickstart"))["host_vars/server1.yml"]
    (file,), folders = host["machine_secret_files"], [each for each in host["machine_files"] if each.get("state") == "directory"]
    texts = {"env:A": "AKIA\n", "env:B": "s/e+c=r:t\n"}
    said = play(tmp_path, folders, [file], texts, "--diff")
    assert "failed=0" in said
    assert "s/e+c" not in said
    written = tmp_path / f"m{file['path']}"
    keys = yaml.safe_load(written.read_text())["stringData"]
    assert (keys["etcd-s3-access-key"], keys["etcd-s3-secret-key"]) == ("AKIA", "s/e+c=r:t")
    modes = [folder.stat().st_mode & 0o777 for folder in (written, *list(written.parents)[:4])]
    assert modes == [0o600, 0o700, 0o700, 0o755, 0o755]
    assert "changed=0 " in play(tmp_path, folders, [file], texts)


def test_what_was_not_handed_over_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    said = play(tmp_path, *proxy_files(PROXY), {})
    assert "The content of env:PROXY_PASSWORD was not handed over" in " ".join(said.split())
    assert not (tmp_path / "m").exists()
