"""Small files as users wrote them: each refused with a cure at its line, or taken as it was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from stardock.plan.build import build
from stardock.spec import load_spec
from tests.unit.spec.conftest import KEY, Load, Problems, only

pytestmark = pytest.mark.unit

HEAD = f"""\
cluster: c
proxmox: {{endpoint: "https://192.0.2.10:8006", nodes: [pve1, pve2, pve3]}}
ssh: {{keys: ["{KEY}"]}}
image: {{system: debian}}
pools:
  - {{name: servers, role: server, machines: [s1]}}
"""


def with_pool(text: str) -> str:
    """The smallest cluster with one pool more, on line 7."""
    return f"{HEAD}  - {{{text}}}\n"


@pytest.mark.parametrize(
    ("text", "at", "words", "cure"),
    [
        pytest.param(
            with_pool("name: gpu, role: agent, machines: [g1], devices: ['0000:01:00.0']"),
            (7, "pools[1].devices[0]"),
            "`0000:01:00.0` is not the name of a resource mapping (Datacenter, Resource Mappings)",
            "make one of 0000:01:00.0 on Proxmox, and write its name, for example gpu or zigbee",
            marks=pytest.mark.proves("case 13-raw-pci"),
        ),
        pytest.param(
            with_pool(
                "name: arm, role: agent, machines: [a1], "
                "image: {system: debian, url: https://example.org/debian-12-genericcloud-arm64.qcow2}"
            ),
            (7, "pools[1].image.url"),
            "`/debian-12-genericcloud-arm64.qcow2` is for arm64, and machines here are x86_64",
            "name the image for amd64 (x86_64)",
            marks=pytest.mark.proves("case 20-arm-agent"),
        ),
        pytest.param(
            HEAD.replace("s1", "dev_server_0"),
            (6, "pools[0].machines[0]"),
            "`dev_server_0` is not a name: 1 to 63 of a-z, 0-9 and -, beginning and ending with a letter or digit",
            "write dev-server-0",
            marks=pytest.mark.proves("case 26-underscore"),
        ),
        pytest.param(
            HEAD.replace("s1", "K8S-Node-1"),
            (6, "pools[0].machines[0]"),
            "`K8S-Node-1` is not a name: 1 to 63 of a-z, 0-9 and -, beginning and ending with a letter or digit",
            "write k8s-node-1",
            marks=pytest.mark.proves("case 26-underscore"),
        ),
        pytest.param(
            HEAD.replace("{system: debian}", "{system: debian, url: https://builds.example.org/os.qcow2.xz}"),
            (4, "image.url"),
            "`https://builds.example.org/os.qcow2.xz` is packed, and PVE imports disks from unpacked files only",
            "name the unpacked image, or use `file`",
            marks=pytest.mark.proves("case 29-packed-image"),
        ),
    ],
)
def test_what_cannot_be_is_refused_with_a_cure(problems: Problems, text: str, at: tuple[int, str], words: str, cure: str) -> None:
    found = only(problems(text))
    assert ((found.line, found.path), found.message, found.cure) == (at, words, cure)


@pytest.mark.proves("case 06-storage-per-pool")
@pytest.mark.parametrize("key", ["datastore", "storage", "datastore_id", "disk_store"])
@pytest.mark.parametrize(
    "where", ["name: agents, role: agent, machines: [a1], {}", "name: agents, role: agent, machines: [{{name: a1, {}}}]"]
)
def test_a_misplaced_datastore_is_told_where_it_goes(problems: Problems, load: Load, where: str, key: str) -> None:
    found = only(problems(with_pool(where.format(f"{key}: nvme"))))
    assert (found.line, found.message) == (7, f"unknown key `{key}`")
    assert found.cure == "did you mean `disk_datastore`? (`image.datastore` is where the downloaded image lies) Write disk_datastore: nvme"
    pool = load(with_pool(where.format("disk_datastore: nvme"))).pools[1]
    assert "nvme" in {pool.disk_datastore, pool.members[0].disk_datastore}


@pytest.mark.proves("case 06-storage-per-pool")
def test_an_images_own_datastore_is_the_downloads_and_no_disks(load: Load) -> None:
    spec = load(with_pool("name: agents, role: agent, machines: [a1], image: {system: debian, datastore: nvme}"))
    plan, _ = build(spec, None, "cluster.yaml")
    assert (plan.machine("a1").image.datastore, plan.machine("a1").disk_datastore) == ("nvme", "local-lvm")


@pytest.mark.proves("case 11-vlan-trunk")
@pytest.mark.parametrize(
    ("written", "vlans"),
    [
        ('"10;20"', ("10", "20")),
        ('"10;20;30-33"', ("10", "20", "30-33")),
        ("10", ("10",)),
        ("30-31;10;30", ("10", "30-31")),
        ("12-13;10-12;14", ("10-14",)),
    ],
)
def test_trunks_are_written_as_proxmox_writes_them(load: Load, written: str, vlans: tuple[str, ...]) -> None:
    spec = load(f"{HEAD}network: {{server: [{{bridge: vmbr0, vlan: 7, trunks: {written}}}]}}\n")
    plan, _ = build(spec, None, "cluster.yaml")
    assert (plan.machine("s1").interfaces[0].trunks, plan.machine("s1").interfaces[0].vlan) == (vlans, 7)


@pytest.mark.proves("case 26-underscore")
@pytest.mark.parametrize("name", ["dev-server-0", "k8s-node-1"])
def test_the_name_that_the_cure_says_is_taken(load: Load, name: str) -> None:
    assert load(HEAD.replace("s1", name)).pools[0].members[0].name == name


ANCHOR = "x-agent: &agent {role: agent, cores: 4, memory: 8GiB}\n"
SMALL_AND_BIG = "  - {<<: *agent, name: small, machines: [a1]}\n  - {<<: *agent, name: big, machines: [a2], memory: 16GiB}\n"


@pytest.mark.proves("case 10-yaml-x-anchor")
def test_top_level_extensions_are_a_place_for_anchors(load: Load) -> None:
    spec = load(f"{ANCHOR}x-anything: [{{no: key}}, 7, null]\n{HEAD}{SMALL_AND_BIG}")
    assert [(pool.role, pool.cores, pool.memory) for pool in spec.pools[1:]] == [("agent", 4, 8192), ("agent", 4, 16384)]


@pytest.mark.proves("case 10-yaml-x-anchor")
@pytest.mark.parametrize(
    ("text", "line", "words", "cure"),
    [
        (f"x-agent: {{role: agent, role: server}}\n{HEAD}", 1, "the key `role` is here twice, first on line 1", "keep one"),
        (f"{ANCHOR.replace('4', 'four')}{HEAD}{SMALL_AND_BIG}", 1, "`four` is not a whole number", "write 4"),
        (f"{HEAD}x_agent: {{cores: 4}}\n", 7, "unknown key `x_agent`", "did you mean `x-agent`? Keys `x-*` are a place for anchors"),
        (
            with_pool("x-note: mine, name: agents, role: agent, machines: [a1]"),
            7,
            "unknown key `x-note`",
            "put it on the first level of the file: only there `x-*` is a place for anchors",
        ),
    ],
)
def test_extensions_are_read_as_yaml_and_what_is_merged_of_them_is_checked(
    problems: Problems, text: str, line: int, words: str, cure: str
) -> None:
    found = problems(text)
    assert {(one.line, one.message, one.cure) for one in found} == {(line, words, cure)}


@pytest.mark.proves("case 30-crlf-bom")
def test_crlf_and_a_byte_order_mark_are_read_also_in_block_texts(tmp_path: Path) -> None:
    files = "cloud_init:\n  user_data:\n    write_files:\n      - path: /etc/foo.sh\n        content: |\n"
    text = f"{HEAD}{files}          #!/bin/sh\n          echo hi\n"
    file = tmp_path / "cluster.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    spec = load_spec(file)
    assert spec.cluster == "c"
    assert spec.cloud_init.user_data.write_files[0].content == "#!/bin/sh\necho hi\n"
    assert spec.line_of("pools", 0, "role") == 6
