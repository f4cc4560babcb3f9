"""Starting programs: argument lists only, their own words in the error, nothing inherited by accident."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

from lab.errors import LabError
from lab.patience import patient

#: program -> the Debian package that brings it; what a lab needs beside Python
PROGRAMS = {
    "dnsmasq": "dnsmasq-base",
    "ip": "iproute2",
    "mmdebstrap": "mmdebstrap",
    "mount": "mount",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "sshd": "openssh-server",
    "systemd-nspawn": "systemd-container",
    "unshare": "util-linux",
}


def run(argv: Sequence[str], *, stdin: str | None = None, seconds: float = 30) -> str:
    """Runs a short command to its end and gives its standard output; raises LabError with its last words otherwise."""
    timeout = patient(seconds)
    try:
        done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=timeout, check=False)
    except FileNotFoundError as error:
        raise LabError(f"{argv[0]} is not installed", _install({argv[0]})) from error
    except subprocess.TimeoutExpired as error:
        raise LabError(f"`{' '.join(argv)}` has not ended within {timeout:g} s") from error
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()[-3:]
        raise LabError(f"`{' '.join(argv)}` failed ({done.returncode}): {' | '.join(words)}")
    return done.stdout


def check_programs() -> None:
    """Raises LabError that names the Debian packages of all programs that are missing."""
    missing = {program for program in PROGRAMS if shutil.which(program) is None}
    if missing:
        raise LabError(f"the lab needs {', '.join(sorted(missing))}", _install(missing))


def _install(programs: set[str]) -> str:
    return "apt-get install " + " ".join(sorted({PROGRAMS.get(program, program) for program in programs}))
