"""What doctor tries from here, against sockets of this machine."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stardock.doctor import reach
from stardock.doctor.reach import answering, ssh
from stardock.doctor.scene import Tried
from stardock.estate.ssh import Door
from stardock.model.jump import Jump

pytestmark = pytest.mark.unit


@contextmanager
def speaker(words: bytes, address: str = "127.0.0.1") -> Iterator[int]:
    """A host that says these words to whoever comes; its port."""
    with socket.create_server((address, 0), family=socket.AF_INET6 if ":" in address else socket.AF_INET) as server:
        threading.Thread(target=_serve, args=(server, words), daemon=True).start()
        yield server.getsockname()[1]


def _serve(server: socket.socket, words: bytes) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        connection.sendall(words)
        if words:
            connection.close()


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A key that opens nothing here."""
    return make_key(tmp_path / "key", "")


def make_key(path: Path, passphrase: str) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", str(path)], check=True)
    return path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def trouble(door: Door, **environ: str) -> str:
    return ssh({"pve1": door}, {"PATH": os.environ["PATH"], **environ})["pve1"].trouble


def test_a_port_where_nobody_listens_is_told(key: Path) -> None:
    assert "does not answer" in trouble(Door("127.0.0.1", free_port(), "root", key))


def test_a_port_where_something_else_listens_is_told(key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "BANNER_SECONDS", 0.5)
    for words in (b"220 mail ESMTP\r\n", b""):
        with speaker(words) as port:
            assert trouble(Door("127.0.0.1", port, "root", key)) == "answers, but not as an sshd does"


def test_an_sshd_that_ends_the_login_is_told(key: Path) -> None:
    with speaker(b"SSH-2.0-test\r\n") as port:
        assert trouble(Door("127.0.0.1", port, "root", key)) != ""


def test_a_key_is_looked_at_before_anybody_is_asked(tmp_path: Path) -> None:
    locked = make_key(tmp_path / "locked", "secret")
    (tmp_path / "text").write_text("no key")
    (tmp_path / "text").chmod(0o600)
    assert "has a passphrase" in trouble(Door("127.0.0.1", 1, "root", locked))
    assert "no such key file" in trouble(Door("127.0.0.1", 1, "root", tmp_path / "none"))
    assert "no usable key" in trouble(Door("127.0.0.1", 1, "root", tmp_path / "text"))
    assert "no SSH agent" in trouble(Door("127.0.0.1", 1, "root"))


def test_an_address_is_somebodys_for_sure_when_an_sshd_speaks_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "STRANGER_SECONDS", 0.3)
    with speaker(b"SSH-2.0-x\r\n") as port:
        assert answering({"127.0.0.1": port})["127.0.0.1"].sure
    with speaker(b"") as port:
        assert not answering({"127.0.0.1": port})["127.0.0.1"].sure
    assert not answering({"127.0.0.1": free_port()})["127.0.0.1"].sure
    assert answering({}) == {}


@pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="this machine has no IPv6")
def test_an_ipv6_address_is_asked_as_one_of_ipv4() -> None:
    with speaker(b"SSH-2.0-x\r\n", "::1") as port:
        assert answering({"::1": port})["::1"].sure


@pytest.mark.parametrize("code", [errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT])
def test_an_address_to_which_no_way_leads_was_not_asked(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(code, monkeypatch)
    heard = answering({"fd00::1": 22})["fd00::1"]
    assert (heard.how, heard.sure, heard.asked) == (os.strerror(code), False, False)


def test_a_neighbour_that_is_not_there_is_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(errno.EHOSTUNREACH, monkeypatch)
    assert answering({"fd00::1": 22}) == {}


def refuse(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel says this of every connection."""

    async def connect(_address: str, _port: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(asyncio, "open_connection", connect)


def test_addresses_are_asked_at_once_but_never_more_than_a_machine_has_descriptors_for(monkeypatch: pytest.MonkeyPatch) -> None:
    open_now, most = 0, 0
    full = asyncio.Event()

    async def connect(_address: str, _port: int) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        if open_now == reach.STRANGERS:
            full.set()
        await full.wait()
        open_now -= 1
        raise TimeoutError

    monkeypatch.setattr(asyncio, "open_connection", connect)
    assert answering({f"10.0.{number // 250}.{number % 250}": 22 for number in range(1000)}) == {}
    assert most == reach.STRANGERS


@pytest.mark.parametrize(
    ("said", "trouble"),
    [
        ("SSH-2.0-OpenSSH_9.2", ""),
        ("channel 0: open failed: connect failed: No route to host", ""),
        ("ops@bastion: Permission denied (publickey).", "ops@bastion: Permission denied (publickey)."),
        ("Host key verification failed.", "Host key verification failed."),
        ("", "it lets us in, and says nothing of the machine"),
    ],
)
def test_a_jump_host_is_tried_by_what_an_sshd_behind_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, trouble: str
) -> None:
    stub = tmp_path / "ssh"
    stub.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" > {tmp_path}/asked\necho "{said}"\n')
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    jump = Jump("bastion", "ops", 2022)
    assert reach.jumps({jump: "10.0.0.5:22"}, tmp_path / "key") == {"ops@bastion port 2022": Tried("ops@bastion port 2022", trouble)}
    asked = (tmp_path / "asked").read_text()
    assert asked.endswith(f"-i {tmp_path}/key -W 10.0.0.5:22 ops@bastion\n")
    assert "StrictHostKeyChecking=yes" in asked


def test_a_jump_host_that_sends_without_an_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub = tmp_path / "ssh"
    stub.write_text("#!/bin/sh\nyes abcdefgh\n")
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert len(reach.jumps({Jump("bastion"): "x:22"}, None)["bastion"].trouble) < 100


@pytest.mark.proves("feature hosts that exist already")
def test_who_answers_as_an_sshd_does_and_who_does_not_at_all() -> None:
    with speaker(b"SSH-2.0-test\r\n") as port, socket.create_server(("127.0.0.1", 0)) as other:
        free = other.getsockname()[1]
        other.close()
        found = reach.sshds({"pi1": ("127.0.0.1", port), "pi2": ("127.0.0.1", free)})
    assert found["pi1"].trouble == ""
    assert "does not answer" in found["pi2"].trouble
