"""Files that are wrong: the message, its line, its key path and its cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.spec.conftest import Case, Problems, example, only
from tests.unit.spec.faults_of_addons import ADDONS
from tests.unit.spec.faults_of_addresses import ADDRESSES
from tests.unit.spec.faults_of_api import API
from tests.unit.spec.faults_of_estate import ESTATE
from tests.unit.spec.faults_of_first_boot import FIRST_BOOT
from tests.unit.spec.faults_of_hardware import HARDWARE
from tests.unit.spec.faults_of_hosts import HOSTS
from tests.unit.spec.faults_of_images import IMAGES
from tests.unit.spec.faults_of_machines import MACHINES
from tests.unit.spec.faults_of_mesh import MESH
from tests.unit.spec.faults_of_network import NETWORK
from tests.unit.spec.faults_of_plain_values import PLAIN_VALUES

pytestmark = pytest.mark.unit

SERVERS = "machines: [server1, server2, server3]"


CASES: dict[str, Case] = {
    **ADDONS,
    **ADDRESSES,
    **API,
    **FIRST_BOOT,
    **ESTATE,
    **IMAGES,
    **HARDWARE,
    **HOSTS,
    **MACHINES,
    **MESH,
    **NETWORK,
    **PLAIN_VALUES,
    "unknown_key": (
        ("count: 2", "count: 2\n    memroy: 4GiB"),
        "memroy",
        "pools[0].memroy",
        "unknown key `memroy`",
        "did you mean `memory`?",
    ),
    "unknown_key_without_a_value": (
        ("protect: false", "protekt:"),
        "protekt:",
        "protekt",
        "unknown key `protekt`",
        "only if that is meant, write `protect`",
    ),
    "unknown_key_of_another_section": (
        ("vip: 192", "timezone: UTC\n  vip: 192"),
        "timezone",
        "network.timezone",
        "unknown key",
        "`maintenance`",
    ),
    "unknown_key_like_no_other": (("protect: false", "zzz: 1"), "zzz", "zzz", "unknown key `zzz`", "known here: cluster, distribution"),
    "slot_25": (("[17, 18]", "[17, 25]"), "slots", "maintenance.slots[1]", "slot 25 is not an hour of the day: 0 to 23", ""),
    "offset_77": (
        ("[0, 15, 30, 45]", "[0, 77]"),
        "offsets",
        "maintenance.offsets[1]",
        "offset 77 is not a minute of the hour: 0 to 59",
        "",
    ),
    "slot_twice": (("[17, 18]", "[17, 17]"), "slots", "maintenance.slots", "17 is there twice", "delete one"),
    "duration_banana": (
        ("duration: 1h", "duration: banana"),
        "banana",
        "maintenance.duration",
        "`banana` is not a duration",
        "1h, 90m or 1h30m",
    ),
    "duration_of_days": (("duration: 1h", "duration: 25h"), "25h", "maintenance.duration", "longer than 24h", "1h"),
    "timezone_that_is_none": (
        ("duration: 1h", "timezone: Europe/Atlantis"),
        "Atlantis",
        "maintenance.timezone",
        "not a time zone",
        "Europe/Berlin",
    ),
    "unknown_pve_node": (
        (SERVERS, f"nodes: [pve9]\n    {SERVERS}"),
        "pve9",
        "pools[1].nodes[0]",
        "unknown PVE node `pve9`",
        "pve1, pve2, pve3",
    ),
    "unknown_pve_node_of_a_machine": (
        ("[agent1]", "[{name: agent1, pve_node: pve0}]"),
        "pve0",
        "pools[2].machines[0].pve_node",
        "unknown PVE node `pve0`",
        "pve1",
    ),
    "version_without_rke2r": (
        ("v1.36.5+rke2r1", "v1.36.5"),
        "version",
        "distribution.version",
        "version `v1.36.5` is not a release of RKE2",
        "write for example v1.36.5+rke2r1",
    ),
    "version_of_k3s": (("v1.36.5+rke2r1", "v1.36.5+k3s1"), "version", "distribution.version", "not a release of RKE2", "v1.36.5+rke2r1"),
    "version_as_a_number": (
        ("v1.36.5+rke2r1", "1.36"),
        "version",
        "distribution.version",
        "version 1.36 is not a release",
        "v1.36.5+rke2r1",
    ),
    "endpoint_in_clear": (
        ("https://192.168.1.10", "http://192.168.1.10"),
        "endpoint",
        "proxmox.endpoint",
        "in clear",
        "write https://192.168.1.10:8006",
    ),
    "endpoint_with_a_path": (
        (":8006", ":8006/api2/json"),
        "endpoint",
        "proxmox.endpoint",
        "not the URL of a Proxmox API",
        "without a path",
    ),
    "system_unknown": (
        ("system: debian", "system: debain"),
        "debain",
        "image.system",
        "not one of debian, ubuntu, microos, leapmicro, flatcar",
        "did you mean `debian`?",
    ),
    "checksum_of_the_wrong_length": (
        ("system: debian", "system: debian\n  checksum: sha256:abc"),
        "checksum",
        "image.checksum",
        "not a checksum",
        "64 hexadecimal",
    ),
    "tarball_without_its_checksum": (
        ("name: rke2", "name: rke2\n  url: https://example.org/x.tar.gz"),
        "distribution",
        "distribution",
        "`sha256` is not",
        "add `sha256:`",
    ),
    "policy_without_its_checksum": (
        ("name: rke2", "name: rke2\n  selinux_policy_url: https://example.org/x.rpm"),
        "distribution",
        "distribution",
        "`selinux_policy_sha256` is not",
        "add `selinux_policy_sha256:`",
    ),
    "selinux_on_a_system_without": (
        ("name: rke2", "name: rke2\n  options: {selinux: true}"),
        "selinux: true",
        "distribution.options.selinux",
        "Debian",
        "delete it: new machines of a system with such a policy (microos, leapmicro) have it on by themselves",
    ),
    "no_ssh_key": (("[id_ed25519.pub]", "[]"), "keys:", "ssh.keys", "it is empty", "at least one"),
    "ssh_key_file_missing": (
        ("[id_ed25519.pub]", "[id_rsa.pub]"),
        "keys:",
        "ssh.keys[0]",
        "`id_rsa.pub` does not exist",
        "/id_rsa`",
    ),
    "ssh_key_that_is_none": (("[id_ed25519.pub]", "[ssh-rsa foo]"), "keys:", "ssh.keys[0]", "not a public key", ".pub"),
    "ssh_port_0": (("private_key:", "port: 0\n  private_key:"), "port: 0", "ssh.port", "port 0 is outside of 1 to 65535", "22"),
    "boolean_in_words": (("protect: false", "protect: no"), "protect", "protect", "`no` is not true or false", "write false"),
    "password_hash_in_the_file": (
        ("protect: false", "cloud_init: {users: [{name: admin, password_hash: $6$x}]}"),
        "cloud_init",
        "cloud_init.users[0].password_hash",
        "this is a secret itself, and cluster.yaml is committed",
        "write {env: ADMIN_PASSWORD_HASH}",
    ),
    "password_hash_of_two_sources": (
        ("protect: false", "cloud_init: {users: [{name: admin, password_hash: {env: A, file: b}}]}"),
        "cloud_init",
        "cloud_init.users[0].password_hash",
        "exactly one source",
        "env",
    ),
    "two_documents": (("protect: false", "---\na: 1"), "---", "", "second document", "split"),
    "duplicate_key": (
        ("protect: false", "cluster: again"),
        "cluster: again",
        "cluster",
        "the key `cluster` is here twice, first on line 3",
        "keep one",
    ),
    "tab": (("  name: rke2", "\tname: rke2"), "\tname", "", "there is a tab where YAML takes only spaces", "spaces"),
    "unclosed_list": (("[17, 18]", "[17, 18"), "offsets", "", "a list that began with `[` is not closed", "add `]`"),
    "indentation": (
        ("  system: debian", "  system: debian\n     url: x"),
        "url: x",
        "",
        "there is a `:` where no key can be",
        "indentation",
    ),
    "unknown_alias": (("name: rke2", "name: *rke2"), "*rke2", "", "the alias `*rke2` names nothing", "quotes"),
    "key_that_is_not_text": (("protect: false", "8: 9"), "8: 9", "", "the key 8 is not text", 'put it in quotes: "8"'),
    "tag": (("cluster: quickstart", "cluster: !!python/name:os.system x"), "cluster:", "cluster", "is not understood here", "without `!`"),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_names_line_key_and_cure(problems: Problems, case: str) -> None:
    edit, blamed, path, message, cure = CASES[case]
    text = example("quickstart", edit)
    found = next((problem for problem in problems(text) if message in problem.message), None)
    assert found is not None, problems(text)
    assert found.path == path
    assert found.line is not None
    assert blamed.strip() in text.splitlines()[found.line - 1]
    assert found.cure
    assert cure in found.cure
    said = f"{found.message} {found.cure}"
    assert not [word for word in ("input should", "input_value", "pydantic", "extra inputs", "field required") if word in said.lower()]


def test_everything_required_is_asked_for_at_once(problems: Problems) -> None:
    found = problems("protect: true\n")
    assert {problem.path for problem in found} == {"cluster", "image.system", "proxmox", "pools", "ssh"}
    assert all(problem.cure and problem.cure.startswith("add `") for problem in found)


def test_a_misspelt_required_key_is_one_problem_not_two(problems: Problems) -> None:
    found = only(problems(example("quickstart", ("endpoint:", "endpiont:"))))
    assert (found.path, str(found.cure).partition(" Write")[0]) == ("proxmox.endpiont", "did you mean `endpoint`?")


def test_all_problems_at_once_also_those_between_keys(problems: Problems) -> None:
    text = example(
        "quickstart",
        ("cluster: quickstart", "cluster: Quick"),
        ("endpoint:", "endpiont:"),
        ("[17, 18]", "[25, 26]"),
        (SERVERS, "machines: [server1, server1]\n    nodes: [pve9]"),
        ("vip: 192.168.1.40", "vip: 192.168.1.1"),
        ("version: v1.36.5+rke2r1", "version: v1.36.5+rke2r1\n  options: {tokn: x}"),
        ("[id_ed25519.pub]", "[missing.pub]"),
    )
    found = problems(text)
    assert [problem.path for problem in found] == [
        "cluster",
        "distribution.options.tokn",
        "proxmox.endpiont",
        "ssh.keys[0]",
        "network.vip",
        "pools[1].machines[1]",
        "pools[1].nodes[0]",
        "maintenance.slots[0]",
        "maintenance.slots[1]",
    ]
    assert [problem.line for problem in found] == sorted(problem.line or 0 for problem in found)


def test_a_private_key_is_refused_by_name(problems: Problems, tmp_path: Path) -> None:
    (tmp_path / "id_ed25519").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    found = only(problems(example("quickstart", ("keys: [id_ed25519.pub]", "keys: [id_ed25519]"))))
    assert "is a private key" in found.message
    assert "id_ed25519.pub" in (found.cure or "")
