"""What has a sign is taken out of a report, however it is written, and no text holds the report up."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from stardock.prove.names import names_of
from stardock.prove.place import Place
from stardock.prove.redact import Redactor
from tests.plans import document as example
from tests.unit.prove.proofs import proof_plan

pytestmark = pytest.mark.unit

#: With which each of the patterns begins, or goes on; and what none of them is.
STARTS = (
    r"z a- a. a.b- 0a: : 1. / eyJ eyJabcdefgh. K10 ::server: abcdef. abcdef.0 PVE: PVE PVE:a:0123abcd:: ssh-rsa ecdsa-sha2- $6 $6$",
    r"01234567- 0123- ecdsa-sha2-nistp256 SHA256: MD5: 0a:0b: sha256: bearer basic token= password h:// https://a@ https://a/ @ z@ z@a.",
    r"a@b!c= ~ /home /tmp/ //a. /a.b 1.2.3.4 1.2.3.4/ :: a:: ab/ aA1+ = VM. a.sh a.lan/ ( pve1 \n \n1: % %2F %40 a%40 \u001b[ \u001b[0",
)
BEFORE_BLANKS = (
    "x",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "bearer",
    "basic",
    "secret",
    "api_key:",
    "kernel",
    "resolve hostname",
    "connect to host a",
    "Connection to",
)
LINES = ("-----BEGIN X-----\n", "-----BEGIN X-----", "-----END X-----", "\x1b[", "\x1b[0", "\t", " ", "\n", "\r\n ")
LONG = ("K10" + "0a" * 32 + "::", "SHA256:" + "a" * 27)
HOSTILE = [*" ".join(STARTS).split(), *(f"{word} " for word in BEFORE_BLANKS), *LINES, *LONG]


def seconds_of(text: str, length: int) -> float:
    """Of this again and again."""
    told, began = text * (length // len(text)), time.process_time()
    Redactor({"node": ["pve1"]}).text(told)
    return time.process_time() - began


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_hostile_machine_holds_a_report_up(text: str) -> None:
    """Of four times as much, four times as long; sixteen is what looks at each place from each other place."""
    long = seconds_of(text, 200_000)
    assert long < 0.5 or long < 8 * max(seconds_of(text, 50_000) for _ in range(2))


#: Each with what must not be found in what becomes of it.
TAKEN = (
    ("\\nhypervisor7 is there", "hypervisor7"),
    ("a\\tfd00:1:2:3:4:5:6:7", "fd00:1"),
    ("\\n2001:db8::1", "2001:db8"),
    ("\\nSHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", "47DEQ"),
    ("\\neyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW0ifQ.c2lnbmF0dXJl-_x", "eyJ"),
    ("\\n/srv/of-ada/clusters/x", "of-ada"),
    ("\x1b[31mhypervisor7\x1b[0m", "hypervisor7"),
    ("\\u001b[1;31mhypervisor7\\u001b[0m", "hypervisor7"),
    ("\\x1b[31mhypervisor7", "hypervisor7"),
    ("https%3A%2F%2Fx%2Fnodes%2Fhypervisor7", "hypervisor7"),
    ("\\u002fhypervisor7", "hypervisor7"),
    ("ada%40pam%21mine", "mine"),
    ("grace%40pve%21token%3D0123", "grace"),
    ("//nas.corp.lan/share", "corp"),
    ("//nas.lan/share", "nas"),
    ("/certs.d/registry.corp.de/hosts.toml", "corp"),
    ("/nodes/pve1.lan/qemu", "pve1"),
    ("pve.mycorp.sh answers", "mycorp"),
    ("cloud.mycorp.md", "mycorp"),
    ("/volume1/backup/x", "backup"),
    ("nas:/volume2/ada", "ada"),
    ("/media/ada/disk", "ada"),
    ("/Volumes/ada", "ada"),
    ("/var/home/ada/x", "ada"),
    ("ssh: Could not resolve hostname hop: Name or service not known", "hop"),
    ("ssh: connect to host gate port 22: Connection refused", "gate"),
    ("Connection closed by gate port 22", "gate"),
    ("Connection reset by gate", "gate"),
    ("cipassword: hunter22", "hunter22"),
    ("PGPASSWORD=hunter22", "hunter22"),
    ("password=abc12", "abc12"),
    ('"password": "a"', '"a"'),
    ("K3S_TOKEN: abcde", "abcde"),
    ("password: not-so-simple", "not-so"),
    ("password=no.12", "no.12"),
    ("Connection to gate closed by remote host", "gate"),
    ("Connection to gate port 22 timed out", "gate"),
    ("authtoken=abc", "abc"),
    ("Authorization: Basic YWRhOmh1bnRlcg==", "YWRh"),
    ("basic YWRhOng=", "YWRh"),
    ("sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t ada", "AAAA"),
    ("ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAI ada", "AAAA"),
    ("version of 10.0.3.1", "10.0.3.1"),
    ("kernel 10.0.3.1", "10.0.3.1"),
    ("asked 9.0.3.1", "9.0.3.1"),
)


@pytest.mark.parametrize(("told", "word"), TAKEN, ids=[told for told, _ in TAKEN])
def test_what_has_a_sign_goes_however_it_is_written_and_whatever_stands_before_it(told: str, word: str) -> None:
    assert word not in Redactor({"node": ["hypervisor7"]}).text(told)


KEPT = (
    "Connection closed by UNKNOWN port 65535, Connection closed by remote host, Connection reset by peer",
    "Connection to UNKNOWN port -1: Broken pipe, Connection to the API is lost",
    "password: none, token: missing. secret: not found; a basic configuration, basic Authentication",
    "ha.managed is text, not number",
    "nobody foresaw this ssl.SSLCertVerificationError: http.client.RemoteDisconnected",
    "ansible.builtin.systemd, community.general.ufw, ansible.posix.mount",
    "kernel 6.14.8.2, pve-manager/9.0.3.1, version: 9.0.3.1",
    "/etc/systemd/system/multi-user.target.wants/k3s.service and /apis/metrics.k8s.io/v1beta1",
    "/usr/lib/python3.11/x.pyc, /etc/rancher/rke2/rke2.yaml, /run/k3s/containerd/containerd.sock",
    "50%af, C:\\new, \\n at the end\\n",
    "install.sh, PVE::API2::Qemu.pm, docs/how-to/prove.md",
)


@pytest.mark.parametrize("text", KEPT)
def test_what_a_report_is_read_for_stays(text: str) -> None:
    assert Redactor({"node": ["hypervisor7"]}).text(text) == text


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ("-Jgate", {"gate"}),
        ("-J hp", {"hp"}),
        ("-Jada@hp:22,eve@hop2", {"ada", "hp", "eve", "hop2"}),
        ("-o 'ProxyCommand=ssh -4lada -p2222 -W %h:%p hp'", {"ada", "hp"}),
        ("-o 'ProxyCommand=ssh -i/keys/own.key -F /etc/mine.conf x'", {"/keys/own.key", "/etc/mine.conf"}),
        ("-o ProxyJump=hp -oHostName=gw -o 'ProxyJump me@x'", {"hp", "gw", "me"}),
        ("-o 'ProxyCommand=ssh -W %h:%p hp'", {"hp"}),
        ("-J ssh://ada@hp:22", {"ada", "hp"}),
    ],
)
def test_each_name_in_arguments_of_ssh_is_known(arguments: str, names: set[str]) -> None:
    data = example()
    data["ssh"] |= {"extra_args": arguments}
    assert names <= {*names_of(proof_plan(data), Place(Path("/x/c.prove")))["argument"]}


def test_no_option_and_no_value_of_sshs_own_is_a_name() -> None:
    data = example()
    data["ssh"] |= {"extra_args": "-4 -C -vv -o BatchMode=yes -oAddressFamily=inet -oLogLevel=quiet -o ProxyCommand=none -J none"}
    assert names_of(proof_plan(data), Place(Path("/x/c.prove")))["argument"] == []


def test_whoever_is_known_by_a_whole_name_is_known_by_its_first_word_and_folders_of_programs_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = tmp_path / "of-ada/bin/tofu"
    engine.parent.mkdir(parents=True)
    engine.touch(mode=0o755)
    monkeypatch.setenv("PROXMOX_VE_ENDPOINT", "https://tower.corp.example:8006")
    monkeypatch.setenv("STARDOCK_ARTIFACTS", "/depot/releases")
    monkeypatch.setenv("PATH", str(engine.parent))
    monkeypatch.delenv("TERRAFORM_BINARY_NAME", raising=False)
    monkeypatch.setattr("socket.gethostname", lambda: "laptop.corp.example")
    data = example()
    data["proxmox"]["nodes"] = [{"name": "n1", "address": "10.20.30.40"}, {"name": "n2", "address": "n1.corp.example"}]
    names = names_of(proof_plan(data), Place(Path("/x/c.prove")))
    redactor = Redactor(names)
    told = redactor.text(f"tower, laptop, /depot/releases/v1 and {engine}")
    assert not [word for word in ("tower", "laptop", "depot", "of-ada") if word in told]
    assert "10" not in names["account"]
    assert Redactor(names).text("n1 answers") == "(node 1) answers"
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert not [folder for folder in names_of(proof_plan(data), Place(Path("/x/c.prove")))["folder"] if folder.startswith(("/usr", "/bin"))]
