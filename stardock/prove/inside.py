"""Commands on a proof's machines, by ssh as bootstrap enters them: with the proof's key, and the host keys that the guest agent told."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from shlex import quote

from stardock.model.facts import address_of
from stardock.prove.bench import Bench, FailedError, NotPossibleError

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
        if any(words in done.stderr for words in _REFUSED):
            raise FailedError(f"the {role} lets nobody in by ssh: {_words(done.stderr)}")
        if time.monotonic() > until:
            raise _no_way(bench, role, done.stderr)
        time.sleep(_PAUSE_SECONDS)
    bench.kept[f"reached {role}"] = True
    return done


def _ran(bench: Bench, role: str, script: str, seconds: float) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(_command(bench, role, script), capture_output=True, text=True, errors="replace", timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise FailedError(f"on the {role}, `{script}` did not end within {seconds:.0f} s") from None


def _no_way(bench: Bench, role: str, words: str) -> Exception:
    """One that was never reached is not asked twice: each time would take as long."""
    message = f"the {role} is not reached by ssh from here: {_words(words)}"
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
    jump = ssh.jumps.get(machine.name)
    way = [f"ProxyCommand=ssh {' '.join(jump.options)} -W [%h]:%p {jump.place}"] if jump else []
    trust = [
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        f"UserKnownHostsFile={_quoted(files.known_hosts)}",
        "GlobalKnownHostsFile=/dev/null",
    ]
    settings = [*trust, f"ConnectTimeout={CONNECT_SECONDS}", "ServerAliveInterval=15", "ForwardAgent=no", "LogLevel=ERROR", *way]
    options = [word for one in settings for word in ("-o", one)]
    key = str(files.spec.parent / (ssh.private_key or ""))
    root = script if ssh.user == "root" else f"sudo -n sh -c {quote(script)}"
    return ["ssh", *options, "-i", key, "-p", str(ssh.port), f"{ssh.user}@{address}", root]


def _quoted(path: Path) -> str:
    """As ssh_config(5) takes a path with blanks."""
    return f'"{str(path).replace("%", "%%")}"'


def _words(text: str) -> str:
    return " ".join(text[:400].split()) or "it says nothing"
