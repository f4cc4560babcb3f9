"""`runner lab ssh`: the real ssh client with our options, against a machine that freezes under the session."""

from __future__ import annotations

import socket
import subprocess
import threading
import time

import pytest

from lab.command.ssh import ALIVE

pytestmark = pytest.mark.unit


def test_a_session_to_a_machine_that_went_away_without_a_word_ends() -> None:
    """A listener that accepts and says nothing, as a frozen machine's kernel does."""
    held: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        threading.Thread(target=lambda: held.append(silent.accept()), daemon=True).start()
        quick = [word.replace("=10", "=1") for word in ALIVE]
        began = time.monotonic()
        command = ["ssh", "-F", "none", *quick, "-p", str(silent.getsockname()[1]), "root@127.0.0.1", "true"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 255
        assert time.monotonic() - began < 20
        assert "timed out" in done.stderr


def test_a_session_that_stands_is_asked_for_signs_of_life() -> None:
    told = subprocess.run(["ssh", "-F", "none", *ALIVE, "-G", "machine"], capture_output=True, text=True, check=True).stdout.splitlines()
    assert {"serveraliveinterval 5", "serveralivecountmax 3", "connecttimeout 10"} <= set(told)
