"""`runner deploy` on a world that is not ready: exit code, message with cure, in time, nothing written."""

from __future__ import annotations

import socket
import time

import pytest

from tests.contract.deploy.estate import EmulatedEstate

pytestmark = pytest.mark.contract

#: Seconds of computing that tell how busy the machine is.
COMPUTED = 0.5


def _slowdown() -> float:
    """How many times longer than its own computing a computation takes here and now; 1 on an idle machine."""
    began, computed = time.monotonic(), time.process_time()
    while time.process_time() - computed < COMPUTED:
        pass
    return max(1.0, (time.monotonic() - began) / COMPUTED)


def _refused(estate: EmulatedEstate, seconds: float, *arguments: str, **environ: str) -> str:
    """Run deploy, which must end with code 4 in that time and leave everything as it was; gives its words.

    Tests run side by side: the time allowed is that of an idle machine, stretched by how much this one is held up right now.
    """
    before = sorted(path.name for path in estate.folder.iterdir())
    allowed = seconds * _slowdown()
    began = time.monotonic()
    code, output = estate.run("deploy", *arguments, **environ)
    took = time.monotonic() - began
    assert took < max(allowed, seconds * _slowdown()), output
    assert code == 4, output
    assert sorted(path.name for path in estate.folder.iterdir()) == before
    return output


def test_a_missing_token_is_told_within_2_s(estate: EmulatedEstate) -> None:
    output = _refused(estate, 2, PROXMOX_VE_API_TOKEN="")
    assert "PROXMOX_VE_API_TOKEN is not set" in output
    assert "pveum user token add" in output


def test_a_wrong_token_is_told_within_5_s_and_not_shown(estate: EmulatedEstate) -> None:
    output = _refused(estate, 5, PROXMOX_VE_API_TOKEN="root@pam!stardock=99999999-2222-3333-4444-555555555555")
    assert "does not accept the API token" in output
    assert "99999999" not in output


@pytest.mark.proves("feature reaching Proxmox")
def test_a_certificate_that_is_not_trusted_is_told_within_5_s(estate: EmulatedEstate) -> None:
    output = _refused(estate, 5, SSL_CERT_FILE="")
    assert "is not trusted" in output
    assert "export SSL_CERT_FILE=" in output


def test_a_silent_endpoint_is_told_within_5_s(estate: EmulatedEstate) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        estate.data["proxmox"]["endpoint"] = f"https://127.0.0.1:{silent.getsockname()[1]}"
        estate.write()
        assert "does not answer" in _refused(estate, 5)


def test_a_password_hash_that_is_not_there_is_told_before_anything_is_written(estate: EmulatedEstate) -> None:
    estate.data["cloud_init"] = {"users": [{"name": "ada", "password_hash": {"env": "NO_SUCH_HASH"}}]}
    estate.write()
    assert "NO_SUCH_HASH is not set: it holds the password hash of ada" in _refused(estate, 10)


def test_a_missing_engine_is_told_with_the_way_to_get_one(estate: EmulatedEstate) -> None:
    assert "install OpenTofu" in _refused(estate, 5, TERRAFORM_BINARY_NAME="no-such-engine")


def test_a_name_that_no_machine_has_to_replace_is_refused_with_those_that_there_are(estate: EmulatedEstate) -> None:
    code, output = estate.run("deploy", "--replace", "server11")
    assert code == 5
    assert "the machines are: lb1, lb2, server1" in output
    assert "did you mean" not in output, "obeyed, it would replace a machine that nobody meant"
