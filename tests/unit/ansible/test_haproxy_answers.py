"""The script that keepalived asks whether this machine may have the virtual address, and what haproxy is told to answer."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.plans import document, plan_of
from tests.unit.ansible.rendered import ROLES, rendered

pytestmark = pytest.mark.unit

SCRIPT = ROLES / "keepalived/files/haproxy-answers"


@contextmanager
def answering(words: bytes) -> Iterator[int]:
    """Somebody who says this to whoever asks; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(1000)
                    connection.sendall(words)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def asked(port: int) -> int:
    """The script's exit code, with haproxy on another port than its own."""
    return subprocess.run(["bash", "-c", SCRIPT.read_text().replace("/8404", f"/{port}")], capture_output=True, check=False).returncode


@pytest.mark.proves("reality D30")
@pytest.mark.parametrize(
    ("words", "fit"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", True),
        (b"HTTP/1.0 503 Service Unavailable\r\n\r\n", False),
        (b"HTTP/1.0 403 Forbidden\r\n\r\n", False),
        (b"", False),
        (b"200\r\n", False),
    ],
)
def test_the_address_is_kept_only_when_haproxy_says_so(words: bytes, fit: bool) -> None:
    with answering(words) as port:
        assert (asked(port) == 0) == fit


def test_without_haproxy_the_address_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert asked(port) != 0


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="no shellcheck here; tools/check-files runs it")
def test_the_script_is_clean() -> None:
    subprocess.run(["shellcheck", str(SCRIPT)], check=True)


def configuration(*balancers: str, name: str = "rke2", **api: Any) -> str:
    """As the first of these load balancers gets it."""
    data = document() | {"distribution": {"name": name}, "api": api}
    data["pools"][0] = {"name": "balancers", "role": "loadbalancer", "machines": list(balancers)}
    return rendered(plan_of(data)[0], balancers[0], "haproxy.cfg")


def test_where_machines_join_at_the_apis_port_there_is_one_frontend() -> None:
    one, two = configuration("lb1", name="k3s"), configuration("lb1")
    assert "supervisor" in two
    assert "supervisor" not in one
    assert one.count("bind *:6443") == 1


@pytest.mark.proves("reality D30")
def test_a_load_balancer_gives_the_address_up_only_when_it_reaches_no_server_and_another_does() -> None:
    text = configuration("lb1", "lb2", port=7443)
    assert "server lb2 192.168.1.42:7443" in text
    assert "http-request return status 503 if { path /address } !{ nbsrv(api) gt 0 } { nbsrv(otherbalancers) gt 0 }" in text
    assert text.index("return status 503 if") < text.index("return status 200 if { path /address }")
    assert "otherbalancers" not in configuration("lb1"), "the only one keeps it whatever happens"


@pytest.mark.proves("reality D30")
def test_a_slow_etcd_does_not_take_all_servers_out_before_an_election_can_have_ended() -> None:
    """etcd of RKE2 has a new leader within two election time-outs of 5 s (k3s, pkg/etcd); /readyz fails after 2 s for as long."""
    words = next(line for line in configuration("lb1").splitlines() if "check-ssl" in line).split()
    fast, fall = (int(words[words.index(name) + 1].rstrip("s")) for name in ("fastinter", "fall"))
    readyz = 2
    assert (fall - 1) * (fast + readyz) + readyz > 2 * 5 + 5
    assert "timeout check 4s" in configuration("lb1")
