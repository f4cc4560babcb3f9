"""The scripts that keepalived on servers asks: whether the server's own API takes connections, and whether it is ready."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.unit.ansible.rendered import ROLES

pytestmark = pytest.mark.unit

LISTENS, READY = (ROLES / "keepalived/files" / name for name in ("api-listens", "api-ready"))


def asked(script: Path, port: int, path: str = os.environ["PATH"]) -> int:
    return subprocess.run(["bash", str(script), str(port)], env={"PATH": path}, capture_output=True, check=False).returncode


def test_a_server_that_takes_no_connection_gives_the_address_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert asked(LISTENS, port) == 0
    assert asked(LISTENS, port) != 0


@pytest.mark.parametrize(("status", "fit"), [("200", True), ("401", False), ("500", False), ("000", False)])
def test_a_server_is_fit_when_its_readyz_answers_200_and_only_then(tmp_path: Path, status: str, fit: bool) -> None:
    stub = tmp_path / "curl"
    stub.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\nprintf {status}\n')
    stub.chmod(0o755)
    assert (asked(READY, 6443, f"{tmp_path}:{os.environ['PATH']}") == 0) == fit
    words = (tmp_path / "asked").read_text().split()
    assert words[-1] == "https://127.0.0.1:6443/readyz"
    assert int(words[words.index("--max-time") + 1]) < 5, "keepalived ends it after 5 s"


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="no shellcheck here; tools/check-files runs it")
def test_the_scripts_are_clean() -> None:
    subprocess.run(["shellcheck", str(LISTENS), str(READY)], check=True)
