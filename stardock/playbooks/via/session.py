"""One run of a playbook on HOST: the wheels that it lacks go there, then the bundle; events come back as they happen, files at the end.

HOST is no more trusted than a machine. What comes back is looked through (`stream`), and of files only these are taken: the two reports,
which are read as strictly as those of a run from here; the host keys that ssh accepted; and the kubeconfig, of whose content three values
are taken and the rest is ours.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from stardock.bundle.directory import PARTS
from stardock.errors import ConditionError, StardockError
from stardock.model.about import About
from stardock.model.jump import Jump
from stardock.playbooks.ansible import IDENT, Run, process, transmit
from stardock.playbooks.events import Event
from stardock.playbooks.interrupts import caught_signals, raise_received
from stardock.playbooks.via import door, entry, wheels
from stardock.playbooks.via.kubeconfig import own_text
from stardock.playbooks.via.stream import BACK, SILENCE, Ended, Stream
from stardock.reading import MAX_BYTES, read_file
from stardock.step import Say
from stardock.writing import write_atomically

#: Variable -> the file that it names, as it is called on HOST.
_RETURNED = {"kubernetes_report": "running.json", "founding_report": "report.json", "kubeconfig_path": "kubeconfig"}
_KEY = "ansible_ssh_private_key_file"
#: The stage in which the kubeconfig goes there and comes back.
KUBECONFIG = "kubeconfig"
#: Set where ssh may accept host keys; without it nothing that HOST says of keys is taken.
ACCEPTS = "stardock_host_key_checking"
#: Seconds: between two signs of life, for HOST to end what runs when it is hung up, and then for ssh.
_BEAT, _ENDING, _ENDED = 10.0, 30.0, 5.0
_PLACE = r"/(dev/shm|run/user/[0-9]{1,10})/stardock-[0-9]{1,10}/[0-9a-f]{16}\.run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Via:
    """Runs playbooks of one cluster on one HOST. `founded`: the sha256 of the cluster's authority; empty where it is not known."""

    host: Jump
    about: About
    key: Path
    say: Say
    founded: str = ""

    def run(self, wanted: Run, on_event: Callable[[Event], None]) -> int:
        """As `stardock.playbooks.ansible.run`; ConditionError also where HOST is not reached, lacks something or is lost."""
        staged = wanted.bundle / "via"
        shutil.rmtree(staged, ignore_errors=True)
        try:
            with caught_signals() as received, _ssh(self.host, self.key) as ssh:
                talk = _Talk(ssh, self.about, self.say, received)
                with contextlib.closing(talk):
                    code = self._ran(talk, wanted, staged, on_event)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
        if received:
            raise_received(received)
        return code

    def _ran(self, talk: _Talk, wanted: Run, staged: Path, on_event: Callable[[Event], None]) -> int:
        try:
            folder = talk.prepared()
            number = secrets.randbits(62)
            staged.mkdir(mode=0o700)
            with (staged / "stream").open("w+b") as stream:
                transmit(_carried(wanted, staged / "there", folder), folder, number, stream)
                talk.hand_over(stream)
            status = process(talk.stream, staged / "here", number, on_event)
            talk.ended()
        except Ended:
            if talk.received:
                return 1
            raise talk.lost() from None
        return self._ended(talk, wanted, status)

    def _ended(self, talk: _Talk, wanted: Run, status: str) -> int:
        """What the end was, and the files that came back."""
        if status not in ("successful", "failed"):
            raise talk.lost()
        self._bring(wanted, talk.stream.files)
        return 0 if status == "successful" else 2

    def _bring(self, wanted: Run, files: Mapping[str, bytes]) -> None:
        """Put what came back where a run from here would have left it."""
        for variable in ("kubernetes_report", "founding_report"):
            if variable in wanted.variables and _RETURNED[variable] in files:
                write_atomically(Path(wanted.variables[variable]), _text(files[_RETURNED[variable]]), mode=0o600)
        if "known_hosts" in files and ACCEPTS in wanted.variables:
            write_atomically(wanted.bundle / "known_hosts", _text(files["known_hosts"]))
        path = Path(wanted.variables.get("kubeconfig_path", ""))
        before = read_file(path, what="the kubeconfig", most=MAX_BYTES, cure="take it away") if path.is_file() else None
        came = files.get("kubeconfig")
        if KUBECONFIG in wanted.tags and came is not None and came != before and not wanted.check:
            write_atomically(path, own_text(_text(came), self.about.cluster, self.about.api, self.founded), mode=0o600)


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")


def _carried(wanted: Run, there: Path, folder: str) -> Run:
    """The run as it is on HOST: a copy of the bundle, and beside it, in the artifacts, what comes back."""
    there.mkdir(mode=0o700)
    for name in PARTS:
        source = wanted.bundle / name
        if source.is_dir():
            shutil.copytree(source, there / name)
        elif source.exists():
            shutil.copy(source, there / name)
    back = there / "artifacts" / IDENT / BACK
    back.mkdir(parents=True, mode=0o700)
    shutil.copy(wanted.bundle / "known_hosts", back / "known_hosts")
    kubeconfig = Path(wanted.variables.get("kubeconfig_path", ""))
    if KUBECONFIG in wanted.tags and kubeconfig.is_file():
        shutil.copy(kubeconfig, back / "kubeconfig")
    far = f"{folder}/artifacts/{IDENT}/{BACK}"
    moved = {name: f"{far}/{_RETURNED[name]}" for name in wanted.variables if name in _RETURNED}
    variables = {name: value for name, value in wanted.variables.items() if name != _KEY}
    secret = there / "secrets.yaml" if wanted.secrets else None
    if wanted.secrets and secret:
        shutil.copy(wanted.secrets, secret)
    return replace(wanted, bundle=there, secrets=secret, variables={**variables, **moved, "stardock_known_hosts": f"{far}/known_hosts"})


@dataclass(slots=True)
class _Ssh:
    """The process, and what it complained of."""

    process: subprocess.Popen[bytes]
    errors: IO[bytes]
    host: Jump

    def words(self) -> str:
        """The last line that ssh wrote."""
        self.errors.seek(0)
        lines = self.errors.read(1 << 16).decode(errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip() and not line.startswith(("**", "no such identity: "))]
        return "".join(one if one.isprintable() else "?" for one in said[-1])[:300] if said else ""


@contextlib.contextmanager
def _ssh(host: Jump, key: Path) -> Iterator[_Ssh]:
    """The connection; afterwards it is hung up, and waited for as long as HOST needs to end what runs."""
    program = entry.LOADER.format(length=len(_program()))
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            door.command(host, key, program), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
            env=door.environment(os.environ), start_new_session=True, bufsize=0,
        )  # fmt: skip
        try:
            yield _Ssh(process, errors, host)
        finally:
            _await(process)


def _close(pipe: IO[bytes] | None) -> None:
    with contextlib.suppress(OSError):
        if pipe:
            pipe.close()


def _await(process: subprocess.Popen[bytes]) -> None:
    """HOST sends on while it ends: nobody reads it any more, so it is read here."""
    drain = threading.Thread(target=_drain, args=(process.stdout,), daemon=True)
    drain.start()
    try:
        process.wait(_ENDING)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(_ENDED)


def _drain(out: IO[bytes] | None) -> None:
    with contextlib.suppress(OSError, ValueError):
        while out and out.read(1 << 16):
            pass


def _program() -> bytes:
    return Path(entry.__file__).read_bytes() + entry.CALL.encode()


@dataclass(slots=True)
class _Talk:
    """What is said to HOST, and in which order."""

    ssh: _Ssh
    about: About
    say: Say
    received: Sequence[int]
    stream: Stream = field(init=False)
    closed: bool = False
    _stdin: int = field(init=False)
    _writing: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        names = frozenset(machine.name for machine in self.about.machines)
        assert self.ssh.process.stdout  # noqa: S101 -- both were asked for
        assert self.ssh.process.stdin  # noqa: S101
        self._stdin = self.ssh.process.stdin.fileno()
        os.set_blocking(self._stdin, False)
        self.stream = Stream(self.ssh.process.stdout.fileno(), names, lambda: bool(self.received), self.say)

    def prepared(self) -> str:
        """Have HOST ready for a run; the folder in its memory."""
        self._send(_program() + _line({"key": wheels.key()}))
        self._equip(self.stream.said("hello"))
        threading.Thread(target=self._beat, daemon=True).start()
        self._send(_line({"cluster": self.about.cluster, "artifacts": os.environ.get("STARDOCK_ARTIFACTS", "")}))
        folder = str(self.stream.said("place").get("folder"))
        if not re.fullmatch(_PLACE, folder):
            raise ConditionError("HOST names a place that it cannot have", cure="look at that machine, whether it is the right one")
        return folder

    def _equip(self, hello: Mapping[str, Any]) -> None:
        """Send the wheels that it lacks."""
        host = wheels.platform_of(hello)
        if not hello.get("ssh"):
            raise ConditionError("HOST has no ssh, by which Ansible reaches machines", cure="apt install openssh-client there, or its like")
        if not hello.get("agent"):
            cure = "allow agents in its /etc/ssh/sshd_config: AllowAgentForwarding yes"
            raise ConditionError(f"the sshd of {self.ssh.host} takes no agent, by which the key to the machines is lent", cure=cure)
        there = {} if hello.get("cached") else wheels.wheels_for(host)
        if there:
            size = sum(map(len, there.values()))
            self.say(f"bringing {len(there)} wheels to {self.ssh.host}, {size >> 20} MiB: the next run finds them there")
        self._send(_line({"wheels": [(name, len(data), sha256(data).hexdigest()) for name, data in there.items()]}))
        for data in there.values():
            self._send(data)

    def hand_over(self, stream: IO[bytes]) -> None:
        """The transmitted stream; nothing else is said meanwhile."""
        stream.flush()
        size = stream.tell()
        stream.seek(0)
        with self._writing:
            self._write(_line({"transmit": size}))
            while part := stream.read(1 << 16):
                self._write(part)

    def _beat(self) -> None:
        """Say every now and then that this side lives."""
        while self.ssh.process.poll() is None:
            try:
                self._send(b"\n")
            except (Ended, ConditionError):
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.ssh.process.wait(_BEAT)

    def _send(self, data: bytes) -> None:
        with self._writing:
            self._write(data)

    def _write(self, data: bytes) -> None:
        """Write it all; whoever does not read it is not waited for without an end, nor by a person who ends the run."""
        left, end = memoryview(data), time.monotonic() + SILENCE
        while left:
            if self.received or self.closed:
                raise Ended
            if time.monotonic() > end:
                raise ConditionError(f"{self.ssh.host} has read nothing for {SILENCE:.0f} s", cure="look at that machine")
            try:
                if select.select([], [self._stdin], [], 0.5)[1]:
                    left, end = left[os.write(self._stdin, left) :], time.monotonic() + SILENCE
            except BlockingIOError:
                continue
            except OSError:
                raise Ended from None

    def close(self) -> None:
        """Hang up, when nobody writes: another file may get the number of a descriptor that is closed."""
        self.closed = True
        with self._writing:
            _close(self.ssh.process.stdin)

    def ended(self) -> None:
        """Take the keeper's last word, if `process` has not met it."""
        if self.stream.last.get("kind") != "ended":
            self.stream.last = self.stream.said("ended")

    def lost(self) -> StardockError:
        """Why nothing comes any more."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.ssh.process.wait(_ENDED)
        return lost(self.ssh.process.returncode, self.ssh.words(), self.ssh.host, self.stream)


def lost(code: int | None, words: str, host: Jump, stream: Stream) -> StardockError:
    """By ssh's exit code, and what was said before."""
    said = f": {words}" if words else ""
    if code == door.NOT_LENT:
        cure = "it must be a private key without a passphrase"
        return ConditionError(f"the key to the machines cannot be lent to {host}{said}", cure=cure)
    if code == door.NO_PYTHON:
        return ConditionError(f"{host} has no Python of 3.11 or newer", cure="install python3.11 or newer there")
    if code == door.NOT_REACHED and not stream.heard:
        cure = f"ssh {host.place} must work without a question; its host key must be in your ~/.ssh/known_hosts: log in once, and compare"
        return ConditionError(f"{host} is not reached by ssh{said}", cure=cure)
    complained = str(stream.last.get("words") or stream.why or words)[-500:].strip()
    what = f": {complained}" if complained else ""
    cure = "what ran there was ended; every stage may be run again: runner bootstrap"
    return ConditionError(f"the run on {host} was lost{what}", cure=cure)


def _line(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said).encode() + b"\n"
