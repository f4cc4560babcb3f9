"""The PVE nodes' sshds: each with its own storage, a key, and nothing else."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.patience import patient
from lab.pve import access_key, ensure_ssh_key
from tests.contract.estate import Estate, estate

pytestmark = pytest.mark.contract


@pytest.fixture(scope="module")
def pve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """An emulated PVE with sshds."""
    with estate(tmp_path_factory.mktemp("pve"), ssh=True) as made:
        yield made


def options(pve: Estate, key: Path) -> list[str]:
    """How a client logs in that has never been there."""
    known = [f"UserKnownHostsFile={pve.directory}/known_hosts", "StrictHostKeyChecking=accept-new", "BatchMode=yes", "IdentitiesOnly=yes"]
    return ["-F", "none", "-i", str(key), *(word for option in known for word in ("-o", option))]


def sftp(pve: Estate, node: str, *commands: str) -> subprocess.CompletedProcess[str]:
    """SFTP commands on a node."""
    place = ["-q", "-b", "-", *options(pve, access_key(pve.directory)), "-P", str(pve.ssh_ports[node]), "root@127.0.0.1"]
    return subprocess.run(["sftp", *place], input="\n".join(commands), capture_output=True, text=True, check=False, timeout=patient(30))


def test_a_snippet_uploaded_to_one_node_is_absent_on_the_other(pve: Estate, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("#cloud-config\n")
    assert sftp(pve, "pve1", f"put {tmp_path}/s.yaml /var/lib/vz/snippets/s.yaml").returncode == 0
    listed = {node: pve.get(f"/nodes/{node}/storage/local/content", content="snippets") for node in ("pve1", "pve2")}
    assert [volume["volid"] for volume in listed["pve1"]] == ["local:snippets/s.yaml"]
    assert listed["pve2"] == []


def test_nothing_but_the_storage_is_there(pve: Estate) -> None:
    assert sftp(pve, "pve1", "ls -1a /").stdout.split()[-1] == "/var"
    assert sftp(pve, "pve1", "get /etc/hostname /dev/null").returncode != 0
    assert not Path("/var/lib/vz/snippets/s.yaml").exists(), "the host's own place is untouched"


def test_another_key_and_a_shell_are_refused(pve: Estate, tmp_path: Path) -> None:
    def ssh(key: Path) -> subprocess.CompletedProcess[str]:
        place = [*options(pve, key), "-p", str(pve.ssh_ports["pve1"]), "root@127.0.0.1"]
        return subprocess.run(["ssh", *place, "echo", "hello"], capture_output=True, text=True, check=False, timeout=patient(30))

    assert "Permission denied (publickey)" in ssh(ensure_ssh_key(tmp_path / "stranger")).stderr
    assert ssh(access_key(pve.directory)).stdout != "hello\n"


def test_each_node_has_its_own_host_key_and_keeps_it(pve: Estate) -> None:
    keys = {(pve.directory / f"pve/{node}/ssh/host_key.pub").read_text().split()[1] for node in ("pve1", "pve2", "pve3")}
    assert len(keys) == 3


def test_a_lab_below_a_folder_that_the_sshd_mounts_over_works_too(tmp_path: Path) -> None:
    """The lab's folder may lie anywhere; here it is seen as /mnt, where the sshd's own root goes. All in a mount namespace of its own."""
    script = (
        'mount --bind "$1" /mnt && exec python -c \'from pathlib import Path; from tests.contract.estate import estate\n'
        'with estate(Path("/mnt/lab"), ssh=True) as pve: print(sorted(pve.ssh_ports))\''
    )
    (tmp_path / "lab").mkdir()
    command = ["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", script, "sh", str(tmp_path)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, env=None, capture_output=True, text=True, check=False, timeout=patient(60))
    assert done.stdout == "['pve1', 'pve2', 'pve3']\n", done.stderr
