"""What is seen from within a machine, and what is said where nobody can look."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stardock.errors import ConditionError
from stardock.model.facts import Facts, MachineFacts
from stardock.prove import inside
from stardock.prove.bench import Bench, FailedError, NotPossibleError
from stardock.prove.checks import differences, machine, power
from stardock.prove.document import Cluster
from stardock.prove.place import Place
from stardock.systems import SENTINEL
from stardock.workspace.facts import save_facts
from tests.plans import document as example
from tests.unit.prove.proofs import SCOPE, WANTED, proof_document

pytestmark = pytest.mark.unit

Done = subprocess.CompletedProcess[str]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHRlc3RzLW9mLXN0YXJkb2NrLW5vLXByaXZhdGUta2V5IQ"


def done(code: int = 0, out: str = "", err: str = "") -> Done:
    return Done([], code, out, err)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Machines with addresses, and a folder with a blank in its name."""
    return bench_of(tmp_path / "a folder")


def bench_of(folder: Path, **ssh: str) -> Bench:
    """`ssh`: the way to machines, as the person's file says it."""
    place, data = Place(folder), example()
    place.folder.mkdir()
    place.prepare()
    data["ssh"] |= ssh
    made = Bench(place, SCOPE, proof_document(data, WANTED), None, lambda _line: None, WANTED)  # type: ignore[arg-type]
    made.write()
    seen = MachineFacts(addresses={"ens18": ("192.168.1.20",)}, host_keys=(KEY,))
    facts = {f"{SCOPE.cluster}-{role}": seen for role in ("server", "agent")}
    save_facts(place.own.facts, Facts(cluster=SCOPE.cluster, machines=facts))
    return made


@pytest.fixture
def ssh(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[list[str]]]:
    """Answers of ssh, in order; gives what it was called with."""

    def answers(*told: Done) -> list[list[str]]:
        calls: list[list[str]] = []

        def listen(command: list[str], _seconds: float) -> Done:
            calls.append(command)
            return told[min(len(calls), len(told)) - 1]

        monkeypatch.setattr(inside, "listen", listen)
        monkeypatch.setattr(inside, "_PAUSE_SECONDS", 0.0)
        return calls

    return answers


def test_whom_ssh_trusts_are_the_keys_that_the_agent_told_and_nobody_is_asked(bench: Bench, ssh: Callable[..., list[list[str]]]) -> None:
    calls = ssh(done(out="there\n"))
    assert inside.said(bench, "agent", "hostname") == "there"
    (command,) = calls
    assert command[0] == "ssh"
    assert command[-2:] == ["root@192.168.1.20", "hostname"]
    options = [command[at + 1] for at, word in enumerate(command) if word == "-o"]
    assert {"BatchMode=yes", "StrictHostKeyChecking=yes", "GlobalKnownHostsFile=/dev/null", "ForwardAgent=no"} <= set(options)
    assert "IdentitiesOnly=yes" in options, "a key of the person's agent proves nothing of the proof's"
    assert f'UserKnownHostsFile="{bench.place.own.known_hosts}"' in options
    assert command[command.index("-i") + 1] == str(bench.place.machines / "id_ed25519")


def test_the_persons_own_arguments_come_behind_ours_and_the_jump_host_is_passed_by_the_persons_keys(
    tmp_path: Path, ssh: Callable[..., list[list[str]]]
) -> None:
    calls = ssh(done())
    inside.said(bench_of(tmp_path / "p", jump="ada@hop:2222", extra_args="-4 -o 'Ciphers aes256-ctr'"), "agent", "true")
    (command,) = calls
    at = command.index("-4")
    assert command[at : at + 3] == ["-4", "-o", "Ciphers aes256-ctr"]
    assert command[at + 3 :] == ["root@192.168.1.20", "true"]
    (way,) = (word for word in command if word.startswith("ProxyCommand="))
    assert way.endswith("-p 2222 -W [%h]:%p ada@hop")
    assert "IdentitiesOnly" not in way


#: What OpenSSH 9.2 says where the jump host lets nobody in, or is not known: seen so.
JUMPS = (
    "ada@hop: Permission denied (publickey,password).\nkex_exchange_identification: Connection closed by remote host",
    "Host key verification failed.\nkex_exchange_identification: Connection closed by remote host",
)


@pytest.mark.parametrize("words", JUMPS)
def test_a_jump_host_that_lets_nobody_in_is_no_fault_of_the_machines(
    tmp_path: Path, ssh: Callable[..., list[list[str]]], words: str
) -> None:
    calls = ssh(done(255, err=words))
    bench = bench_of(tmp_path / "p", jump="ada@hop")
    for _ in range(2):
        with pytest.raises(NotPossibleError, match="the agent is not reached by ssh from here, through the jump host ada@hop: "):
            inside.said(bench, "agent", "true")
    assert len(calls) == 1


@pytest.mark.parametrize("words", ["root@192.168.1.20: Permission denied (publickey).", "Host key verification failed."])
def test_a_machine_behind_a_jump_host_that_lets_nobody_in_has_failed(
    tmp_path: Path, ssh: Callable[..., list[list[str]]], words: str
) -> None:
    ssh(done(255, err=words))
    with pytest.raises(FailedError, match="lets nobody in"):
        inside.said(bench_of(tmp_path / "p", jump="ada@hop"), "agent", "true")


def test_a_machine_without_a_way_to_it_is_asked_once_and_told_as_not_possible(bench: Bench, ssh: Callable[..., list[list[str]]]) -> None:
    calls = ssh(done(255, err="ssh: connect to host 192.168.1.20 port 22: No route to host"))
    for _ in range(3):
        with pytest.raises(NotPossibleError, match="the agent is not reached by ssh from here: ssh: connect"):
            inside.said(bench, "agent", "true")
    assert len(calls) == 1


@pytest.mark.parametrize("words", ["root@x: Permission denied (publickey).", "Host key verification failed."])
def test_a_machine_that_lets_nobody_in_or_is_another_has_failed(bench: Bench, ssh: Callable[..., list[list[str]]], words: str) -> None:
    ssh(done(255, err=words))
    with pytest.raises(FailedError, match="lets nobody in"):
        inside.said(bench, "agent", "true")


def test_one_that_was_reached_is_waited_for_and_one_that_stays_away_has_failed(
    bench: Bench, ssh: Callable[..., list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = done(255, err="Connection refused")
    calls = ssh(done(), refused, refused, done(out="back"))
    inside.said(bench, "agent", "true")
    assert inside.said(bench, "agent", "true") == "back"
    assert len(calls) == 4
    monkeypatch.setattr(inside, "BOOT_SECONDS", 0.0)
    ssh(refused)
    with pytest.raises(FailedError, match="was reached by ssh, and is not any more"):
        inside.said(bench, "agent", "true")


STATUS = "nocloud\nstatus: done\nextended_status: done\n"
CASES: list[tuple[Callable[[Bench], str], Done, type[Exception] | None, str]] = [
    (machine.first_boot, done(out=STATUS), None, "found its seed as nocloud"),
    (machine.first_boot, done(out="nocloud\nstatus: error\ndetail: x\n"), FailedError, "status: error; detail: x"),
    (machine.first_boot, done(90), NotPossibleError, "no cloud-init"),
    (machine.grown, done(out="ext4\n20887654400\n"), None, "19.5 GiB of a disk of 20 GiB"),
    (machine.grown, done(out="ext4\n2088765440\n"), FailedError, "1.9 GiB of a disk of 20 GiB"),
    (machine.grown, done(out="overlay\n1\n"), NotPossibleError, "no disk of its own"),
    (machine.denials, done(90), NotPossibleError, "has no SELinux"),
    (machine.denials, done(out="Enforcing\n"), None, "SELinux is enforcing"),
    (machine.denials, done(out="Disabled\n"), NotPossibleError, "SELinux is disabled"),
    (machine.denials, done(92, out="Enforcing\n"), NotPossibleError, "neither the audit log nor the journal"),
    (machine.denials, done(1, err="getenforce: no\n"), FailedError, "ended with 1: getenforce: no"),
    (machine.denials, done(), FailedError, "does not say its mode"),
    (machine.denials, done(out="Enforcing\navc:  denied  { read } x\n"), FailedError, "avc: denied { read } x"),
    (machine.data_disk, done(1), FailedError, "nothing is mounted at /srv/prove"),
    (machine.data_disk, done(out="/dev/sdb\n"), None, "/dev/sdb is mounted"),
    (machine.sentinel, done(90), NotPossibleError, "how an update is forced"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[-1])
def test_what_a_machine_says_of_itself_is_judged(bench: Bench, monkeypatch: pytest.MonkeyPatch, case: Any) -> None:
    check, told, error, words = case
    monkeypatch.setattr(machine, "tried", lambda *_, **__: told)
    monkeypatch.setattr(machine, "said", lambda *_, **__: told.stdout.strip())
    if error is None:
        assert words in check(bench)
        return
    with pytest.raises(error) as found:
        check(bench)
    assert words in str(found.value)


def test_first_boot_is_waited_for_before_it_is_judged(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def tried(_bench: Bench, _role: str, script: str, **_how: float) -> Done:
        asked.append(script)
        return done(out=STATUS)

    monkeypatch.setattr(machine, "tried", tried)
    machine.first_boot(bench)
    (script,) = asked
    assert script.index("cloud-init status --wait") < script.index("cloud-init status --long")


@pytest.mark.parametrize(
    ("code", "file", "words"),
    [
        (0, "linux-image-x\n", "linux-image-x was installed again"),
        (1, "", "there is no /var/run/reboot-required"),
        (91, "", "of no package"),
    ],
)
def test_an_update_that_leaves_no_sentinel_has_failed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, code: int, file: str, words: str
) -> None:
    monkeypatch.setattr(machine, "said", lambda *_: "the same boot")
    monkeypatch.setattr(machine, "tried", lambda *_, **__: done(code, file))
    try:
        told = machine.sentinel(bench)
    except (FailedError, NotPossibleError) as error:
        told = str(error)
    assert words in told


BEFORE = "boot-1\ni-prove\nconfig_runcmd 100.0\nconfig_users_groups 99.0"


@pytest.mark.parametrize(
    ("after", "error", "words"),
    [
        (BEFORE.replace("boot-1", "boot-2"), None, "none of 2 things was done again"),
        (BEFORE, FailedError, "the boot of before"),
        (BEFORE.replace("boot-1", "boot-2").replace("100.0", "200.0"), FailedError, "did this again: config_runcmd"),
        (BEFORE.replace("boot-1", "boot-2").replace("i-prove", "i-other"), FailedError, "did this again: i-other"),
    ],
)
def test_what_is_done_once_and_was_done_again_is_named(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, after: str, error: type[Exception] | None, words: str
) -> None:
    bench.kept["booted"] = BEFORE
    monkeypatch.setattr(power, "said", lambda *_: after)
    if error is None:
        assert words in power.once(bench)
        return
    with pytest.raises(error, match=words):
        power.once(bench)


def test_of_two_planted_differences_of_one_kind_each_must_be_told_and_nothing_else() -> None:
    compare: Any = differences._compare
    both = {("startup", "onboot"), ("startup", "startup")}
    compare(both, both)
    with pytest.raises(FailedError, match="not found: startup onboot"):
        compare(both, {("startup", "startup")})
    with pytest.raises(FailedError, match="found and not planted: nic net0"):
        compare(both, {*both, ("nic", "net0")})


@pytest.mark.parametrize("stream", ["", " >&2"])
def test_a_machine_that_never_stops_speaking_fails_and_fills_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch, stream: str) -> None:
    monkeypatch.setattr(inside, "_command", lambda *_: ["sh", "-c", f"exec yes{stream}"])
    with pytest.raises(FailedError, match="on the agent, `true` said more than 1 MiB"):
        inside.said(bench, "agent", "true")


def test_a_machine_that_never_ends_is_left_though_what_it_began_holds_its_streams(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "_command", lambda *_: ["sh", "-c", "echo begun; sleep 6 & sleep 6"])
    began = time.monotonic()
    with pytest.raises(FailedError, match="did not end within 1 s"):
        inside.tried(bench, "agent", "true", seconds=1)
    assert time.monotonic() - began < 4


def test_both_streams_and_the_end_of_a_command_are_heard(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "_command", lambda *_: ["sh", "-c", "cat; seq 20000; seq 20000 >&2; printf '\\377'; exit 3"])
    told = inside.tried(bench, "agent", "true")
    assert (told.returncode, len(told.stderr.split()), told.stdout[-1]) == (3, 20000, "\ufffd")


def test_what_was_not_planted_is_not_taken_back(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object) -> None:
        raise ConditionError("Proxmox did not change VM 99001")

    vm = SimpleNamespace(vm_id=99001)
    monkeypatch.setattr(Bench, "vm", lambda *_: vm)
    monkeypatch.setattr(differences, "configs_of", lambda *_: SimpleNamespace(found={99001: {"boot": "order=scsi0", "net0": "virtio=x"}}))
    monkeypatch.setattr(differences, "change_config", refuses)
    with pytest.raises(ConditionError):
        differences.planted(bench)
    monkeypatch.setattr(differences, "change_config", lambda *_: None)
    monkeypatch.setattr(Bench, "deploy", lambda _bench: [])
    monkeypatch.setattr(differences, "_found", lambda _bench: ())
    with pytest.raises(NotPossibleError, match="nothing was planted"):
        differences.healed(bench)
    monkeypatch.setattr(differences, "delete_volume", lambda *_: None)
    with pytest.raises(FailedError, match="not found"):
        differences.planted(bench)
    assert differences.healed(bench) == "nothing differs", "planted, though drift did not find it"


def test_selinux_is_asked_on_every_machine_and_one_that_is_not_looked_at_is_no_pass(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"server": done(out="Enforcing\n"), "agent": done(out="Disabled\n")}
    monkeypatch.setattr(machine, "tried", lambda _bench, role, *_, **__: told[role])
    with pytest.raises(NotPossibleError, match="of agent: SELinux is disabled"):
        machine.denials(bench)
    told["server"] = done(out="Enforcing\navc:  denied  { read } x\n")
    with pytest.raises(FailedError, match="server: avc: denied"):
        machine.denials(bench)


def test_selinux_is_asked_on_machines_that_came_later_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = replace(WANTED, vm_ids=tuple(range(99000, 99004)), cluster=Cluster(distribution="k3s", version="v1.36.4+k3s1"))
    cluster = Bench(Place(tmp_path), SCOPE, proof_document(example(), wanted), None, lambda _line: None, wanted)  # type: ignore[arg-type]
    monkeypatch.setattr(Bench, "intend", lambda _bench: None)
    cluster.place.prepare()
    cluster.grow()
    told = dict.fromkeys(("server1", "agent1", "server2", "agent2"), done(out="Enforcing\n"))
    monkeypatch.setattr(machine, "tried", lambda _bench, role, *_, **__: told[role])
    assert "SELinux is enforcing" in machine.denials(cluster)
    told["agent2"] = done(out="Enforcing\navc:  denied  { read } x\n")
    with pytest.raises(FailedError, match="agent2: avc: denied"):
        machine.denials(cluster)


def test_a_machine_that_another_check_could_not_make_hides_no_denial_and_is_no_fault_of_selinux(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"agent": done(out="Enforcing\n")}

    def asked(_bench: Bench, role: str, *_: str) -> subprocess.CompletedProcess[str]:
        if role not in told:
            raise FailedError(f"no address of the {role} is known")
        return told[role]

    monkeypatch.setattr(machine, "tried", asked)
    with pytest.raises(NotPossibleError, match="of server: no address of the server is known"):
        machine.denials(bench)
    told["agent"] = done(out="Enforcing\navc:  denied  { read } x\n")
    with pytest.raises(FailedError, match="agent: avc: denied"):
        machine.denials(bench)


def test_a_machine_whose_logs_cannot_be_read_is_told_apart_by_the_script_itself(tmp_path: Path) -> None:
    (tmp_path / "getenforce").write_text("#!/bin/sh\necho Enforcing\n")
    (tmp_path / "journalctl").write_text("#!/bin/sh\nexit 1\n")
    for program in tmp_path.iterdir():
        program.chmod(0o755)

    def code() -> int:
        script = machine._DENIED.replace("/var/log/audit/audit.log", str(tmp_path / "audit.log"))
        return subprocess.run(["sh", "-c", script], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, check=False).returncode

    assert code() == 92
    (tmp_path / "audit.log").write_text("type=AVC msg=x\n")
    assert code() == 0
    (tmp_path / "getenforce").write_text("#!/bin/sh\nexit 3\n")
    assert code() == 3


def test_a_sentinel_of_an_earlier_update_proves_nothing(tmp_path: Path) -> None:
    sentinel = tmp_path / "reboot-required"
    sentinel.touch()
    for name, text in {"apt-get": "exit 0", "dpkg-query": "echo linux-image-x: /boot/x"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    script = machine._UPDATE.replace(SENTINEL, str(sentinel))
    ran = subprocess.run(["sh", "-c", script], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, "")
