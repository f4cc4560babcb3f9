"""`runner bootstrap BUNDLE --via HOST`: a real ssh, a HOST that has only Python, ansible-runner's own worker there; killed in every way.

The playbooks are the test's own, small, since a bundle runs what is in it; the cluster's one machine is the same sshd.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.patience import patient
from stardock.bundle import write_bundle
from stardock.model.facts import Facts, MachineFacts
from stardock.workspace.facts import load_facts
from tests.contract.machine import Bare, bare
from tests.plans import ROOT, document, plan_of
from tests.waiting import until

pytestmark = [pytest.mark.contract, pytest.mark.proves("feature bootstrap on another machine"), pytest.mark.timeout(600)]

PLAY = """\
- name: "Machines: what the test asks"
  hosts: server1
  tags: [always]
  gather_facts: false
  tasks:
    - name: Say where it came from
      ansible.builtin.raw: "{command}"
      changed_when: true
    - name: Say where Ansible is
      ansible.builtin.command: "{local}"
      delegate_to: localhost
      changed_when: true
"""
RUNNING = """\
- name: "Running: what it runs"
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Write it down
      ansible.builtin.copy:
        content: "{{ {'answered': {}, 'failed': {}} | to_json }}"
        dest: "{{ kubernetes_report }}"
        mode: "0600"
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bare]:
    with bare(tmp_path_factory.mktemp("host") / "machine") as machine:
        yield machine


def written(folder: Path, host: Bare, command: str = "echo through", local: str = "pwd", *, known: bool = True) -> Path:
    """A bundle with these playbooks, and a person whose known_hosts has HOST."""
    folder.mkdir(parents=True, exist_ok=True)
    data = document("single")
    data["ssh"] |= {"port": host.port, "user": "root"}
    seen = MachineFacts(addresses={"ens18": ("127.0.0.1",)}, host_keys=(host.host_key,) if known else ())
    bundle = folder / "small.bundle"
    write_bundle(plan_of(data)[0], Facts(cluster="single", machines={"server1": seen}), bundle)
    for name in ("site.yml", "running.yml"):
        text = PLAY.replace("{command}", command).replace("{local}", local) if name == "site.yml" else RUNNING
        (bundle / "project" / name).write_text(f"---\n{text}")
    return bundle


def command(folder: Path, host: Bare, bundle: Path, *words: str, known: str | None = None) -> list[str]:
    """`runner bootstrap`, as a person whose ~/.ssh has these known hosts; ssh asks passwd for it, so that this is a namespace, too."""
    home = folder / "person"
    (home / ".ssh").mkdir(parents=True, exist_ok=True)
    (home / ".ssh/known_hosts").write_text(f"[127.0.0.1]:{host.port} {host.host_key}\n" if known is None else known)
    (folder / "passwd").write_text(f"root:x:0:0::{home}:/bin/sh\n")
    runner = [sys.executable, "-c", "from stardock.cli.main import main; main()", "bootstrap", str(bundle), "--stage", "machines"]
    script = 'mount --bind "$0" /etc/passwd && exec "$@"'
    key = ["--private-key", str(host.key), "--via", host.place]
    return ["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", script, str(folder / "passwd"), *runner, *key, *words]


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "SSH_AUTH_SOCK"}
    return {**kept, "HOME": str(folder / "person"), "PYTHONPATH": str(ROOT), "STARDOCK_LOCK": "write"}


def ran(folder: Path, host: Bare, bundle: Path, *words: str, known: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(folder, host, bundle, *words, known=known),
        env=environment(folder), cwd=folder, capture_output=True, text=True, check=False, timeout=patient(300),
    )  # fmt: skip


def started(folder: Path, host: Bare, bundle: Path) -> subprocess.Popen[str]:
    """A run that waits, once it does."""
    process = subprocess.Popen(
        command(folder, host, bundle), env=environment(folder), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    until(lambda: "sleep" in host.running() or process.poll() is not None, "what runs on HOST to be there")
    assert process.poll() is None, process.communicate()
    return process


def test_a_host_with_nothing_but_python_runs_it_and_facts_come_back(tmp_path: Path, host: Bare) -> None:
    bundle = written(tmp_path, host)
    done = ran(tmp_path, host, bundle)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "machines ..." in done.stdout
    assert "changed: server1 2" in done.stdout
    log = (tmp_path / "small.log").read_text()
    assert "changed: [server1]" in log
    assert "/dev/shm/stardock-0/" in log, "Ansible ran there, in memory"
    assert (host.memory(), host.running()) == ([], [])
    assert [path.name for path in (host.home / ".cache/stardock/via").iterdir() if not path.name.startswith(".")] != []
    assert "bringing" in done.stdout


@pytest.mark.long
def test_the_second_run_brings_no_wheels(tmp_path: Path, host: Bare) -> None:
    bundle = written(tmp_path, host)
    ran(tmp_path, host, bundle)
    begun = time.monotonic()
    done = ran(tmp_path, host, bundle)
    assert done.returncode == 0, done.stderr
    assert "bringing" not in done.stdout
    assert time.monotonic() - begun < patient(60)


@pytest.mark.long
def test_a_host_key_that_ansible_accepted_there_is_known_here_afterwards(tmp_path: Path, host: Bare) -> None:
    bundle = written(tmp_path, host, known=False)
    done = ran(tmp_path, host, bundle, "--accept-new-host-keys")
    assert done.returncode == 0, done.stdout + done.stderr
    assert load_facts(tmp_path / "small.facts.json", "single").machines["server1"].host_keys == (host.host_key,)


@pytest.mark.long
def test_no_secret_is_on_hosts_disk_and_the_key_never_is_there(tmp_path: Path, host: Bare) -> None:
    """The tokens and the playbooks lie in memory while it runs, where the play finds them; on disk afterwards are the wheels."""
    bundle = written(tmp_path, host, local="grep sesame {{ inventory_dir }}/../secrets.yaml")
    site = bundle / "project/site.yml"
    site.write_text(site.read_text().replace("Machines:", "Founder:"))
    (tmp_path / "small.secrets.yaml").write_text("stardock_token: sesame\nstardock_agent_token: sesame\n")
    (tmp_path / "small.secrets.yaml").chmod(0o600)
    words = command(tmp_path, host, bundle)
    words[words.index("machines")] = "founder"
    done = subprocess.run(words, env=environment(tmp_path), cwd=tmp_path, capture_output=True, text=True, check=False, timeout=patient(300))
    assert done.returncode == 0, done.stdout + done.stderr
    private = "\n".join(host.key.read_text().splitlines()[1:3])
    for path in host.home.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"sesame" not in data, path
            assert private.encode() not in data, path
    assert host.memory() == []


@pytest.mark.long
@pytest.mark.parametrize("how", ["the ssh is killed", "runner is killed", "Ctrl-C", "the keeper is killed"])
def test_whatever_is_killed_nothing_is_left_and_the_next_run_does_it(how: str, tmp_path: Path, host: Bare) -> None:
    bundle = written(tmp_path, host, local="sleep 300")
    process = started(tmp_path, host, bundle)
    if how == "Ctrl-C":
        os.kill(child(process.pid, "python"), signal.SIGINT)
    elif how == "runner is killed":
        os.kill(child(process.pid, "python"), signal.SIGKILL)
    elif how == "the ssh is killed":
        os.kill(child(process.pid, "ssh"), signal.SIGKILL)
    else:
        os.kill(keeper(host), signal.SIGKILL)
    said, _ = process.communicate(timeout=patient(60))
    until(lambda: not host.running() and not host.memory(), "what ran there to be gone")
    codes = {"Ctrl-C": 130, "runner is killed": -9, "the ssh is killed": 4, "the keeper is killed": 4}
    assert process.returncode == codes[how], said
    again = ran(tmp_path, host, written(tmp_path, host))
    assert again.returncode == 0, again.stdout + again.stderr
    assert (host.memory(), host.running()) == ([], [])


def child(pid: int, name: str) -> int:
    """The process of that name below another; `unshare` and `sh` became it, or it is theirs."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit():
                fields = (entry / "stat").read_text().rpartition(")")
                found[int(entry.name)] = (fields[0].partition("(")[2], int(fields[2].split()[1]))
        except OSError:
            continue
    below = [pid]
    for one in below:
        below += [other for other, (_, parent) in found.items() if parent == one]
    return next(one for one in below if found[one][0].startswith(name) and (name != "ssh" or found[one][0] == "ssh"))


def keeper(host: Bare) -> int:
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and b"via.keeper" in (entry / "cmdline").read_bytes() and host.has(entry):
                return int(entry.name)
        except OSError:
            continue
    raise AssertionError("no keeper")


@pytest.mark.long
def test_two_people_at_once_the_second_waits_for_the_first(tmp_path: Path, host: Bare) -> None:
    first = written(tmp_path / "one", host, local="sleep 8")
    running = started(tmp_path / "one", host, first)
    done = ran(tmp_path / "two", host, written(tmp_path / "two", host))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "another run of this cluster is there: waiting" in done.stdout
    assert running.wait(patient(60)) == 0


def test_a_host_key_that_is_not_known_is_refused(tmp_path: Path, host: Bare) -> None:
    done = ran(tmp_path, host, written(tmp_path, host), known="")
    assert done.returncode == 4
    assert "is not reached by ssh" in done.stderr
    assert "Host key verification failed" in done.stderr
    assert "known_hosts" in done.stderr


def test_a_person_enters_host_with_an_own_key_that_opens_no_machine(tmp_path: Path, host: Bare) -> None:
    """In ~/.ssh, under a name that ssh tries by itself; the key to the machines opens nothing on HOST."""
    with bare(tmp_path / "machine") as other:
        words = command(tmp_path, host, written(tmp_path, host), known=f"[127.0.0.1]:{other.port} {other.host_key}\n")
        shutil.copy(other.key, tmp_path / "person/.ssh/id_ed25519")
        words[words.index(host.place)] = other.place
        done = subprocess.run(
            words, env=environment(tmp_path), cwd=tmp_path, capture_output=True, text=True, check=False, timeout=patient(300)
        )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
def test_an_sshd_that_takes_no_agent_is_told(tmp_path: Path) -> None:
    with bare(tmp_path / "machine", "AllowAgentForwarding no\n") as host:
        done = ran(tmp_path, host, written(tmp_path, host))
    assert done.returncode == 4
    assert "AllowAgentForwarding yes" in done.stderr


@pytest.mark.long
def test_a_key_with_a_passphrase_is_told(tmp_path: Path, host: Bare) -> None:
    locked = tmp_path / "locked"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "sesame", "-f", str(locked)], check=True)
    words = command(tmp_path, host, written(tmp_path, host))
    words[words.index(str(host.key))] = str(locked)
    done = subprocess.run(words, env=environment(tmp_path), cwd=tmp_path, capture_output=True, text=True, check=False, timeout=patient(60))
    assert (done.returncode, "without a passphrase" in done.stderr) == (4, True), done.stderr


@pytest.mark.long
def test_another_accounts_folder_in_memory_is_refused(tmp_path: Path) -> None:
    with bare(tmp_path / "machine") as host:
        subprocess.run(host.inside("install", "-d", "-o", "65534", "-m", "0777", "/dev/shm/stardock-0"), check=True)
        done = ran(tmp_path, host, written(tmp_path, host))
    assert done.returncode == 4
    assert "is not this account's alone" in done.stderr


@pytest.mark.long
def test_a_failure_there_is_told_as_one_from_here(tmp_path: Path, host: Bare) -> None:
    done = ran(tmp_path, host, written(tmp_path, host, local="sh -c 'echo broken >&2; exit 3'"))
    assert done.returncode == 6
    assert "server1: Say where Ansible is: broken" in done.stderr
    assert f"runner bootstrap {tmp_path}/small.bundle --via {host.place} --from-stage machines" in done.stderr.replace("'", "")


@pytest.mark.long
def test_what_is_remembered_is_beside_the_bundle(tmp_path: Path, host: Bare) -> None:
    bundle = written(tmp_path, host)
    ran(tmp_path, host, bundle)
    (run,) = json.loads((tmp_path / "small.runs.json").read_text())["runs"]
    assert (run["ended"], [stage["name"] for stage in run["stages"]]) == ("done", ["machines"])
    assert not (tmp_path / "small.run").exists()
    shutil.rmtree(bundle)
