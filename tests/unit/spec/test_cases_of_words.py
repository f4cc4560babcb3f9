"""Configurations of users that failed for the words they were told."""

from __future__ import annotations

import re
import shlex
import subprocess
import time
from pathlib import Path

import pytest

from tests.unit.spec.conftest import Load, Problems, only
from tests.unit.spec.obeyed import BASE

pytestmark = pytest.mark.unit

NODES = "nodes: [pve1, pve2, pve3]"
SECOND = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHrS0Iq5lmQ2cZ0rmvo9dKq6xJ7Vd2UmuTcL2hV0lJb1"


@pytest.mark.proves("case 14-standalone-hosts")
def test_an_endpoint_a_node_is_told_that_the_nodes_must_be_one_cluster(problems: Problems) -> None:
    found = only(problems(BASE.replace(NODES, 'nodes: [{name: pve1, endpoint: "https://192.0.2.10:8006"}]')))
    assert (found.path, found.line) == ("proxmox.nodes[0].endpoint", 4)
    assert "must be one PVE cluster: join them with pvecm add, or write a cluster.yaml for each host" in str(found.cure)
    listed = only(
        problems(BASE.replace("endpoint: https://192.0.2.10:8006", "endpoint: [https://192.0.2.10:8006, https://192.0.2.11:8006]"))
    )
    assert "pvecm add" in str(listed.cure)


def test_what_is_wrong_at_every_node_has_its_cure_once(problems: Problems) -> None:
    nodes = ", ".join(f'{{name: pve{n}, endpoint: "https://192.0.2.1{n}:8006"}}' for n in (1, 2, 3))
    cures = [str(one.cure) for one in problems(BASE.replace(NODES, f"nodes: [{nodes}]"))]
    assert "pvecm add" in cures[0]
    assert cures[1:] == ["as of proxmox.nodes[0].endpoint"] * 2


@pytest.mark.parametrize("machine", ["{{a{n}: {{cores: 4}}}}", "{{x{n}: 4, y: 3}}"])
def test_a_mistake_at_each_of_500_machines_is_told_within_a_second(problems: Problems, machine: str) -> None:
    text = BASE.replace("machines: [agent1]", f"machines: [{', '.join(machine.format(n=n) for n in range(500))}]")
    began = time.process_time()
    assert len(problems(text)) >= 500
    assert time.process_time() - began < 1


def test_the_keys_of_a_pool_that_are_known_fit_a_line_or_two_with_its_own_first(problems: Problems) -> None:
    cure = str(only(problems(BASE.replace("role: agent\n", "role: agent\n    zzz: 1\n"))).cure)
    assert cure.startswith("known here: name, role, machines, count, pattern, cores,")
    assert len(cure) < 300


@pytest.mark.proves("case 19-ipv6-only")
@pytest.mark.parametrize("ipv6", ['{static: {base: "2001:db8::", offset: 16, gateway: "2001:db8::1"}}', "{slaac: true}", "{dhcp: true}"])
def test_ipv6_alone_is_refused_in_words_that_say_so_and_both_cures_load(problems: Problems, load: Load, ipv6: str) -> None:
    text = BASE.replace("  vip: ", f"  agent: [{{dhcp: false, ipv6: {ipv6}}}]\n  vip: ")
    found = only(problems(text))
    assert found.path == "network.agent[0]"
    assert "IPv6 alone is not offered" in found.message
    assert "delete `dhcp: false`" in str(found.cure)
    assert load(text.replace("dhcp: false, ", "")).network.agent[0].ipv6 is not None
    assert load(text.replace("dhcp: false", "dhcp: false, static: {base: 192.168.1.60}")).network.agent[0].static is not None


@pytest.mark.proves("case 22-github-keys")
@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("gh:someuser", "https://github.com/someuser.keys"),
        ("github:someuser", "https://github.com/someuser.keys"),
        ("lp:someuser", "'https://launchpad.net/~someuser/+sshkeys'"),
        ("https://github.com/someuser.keys", "https://github.com/someuser.keys"),
        ("https://x.example/k;reboot", "'https://x.example/k;reboot'"),
    ],
)
def test_keys_that_lie_elsewhere_are_told_how_to_be_fetched_and_a_file_of_several_works(
    problems: Problems, load: Load, file: Path, entry: str, url: str
) -> None:
    text = BASE.replace("[id_ed25519.pub]", f'["{entry}"]')
    found = only(problems(text))
    assert f"curl -fsSo {file.parent}/keys.pub {url}" in str(found.cure)
    (file.parent / "keys.pub").write_text(f"{SECOND}\n{SECOND[:-1]}2\n")
    assert load(text.replace(f'["{entry}"]', "[keys.pub]")).ssh.keys == (SECOND, f"{SECOND[:-1]}2")


def test_the_command_that_makes_a_missing_key_makes_it_beside_the_file_from_any_folder(
    problems: Problems, load: Load, file: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = BASE.replace("[id_ed25519.pub]", "[cluster-key.pub]")
    command = re.search(r"`(ssh-keygen .*)`", str(only(problems(text)).cure))
    assert command is not None
    obeyed = [*shlex.split(command[1]), "-q", "-N", ""]
    subprocess.run(obeyed, cwd=tmp_path_factory.mktemp("elsewhere"), check=True)
    assert load(text).ssh.keys == ((file.parent / "cluster-key.pub").read_text().strip(),)
