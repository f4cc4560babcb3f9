"""The stage `machines` and a repository mirror (parity 62): asked before the old sources go, and only when it is not the source yet.

The role runs here, in one run of Ansible: over a machine of one folder, over the same machine again, and over one whose mirror does not
answer. The mirror is a web server of this test.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROLES = Path(__file__).parents[3] / "ansible/roles"
RELEASE = "/dists/Release"


@dataclass(frozen=True)
class Played:
    """Ansible's output, what was asked for, and the folders that stand for machines."""

    said: str
    asked: list[str]
    switched: Path
    silent: Path


@pytest.fixture(scope="module")
def mirror() -> Iterator[tuple[int, list[str]]]:
    """The port of a web server that has one file, and what it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            asked.append(self.path)
            self.send_response(200 if self.path == RELEASE else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server.server_port, asked
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, mirror: tuple[int, list[str]]) -> Played:
    """The role with nothing but a mirror: `first` and `silent`, then `again`, which is `first` under another name."""
    port, asked = mirror
    folder = tmp_path_factory.mktemp("mirror")
    switched, silent = folder / "switched", folder / "silent"
    for machine in (switched, silent):
        machine.mkdir()
    (silent / "sources").write_text("URIs: old\n")
    there = f"http://127.0.0.1:{port}{RELEASE}"
    hosts = {"first": variables(switched, there), "again": variables(switched, there), "silent": variables(silent, there + ".gone")}
    (folder / "hosts.yml").write_text(json.dumps({"all": {"hosts": hosts, "vars": {"ansible_connection": "local"}}}))
    role = {"ansible.builtin.include_role": {"name": "machine", "tasks_from": "mirror"}}
    plays = [{"hosts": which, "gather_facts": False, "tasks": [role]} for which in ("first:silent", "again")]
    (folder / "play.yml").write_text(json.dumps(plays))
    environment = {
        **os.environ,
        "ANSIBLE_ROLES_PATH": str(ROLES),
        "ANSIBLE_CONFIG": str(ROLES.parent / "ansible.cfg"),
        "ANSIBLE_NOCOLOR": "1",
    }
    command = ["ansible-playbook", "-i", str(folder / "hosts.yml"), str(folder / "play.yml")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return Played(done.stdout + done.stderr, asked, switched, silent)


def variables(folder: Path, check: str) -> dict[str, object]:
    """What the stage knows of a machine that is a folder."""
    user = pwd.getpwuid(os.geteuid()).pw_name
    file = {"path": f"{folder}/sources", "content": "URIs: mirror\n", "mode": "0644", "owner": user, "group": "", "applies": "mirror"}
    commands = ["false || true", f"echo off >>{folder}/off"]
    return {"machine_mirror": {"check": check, "files": [file], "commands": commands}, "machine_mirror_patience": 0}


def recap(played: Played, host: str) -> str:
    """Ansible's last line of a host."""
    found = re.search(rf"^{host} +: (.*)$", played.said, re.MULTILINE)
    assert found, played.said
    return found[1]


@pytest.mark.proves("feature mirrors")
@pytest.mark.skipif(os.geteuid() != 0, reason="marks of what is pending lie in /run")
def test_a_mirror_is_asked_then_switched_to_once(played: Played) -> None:
    assert "failed=0" in recap(played, "first"), played.said
    assert (played.switched / "sources").read_text() == "URIs: mirror\n"
    assert (played.switched / "off").read_text() == "off\n"
    assert re.search(r"changed=0 .*failed=0", recap(played, "again")), played.said
    assert played.asked.count(RELEASE) == 1, "one that is the source already is not asked again"


def test_a_mirror_that_does_not_answer_leaves_the_old_sources(played: Played) -> None:
    assert "failed=1" in recap(played, "silent")
    assert "The mirror answers" in played.said
    assert played.asked.count(RELEASE + ".gone") == 4, "asked again before it is given up"
    assert (played.silent / "sources").read_text() == "URIs: old\n"
    assert not (played.silent / "off").exists()
