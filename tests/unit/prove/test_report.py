"""A report is without names, addresses and secrets of whoever sends it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from stardock.errors import EngineError
from stardock.prove.bench import Bench, FailedError, NotPossibleError
from stardock.prove.check import Check, Outcome, run
from stardock.prove.checks import CLUSTER_CHECKS
from stardock.prove.names import names_of
from stardock.prove.place import Place
from stardock.prove.redact import Redactor
from stardock.prove.report import document, markdown, read, write
from tests.conversations import take
from tests.plans import document as example
from tests.unit.prove.proofs import proof_plan

pytestmark = pytest.mark.unit

TOKEN = "ada@pam!mine=11111111-2222-3333-4444-555555555555"
#: Each must not be found in what comes out.
PLANTED = (
    "11111111-2222-3333-4444-555555555555",
    "ada@pam!mine",
    "hypervisor7",
    "10.20.30.40",
    "10.20.30.41/24",
    "2001:db8::1",
    "fd00:1:2:3:4:5:6:7",
    "BC:24:11:AA:BB:CC",
    "bc:24:11:aa:bb:cc",
    "https://pve.corp.example:8006",
    "pve.corp.example",
    "vault-ssd",
    "vmbr-dmz",
    "corp.example",
    "/home/ada/clusters/home.yaml",
    "~/.ssh/id_ed25519",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHRlc3RzLW9mLXN0YXJkb2NrLW5vLXByaXZhdGUta2V5IQ ada@laptop",
    "$6$salt$hash.of.a.password",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----",
    "hunter2-of-the-environment",
    "terraform-svc",
    "nas.lan",
    "dns1.fritz.box",
    "Backup.other-site.de",
    "cdn.releases.internal",
    "hypervisor7.elsewhere.de",
    "https://hypervisor7:8006/api2/json",
    "hop.far-away",
    "gatekeeper",
    "/keys/bastion.key",
    "proxy-of-mine",
    "who-else",
    "outside-endpoint",
    "ada@corp-ldap",
    "grace@some-host",
    "PVE:ada@pam:6655AABB::c2lnbmF0dXJlIG9mIGEgdGlja2V0",
    "/data/clusters/of-ada/cluster.yaml",
    f"K10{'0a' * 32}::server:{'f1' * 16}",
    f"K10{'0b' * 32}::abcdef.0123456789abcdef",
    f"::server:{'f2' * 16}",
    "x1y2z3.0123456789abcdef",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW0ifQ.c2lnbmF0dXJl-_x",
    "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
    "MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48",
    ":".join(["AB", "01"] * 16),
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJkekNDQVIyZ0F3SUJBZ0lCQURBS0JnZ3Foa2pPUFFRREFqQWpN",
    "yAnz5TF+lXXJte14tji3zlMNftTz5XVAzSsXvYyGlWQ=",
    "d41d8cd98f00b204e9800998ecf8427e",
    "password: correct-horse",
    '"secret": "battery-staple"',
    "K3S_TOKEN=open-sesame",
    "Bearer abcdefghijk",
)
CERTIFICATE = (
    "-----BEGIN CERTIFICATE-----\nMIIBdzCCAR2gAwIBAgIBADAKBggqhkjOPQQDAjAjMSEwHwYDVQQDDBhyYW5jaGVy\nc2VjcmV0\n-----END CERTIFICATE-----"
)


@pytest.fixture(autouse=True)
def _endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXMOX_VE_ENDPOINT", "https://outside-endpoint:8006")


def told() -> tuple[dict[str, object], list[str], Redactor]:
    """A report whose every text holds all that is planted, in several places and beside other signs."""
    data = example("quickstart")
    node = {"name": "hypervisor7", "address": "10.20.30.40", "datastores": {"disks": "vault-ssd"}, "bridges": {"vmbr0": "vmbr-dmz"}}
    data["proxmox"] |= {"endpoint": "https://pve.corp.example:8006", "nodes": [node], "ssh": {"user": "terraform-svc"}}
    data["network"]["server"][0]["search"] = ["corp.example"]
    data["ssh"] |= {
        "jump": "gatekeeper@hop.far-away:2222",
        "extra_args": "-4 -o HostName=who-else@proxy-of-mine:22 -o CertificateFile=/keys/bastion.key",
    }
    plan = proof_plan(data)
    said = [f"  {word}: failed ({word}), '{word}', {word}; {word}." for word in PLANTED]
    said += [*CERTIFICATE.splitlines(), CERTIFICATE.partition("-----END")[0], json.dumps(CERTIFICATE), "the line behind it stays"]
    outcomes = [Outcome("debian", "pool and tags", "fail", 1.0, " | ".join(said))]
    names = names_of(plan, Place(Path("/data/clusters/of-ada/cluster.prove")))
    return document(outcomes, {"Proxmox": "9.1.2"}, "2026-11-30"), said, Redactor(names)


def test_planted_secrets_names_and_addresses_do_not_come_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXMOX_VE_API_TOKEN", TOKEN)
    monkeypatch.setenv("PROXMOX_VE_SSH_PASSWORD", "hunter2-of-the-environment")
    report, said, redactor = told()
    write(Place(tmp_path), report, said, redactor)
    for path in sorted((tmp_path / "report").iterdir()):
        text = path.read_text()
        assert not [word for word in PLANTED if word in text or json.dumps(word)[1:-1] in text], path.name
        assert "c2VjcmV0" not in text
        assert "CCAR2gAw" not in text
        assert "the line behind it stays" in text
    assert (read(tmp_path / "report") or {})["versions"] == {"Proxmox": "9.1.2"}


def test_names_of_checks_stay_whatever_somebodys_file_and_computer_are_called(tmp_path: Path) -> None:
    names = {"cluster": ["cluster", "founded"], "account": ["vm", "pod"], "node": ["pass", "k3s"], "pool": ["stardock-prove"]}
    outcomes = [Outcome("debian", check.name, "pass", 1.0, "the pod on founded", "k3s") for check in CLUSTER_CHECKS]
    write(
        Place(tmp_path),
        document(outcomes, {"Proxmox": "9.1.2"}, "2026-12-01", "8ea12bc0"),
        ["create  VM 99000 of cluster"],
        Redactor(names),
    )
    taken = json.loads(take(tmp_path / "report", tmp_path / "proofs").read_text())
    assert [(one["name"], one["distribution"], one["result"]) for one in taken["checks"]] == [
        (check.name, "k3s", "pass") for check in CLUSTER_CHECKS
    ]
    told = json.loads((tmp_path / "report/report.json").read_text())
    assert told["checks"][0]["evidence"] == "the (account 1) on (cluster 1)"
    assert (tmp_path / "report/said.log").read_text() == "create  VM 99000 of cluster\n"


def test_a_report_has_the_answers_of_its_own_proof_and_of_no_earlier_one(tmp_path: Path) -> None:
    report, said, redactor = told()
    place = Place(tmp_path)
    place.answers.write_text('{"GET /version": {"status": 200, "message": "hypervisor7 is there"}}')
    write(place, report, said, redactor)
    assert "(node 1) is there" in (place.report / "answers.json").read_text()
    assert not place.answers.exists()
    write(place, report, said, redactor)
    assert sorted(path.name for path in place.report.iterdir()) == ["report.json", "report.md", "said.log"]


def test_a_secret_that_json_writes_otherwise_than_it_is_does_not_come_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = 'pa"ss\\wörd'
    monkeypatch.setenv("PROXMOX_VE_SSH_PASSWORD", secret)
    place = Place(tmp_path)
    place.answers.write_text(json.dumps({"GET /version": {"status": 500, "message": f"no {secret}", secret: [secret]}}))
    write(place, document([Outcome("debian", "a", "fail", 1.0, f"it said {secret}")], {}, "2026-11-30"), [secret], Redactor())
    for path in (place.report / "report.json", place.report / "answers.json"):
        told = json.loads(path.read_text())
        assert "(secret)" in json.dumps(told)
        assert secret not in str(told)
        assert not [form for form in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]) if form in path.read_text()]
    assert secret not in (place.report / "said.log").read_text()


@pytest.mark.parametrize("value", ["name=1", "name=true", "    x", "abc=  "])
def test_a_value_that_tells_nothing_takes_no_letter_out_of_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("TF_VAR_odd", value)
    outcomes = [Outcome("debian", "a", "pass", 1.0, "1 x is true, and  2 are")]
    write(Place(tmp_path), document(outcomes, {}, "2026-11-30"), [], Redactor())
    assert json.loads((tmp_path / "report/report.json").read_text())["checks"][0]["evidence"] == "1 x is true, and  2 are"


@pytest.mark.parametrize("value", ["maxmem", "apps", "able", "text"])
def test_a_short_value_takes_no_part_of_a_word_out_and_nothing_out_of_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("TF_VAR_odd", value)
    place = Place(tmp_path)
    answers = {
        one: {"status": 200, "shape": {"node": "text", "maxmem": "number or text"}} for one in ("GET /nodes", "GET /nodes/{node}/network")
    }
    place.answers.write_text(json.dumps(answers))
    outcome = Outcome("debian", "a", "pass", 1.0, f"nodes, context, wrapps, enabled; {value}, x\\n{value}")
    write(place, document([outcome], {}, "2026-11-30"), [], Redactor())
    told = json.loads((place.report / "report.json").read_text())["checks"][0]["evidence"]
    alone = "(secret)" if value != "text" else value
    assert told == f"nodes, context, wrapps, enabled; {alone}, x\\n{alone}"
    told = json.loads((place.report / "answers.json").read_text())
    assert told == answers


def test_types_of_answers_stay_whatever_a_node_is_called(tmp_path: Path) -> None:
    place, answers = Place(tmp_path), {"GET /nodes": {"status": 200, "shape": [["text", "truth", "nothing or number", "several"]]}}
    place.answers.write_text(json.dumps(answers))
    write(place, document([], {}, "2026-11-30"), [], Redactor({"node": ["text", "truth", "nothing", "several", "or"]}))
    told = (place.report / "answers.json").read_text()
    assert json.loads(told.replace("(node 1)", "or")) == answers


def test_a_long_secret_goes_from_within_a_word_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXMOX_VE_SSH_PASSWORD", "correcthorsebattery")
    write(Place(tmp_path), document([], {}, "2026-11-30"), ["xcorrecthorsebattery1"], Redactor())
    assert (tmp_path / "report/said.log").read_text() == "x(secret)1\n"


def test_a_name_is_the_same_word_wherever_it_stands_and_no_part_of_another() -> None:
    redactor = Redactor({"node": ["pve1", "pve10"], "datastore": ["local", "fast"]})
    wanted = "(node 1) and (node 2), (node 1): breakfast on (datastore 1), local"
    assert redactor.text("pve1 and pve10, PVE1: breakfast on fast, local") == wanted
    assert redactor.tree({"a": ["pve1", 1, None, True]}) == {"a": ["(node 1)", 1, None, True]}


def test_a_name_that_is_everybodys_and_one_that_is_part_of_a_longer_word_take_nothing_out() -> None:
    redactor = Redactor({"node": ["pve", "n1", "10.0.0.1"], "host": ["corp"]})
    text = "pve-manager/9.1.2, stardock-prove@pve, /etc/pve/nodes/pve; n12, xn1; 110.0.0.1 and 10.0.0.12; N1, (10.0.0.1)"
    assert (
        redactor.text(text)
        == "pve-manager/9.1.2, stardock-prove@pve, /etc/pve/nodes/pve; n12, xn1; (address) and (address); (node 1), ((node 2))"
    )
    assert redactor.text("n1.corp.lan and corp-tools") == "(host) and (host 1)-tools"


def test_keys_of_answers_are_proxmoxs_words_whatever_a_node_is_called_and_others_are_redacted(tmp_path: Path) -> None:
    place = Place(tmp_path)
    answers = {"GET /nodes": {"status": 200, "shape": [{"status": "text", "node": "text", "vault": "text", "/storage/vault/x": "text"}]}}
    answers["GET /version"] = {"status": 200, "shape": {"10.1.2.3": "text", "repoid": "text", "ksm": "number"}}
    place.answers.write_text(json.dumps(answers))
    write(place, document([], {"Proxmox": "9.1.2"}, "2026-11-30"), [], Redactor({"node": ["status", "repoid", "vault"]}))
    told = json.loads((place.report / "answers.json").read_text())
    assert set(told["GET /nodes"]["shape"][0]) == {"status", "node", "(node 3)", "/storage/(node 3)/x"}
    assert set(told["GET /version"]["shape"]) == {"(address)", "repoid", "ksm"}


def test_versions_are_no_names_of_anybodys(tmp_path: Path) -> None:
    versions = {"Proxmox": "9.1.2", "engine": "tofu 1.12.6"}
    write(Place(tmp_path), document([], versions, "2026-11-30"), [], Redactor({"node": ["tofu"]}))
    assert json.loads((tmp_path / "report/report.json").read_text())["versions"] == versions


HARMLESS = (
    "cluster.yaml and prove-0123abcd.prove-0123abcd-agent.user.yaml",
    "rke2-server.service failed",
    "docker.io/library/busybox:1 was pulled",
    "node-role.kubernetes.io/etcd",
    "proxmox_virtual_environment_vm.machine",
    "from v1.36.4+rke2r1 to v1.36.5+rke2r1",
    "debian-13-genericcloud-amd64.qcow2",
    "[].vmid is text",
    "version 9.1.2",
    "12:30:45",
    "41 GiB, 2 VMs",
    "std::move",
    "task ended: OK",
    "scsi0: 20G",
    "prove-0123abcd",
    "debian-13-generic-amd64.qcow2 (sha512:" + "0a" * 64 + ")",
    "busybox@sha256:" + "0b" * 32,
    "https://cloud.debian.org/images/cloud/trixie/latest/SHA512SUMS answers 404 Not Found",
    "/dev/sdb is mounted at /srv/prove",
    "root@pam and stardock-prove@pve",
    "getty@tty1.service failed, npm@10.2.3",
    "token: none, secret: (secret)",
    "this token lacks Datastore.Allocate, VM.Config.Disk on local",
    "/var/lib/kubelet/pods/and/a/long/path/Without/Any/Secret1/in/it",
    "VM 99000 is locked (backup)",
    "failed to open file '/etc/stardock/there-is-no-such-file' (mode: 'r'): No such file or directory",
    "kube-apiserver: --stardock-prove is no flag of this version's program",
    "a pass in 12.5 s, 3 of 4; 50%",
)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_tells_nothing_of_the_estate_stays(text: str) -> None:
    assert Redactor({"node": ["pve1"]}).text(text) == text


def test_evidence_is_cut_between_words_whatever_a_check_comes_to() -> None:
    def raises(error: Exception) -> Callable[[Bench], str]:
        def fails(_bench: Bench) -> str:
            raise error

        return fails

    told, bench = "z" * 3990 + " hypervisor7 " + "more" * 9_000_000, cast("Bench", None)
    errors = (FailedError(told), NotPossibleError(told), EngineError(told), ValueError(told))
    found = [one.evidence for one in run([Check("a", lambda _: told), *(Check("b", raises(one)) for one in errors)], bench, "debian")]
    assert found[0] == f"{'z' * 3990} ... ({len(told)} characters)"
    assert max(map(len, found)) < 4100
    (blank,) = run([Check("a", lambda _: "x" * 5000)], bench, "debian")
    assert blank.evidence == "... (5000 characters)"


def test_the_page_has_a_row_for_each_check() -> None:
    outcomes = [Outcome("debian", "a", "pass", 1.25, "seen | there\nand here"), Outcome("debian", "b", "not possible", 0.0, "no DHCP")]
    page = markdown(document(outcomes, {"Proxmox": "9.1.2", "engine": "tofu 1.12"}, "2026-11-30"))
    assert "| debian | a | pass | 1.25 | seen \\| there and here |" in page
    assert "1 pass, 0 fail, 1 not possible." in page
    assert "Proxmox 9.1.2, engine tofu 1.12." in page


def test_checks_run_in_order_and_behind_one_that_was_needed_none_is_possible() -> None:
    def fails(_bench: Bench) -> str:
        raise FailedError("broken")

    def impossible(_bench: Bench) -> str:
        raise NotPossibleError("no DHCP")

    bench: Bench = None  # type: ignore[assignment]
    checks = (Check("one", lambda _: "seen"), Check("two", impossible), Check("three", fails, needed=True), Check("four", lambda _: "seen"))
    assert [(one.name, one.result, one.evidence) for one in run(checks, bench, "debian")] == [
        ("one", "pass", "seen"),
        ("two", "not possible", "no DHCP"),
        ("three", "fail", "broken"),
        ("four", "not possible", "after `three` failed"),
    ]


def test_what_nobody_foresaw_in_a_check_is_a_failure_by_its_type_and_words_and_the_next_is_made() -> None:
    def breaks(_bench: Bench) -> str:
        raise ValueError("not a number: 'x'")

    bench: Bench = None  # type: ignore[assignment]
    found = [(one.result, one.evidence) for one in run((Check("one", breaks), Check("two", lambda _: "seen")), bench, "debian")]
    assert found == [("fail", "nobody foresaw this ValueError: not a number: 'x'"), ("pass", "seen")]
