"""The stage `machines` and a repository mirror (parity 62): asked before the old sources go, and only when it is not the source yet.

The role runs here, over a folder; the mirror is a web server of this test.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROLES = Path(__file__).parents[3] / "ansible/roles"


@dataclass
class Mirror:
    """What was asked for, and whether it is there."""

    port: int = 0
    there: bool = True
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    state = Mirror()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            state.asked.append(self.path)
            self.send_response(200 if state.there else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()


def play(folder: Path, mirror: Mirror, content: str = "URIs: mirror\n") -> tuple[int, str]:
    """Run the role with nothing but a mirror; exit code and output."""
    user = pwd.getpwuid(os.geteuid()).pw_name
    file = {"path": f"{folder}/sources", "content": content, "mode": "0644", "owner": user, "group": "", "applies": "mirror"}
    tasks = [
        {"ansible.builtin.include_role": {"name": "machine", "tasks_from": "mirror"}},
    ]
    variables = {
        "machine_mirror": {
            "check": f"http://127.0.0.1:{mirror.port}/dists/Release",
            "files": [file],
            "commands": ["false || true", f"echo off >>{folder}/off"],
        },
    }
    (folder / "play.yml").write_text(
        json.dumps([{"hosts": "localhost", "connection": "local", "gather_facts": False, "vars": variables, "tasks": tasks}])
    )
    environment = {
        **os.environ,
        "ANSIBLE_ROLES_PATH": str(ROLES),
        "ANSIBLE_CONFIG": str(ROLES.parent / "ansible.cfg"),
        "ANSIBLE_NOCOLOR": "1",
    }
    done = subprocess.run(["ansible-playbook", str(folder / "play.yml")], env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="marks of what is pending lie in /run")
def test_a_mirror_is_asked_then_switched_to_once(tmp_path: Path, mirror: Mirror) -> None:
    code, said = play(tmp_path, mirror)
    assert code == 0, said
    assert mirror.asked == ["/dists/Release"]
    assert (tmp_path / "sources").read_text() == "URIs: mirror\n"
    assert (tmp_path / "off").read_text() == "off\n"

    mirror.there = False
    code, said = play(tmp_path, mirror)
    assert code == 0, "one that is the source already is not asked again"
    assert re.search(r"changed=0 .*failed=0", said)
    assert len(mirror.asked) == 1


def test_a_mirror_that_does_not_answer_leaves_the_old_sources(tmp_path: Path, mirror: Mirror) -> None:
    mirror.there = False
    (tmp_path / "sources").write_text("URIs: old\n")
    code, said = play(tmp_path, mirror)
    assert code != 0
    assert "The mirror answers" in said
    assert (tmp_path / "sources").read_text() == "URIs: old\n"
    assert not (tmp_path / "off").exists()
