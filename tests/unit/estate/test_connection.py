"""The checks before a deploy: each failure told apart, within seconds, on real sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stardock.deadline import within
from stardock.errors import ConditionError
from stardock.estate import connection
from stardock.estate.connection import Estate
from stardock.estate.refusals import NoAnswer, unreachable
from stardock.model.settings import Proxmox, PveNode
from tests.lying import lying, says

pytestmark = pytest.mark.unit

TOKEN = {"PROXMOX_VE_API_TOKEN": "a@pve!b=11111111-2222-3333-4444-555555555555"}


def _proxmox(endpoint: str, *, insecure: bool = False) -> Proxmox:
    return Proxmox(endpoint=endpoint, nodes=(PveNode(name="pve1"),), insecure=insecure)


@contextmanager
def _listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def _complaint(proxmox: Proxmox, **environ: str) -> ConditionError:
    with pytest.raises(ConditionError) as caught:
        Estate.from_environment(proxmox, {**TOKEN, **environ}).check()
    return caught.value


def test_an_endpoint_that_is_silent_is_told_within_5_s() -> None:
    with _listening() as server:
        began = time.monotonic()
        error = _complaint(_proxmox(f"https://127.0.0.1:{server.getsockname()[1]}"))
        assert time.monotonic() - began < 5
    assert "does not answer" in error.message


def test_an_endpoint_where_nobody_listens_is_told() -> None:
    with _listening() as server:
        port = server.getsockname()[1]
    told = _complaint(_proxmox(f"https://127.0.0.1:{port}"))
    assert "cannot be reached" in told.message
    assert told.cure == "check `proxmox.endpoint` in cluster.yaml and the host"


def test_a_url_without_a_port_that_nobody_answers_is_told_the_port_of_proxmox() -> None:
    told = unreachable("https://192.0.2.10", ConnectionError("refused"))
    assert "write https://192.0.2.10:8006 as `proxmox.endpoint`" in str(told.cure)


def test_a_certificate_that_is_not_trusted_is_told_with_its_cure(tmp_path: Path) -> None:
    with lying(tmp_path, says(200, "<html>hello</html>")) as (endpoint, _):
        error = _complaint(_proxmox(endpoint))
    assert "is not trusted" in error.message
    assert "SSL_CERT_FILE" in str(error.cure)


def test_ssl_cert_file_is_honoured_and_a_server_that_is_no_proxmox_is_told(tmp_path: Path) -> None:
    with lying(tmp_path, says(200, "<html>hello</html>")) as (endpoint, ca):
        assert "not as Proxmox" in _complaint(_proxmox(endpoint), SSL_CERT_FILE=str(ca)).message
        assert "not as Proxmox" in _complaint(_proxmox(endpoint, insecure=True)).message


def test_a_ca_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    error = _complaint(_proxmox("https://127.0.0.1:1"), SSL_CERT_FILE=str(tmp_path / "no.pem"))
    assert "no.pem, which is not there" in error.message


def test_a_check_that_hangs_where_no_timeout_reaches_ends_in_time() -> None:
    began = time.monotonic()
    with pytest.raises(NoAnswer):
        within(0.2, lambda: time.sleep(3), lambda: NoAnswer("late"))
    assert time.monotonic() - began < 2
    assert connection.CHECK_SECONDS < 5


def test_an_error_of_the_work_is_the_error() -> None:
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0, lambda: NoAnswer("late"))


OPEN = Proxmox(endpoint=None, nodes=())


def test_what_cluster_yaml_leaves_open_comes_from_the_environment_as_for_the_provider() -> None:
    named = {"PROXMOX_VE_ENDPOINT": "https://pve.example:8006/", "PROXMOX_VE_INSECURE": "true"}
    found = connection.resolved(OPEN, named)
    assert (found.endpoint, found.insecure) == ("https://pve.example:8006", True)
    assert connection.resolved(OPEN, {**named, "PROXMOX_VE_INSECURE": "yes"}).insecure is False, "the provider takes true and 1 only"


def test_what_cluster_yaml_says_goes_before_the_environment() -> None:
    said = Proxmox(endpoint="https://a:8006", nodes=(), insecure=False)
    assert connection.resolved(said, {"PROXMOX_VE_ENDPOINT": "https://b:8006", "PROXMOX_VE_INSECURE": "1"}) == said


def test_an_endpoint_that_nobody_names_or_in_clear_is_told_with_its_cure() -> None:
    with pytest.raises(ConditionError, match="nothing says where Proxmox is") as caught:
        connection.resolved(OPEN, {})
    assert "export PROXMOX_VE_ENDPOINT" in str(caught.value.cure)
    with pytest.raises(ConditionError, match="in clear"):
        connection.resolved(OPEN, {"PROXMOX_VE_ENDPOINT": "http://pve:8006"})
