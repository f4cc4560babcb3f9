"""The channel of a real guest agent: who asks throws away what earlier askers left, and takes PVE's time for silence."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.machines.agent import AgentError, AgentSilentError, AgentTimeoutError
from lab.machines.qemu import channel
from lab.machines.qemu.channel import ChannelAgent, answer_to


class Guest:
    """An agent that answers from `answers`, behind what it still had to say (`stale`); to other commands it says nothing."""

    def __init__(self, path: Path) -> None:
        self.answers: dict[str, object] = {"guest-ping": {"return": {}}}
        self.stale = b""
        self.asked: list[object] = []
        self.path = path
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen(1)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as stream:
                stream.write(self.stale)
                for line in stream:
                    self._answer(stream, json.loads(line))

    def _answer(self, stream: object, asked: dict[str, object]) -> None:
        self.asked.append(asked)
        if asked["execute"] == "guest-sync-delimited":
            arguments = asked["arguments"]
            assert isinstance(arguments, dict)
            said = b"\xff" + json.dumps({"return": arguments["id"]}).encode() + b"\n"
        elif str(asked["execute"]) in self.answers:
            said = json.dumps(self.answers[str(asked["execute"])]).encode() + b"\n"
        else:
            return
        stream.write(said)  # type: ignore[attr-defined]
        stream.flush()  # type: ignore[attr-defined]

    def close(self) -> None:
        self._listening.close()


@pytest.fixture
def guest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guest]:
    monkeypatch.setattr(channel, "_PING_TIMEOUT", 0.3)
    monkeypatch.setattr(channel, "_TIMEOUT", 0.3)
    made = Guest(tmp_path / "qga")
    yield made
    made.close()


def test_a_command_comes_behind_a_sync_and_gives_what_the_agent_returned(guest: Guest) -> None:
    guest.answers["guest-file-open"] = {"return": 1000}
    assert ChannelAgent(guest.path).execute("guest-file-open", {"path": "/etc/hostname"}) == 1000
    sync, asked = guest.asked
    assert isinstance(sync, dict)
    assert sync["execute"] == "guest-sync-delimited"
    assert asked == {"execute": "guest-file-open", "arguments": {"path": "/etc/hostname"}}


def test_what_the_agent_still_had_to_say_to_an_earlier_asker_is_thrown_away(guest: Guest) -> None:
    guest.stale = b'{"return": "cut off\n\xff{"return": 7}\n{"return": "of an earlier asker"}\n'
    guest.answers["guest-fsfreeze-status"] = {"return": "thawed"}
    assert ChannelAgent(guest.path).execute("guest-fsfreeze-status", {}) == "thawed"


def test_an_error_is_the_agents_own(guest: Guest) -> None:
    guest.answers["guest-file-open"] = {"error": {"class": "GenericError", "desc": "failed to open file"}}
    with pytest.raises(AgentError, match="failed to open file"):
        ChannelAgent(guest.path).execute("guest-file-open", {"path": "/none"})


def test_a_command_without_an_answer_is_a_timeout_and_a_ping_without_one_is_silence(guest: Guest, tmp_path: Path) -> None:
    with pytest.raises(AgentTimeoutError):
        ChannelAgent(guest.path).execute("guest-get-osinfo", {})
    del guest.answers["guest-ping"]
    with pytest.raises(AgentSilentError):
        ChannelAgent(guest.path).execute("guest-ping", {})
    with pytest.raises(AgentSilentError):
        ChannelAgent(tmp_path / "nobody").execute("guest-get-osinfo", {})


def test_an_answer_counts_when_it_is_whole() -> None:
    assert answer_to(5, b'\xff{"return": 5}\n{"return"') is None
    assert answer_to(5, b'\xff{"return": 5}\n{"return": {}}\n') == {"return": {}}
    assert answer_to(5, b'\xff{"return": 4}\n{"return": {}}\n') is None
