"""`runner doctor`, the real command, against an emulated estate: one in which all is well, and one with faults planted in it."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from lab.pve import access_key
from lab.pve.sshd import ACCOUNT, ACCOUNT_ID
from stardock.cli.main import runner
from stardock.doctor import reach
from stardock.doctor.scene import Heard
from stardock.estate.role import commands
from stardock.estate.token import default_user
from stardock.workspace.workspace import open_workspace
from tests.contract import pveum
from tests.contract.estate import Estate, estate
from tests.engines import chosen_engine
from tests.plans import document

pytestmark = pytest.mark.contract

SIZE = 100 * 1024**3
REAL = reach.answering
URL = "https://images.example/debian.qcow2"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """An estate with an sshd a PVE node."""
    with estate(tmp_path_factory.mktemp("pve"), ssh=True) as made:
        yield made


@pytest.fixture
def pve(served: Estate) -> Iterator[Estate]:
    """The same, with nothing amiss before and after."""
    yield served
    served.lab("reset")


def cluster(pve: Estate, folder: Path, **proxmox: Any) -> Path:
    """The quick start on this estate."""
    data = document()
    nodes = [{"name": name, "address": "127.0.0.1", "ssh_port": port} for name, port in pve.ssh_ports.items()]
    key = {"private_key": str(access_key(pve.directory))}
    data["proxmox"] |= {"endpoint": pve.settings.endpoint, "nodes": nodes, "ssh": key} | proxmox
    data["image"] |= {"url": URL, "checksum": "sha256:" + "a" * 64}
    file = folder / "cluster.yaml"
    with file.open("w") as stream:
        YAML().dump(data, stream)
    return file


def take_role(pve: Estate, file: Path, *, without: str = "nothing") -> str:
    """The token that `runner proxmox-role` makes for the file, its commands without one word."""

    def ask(method: str, path: str, parameters: dict[str, str]) -> Any:
        answer = pve.ask(method, path, **parameters)
        assert answer.status == 200, answer
        return answer.data

    plan = open_workspace(file).plan
    user = default_user(plan.cluster)
    pve.ask("DELETE", f"/access/users/{user}")
    return pveum.run((line.replace(f" {without}", "") for line in commands(plan, user)), ask)


def doctor(pve: Estate, file: Path, token: str, monkeypatch: pytest.MonkeyPatch, **environ: str) -> tuple[int, list[dict[str, Any]]]:
    """Exit code and findings."""
    for name in ("SSH_AUTH_SOCK", "PROXMOX_VE_SSH_USERNAME", "PROXMOX_VE_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    trust = {"SSL_CERT_FILE": f"{pve.directory}/ca.pem", "PROXMOX_VE_API_TOKEN": token, "TERRAFORM_BINARY_NAME": str(chosen_engine())}
    done = CliRunner().invoke(runner, ["doctor", "-f", str(file), "--format", "json"], env=trust | environ)
    assert token.partition("=")[2] not in done.output
    return done.exit_code, json.loads(done.output)["findings"]


@contextmanager
def host(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A host at that address with an sshd that only greets: it stands on this machine, and nobody stands anywhere else."""

    def answering(ports: dict[str, int]) -> dict[str, Heard]:
        return {address: REAL({"127.0.0.1": port})["127.0.0.1"]} if address in ports else {}

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        threading.Thread(target=_greet, args=(server,), daemon=True).start()
        monkeypatch.setattr(reach, "answering", answering)
        yield


@pytest.fixture(autouse=True)
def _nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test asks hosts that are not its own."""
    monkeypatch.setattr(reach, "answering", lambda _ports: {})


def _greet(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        connection.sendall(b"SSH-2.0-somebody\r\n")
        connection.close()


def not_ok(findings: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """What is amiss or could not be checked, by check and subject."""
    return {(one["check"], one["subject"]): one for one in findings if one["level"] != "ok"}


def test_doctor_with_the_least_privilege_role_finds_a_healthy_estate_healthy(
    pve: Estate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = cluster(pve, tmp_path)
    code, findings = doctor(pve, file, take_role(pve, file), monkeypatch)
    (rest,) = not_ok(findings).values()
    assert (rest["check"], rest["level"], rest["cause"].partition(":")[0]) == ("VRRP id", "warning", "not checked")
    assert code == 0
    written = sorted(path.name for path in tmp_path.iterdir())
    assert written == ["cluster.yaml"], "doctor reads only"
    methods = {request["method"] for request in pve.lab("requests") if "/access/" not in request["path"]}
    assert methods == {"GET"}


@pytest.mark.proves("feature doctor")
def test_doctor_against_an_estate_with_ten_planted_faults_finds_each_with_its_cure(
    pve: Estate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, ports = list(pve.ssh_ports), pve.ssh_ports
    nodes = [
        {"name": "pve1", "address": "127.0.0.1", "ssh_port": 1},
        {"name": "pve2", "address": "127.0.0.1", "ssh_port": ports["pve2"]},
        {"name": "pve03", "address": "127.0.0.1", "ssh_port": ports["pve3"]},
    ]
    file = cluster(pve, tmp_path, nodes=nodes)
    token = take_role(pve, file, without="VM.PowerMgmt")
    pve.lab("node", name="pve2", clock=90, version="8.4.1")
    pve.lab("node", name="pve1", unreachable=["https://images.example/"])
    for name in names:
        pve.lab("storage", node=name, name="local", content="iso,vztmpl,snippets")
    pve.lab("storage", node="pve1", name="local-lvm", used=SIZE)
    pve.ask("POST", "/nodes/pve3/qemu", vmid=210, name="mail")
    pve.session.post(f"{pve.settings.endpoint}/lab/bridge", json={"node": "pve2", "name": "vmbr0"}, timeout=10)
    with host("192.168.1.50", monkeypatch):
        code, findings = doctor(pve, file, token, monkeypatch, TERRAFORM_BINARY_NAME="/no/tofu")
    found = not_ok(findings)
    user = "stardock-quickstart@pve"
    planted = {
        ("privileges", "/vms"): ("lacks VM.PowerMgmt", f"pveum acl modify /vms --users {user} --tokens '{user}!stardock'"),
        ("nodes", "pve03"): ("no node of that name", "write pve3 under proxmox.nodes"),
        ("clock", "pve2"): ("s ahead of this machine's", "chronyc -a makestep"),
        ("version", "pve2"): ("Proxmox VE 8.4.1", "pve8to9"),
        ("datastores", "local"): ("content type `import`", "pvesm set local --content iso,vztmpl,snippets,import"),
        ("space", "local-lvm on pve1"): ("0.0 GiB are free", "pvesm list local-lvm"),
        ("bridges", "vmbr0 on pve2"): ("is not on pve2", "/etc/network/interfaces"),
        ("VM ids", "server1, 210"): ("the VM mail on pve3 has this id", "`vm_id:`"),
        ("addresses", "192.168.1.50"): ("somebody has the address of server1", "ip neigh show 192.168.1.50"),
        ("SSH", "pve1"): ("does not answer", "ssh_port in cluster.yaml"),
        ("images", URL): ("pve1 does not get it", f"curl -sSIL {URL}"),
        ("tools", "engine"): ("/no/tofu is not on PATH", "TERRAFORM_BINARY_NAME"),
    }
    for key, (cause, cure) in planted.items():
        assert found[key]["level"] == "problem", key
        assert cause in found[key]["cause"], key
        assert cure in found[key]["cure"], key
    assert code == 4
    pve.do("DELETE", "/nodes/pve3/qemu/210")


@pytest.mark.proves("feature doctor")
def test_the_commands_that_doctor_prints_cure_what_it_found(pve: Estate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = cluster(pve, tmp_path)
    token = take_role(pve, file, without="VM.PowerMgmt")
    _, findings = doctor(pve, file, token, monkeypatch)
    cure = not_ok(findings)["privileges", "/vms"]["cure"].splitlines()

    def ask(method: str, path: str, parameters: dict[str, str]) -> Any:
        answer = pve.ask(method, path, **parameters)
        assert answer.status == 200, answer
        return answer.data or {"full-tokenid": "", "value": ""}

    pveum.run([*cure, "pveum user token add stardock-quickstart@pve another"], ask)
    _, findings = doctor(pve, file, token, monkeypatch)
    assert ("privileges", "/vms") not in not_ok(findings)


def test_doctor_tells_a_wrong_token_and_a_missing_one_and_looks_at_the_rest_all_the_same(
    pve: Estate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = cluster(pve, tmp_path)
    pve.lab("delay", unauthorized=0)
    wrong = f"{pve.token.partition('=')[0]}={'9' * 32}"
    for token, cause in ((wrong, "does not accept the API token"), ("", "is not set")):
        code, findings = doctor(pve, file, token or "=x=none", monkeypatch, PROXMOX_VE_API_TOKEN=token)
        assert code == 4
        assert cause in not_ok(findings)["connection", pve.settings.endpoint]["cause"]
        assert any(one["check"] == "tools" for one in findings)


def test_doctor_as_a_table_has_the_worst_last_and_cures_as_whole_lines(
    pve: Estate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = cluster(pve, tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", f"{pve.directory}/ca.pem")
    done = CliRunner().invoke(
        runner, ["doctor", "-f", str(file)], env={"PROXMOX_VE_API_TOKEN": take_role(pve, file, without="VM.PowerMgmt")}
    )
    assert done.exit_code == 4
    lines = [line.strip() for line in done.output.splitlines()]
    assert re.fullmatch(r"\d+ ok, (1 warning|\d+ warnings), (1 problem|\d+ problems)", lines[-1])
    assert lines.index("problem: privileges, /vms") == max(number for number, line in enumerate(lines) if line.startswith("problem:"))
    assert lines[-2].startswith("pveum acl modify /vms --users stardock-quickstart@pve")
    shown = [line.split()[0] for line in lines if line.startswith(("ok ", "warning ", "problem "))]
    assert shown == sorted(shown, key=["ok", "warning", "problem"].index)


@pytest.mark.proves("case 21-non-root-snippets")
def test_an_account_that_may_not_write_snippets_is_told_and_the_cure_cures(
    pve: Estate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = str(access_key(pve.directory))
    file = cluster(pve, tmp_path, ssh={"user": ACCOUNT, "private_key": key})
    token = take_role(pve, file)
    folders = [pve.directory / "pve" / name / "local" / "snippets" for name in pve.ssh_ports]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        os.chown(folder, 0, 0)
    code, findings = doctor(pve, file, token, monkeypatch)
    assert ("SSH", "pve1") in not_ok(findings), [one for one in findings if one["check"] == "SSH"]
    told = not_ok(findings)["SSH", "pve1"]
    assert code == 4
    assert "so terraform may not write" in told["cause"]
    port = pve.ssh_ports["pve1"]
    assert told["cure"].startswith(f"ssh -p {port} root@127.0.0.1 'install -d -o terraform /var/lib/vz/snippets'")
    for folder in folders:
        os.chown(folder, ACCOUNT_ID, 0)
    assert not [one for one in not_ok(doctor(pve, file, token, monkeypatch)[1]) if one[0] == "SSH"]
    for folder in folders:
        os.chown(folder, 0, 0)
