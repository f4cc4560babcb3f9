"""The engine's machine-readable lines as words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stardock.terraform.messages import Transcript, cure_of

pytestmark = pytest.mark.unit

VM = "proxmox_virtual_environment_vm.server1"


def _line(**message: Any) -> str:
    return json.dumps(message) + "\n"


def test_what_is_done_is_shown_and_what_is_only_begun_is_not() -> None:
    transcript = Transcript()
    hook = {"resource": {"addr": VM}, "action": "create", "elapsed_seconds": 12}
    assert transcript.take(_line(type="apply_complete", hook=hook)) == "machine server1: created (12 s)"
    assert transcript.take(_line(type="apply_progress", hook=hook)) == "machine server1: create, 12 s so far"
    assert transcript.take(_line(type="apply_start", hook=hook)) is None
    assert transcript.take(_line(type="refresh_complete", hook=hook)) is None


def test_an_error_keeps_the_tools_own_words_and_names_the_machine() -> None:
    transcript = Transcript()
    diagnostic = {"severity": "error", "summary": "error starting VM", "detail": "no space\n\nleft", "address": VM}
    assert transcript.take(_line(type="diagnostic", diagnostic=diagnostic)) is None
    assert transcript.why() == "machine server1: error starting VM\n  no space\n  left"


def test_output_that_is_no_json_is_the_reason_when_there_is_no_other() -> None:
    transcript = Transcript()
    for line in ("panic: boom\n", "\n", "[1]\n"):
        assert transcript.take(line) is None
    assert transcript.why() == "panic: boom\n[1]"
    assert Transcript().why() == "it gave no reason"


def test_a_warning_is_one_line() -> None:
    diagnostic = {"severity": "warning", "summary": "old", "detail": "long\nstory"}
    assert Transcript().take(_line(type="diagnostic", diagnostic=diagnostic)) == "warning: old"


def test_what_a_backend_says_is_no_command_when_its_cure_is_copied() -> None:
    said = cure_of("Error acquiring the state lock: already locked: ID=$(reboot);x", "tofu", Path("/a b"))
    assert said.endswith("(cd '/a b' && tofu force-unlock '$(reboot);x')")
