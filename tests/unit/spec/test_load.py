"""Files that are right."""

from __future__ import annotations

from ipaddress import IPv4Address
from pathlib import Path

import pytest
from pydantic import ValidationError

from stardock.spec import load_spec
from tests.unit.spec.conftest import KEY, ROOT, Load, example

pytestmark = pytest.mark.unit


def test_the_quick_start_loads(load: Load) -> None:
    spec = load(example("quickstart"))
    assert spec.cluster == "quickstart"
    assert [(pool.role, [machine.name for machine in pool.members]) for pool in spec.pools] == [
        ("loadbalancer", ["lb1", "lb2"]),
        ("server", ["server1", "server2", "server3"]),
        ("agent", ["agent1"]),
    ]
    assert spec.network.vip == IPv4Address("192.168.1.40")
    static = spec.network.server[0].static
    assert static is not None
    assert (str(static.base), static.offset, str(static.network)) == ("192.168.1.0", 50, "192.168.1.0/24")
    assert (spec.pools[0].memory, spec.pools[0].disk) == (1024, 20)
    assert spec.maintenance.duration == 60


def test_the_smallest_file_has_fewer_than_15_lines_and_stands_in_the_readme(load: Load) -> None:
    text = example("single")
    assert len(text.splitlines()) < 15
    assert load(text).protect is False
    readme = (ROOT / "README.md").read_text().split("## The smallest file")[1].split("```yaml\n")[1].split("```")[0]
    assert len(readme.splitlines()) < 15
    assert load(readme).cluster == "single"


def test_the_default_network_is_dhcp_on_vmbr0(load: Load) -> None:
    spec = load(example("single"))
    (interface,) = spec.interfaces_of(spec.pools[0])
    assert (interface.name, interface.bridge, interface.static) == ("ens18", "vmbr0", None)


def test_interfaces_without_a_name_are_named_by_position(load: Load) -> None:
    text = example("single") + "network: {server: [{bridge: vmbr0}, {bridge: vmbr1, vlan: 7}]}\n"
    assert [(nic.name, nic.vlan) for nic in load(text).network.server] == [("ens18", None), ("ens19", 7)]


@pytest.mark.parametrize(
    ("role", "wanted"), [("loadbalancer", (1, 1024, 20, 200)), ("server", (2, 4096, 40, 210)), ("agent", (2, 4096, 40, 220))]
)
def test_hardware_defaults_are_by_role(load: Load, role: str, wanted: tuple[int, ...]) -> None:
    text = example("single").replace(", memory: 4GiB, disk: 40GiB", "") + "network: {vip: 10.0.0.5}\n"
    text = text.replace("pools:\n", f"pools:\n  - {{name: more, role: {role}, machines: [more1]}}\n")
    pool = load(text).pools[0]
    assert (pool.cores, pool.memory, pool.disk, pool.first_vm_id) == wanted


def test_names_may_carry_own_values(load: Load) -> None:
    own = "machines: [server1, {name: server2, vm_id: 555, memory: 8GiB, addresses: {ens18: 192.168.1.77}, pve_node: pve3}, server3]"
    machine = load(example("quickstart", ("machines: [server1, server2, server3]", own))).pools[1].members[1]
    assert (machine.vm_id, machine.memory, machine.pve_node) == (555, 8192, "pve3")
    assert str(machine.addresses["ens18"]) == "192.168.1.77"


def test_key_files_become_key_lines(load: Load, tmp_path: Path) -> None:
    (tmp_path / "more.pub").write_text(f"# two\n{KEY}\n\nssh-rsa AAAAB3NzaC1yc2E= second\n")
    spec = load(example("quickstart", ("[id_ed25519.pub]", f'[more.pub, "{KEY}", ssh-rsa AAAAB3NzaC1yc2Eaaa= third]')))
    assert spec.ssh.keys == (KEY, "ssh-rsa AAAAB3NzaC1yc2E= second", "ssh-rsa AAAAB3NzaC1yc2Eaaa= third")


def test_aliases_and_merge_keys_are_unfolded_once_each(load: Load) -> None:
    text = example("quickstart", ("  server:\n    - name", "  server: &nics\n    - name"))
    head, tail = text.split("  agent:\n", 1)
    text = head + "  agent: *nics\n" + tail.split("\n", 5)[5]
    spec = load(text)
    assert spec.network.agent == spec.network.server
    merged = load(example("single", ("{name: servers, role", "{<<: {cores: 4, role: agent}, name: servers, role")))
    assert (merged.pools[0].cores, merged.pools[0].role) == (4, "server")


def test_lines_are_known_afterwards(load: Load) -> None:
    text = example("quickstart")
    spec = load(text)
    line = text.splitlines().index("    role: server") + 1
    assert spec.line_of("pools", 1, "role") == line
    assert spec.line_of("pools", 1, "labels") == spec.line_of("pools", 1) == line - 1
    assert spec.line_of("pools", 1, "machines", 2) == line + 1


def test_a_spec_is_never_changed(load: Load) -> None:
    spec = load(example("single"))
    with pytest.raises(ValidationError):
        spec.cluster = "other"


def test_datastores_of_a_pve_node_fall_back_to_the_common_ones(load: Load) -> None:
    text = example("single", ("address: 192.168.1.10}]", "datastores: {disks: fast}}]\n  datastores: {snippets: shared}"))
    proxmox = load(text).proxmox
    found = proxmox.datastores_of(proxmox.nodes[0])
    assert (found.images, found.snippets, found.disks) == ("local", "shared", "fast")


def test_a_file_with_a_byte_order_mark_loads(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + example("single").encode())
    assert load_spec(file).cluster == "single"
