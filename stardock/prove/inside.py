"""Commands on a proof's machines, by ssh as bootstrap enters them: with the proof's key, and the host keys that the guest agent told."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from shlex import quote, split

from stardock.model.facts import address_of
from stardock.model.settings import Ssh
from stardock.prove.bench import Bench, FailedError, NotPossibleError
from stardock.prove.listen import MOST_BYTES, TooMuchError, listen

#: Seconds to connect, and for a command.
CONNECT_SECONDS = 10
COMMAND_SECONDS = 120
#: And for a machine that was reached before to be so again.
BOOT_SECONDS = 120.0
_PAUSE_SECONDS = 2.0
#: The exit code of ssh itself, where it came to no command (ssh(1), EXIT STATUS).
_NO_SESSION = 255
#: Words of ssh that tell of the machine, and not of the way to it.
_REFUSED = ("Permission denied", "Host key verification failed", "IDENTIFICATION HAS CHANGED")
#: Words of ssh that tell of the way alone: what leads to the machine ended before the machine spoke (OpenSSH, kex.c).
_WAY_ENDED = ("kex_exchange_identification: ", "Connection closed by UNKNOWN port")
_MOST = 1 << 16


def said(bench: Bench, role: str, script: str) -> str:
    """What a root shell there prints. FailedError where the script fails, or the machine lets nobody in; NotPossibleError where there is
    no way to it from here.
    """
    done = tried(bench, role, script)
    if done.returncode:
        raise FailedError(f"on the {role}, `{script}` ended with {done.returncode}: {_words(done.stderr or done.stdout)}")
    return done.stdout[:_MOST].strip()


def tried(bench: Bench, role: str, script: str, seconds: float = COMMAND_SECONDS) -> subprocess.CompletedProcess[str]:
    """The same, whatever the script's end is. A machine that was reached before is waited for: it may just be booting."""
    if away := bench.kept.get(f"away {role}"):
        raise NotPossibleError(away)
    until = time.monotonic() + (BOOT_SECONDS if bench.kept.get(f"reached {role}") else 0)
    while (done := _ran(bench, role, script, seconds)).returncode == _NO_SESSION:
        if any(words in done.stderr for words in _REFUSED) and not _by_jump(bench, role, done.stderr):
            raise FailedError(f"the {role} lets nobody in by ssh: {_words(done.stderr)}")
        if time.monotonic() > until:
            raise _no_way(bench, role, done.stderr)
        time.sleep(_PAUSE_SECONDS)
    bench.kept[f"reached {role}"] = True
    return done


def _ran(bench: Bench, role: str, script: str, seconds: float) -> subprocess.CompletedProcess[str]:
    try:
        return listen(_command(bench, role, script), seconds)
    except TooMuchError:
        raise FailedError(f"on the {role}, `{script}` said more than {MOST_BYTES // 2**20} MiB") from None
    except subprocess.TimeoutExpired:
        raise FailedError(f"on the {role}, `{script}` did not end within {seconds:.0f} s") from None


def _by_jump(bench: Bench, role: str, stderr: str) -> bool:
    """Whether a jump host said it, and the machine was not asked."""
    return bench.machine(role).name in bench.plan.ssh.jumps and any(words in stderr for words in _WAY_ENDED)


def _no_way(bench: Bench, role: str, words: str) -> Exception:
    """One that was never reached is not asked twice: each time would take as long."""
    jump = bench.plan.ssh.jumps.get(bench.machine(role).name)
    message = f"the {role} is not reached by ssh from here{f', through the jump host {jump}' if jump else ''}: {_words(words)}"
    if bench.kept.get(f"reached {role}"):
        return FailedError(f"the {role} was reached by ssh, and is not any more: {_words(words)}")
    bench.kept[f"away {role}"] = message
    return NotPossibleError(message)


def _command(bench: Bench, role: str, script: str) -> list[str]:
    where, machine = bench.workspace(), bench.machine(role)
    address = address_of(machine, where.facts)
    if address is None:
        raise FailedError(f"no address of the {role} is known")
    files, ssh = where.files, where.plan.ssh
    key = str(files.spec.parent / (ssh.private_key or ""))
    options = [word for one in (*_trust(files.known_hosts), *_way(ssh, machine.name)) for word in ("-o", one)]
    root = script if ssh.user == "root" else f"sudo -n sh -c {quote(script)}"
    own = split(ssh.arguments)  # behind ours: of an option that is there twice ssh takes the first
    return ["ssh", *options, "-i", key, "-p", str(ssh.port), *own, f"{ssh.user}@{address}", root]


def _trust(known_hosts: Path) -> tuple[str, ...]:
    """Whom we believe, and whom a machine lets in: by the proof's own key, and by none of an agent's."""
    known = (f"UserKnownHostsFile={_quoted(known_hosts)}", "GlobalKnownHostsFile=/dev/null")
    return ("BatchMode=yes", "StrictHostKeyChecking=yes", *known, "IdentitiesOnly=yes", "ForwardAgent=no")


def _way(ssh: Ssh, machine: str) -> tuple[str, ...]:
    """How long is waited, and through whom: a jump host knows the person's keys, and not the proof's."""
    jump = ssh.jumps.get(machine)
    through = (f"ProxyCommand=ssh {' '.join(jump.options)} -W [%h]:%p {jump.place}",) if jump else ()
    return (f"ConnectTimeout={CONNECT_SECONDS}", "ServerAliveInterval=15", "LogLevel=ERROR", *through)


def _quoted(path: Path) -> str:
    """As ssh_config(5) takes a path with blanks."""
    return f'"{str(path).replace("%", "%%")}"'


def _words(text: str) -> str:
    return " ".join(text[:400].split()) or "it says nothing"
