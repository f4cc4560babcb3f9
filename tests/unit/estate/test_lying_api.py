"""Whatever answers in Proxmox' place: a message with exit code 4, in bounded time and memory, and `runner doctor` lives through it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from stardock.cli.main import runner
from stardock.doctor import reach
from stardock.estate import answers, connection
from tests.lying import Answer, dripping, endless, free_port, lying, says, tells
from tests.plans import document

pytestmark = pytest.mark.unit

TOKEN = "a@pve!b=11111111-2222-3333-4444-555555555555"
PAGE = "<!DOCTYPE html><html><head><title>Sign in &amp; go</title></head></html>"
HOSTILE = "\x1b[2J\x1b]0;owned\x07no\rerror: all is well"


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing but the endpoint is asked, and it is not waited for."""
    monkeypatch.setattr(reach, "answering", lambda _ports: {})
    monkeypatch.setattr(reach, "ssh", lambda _doors, _environ, _snippets: {})
    for module in (answers, connection):
        monkeypatch.setattr(module, "WHOLE_SECONDS", 1.0)
    with (tmp_path / "cluster.yaml").open("w", encoding="utf-8") as stream:
        YAML().dump(document(), stream)


def run(folder: Path, endpoint: str, ca: Path | None, *command: str) -> tuple[int, str]:
    """Exit code and all that was printed, of a command against that endpoint."""
    file = folder / "cluster.yaml"
    data = document()
    data["proxmox"]["endpoint"] = endpoint
    with file.open("w", encoding="utf-8") as stream:
        YAML().dump(data, stream)
    environ = {"PROXMOX_VE_API_TOKEN": TOKEN, "STARDOCK_LOCK": "write", "SSL_CERT_FILE": str(ca) if ca else None}
    result = CliRunner().invoke(runner, [*command, "-f", str(file)], env=environ)
    assert TOKEN.partition("=")[2] not in result.output
    assert not [one for one in result.output if not one.isprintable() and one != "\n"], result.output
    return result.exit_code, " ".join(result.output.split())


#: what is answered to every question -> words of the message, and of its cure
ANSWERS: Mapping[str, tuple[Answer, str, str]] = {
    "401": (says(401, reason="No ticket"), "does not accept the API token: No ticket", "a new one: runner proxmox-role"),
    "403": (says(403, reason="Permission check failed"), "may not do this: Permission check failed", "runner doctor"),
    "404": (says(404, PAGE), "answers 404 Not Found: there is no API of Proxmox", "https://HOST:8006"),
    "429": (says(429), "answers 429 Too Many Requests: something in between", "a reverse proxy"),
    "500": (says(500, "{}"), "answers 500 Internal Server Error: Proxmox fails by itself", "journalctl -u pveproxy"),
    "500 with a list": (says(500, "[]"), "Error in its answer", ""),
    "501": (says(501), "answers 501 Not Implemented", "systemctl status pveproxy"),
    "502": (says(502, PAGE), "answers 502 Bad Gateway: something in between does not get through to Proxmox", "pveproxy"),
    "503": (says(503), "answers 503 Service Unavailable: something in between", "systemctl status pveproxy pvedaemon"),
    "504": (says(504), "answers 504 Gateway Timeout", "systemctl status pveproxy"),
    "595": (says(595, reason="No route to host"), "answers 595 Errors during connection establishment", "pvecm status"),
    "599 of hostile words": (says(599, reason=HOSTILE.partition("\r")[0]), "?[2J", "pvecm status"),
    "a login page": (says(200, PAGE), "with a web page (Sign in & go)", "https://HOST:8006"),
    "a page without a title": (says(200, "<html></html>"), "with a web page", "https://HOST:8006"),
    "a page of a hostile title": (says(200, f"<title>{HOSTILE}</title>"), "with a web page (?[2J?]0;owned?no", "https://HOST:8006"),
    "nothing": (says(200), "with nothing", "https://HOST:8006"),
    "text": (says(200, "It works!"), "with text (It works!)", "https://HOST:8006"),
    "half of JSON": (says(200, '{"data": {"version": "9.1'), "JSON that breaks off", "https://HOST:8006"),
    "another API's JSON": (says(200, '{"kind": "Status"}'), "JSON without `data`", "https://HOST:8006"),
    "JSON of a list": (says(200, "[1]"), "JSON without `data`", "https://HOST:8006"),
    "JSON nested deeply": (says(200, "[" * 100_000), "JSON that breaks off or is none", "https://HOST:8006"),
    "a number that is none": (says(200, '{"data": NaN}'), "JSON that breaks off or is none", "https://HOST:8006"),
    "a number of 5000 digits": (says(200, '{"data": ' + "9" * 5000 + "}"), "JSON that breaks off or is none", "https://HOST:8006"),
    "no version": (says(200, '{"data": {}}'), "not as Proxmox does", "https://HOST:8006"),
    "a version that is a list": (says(200, '{"data": {"version": [9]}}'), "not as Proxmox does", "https://HOST:8006"),
    "bytes that are no UTF-8": (says(200, b"\xff\xfe\x00"), "with text", "https://HOST:8006"),
    "fewer bytes than promised": (says(200, '{"data"', Content_Length="500"), "breaks off half-way", "https://HOST:8006"),
    "another length than a number": (says(200, "x", Content_Length="many"), "answers, but", "https://HOST:8006"),
    "packed": (says(200, b"\x1f\x8b\x08", Content_Encoding="gzip"), "packs what it was asked to send as it is", "https://HOST:8006"),
    "a redirect": (says(302, Location="https://other.example/login"), "sends us on to https://other.example/login", "https://HOST:8006"),
    "a redirect to itself": (says(307, Location="/api2/json/version"), "sends us on to /api2/json/version", "https://HOST:8006"),
    "millions of values": (says(200, '{"data": [' + "{}," * 1_500_000 + "{}]}"), "has more than 1000000 values", "https://HOST:8006"),
    "an endless body": (endless, "has more than 16 MiB", "https://HOST:8006"),
    "a body that drips": (dripping, "does not end within 1 s", "https://HOST:8006"),
}


def test_what_nobody_asked_for_and_what_is_null_is_no_fault_of_ours(tmp_path: Path) -> None:
    """A question for datastores is answered with all there is, and then with nulls."""
    node = {"type": "node", "node": "pve1", "status": "online", "maxmem": 1 << 38}
    with lying(tmp_path, tells({"/cluster/resources": [node], "/nodes": [node]}.get)) as (endpoint, ca):
        code, said = run(tmp_path, endpoint, ca, "plan", "--capacity", "--read")
    assert code == 0, said
    for row in ({"type": "qemu", "node": None, "vmid": None}, dict.fromkeys(node)):
        with lying(tmp_path, tells({"/cluster/resources": [row]}.get)) as (endpoint, ca):
            code, said = run(tmp_path, endpoint, ca, "doctor")
        assert code == 0, said
        assert "PVE nodes are not listed" in said


OTHERS = ("502", "a login page", "half of JSON", "a redirect", "595")


@pytest.mark.parametrize(
    ("case", "command"), [*((case, ("doctor",)) for case in ANSWERS), *((case, ("lock", "memory")) for case in OTHERS)]
)
def test_what_else_answers_is_told_with_its_cure_and_exit_code_4(tmp_path: Path, case: str, command: tuple[str, ...]) -> None:
    answer, words, cure = ANSWERS[case]
    began = time.monotonic()
    with lying(tmp_path, answer) as (endpoint, ca):
        code, said = run(tmp_path, endpoint, ca, *command)
    assert code == 4, said
    assert words in said
    assert cure in said
    assert time.monotonic() - began < 10


def test_a_certificate_that_has_expired_is_of_another_name_or_of_nobody_is_told_apart(tmp_path: Path) -> None:
    for options, words in (
        ({"days": -1}, "has expired"),
        ({"address": "127.0.0.9"}, "certificate of another address"),
        ({}, "not trusted"),
    ):
        with lying(tmp_path, endless, **options) as (endpoint, ca):
            code, said = run(tmp_path, endpoint, ca if options else None, "doctor")
        assert code == 4
        assert words in said


def test_a_port_without_tls_and_one_where_nobody_listens_are_told(tmp_path: Path) -> None:
    with lying(tmp_path, endless, tls=False) as (endpoint, _):
        code, said = run(tmp_path, endpoint, None, "doctor")
    assert (code, "does not speak TLS" in said) == (4, True), said
    code, said = run(tmp_path, f"https://127.0.0.1:{free_port()}", None, "doctor")
    assert (code, "cannot be reached" in said) == (4, True), said


#: What Proxmox never says, of a field and of a whole.
WRONG: tuple[object, ...] = (
    None, 5, "text", HOSTILE, [], {}, [None], [[1]], [{}], {"a": [1]}, 10**400, [{"type": "node"}], [{"type": 5, "node": {}}],
    [{"type": "qemu", "vmid": "many", "node": "pve1"}], [{"type": "qemu", "vmid": 210, "node": HOSTILE, "name": HOSTILE}],
    [{"type": "qemu", "vmid": 210, "node": "pve1", "name": HOSTILE, "tags": HOSTILE}],
    [{"type": "storage", "node": "pve1", "storage": "local", "status": "available", "content": "x; reboot", "maxdisk": "x"}],
    [{"iface": HOSTILE, "type": "bridge"}], [{"iface": "vmbr0", "active": [], "type": {}}], [{"name": 5, "type": "cluster", "quorate": {}}],
    [{"node": "pve1", "maxmem": "x"}], {"time": "x"}, {"time": 10**400}, {"version": HOSTILE}, {"/": 5}, {"/vms": ["VM.Audit"]},
)  # fmt: skip


@pytest.mark.parametrize(("wrong", "command"), [*((wrong, "doctor") for wrong in WRONG), *((wrong, "drift") for wrong in WRONG[::3])])
def test_answers_of_wrong_types_are_never_a_fault_of_stardocks(tmp_path: Path, wrong: object, command: str) -> None:
    with lying(tmp_path, tells(lambda _path: wrong)) as (endpoint, ca):
        code, said = run(tmp_path, endpoint, ca, command)
    assert code in {0, 2, 4}, said
    assert "reboot" not in said
