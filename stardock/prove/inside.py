"""Commands on a proof's machines, by ssh as bootstrap enters them: with the proof's key, and the host keys that the guest agent told."""

from __future__ import annotations

import subprocess
from pathlib import Path
from shlex import quote

from stardock.model.facts import address_of
from stardock.prove.bench import Bench, FailedError, NotPossibleError

#: Seconds to connect, and for a command.
CONNECT_SECONDS = 10
COMMAND_SECONDS = 120
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


def tried(bench: Bench, role: str, script: str) -> subprocess.CompletedProcess[str]:
    """The same, whatever the script's end is."""
    if away := bench.kept.get(f"away {role}"):
        raise NotPossibleError(away)
    try:
        done = subprocess.run(
            _command(bench, role, script), capture_output=True, text=True, errors="replace", timeout=COMMAND_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise FailedError(f"on the {role}, `{script}` did not end within {COMMAND_SECONDS} s") from None
    if done.returncode == _NO_SESSION:
        raise _no_session(bench, role, done.stderr)
    return done


def _no_session(bench: Bench, role: str, words: str) -> Exception:
    """A machine without a way to it is not asked twice: each time would take as long."""
    if any(one in words for one in _REFUSED):
        return FailedError(f"the {role} lets nobody in by ssh: {_words(words)}")
    bench.kept[f"away {role}"] = f"the {role} is not reached by ssh from here: {_words(words)}"
    return NotPossibleError(bench.kept[f"away {role}"])


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
