"""The Ansible half from elsewhere: a cluster founded through a machine that has only Python, and another one from a tar by the wheel alone.

Both as docs/how-to/from-anywhere.md has it, by a person with a fresh home. HOST is a machine of the lab, which reaches no internet: Debian
with Python, sshd and an account that may not become root.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
import yaml

from lab.patience import patient
from stardock.model.stages import NAMES
from tests.lab.beside import OPTIONS, deployed_beside, facts, told
from tests.lab.cluster import Cluster, Result, changed, example_as
from tests.lab.wheel import install_wheel
from tests.waiting import until

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(2400), pytest.mark.one_life("from anywhere")]

HOST, CARRIED = "192.168.1.90", "192.168.1.91"
#: All that a machine has on PATH from which a bundle is run, beside the environment's Python: a shell, ssh, and what Ansible calls of the
#: system's own where it works on the controller (ansible-core, plugins/shell/sh.py).
PROGRAMS = ("sh", "ssh", "ssh-keygen", "sftp", "scp", "mkdir", "chmod", "rm", "sleep")
MACHINES = ("lb1", "lb2", "server1", "server2", "server3", "agent1")
#: ssh looks for ~/.ssh where passwd says, whatever HOME is.
_AS = 'mount --bind "$0" /etc/passwd && exec "$@"'


@dataclass(frozen=True)
class Person:
    """Somebody with an own key, who has logged in to HOST before; `folder` is theirs."""

    cluster: Cluster
    folder: Path

    def run(self, *words: str, check: bool = True) -> Result:
        """A command in the cluster's folder, inside of the lab's network."""
        return self.cluster.inside(*self._argv(*words), check=check)

    def begin(self, *words: str, output: Path) -> subprocess.Popen[str]:
        """The same, without waiting."""
        with output.open("w") as file:
            return self.cluster.begin(*self._argv(*words), output=file.fileno())

    def _argv(self, *words: str) -> tuple[str, ...]:
        passwd = str(self.folder / "passwd")
        return ("unshare", "--mount", "--propagation", "private", "--", "sh", "-c", _AS, passwd, "env", "-C", str(self.place), *words)

    @property
    def place(self) -> Path:
        """Where cluster.yaml lies."""
        return self.cluster.folder.resolve()

    def knows(self, host_keys: list[str]) -> None:
        """HOST's key is in their known_hosts from now on."""
        lines = "".join(f"{HOST} {key}\n" for key in host_keys)
        (self.folder / "home/.ssh/known_hosts").write_text(lines)


@dataclass(frozen=True)
class Bastion:
    """HOST, looked at by root."""

    cluster: Cluster

    def told(self, script: str, *, check: bool = True) -> str:
        """What a root shell there prints."""
        return told(self.cluster, HOST, script, check=check)

    def left(self) -> list[str]:
        """Of a run: its processes, and what lies in memory but for a lock that nobody holds."""
        found = self.told(
            "grep -lsaz '^STARDOCK_RUN=' /proc/[0-9]*/environ; find /dev/shm /run/user -mindepth 2 -path '*stardock*' ! -name '*.pid'",
            check=False,
        )
        return found.split()

    @cached_property
    def _marker(self) -> str:
        return "/root/before"

    def mark(self) -> None:
        """`written` counts from here."""
        self.told(f"touch {self._marker}")

    def written(self) -> list[str]:
        """Files on its disk that are new, without the wheels and the system's own."""
        found = self.told(f"find / -xdev -type f -newer {self._marker} ! -path '/proc/*' ! -path '/sys/*'").split()
        own = ("/home/ops/.cache/stardock/via/", "/var/log/", "/var/lib/systemd/", "/run/", "/root/")
        return [path for path in found if not path.startswith(own)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster("anywhere", example_as("anywhere", tmp_path_factory.mktemp("anywhere"))).deployed() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def person(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Person:
    folder = tmp_path_factory.mktemp("person")
    (folder / "home/.ssh").mkdir(parents=True, mode=0o700)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "home/.ssh/id_ed25519"], check=True)
    (folder / "passwd").write_text(f"root:x:0:0::{folder}/home:/bin/sh\n")
    return Person(cluster, folder)


@pytest.fixture(scope="module")
def bastion(cluster: Cluster, person: Person) -> Bastion:
    """HOST has the release on its disk, since nobody there reaches the internet."""
    key = (person.folder / "home/.ssh/id_ed25519.pub").read_text().strip()
    file = deployed_beside(cluster, "bastion", HOST, 900, more={"cloud_init": {"users": [{"name": "ops", "sudo": False, "keys": [key]}]}})
    person.knows(facts(file)["machines"]["bastion1"]["host_keys"])
    bastion = Bastion(cluster)
    bastion.told("cloud-init status --wait", check=False)
    options = f"-i {cluster.folder.resolve()}/id_ed25519 {' '.join(OPTIONS)}"
    cluster.inside("sh", "-euc", f'tar -cf - -C / "${{STARDOCK_ARTIFACTS#/}}" | ssh {options} root@{HOST} tar -xf - -C /')
    bastion.mark()
    return bastion


@pytest.mark.proves("feature bootstrap on another machine")
def test_host_has_python_and_lets_its_person_in_and_nothing_of_ansible(person: Person, bastion: Bastion) -> None:
    asked = "id -un; for one in ansible-playbook ansible-runner pip pip3 tofu terraform node kubectl; do command -v $one; done; true"
    assert person.run("ssh", f"ops@{HOST}", asked).stdout.split() == ["ops"]
    assert bastion.told("python3 -c 'import ansible'; echo $?") == "1"


@pytest.mark.proves("feature bootstrap on another machine")
def test_a_run_whose_ssh_is_cut_while_it_founds_leaves_nothing_there(person: Person, bastion: Bastion, tmp_path: Path) -> None:
    said = tmp_path / "said"
    running = person.begin("runner", "bootstrap", "--via", f"ops@{HOST}", output=said)
    try:
        until(lambda: "founder ..." in said.read_text() or running.poll() is not None, "the stage founder", 600)
        assert running.poll() is None, said.read_text()
        bastion.told("pkill -KILL -u ops sshd")
        assert running.wait(patient(120)) == 4, said.read_text()
    finally:
        running.kill()
    assert "was lost" in said.read_text()
    until(lambda: not bastion.left(), "what ran there to be gone", 60)


@pytest.mark.proves("feature bootstrap on another machine")
def test_the_next_run_founds_the_cluster_through_host_and_all_comes_back_beside_the_file(
    cluster: Cluster, person: Person, bastion: Bastion
) -> None:
    done = person.run("runner", "bootstrap", "--via", f"ops@{HOST}")
    assert "bringing" not in done.stdout, "the wheels are there since the run that was cut"
    accepted = "journalctl --no-pager -o cat -u ssh | sed -n 's/^Accepted publickey for .* from \\([^ ]*\\) .*/\\1/p'"
    assert set(cluster.ssh("server2", accepted).split()[:-1]) == {HOST}, "Ansible reached it from there alone; the last is this question"
    assert facts(cluster.file)["founded"]
    assert cluster.kubeconfig.stat().st_mode & 0o777 == cluster.file.with_suffix(".secrets.yaml").stat().st_mode & 0o777 == 0o600
    assert {name: conditions["Ready"] for name, conditions in cluster.nodes().items()} == dict.fromkeys(MACHINES[2:], "True")
    assert cluster.voters() == ["server1", "server2", "server3"]


@pytest.mark.proves("feature bootstrap on another machine")
def test_a_second_run_through_host_changes_nothing_nor_does_one_from_here(cluster: Cluster, person: Person) -> None:
    before = cluster.kubeconfig.read_text(), facts(cluster.file)["founded"]
    through = person.run("runner", "bootstrap", "--via", f"ops@{HOST}").stdout
    assert through.count("changed: nothing") == len(NAMES), through
    here = cluster.bootstrap().stdout
    assert here.count("changed: nothing") == len(NAMES), here
    assert (cluster.kubeconfig.read_text(), facts(cluster.file)["founded"]) == before


@pytest.mark.proves("feature bootstrap on another machine")
def test_an_edit_reaches_the_cluster_through_host(cluster: Cluster, person: Person) -> None:
    cluster.edit(r"^(  - name: agents)$", r"\1\n    labels: {place: far}")
    assert changed(person.run("runner", "bootstrap", "--via", f"ops@{HOST}").stdout) == ["agents"]
    node = json.loads(cluster.kubectl("get", "node", "agent1", "-o", "json").stdout)
    assert node["metadata"]["labels"]["place"] == "far"


@pytest.mark.proves("feature bootstrap on another machine")
def test_on_host_are_only_wheels_and_neither_the_key_nor_a_token(cluster: Cluster, bastion: Bastion) -> None:
    assert bastion.left() == []
    assert bastion.written() == []
    tokens = [str(token) for token in yaml.safe_load(cluster.file.with_suffix(".secrets.yaml").read_text()).values()]
    key = (cluster.folder / "id_ed25519").read_text().splitlines()[2]
    for secret in (*tokens, key):
        assert bastion.told(f"grep -rlsF -e {secret} /home /tmp /var/tmp /dev/shm /var/log; true") == ""


@pytest.fixture(scope="module")
def carried(cluster: Cluster) -> Path:
    return deployed_beside(cluster, "carried", CARRIED, 910)


@dataclass(frozen=True)
class Laptop:
    """A folder with a tar and a key, and an environment with the wheel: no Terraform, Node, cluster.yaml or checkout."""

    cluster: Cluster
    folder: Path
    programs: Path

    def runner(self, *words: str) -> Result:
        """The wheel's, with nothing of this environment but the name of the folder of releases."""
        artifacts = self.cluster.inside("printenv", "STARDOCK_ARTIFACTS").stdout.strip()
        own = [f"HOME={self.folder}", f"PATH={self.folder / 'bin'}", "LANG=C.UTF-8", f"STARDOCK_ARTIFACTS={artifacts}"]
        return self.cluster.inside("env", "-i", "-C", str(self.folder), *own, str(self.programs / "runner"), *words)


@pytest.fixture(scope="module")
def laptop(cluster: Cluster, carried: Path, tmp_path_factory: pytest.TempPathFactory) -> Laptop:
    folder = tmp_path_factory.mktemp("laptop")
    (folder / "bin").mkdir()
    for name in PROGRAMS:
        (folder / "bin" / name).symlink_to(shutil.which(name, path=os.defpath) or pytest.fail(f"{name} is not installed"))
    cluster.inside("env", "-C", str(carried.parent), "runner", "bundle", "-f", "cluster.yaml", "-o", "home.tar")
    for name in ("home.tar", "id_ed25519"):
        shutil.copy(carried.parent / name, folder / name)
    return Laptop(cluster, folder, install_wheel(tmp_path_factory.mktemp("wheel")))


@pytest.mark.proves("feature bundle")
def test_a_tar_founds_a_cluster_where_only_python_and_the_wheel_are(laptop: Laptop) -> None:
    assert "founder" in laptop.runner("bootstrap", "home.tar", "--dry-run").stdout
    laptop.runner("bootstrap", "home.tar", "--private-key", "id_ed25519")
    assert facts(laptop.folder / "home.tar")["founded"]
    for name in ("home.kubeconfig", "home.secrets.yaml"):
        assert (laptop.folder / name).stat().st_mode & 0o777 == 0o600
    asked = ("kubectl", "--kubeconfig", str(laptop.folder / "home.kubeconfig"), "get", "nodes", "--no-headers")
    assert laptop.cluster.inside(*asked).stdout.split()[:2] == ["carried1", "Ready"]


@pytest.mark.proves("feature bundle")
def test_a_second_run_of_the_tar_changes_nothing(laptop: Laptop) -> None:
    said = laptop.runner("bootstrap", "home.tar", "--private-key", "id_ed25519").stdout
    assert said.count("changed: nothing") == len(NAMES), said


@pytest.mark.proves("feature bundle")
def test_its_facts_taken_back_tell_that_it_is_founded_and_nothing_is_left_to_do(cluster: Cluster, carried: Path, laptop: Laptop) -> None:
    shutil.copy(laptop.folder / "home.facts.json", carried.with_suffix(".facts.json"))
    cluster.inside("runner", "deploy", "-f", str(carried), "--yes")
    assert facts(carried)["founded"] == facts(laptop.folder / "home.tar")["founded"]
    said = cluster.inside("runner", "bootstrap", "-f", str(carried)).stdout
    assert said.count("changed: nothing") == len(NAMES), said
    secrets = [yaml.safe_load(file.read_text()) for file in (carried.with_suffix(".secrets.yaml"), laptop.folder / "home.secrets.yaml")]
    assert secrets[0] == secrets[1], "read back from the server"
