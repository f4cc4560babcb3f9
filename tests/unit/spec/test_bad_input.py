"""Files that are wrong: the message, its line, its key path and its cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from stardock.errors import InputErrors, Problem
from stardock.spec import load_spec
from tests.unit.spec.conftest import Edit, Problems, example

pytestmark = pytest.mark.unit

SERVERS = "machines: [server1, server2, server3]"


def only(found: list[Problem]) -> Problem:
    assert len(found) == 1, found
    return found[0]


# name of the case -> edit of the quick start, a part of the line that is to blame, key path, message, cure
CASES: dict[str, tuple[Edit, str, str, str, str]] = {
    "unknown_key": (
        ("count: 2", "count: 2\n    memroy: 4GiB"),
        "memroy",
        "pools[0].memroy",
        "unknown key `memroy`",
        "did you mean `memory`?",
    ),
    "unknown_key_without_a_value": (("protect: false", "protekt:"), "protekt:", "protekt", "unknown key `protekt`", "`protect`?"),
    "unknown_key_of_another_section": (
        ("vip: 192", "timezone: UTC\n  vip: 192"),
        "timezone",
        "network.timezone",
        "unknown key",
        "`maintenance`",
    ),
    "unknown_key_like_no_other": (("protect: false", "zzz: 1"), "zzz", "zzz", "unknown key `zzz`", "known here: cluster, distribution"),
    "two_machines_of_one_name": (
        (SERVERS, "machines: [server1, server1]"),
        "server1",
        "pools[1].machines[1]",
        "two machines are named `server1`",
        "another name",
    ),
    "two_machines_of_one_name_across_pools": (
        ("[agent1]", "[lb2]"),
        "[lb2]",
        "pools[2].machines[0]",
        "two machines are named `lb2`",
        "another name",
    ),
    "two_pools_of_one_name": (
        ("name: agents", "name: servers"),
        "- name: servers\n",
        "pools[2].name",
        "two pools are named `servers`",
        "another name",
    ),
    "zero_servers": (("role: server", "role: agent"), "pools:", "pools", "zero servers", "role: server"),
    "zero_servers_in_the_pool": ((SERVERS, "machines: []"), "pools:", "pools", "zero servers", "role: server"),
    "slot_25": (("[17, 18]", "[17, 25]"), "slots", "maintenance.slots[1]", "slot 25 is not an hour of the day: 0 to 23", ""),
    "offset_77": (
        ("[0, 15, 30, 45]", "[0, 77]"),
        "offsets",
        "maintenance.offsets[1]",
        "offset 77 is not a minute of the hour: 0 to 59",
        "",
    ),
    "slot_twice": (("[17, 18]", "[17, 17]"), "slots", "maintenance.slots", "17 stands there twice", "delete one"),
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
    "vip_equal_to_a_gateway": (
        ("vip: 192.168.1.40", "vip: 192.168.1.1"),
        "vip:",
        "network.vip",
        "the VIP 192.168.1.1 is the gateway",
        "nobody",
    ),
    "vip_equal_to_a_pve_node": (
        ("vip: 192.168.1.40", "vip: 192.168.1.11"),
        "vip:",
        "network.vip",
        "the address of PVE node `pve2`",
        "nobody",
    ),
    "vip_outside_of_its_subnet": (
        ("vip: 192.168.1.40", "vip: 192.168.2.40"),
        "vip:",
        "network.vip",
        "192.168.2.40 lies outside of 192.168.1.0/24",
        "free",
    ),
    "vip_is_the_broadcast_address": (
        ("vip: 192.168.1.40", "vip: 192.168.1.255"),
        "vip:",
        "network.vip",
        "broadcast address of 192.168.1.0/24",
        "free",
    ),
    "vip_missing_with_load_balancers": (("  vip: 192.168.1.40\n", ""), "network:", "network.vip", "no virtual IP", "vip: ADDRESS"),
    "vip_interface_that_is_none": (
        ("vip: 192", "vip_interface: eth0\n  vip: 192"),
        "eth0",
        "network.vip_interface",
        "no interface `eth0`",
        "ens18",
    ),
    "gateway_outside_of_its_subnet": (
        ("gateway: 192.168.1.1", "gateway: 192.168.7.1"),
        "192.168.7.1",
        "network.loadbalancer[0].static.gateway",
        "outside of 192.168.1.0/24",
        "write",
    ),
    "gateway_is_the_network_address": (
        ("gateway: 192.168.1.1", "gateway: 192.168.1.0"),
        "gateway: 192.168.1.0",
        "network.loadbalancer[0].static.gateway",
        "network address",
        "write",
    ),
    "address_outside_of_its_subnet": (
        ("[agent1]", "[{name: agent1, addresses: {ens18: 10.0.0.1}}]"),
        "10.0.0.1",
        "pools[2].machines[0].addresses.ens18",
        "10.0.0.1 lies outside of 192.168.1.0/24",
        "write",
    ),
    "address_is_the_broadcast_address": (
        ("[agent1]", "[{name: agent1, addresses: {ens18: 192.168.1.255}}]"),
        "1.255",
        "pools[2].machines[0].addresses.ens18",
        "broadcast address",
        "write",
    ),
    "address_of_an_interface_that_is_none": (
        ("[agent1]", "[{name: agent1, addresses: {eth0: 192.168.1.9}}]"),
        "eth0",
        "pools[2].machines[0].addresses.eth0",
        "no interface `eth0`",
        "ens18",
    ),
    "address_with_a_prefix": (
        ("vip: 192.168.1.40", "vip: 192.168.1.40/24"),
        "vip:",
        "network.vip",
        "not an IPv4 address",
        "write 192.168.1.40 here",
    ),
    "address_of_version_6": (("vip: 192.168.1.40", "vip: fd00::1"), "vip:", "network.vip", "not an IPv4 address", "only IPv4"),
    "prefix_33": (
        ("prefix: 24", "prefix: 33"),
        "prefix: 33",
        "network.loadbalancer[0].static.prefix",
        "prefix 33 is outside of 1 to 30",
        "24",
    ),
    "dhcp_and_static": (
        ("bridge: vmbr0", "bridge: vmbr0\n      dhcp: true"),
        "- name: ens18",
        "network.loadbalancer[0]",
        "exclude each other",
        "delete",
    ),
    "vm_id_below_100": (
        ("vm_id_start: 200", "vm_id_start: 99"),
        "vm_id_start",
        "pools[0].vm_id_start",
        "VM id 99 is outside of 100 to 999999999",
        "",
    ),
    "vm_id_given_twice": (
        ("[agent1]", "[{name: a1, vm_id: 500}, {name: a2, vm_id: 500}]"),
        "a2",
        "pools[2].machines[1].vm_id",
        "VM id 500 is given to `a1` already",
        "another id",
    ),
    "memory_without_a_unit": (
        ("memory: 1GiB", "memory: 1024"),
        "memory: 1024",
        "pools[0].memory",
        "1024 is not a size with a unit",
        "1024GiB",
    ),
    "memory_of_decimal_units": (
        ("memory: 1GiB", "memory: 4GB"),
        "memory: 4GB",
        "pools[0].memory",
        "`4GB` is not a size with a unit",
        "4GiB",
    ),
    "disk_of_half_a_gib": (("disk: 20GiB", "disk: 1536MiB"), "disk: 1536MiB", "pools[0].disk", "not a whole number of GiB", "2GiB"),
    "cores_in_words": (("cores: 1\n", "cores: two\n"), "cores: two", "pools[0].cores", "`two` is not a whole number", "digits"),
    "cores_zero": (("cores: 1\n", "cores: 0\n"), "cores: 0", "pools[0].cores", "0 cores are outside of 1 to 128", ""),
    "count_beyond_all_bounds": (("count: 2", "count: 1000000000"), "count", "pools[0].count", "outside of 0 to 1000", ""),
    "pattern_without_n": (("lb{n}", "lb"), "pattern", "pools[0].pattern", "must contain {n} once", "lb{n}"),
    "pattern_that_makes_no_names": (("lb{n}", "LB_{n}"), "pattern", "pools[0].pattern", "`LB_1` is not a name", "write lb-{n}"),
    "pattern_that_ends_in_a_hyphen": (("lb{n}", "lb{n}-"), "pattern", "pools[0].pattern", "`lb1-` is not a name", "write lb{n}"),
    "pattern_of_digits": (("lb{n}", '"{n}"'), "pattern", "pools[0].pattern", "`1` begins with a digit", "write m{n}"),
    "pattern_too_long": (("lb{n}", "a" * 60 + "{n}"), "pattern", "pools[0].pattern", "is not a name", ""),
    "pool_without_machines": (
        ("    machines: [agent1]\n", ""),
        "name: agents",
        "pools[2]",
        "does not say which machines",
        "machines: [NAME, ...]",
    ),
    "machines_and_count": (("[agent1]", "[agent1]\n    count: 2"), "name: agents", "pools[2]", "`machines` excludes `count`", "delete"),
    "role_misspelt": (
        ("role: agent", "role: agnet"),
        "agnet",
        "pools[2].role",
        "`agnet` is not one of server, agent, loadbalancer",
        "did you mean `agent`?",
    ),
    "name_in_capitals": (("[agent1]", "[Agent_1]"), "Agent_1", "pools[2].machines[0]", "`Agent_1` is not a name", "write agent-1"),
    "name_that_begins_with_a_digit": (("[agent1]", "[1st]"), "1st", "pools[2].machines[0]", "`1st` begins with a digit", "write m1st"),
    "name_that_means_another": (("[agent1]", "[localhost]"), "localhost", "pools[2].machines[0]", "`localhost` means", "another name"),
    "name_that_is_a_number": (("[agent1]", "[17]"), "[17]", "pools[2].machines[0]", "17 is not a mapping", "KEY: VALUE"),
    "cluster_that_is_a_number": (("cluster: quickstart", "cluster: 7"), "cluster: 7", "cluster", "7 is not text", 'put it in quotes: "7"'),
    "key_without_a_value": (("cluster: quickstart", "cluster:"), "cluster:", "cluster", "it has no value", "write one after the `:`"),
    "labels_of_load_balancers": (
        ("count: 2", "count: 2\n    labels: {a: b}"),
        "labels",
        "pools[0].labels",
        "load balancers are no Kubernetes nodes",
        "delete",
    ),
    "label_that_is_none": (
        ("[agent1]", "[agent1]\n    labels: {a b: c}"),
        "labels",
        "pools[2].labels",
        "not a label of Kubernetes",
        "rack1",
    ),
    "label_that_is_not_text": (
        ("[agent1]", "[agent1]\n    labels: {gpu: true}"),
        "labels",
        "pools[2].labels.gpu",
        "True is not text",
        "quotes",
    ),
    "taint_that_is_none": (
        ("[agent1]", "[agent1]\n    taints: [gpu]"),
        "taints",
        "pools[2].taints[0]",
        "`gpu` is not a taint",
        "NoSchedule",
    ),
    "removed_and_wanted": (("protect: false", "remove: [lb1]"), "remove", "remove[0]", "`lb1` is to be removed, and a pool has it", "take"),
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
        "not one of debian, microos",
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
    "no_ssh_key": (("[id_ed25519.pub]", "[]"), "keys:", "ssh.keys", "it is empty", "at least one"),
    "ssh_key_file_missing": (
        ("[id_ed25519.pub]", "[id_rsa.pub]"),
        "keys:",
        "ssh.keys[0]",
        "`id_rsa.pub` does not exist",
        "ssh-keygen -t ed25519 -f id_rsa",
    ),
    "ssh_key_that_is_none": (("[id_ed25519.pub]", "[ssh-rsa foo]"), "keys:", "ssh.keys[0]", "not a public key", ".pub"),
    "ssh_port_0": (("private_key:", "port: 0\n  private_key:"), "port: 0", "ssh.port", "port 0 is outside of 1 to 65535", "22"),
    "boolean_in_words": (("protect: false", "protect: no"), "protect", "protect", "`no` is not true or false", "true or false"),
    "password_hash_in_the_file": (
        ("protect: false", "cloud_init: {users: [{name: admin, password_hash: $6$x}]}"),
        "cloud_init",
        "cloud_init.users[0].password_hash",
        "is not a mapping",
        "",
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
        "the key `cluster` stands here twice, first on line 3",
        "keep one",
    ),
    "tab": (("  name: rke2", "\tname: rke2"), "\tname", "", "a tab stands where YAML takes only spaces", "spaces"),
    "unclosed_list": (("[17, 18]", "[17, 18"), "offsets", "", "a list that began with `[` is not closed", "add `]`"),
    "indentation": (("  system: debian", "  system: debian\n     url: x"), "url: x", "", "a `:` stands where no key can be", "indentation"),
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
    assert not [word for word in ("Input should", "input_value", "pydantic", "Extra inputs", "Field required") if word in said]


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "---\n", "---\n...\n"])
def test_an_empty_file(problems: Problems, text: str) -> None:
    assert only(problems(text)).message == "the file is empty"


@pytest.mark.parametrize(("text", "what"), [("- a\n", "a list"), ("cluster\n", "one value"), ("42\n", "one value")])
def test_a_file_that_is_no_mapping(problems: Problems, text: str, what: str) -> None:
    assert only(problems(text)).message == f"the file is {what}, not a mapping of keys"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputErrors) as caught:
        load_spec(tmp_path / "cluster.yaml")
    assert "no such file" in caught.value.problems[0].message
    assert "examples/single" in (caught.value.problems[0].cure or "")


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_bytes(b"cluster: a\nimage: \xff\xfe\n")
    with pytest.raises(InputErrors) as caught:
        load_spec(file)
    assert only(list(caught.value.problems)).line == 2


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(InputErrors) as caught:
        load_spec(tmp_path)
    assert "cannot be read" in caught.value.problems[0].message


def test_a_control_character_is_named_with_its_line(problems: Problems) -> None:
    found = only(problems("cluster: a\nimage: \x07\n"))
    assert (found.line, found.message) == (2, "a control character (U+0007)")


def test_everything_required_is_asked_for_at_once(problems: Problems) -> None:
    found = problems("protect: true\n")
    assert {problem.path for problem in found} == {"cluster", "proxmox", "image", "pools", "ssh"}
    assert all(problem.cure and problem.cure.startswith("add `") for problem in found)


def test_a_misspelt_required_key_is_one_problem_not_two(problems: Problems) -> None:
    found = only(problems(example("quickstart", ("endpoint:", "endpiont:"))))
    assert (found.path, found.cure) == ("proxmox.endpiont", "did you mean `endpoint`?")


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


def test_an_alias_inside_of_itself(problems: Problems) -> None:
    assert any("alias stands inside" in problem.message for problem in problems("cluster: &a [*a]\n"))


def test_aliases_that_unfold_without_end(problems: Problems) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert "unfolds to more than" in only(problems("\n".join(lines))).message


def test_nesting_without_end(problems: Problems) -> None:
    assert "nested too deeply" in only(problems("a: " + "[" * 5000)).message


def test_a_private_key_is_refused_by_name(problems: Problems, tmp_path: Path) -> None:
    (tmp_path / "id_ed25519").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    found = only(problems(example("quickstart", ("keys: [id_ed25519.pub]", "keys: [id_ed25519]"))))
    assert "is a private key" in found.message
    assert "id_ed25519.pub" in (found.cure or "")
