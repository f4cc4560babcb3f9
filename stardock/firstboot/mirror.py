"""Packages from a mirror, at first boot: before anything is installed, and only when the mirror answers."""

from __future__ import annotations

import shlex

from stardock.systems import ManagedFile, Mirror

#: $1: the URL that must answer. 15 tries: name servers may come late. A mirror that is silent is no reason to have no packages:
#: the system's own stay, and the stage `machines` asks again and stops with words.
_ASK = """\
tries=0
until python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=20)' "$1"; do
  tries=$((tries + 1))
  if [ "$tries" -ge 15 ]; then echo "stardock: $1 does not answer: the system's own repositories stay" >&2; exit 0; fi
  sleep 2
done
"""


def switch_command(mirror: Mirror) -> list[str]:
    """The words of a `bootcmd` that runs once a machine."""
    return ["cloud-init-per", "once", "stardock-mirror", "sh", "-euc", switch_script(mirror), "stardock-mirror", mirror.check]


def switch_script(mirror: Mirror) -> str:
    """Ask $1, write the sources, then run what switches the others off."""
    return _ASK + "".join(map(_write, mirror.files)) + "".join(f"{command}\n" for command in mirror.commands)


def _write(file: ManagedFile) -> str:
    path = shlex.quote(file.path)
    return f"printf %s {shlex.quote(file.content)} >{path}\nchmod {file.mode} {path}\n"
