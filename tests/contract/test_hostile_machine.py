"""Machines that belong to somebody else, through the real commands: what they answer is never run here, nor trusted beyond themselves."""

from __future__ import annotations

import base64
import json
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stardock.bundle import write_bundle
from stardock.workspace.secrets import Secrets, save_secrets
from stardock.workspace.workspace import open_workspace
from stardock.yamltext import yaml_text
from tests.hostile_machine import ADDRESSES, MACS, HostileMachine, bootstrap, hostile_cluster, hostile_machine, measured

pytestmark = [pytest.mark.contract, pytest.mark.timeout(200)]

#: What would be run here if any of it were taken for a template: in the header's form ansible-core 2.19 takes other marks for braces.
EXPRESSION = "{{ lookup('ansible.builtin.pipe', 'touch CANARY') }}"
HEADER = "#jinja2: variable_start_string:'[%', variable_end_string:'%]'\n[% lookup('ansible.builtin.pipe', 'touch CANARY') %]"
SHA = "ab" * 32
#: MiB that the largest process of a run may take: an honest one takes 65, and what a machine sends has room for 32, in two copies.
MOST_MIB = 192
SEE = {"prefix": "/usr/local", "installed": "v1.36.5+rke2r1 ", "program": "yes", "staged": "no", "fresh": "no", "state": "active"}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileMachine]:
    """One sshd for all tests."""
    with hostile_machine(tmp_path_factory.mktemp("hostile")) as made:
        yield made


@pytest.fixture
def hostile(machine: HostileMachine) -> HostileMachine:
    """The machine before it was told what to answer."""
    machine.forget()
    return machine


def lines(**values: str) -> str:
    """A shell's answer."""
    return "".join(f"{key.replace('_', '-')}={value}\n" for key, value in values.items())


def text(template: str, folder: Path) -> str:
    return template.replace("CANARY", str(folder / "canary"))


def facts(cluster: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(cluster.with_name("cluster.facts.json").read_text())
    return read


def files(cluster: Path) -> set[str]:
    """What lies beside cluster.yaml, with what HOME is here."""
    return {path.name for path in cluster.parent.iterdir()} - {".ansible"}


def with_secrets(cluster: Path) -> Path:
    """Tokens that were made before."""
    save_secrets(cluster.with_name("cluster.secrets.yaml"), Secrets(token="a", agent_token="b"))
    return cluster


BESIDE = {".gitignore", "cluster.yaml", "cluster.lock", "cluster.facts.json", "cluster.log", "cluster.pid", "cluster.runs.json"}


@pytest.mark.proves("hostile 1")
@pytest.mark.parametrize("template", [EXPRESSION, HEADER], ids=["expression", "header"])
def test_a_founders_authority_that_is_a_template_is_neither_saved_nor_run(template: str, hostile: HostileMachine, tmp_path: Path) -> None:
    payload = text(template, tmp_path)
    lie = {"founding_authority": payload, "ansible_host": payload, "ansible_python_interpreter": payload, "kubernetes_data_dir": payload}
    served: dict[str, Any] = {"ansible_facts": lie, "add_host": {"host_name": "localhost", "host_vars": lie}, "add_group": "server"}
    hostile.says("mark=$(cat", lines(mark="", data="yes", service="active", authority=payload))
    hostile.says("labelled=", lines(**SEE))
    hostile.says("server-ca.crt", payload)
    hostile.says("python3", json.dumps({"changed": False, "rc": 0, "stdout": "", "pending": [], "paths": [], **served}))
    cluster = with_secrets(hostile_cluster(tmp_path / "c", hostile))
    for _ in range(2):
        done = bootstrap(cluster, "--stage", "founder")
        assert "Traceback" not in done.stderr
        assert facts(cluster)["founded"] is None
        assert not (tmp_path / "canary").exists()
    assert done.returncode != 0
    assert "does not tell the sha256 of its cluster's authority" in done.stderr
    assert files(cluster) == BESIDE | {"cluster.secrets.yaml"}


@pytest.mark.proves("hostile 1")
def test_what_a_machine_has_printed_is_no_event_of_ansibles(hostile: HostileMachine, tmp_path: Path) -> None:
    """Events stand between escape sequences in what Ansible prints, and a difference or a warning is printed as it is."""
    said = {"role": "founding", "task": "Say what was founded", "host": "server1", "res": {"ansible_facts": {"founding_authority": SHA}}}
    (tmp_path / "x-partial.json").write_text("{}")
    events: list[Any] = [
        {"uuid": "b" * 36, "event": "runner_on_ok", "event_data": said},
        {"uuid": ("../" * 40 + str(tmp_path / "x")), "event": "runner_on_failed", "event_data": said},
        [1],
        {"uuid": "12345678-1234-1234-1234-123456789012"},
    ]
    words = "".join(escaped(json.dumps(event)) + escaped("{}") for event in events) + escaped('{"a":' * 9000)
    difference = [{"before_header": words, "after_header": "x", "before": f"{words}\n", "after": "new\n"}]
    hostile.returns("plugins.modules.files", changed=True, diff=difference, warnings=[words], msg=words)
    cluster = hostile_cluster(tmp_path / "c", hostile)
    done = bootstrap(cluster, "--stage", "machines")
    assert done.returncode == 0, done.stderr
    assert "agent1" in done.stdout
    assert facts(cluster)["founded"] is None
    assert (tmp_path / "x-partial.json").exists()
    assert files(cluster) == BESIDE


def escaped(data: str) -> str:
    """As ansible-runner's callback writes an event."""
    encoded = base64.b64encode(data.encode()).decode()
    pieces = [encoded[start : start + 78] for start in range(0, len(encoded), 78)]
    return "\x1b[K" + "".join(f"{piece}\x1b[{len(piece)}D" for piece in pieces) + "\x1b[K"


TOKENS = {
    "an expression": lines(data="yes", token=EXPRESSION, agent_token="b"),
    "a header": lines(data="yes", token=HEADER, agent_token="b"),
    "no end of a line": f"data=yes token={EXPRESSION}",
    "a module's result": json.dumps(
        {"stdout_lines": ["data=yes", "token=a", "agent-token=b"], "ansible_facts": {"founding_holders": ["server1"]}}
    ),
    "tagged text": 'data=yes\ntoken={"__ansible_type": "TrustedAsTemplate", "value": "x"}\nagent-token=b\n',
    "what is no text": "data=yes\ntoken=a\x00\x1b[2Jb\nagent-token=b\n",
}


@pytest.mark.proves("hostile 2")
@pytest.mark.parametrize("case", TOKENS)
def test_a_servers_token_that_is_none_is_neither_saved_nor_run(case: str, hostile: HostileMachine, tmp_path: Path) -> None:
    hostile.says("agent-token", text(TOKENS[case], tmp_path))
    cluster = hostile_cluster(tmp_path / "c", hostile, founded=SHA)
    done = bootstrap(cluster, "--stage", "founder")
    assert done.returncode == 4, done.stderr
    assert "the cluster is founded, and no server holds the tokens" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "canary").exists()
    assert files(cluster) == BESIDE


KUBECONFIG = f"""apiVersion: v1
clusters:
- cluster: {{certificate-authority-data: Y2E=, server: "https://evil.example", insecure-skip-tls-verify: true, proxy-url: "http://evil.example"}}
  name: default
users:
- name: default
  user:
    client-certificate-data: Y2VydA==
    client-key-data: a2V5
    exec: {{apiVersion: client.authentication.k8s.io/v1, command: touch, args: ["CANARY"]}}
    auth-provider: {{name: {json.dumps(EXPRESSION)}}}
contexts: []
preferences: {{a: {json.dumps(EXPRESSION)}}}
"""


@pytest.mark.proves("hostile 3")
def test_of_a_kubeconfig_nothing_but_ca_certificate_and_key_is_copied(hostile: HostileMachine, tmp_path: Path) -> None:
    hostile.says("/etc/rancher/rke2/rke2.yaml", text(KUBECONFIG, tmp_path))
    cluster = hostile_cluster(tmp_path / "c", hostile)
    done = bootstrap(cluster, "--stage", "kubeconfig")
    assert done.returncode == 0, done.stderr
    written = cluster.with_name("cluster.kubeconfig")
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert YAML(typ="safe").load(written) == {
        "apiVersion": "v1",
        "kind": "Config",
        "preferences": {},
        "clusters": [{"name": "hostile", "cluster": {"certificate-authority-data": "Y2E=", "server": "https://127.0.0.1:6443"}}],
        "users": [{"name": "hostile", "user": {"client-certificate-data": "Y2VydA==", "client-key-data": "a2V5"}}],
        "contexts": [{"name": "hostile", "context": {"cluster": "hostile", "user": "hostile"}}],
        "current-context": "hostile",
    }
    assert files(cluster) == BESIDE | {"cluster.kubeconfig"}
    assert not (tmp_path / "canary").exists()


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
NO_KUBECONFIGS = {
    "no certificate": KUBECONFIG.replace("    client-certificate-data: Y2VydA==\n", ""),
    "a certificate that is a template": KUBECONFIG.replace("Y2VydA==", json.dumps(EXPRESSION)),
    "a key that is a header": KUBECONFIG.replace("a2V5", json.dumps(HEADER)),
    "an object, a bomb and deep nesting": "!!python/object/apply:os.system ['touch CANARY']\n---\n" + BOMB + "[" * 20000,
}


@pytest.mark.proves("hostile 3")
@pytest.mark.parametrize("case", NO_KUBECONFIGS)
def test_what_is_no_kubeconfig_is_not_written(case: str, hostile: HostileMachine, tmp_path: Path) -> None:
    hostile.says("/etc/rancher/rke2/rke2.yaml", text(NO_KUBECONFIGS[case], tmp_path))
    cluster = hostile_cluster(tmp_path / "c", hostile)
    done = bootstrap(cluster, "--stage", "kubeconfig")
    assert done.returncode == 6, done.stderr
    assert "server1 has no admin kubeconfig with a CA, a certificate and a key" in done.stderr
    assert files(cluster) == BESIDE
    assert not (tmp_path / "canary").exists()


@pytest.mark.proves("hostile 4")
@pytest.mark.parametrize("template", [EXPRESSION, HEADER], ids=["expression", "header"])
def test_a_mark_that_is_a_template_is_not_run_and_founds_nothing(template: str, hostile: HostileMachine, tmp_path: Path) -> None:
    """Facts are missing, as in a fresh clone: what founds is what machines say."""
    nothing = {"data": "no", "service": "inactive", "authority": ""}
    hostile.says("mark=$(cat", lines(mark=text(template, tmp_path), **nothing), address="127.0.0.4")
    hostile.says("mark=$(cat", lines(mark="", **nothing))
    cluster = with_secrets(hostile_cluster(tmp_path / "c", hostile))
    for arguments in ((), ("--found-again", "hostile")):
        done = bootstrap(cluster, "--stage", "founder", *arguments)
        assert done.returncode == 5, done.stderr
        assert "agent1: what lies in /etc/stardock/founded there is no mark of Stardock's (64 hexadecimal digits)" in done.stderr
    assert facts(cluster)["founded"] is None
    assert not (tmp_path / "canary").exists()


def test_what_reaches_the_terminal_and_the_log_moves_no_cursor_and_is_no_flood(hostile: HostileMachine, tmp_path: Path) -> None:
    """In a machine's message, in one that was left by a module that broke, and in the last words of a service."""
    words = "\x1b]0;evil\x07\x1b[2Jgone\x9b\u202e\r\x08 " + "flood " * 100_000
    hostile.returns("plugins.modules.files", failed=True, msg=words, exception=words, module_stderr=words)
    cluster = hostile_cluster(tmp_path / "c", hostile)
    done = bootstrap(cluster, "--stage", "machines")
    assert done.returncode == 6
    assert "gone" in done.stderr
    assert len(done.stderr) < 2000
    log = cluster.with_name("cluster.log").read_text()
    for character in "\x1b\x07\x9b\u202e\r\x08":
        assert character not in done.stdout + done.stderr + log, repr(character)


ANOTHERS = {
    "a MAC of its own": ("52:54:00:12:34:56\n00:00:00:00:00:00\n", "has 52:54:00:12:34:56"),
    "no MAC": ("", "tells no MAC"),
    "what is none": (f"{EXPRESSION} {HEADER}\n" + "x" * 100_000, "tells no MAC"),
}


@pytest.mark.proves("hostile 22")
@pytest.mark.parametrize(("stage", "name"), [("machines", "server2"), ("servers", "agent1"), ("kubeconfig", "server3")])
def test_a_machine_that_is_not_the_one_that_is_meant_stops_a_run_before_any_machine_is_changed(
    stage: str, name: str, hostile: HostileMachine, tmp_path: Path
) -> None:
    hostile.says(MACS, ANOTHERS["a MAC of its own"][0], address=ADDRESSES[name])
    hostile.says("agent-token", lines(data="yes", token="a", agent_token="b"))
    cluster = with_secrets(hostile_cluster(tmp_path / "c", hostile, founded=SHA))
    done = bootstrap(cluster, "--stage", stage)
    assert done.returncode == 4, done.stderr
    mac = open_workspace(cluster).plan.machine(name).interfaces[0].mac
    assert f"another machine than {name} answers at {ADDRESSES[name]}: {name} has the MAC {mac.lower()}, and this one" in done.stderr
    assert "52:54:00:12:34:56" in done.stderr
    assert [sent for _, _, sent in hostile.asked() if "plugins.modules" in sent] == []
    assert facts(cluster)["founded"]["versions"] == {}


@pytest.mark.proves("hostile 22")
@pytest.mark.parametrize("case", ANOTHERS)
def test_whatever_a_machine_says_of_its_macs_is_data_and_a_check_stops_as_well(case: str, hostile: HostileMachine, tmp_path: Path) -> None:
    said, told = ANOTHERS[case]
    hostile.says(MACS, text(said, tmp_path), address="127.0.0.2")
    done = bootstrap(hostile_cluster(tmp_path / "c", hostile), "--stage", "machines", "--check")
    assert done.returncode == 4, done.stderr
    assert told in done.stderr
    assert "runner discover" in done.stderr
    assert len(done.stderr) < 2000
    assert not (tmp_path / "canary").exists()


@pytest.mark.proves("hostile 24")
@pytest.mark.parametrize(("needle", "times"), [("plugins.modules.files", 10_000_000), ("plugins.modules.files", 20), (MACS, 10_000_000)])
def test_a_machine_that_sends_without_an_end_is_ended_and_named_and_fills_no_memory(
    needle: str, times: int, hostile: HostileMachine, tmp_path: Path
) -> None:
    hostile.says(needle, "flood " * 50_000 + "\n", address="127.0.0.2", times=times)
    cluster = hostile_cluster(tmp_path / "c", hostile)
    done, peak = measured(cluster, "--stage", "machines")
    assert done.returncode == 4, done.stderr
    assert "127.0.0.2 sends more than 4 MiB in answer to one command: it was ended" in done.stderr
    assert "server2" in done.stderr
    assert "look at what it prints" in done.stderr
    assert peak < MOST_MIB
    assert cluster.with_name("cluster.log").stat().st_size < 1_000_000


@pytest.mark.proves("hostile 10")
def test_a_key_that_is_trusted_on_first_sight_is_known_from_then_on(hostile: HostileMachine, tmp_path: Path) -> None:
    cluster = hostile_cluster(tmp_path / 'it\'s "a" {{ x }} %h', hostile, keys_known=False)
    assert bootstrap(cluster, "--stage", "kubeconfig").returncode == 4
    hostile.says("/etc/rancher/rke2/rke2.yaml", KUBECONFIG)
    done = bootstrap(cluster, "--stage", "kubeconfig", "--accept-new-host-keys")
    assert done.returncode == 0, done.stderr
    assert facts(cluster)["machines"]["server1"]["host_keys"] == [hostile.host_key]
    assert hostile.host_key in cluster.with_name("cluster.known_hosts").read_text()


@pytest.mark.proves("hostile 10")
def test_names_are_not_hashed_although_the_users_ssh_hashes_them(hostile: HostileMachine, tmp_path: Path) -> None:
    workspace = open_workspace(hostile_cluster(tmp_path / "c", hostile, keys_known=False))
    directory = tmp_path / "bundle"
    write_bundle(workspace.plan, workspace.facts, directory)
    (tmp_path / "config").write_text("HashKnownHosts yes\nForwardAgent yes\n")
    options = [
        "-e",
        "stardock_host_key_checking=accept-new",
        "--private-key",
        str(hostile.key),
        "--ssh-extra-args",
        f"-F {tmp_path}/config",
    ]
    command = ["ansible", "-i", "inventory", "server1", "-m", "ansible.builtin.raw", "-a", "echo first boot is done", *options]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (directory / "known_hosts").read_text().split()[1:] == hostile.host_key.split()
    assert (directory / "known_hosts").read_text().startswith(f"[127.0.0.1]:{hostile.port} ")


@pytest.mark.proves("case 05-registries-later")
def test_a_secret_file_reaches_the_machine_and_is_left_nowhere_here(hostile: HostileMachine, tmp_path: Path) -> None:
    """Whatever the machine does with it: here it repeats the secret in its answers."""
    cluster = hostile_cluster(tmp_path / "c", hostile)
    (tmp_path / "secret").write_text("planted-password\n")
    source = {"path": "/etc/rancher/rke2/registries.yaml", "permissions": "0600", "content_from": {"file": "../secret"}}
    cluster.write_text(cluster.read_text() + yaml_text({"cloud_init": {"user_data": {"write_files": [source]}}}))
    hostile.returns("planted-password", changed=True, msg="planted-password", diff=[{"before": "planted-password\n", "after": ""}])
    done = bootstrap(cluster, "--stage", "machines")
    assert done.returncode == 0, done.stderr
    assert {address for address, _, sent in hostile.asked() if "planted-password" in sent} == set(ADDRESSES.values())
    assert files(cluster) == BESIDE
    left = [path for path in cluster.parent.rglob("*") if path.is_file() and b"planted" in path.read_bytes()]
    assert left == []
    assert "planted" not in done.stdout + done.stderr
    (tmp_path / "secret").unlink()
    hostile.forget()
    assert bootstrap(cluster, "--stage", "machines").returncode == 3
    assert hostile.asked() == []
