"""The ssh to HOST, whose host key must be known, as a jump host's must. It is lent one key, that to the machines, and no person's agent.

The key stays here: an agent that holds it alone lives as long as the ssh, and is forwarded. `ssh-agent COMMAND` ends with the command
(ssh-agent(1)), and ForwardAgent takes the path of an agent (ssh_config(5), OpenSSH 8.2), while the ssh itself comes in with what the person
has.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from stardock.model.jump import Jump

#: Where the person's own agent is named while the lent one has its variable.
OWN_AGENT = "STARDOCK_OWN_AGENT"
#: ssh forwards none where its own is dead (OpenSSH 9.2, ssh.c, `check_agent_present`), whichever it is to forward. And it tries the keys of
#: ~/.ssh by itself only where no file is named (readconf.c, `fill_default_options`): `ssh -G` says which those are, and they are named too.
_LENDING = f"""\
ssh-add -q -- "$1" </dev/null || exit 92
lent=$SSH_AUTH_SOCK
SSH_AUTH_SOCK=${OWN_AGENT} ssh-add -l >/dev/null 2>&1
[ $? -gt 1 ] || SSH_AUTH_SOCK=${OWN_AGENT}
unset {OWN_AGENT}
key=$1
shift
tried=$(ssh -G "$@" </dev/null 2>/dev/null | sed -n 's/^identityfile \\(.*\\)/-oIdentityFile="\\1"/p')
IFS='
'
set -f
exec ssh -o "ForwardAgent=$lent" $tried -i "$key" "$@"
"""
#: No key could be lent, ssh's own exit code, and none of the Pythons there will do.
NOT_LENT, NOT_REACHED, NO_PYTHON = 92, 255, 93

_ALIVE = ("-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=10", "-o", "ServerAliveCountMax=6")
#: Not what ~/.ssh/config may have for a person who logs in: one stream of bytes, and nothing that outlives it.
_PLAIN = ("-T", "-o", "ControlMaster=no", "-o", "ControlPath=none", "-o", "ForwardX11=no", "-o", "PermitLocalCommand=no")
#: Whatever shell the account has; ansible-core 2.19 takes Python 3.11 and newer.
_FIND = """\
for python in python3 python3.13 python3.12 python3.11 python3.14; do
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && exec "$python" -I -c "$1"
done
exit 93
"""


def command(host: Jump, key: Path, program: str) -> list[str]:
    """The command that runs a program of Python's on HOST; it is in the arguments of a process there, and no secret."""
    remote = f"exec sh -c {shlex.quote(_FIND)} sh {shlex.quote(program)}"
    # Of an option that is there twice ssh takes the first: of an agent, the lent one.
    return ["ssh-agent", "sh", "-c", _LENDING, "sh", str(key), *_PLAIN, *_ALIVE, *host.options, host.place, remote]


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of that command."""
    own = environ.get("SSH_AUTH_SOCK")
    passed = {name: value for name, value in environ.items() if name not in ("SSH_AUTH_SOCK", "SSH_AGENT_PID", "SSH_ASKPASS")}
    return {**passed, **({OWN_AGENT: own} if own else {}), "SSH_ASKPASS_REQUIRE": "never"}
