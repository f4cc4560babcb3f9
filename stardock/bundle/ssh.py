"""How Ansible's ssh comes to machines: whom it trusts, the user's own arguments, the way through a jump host."""

from __future__ import annotations

from typing import Any

from stardock.bundle.text import Template
from stardock.model.jump import Jump
from stardock.model.plan import Plan

#: The path of the file as ssh reads it in an option; a run on another machine brings it back from elsewhere. 92 is a backslash, which
#: Ansible doubles in a text of a template.
_KNOWN_HOSTS = (
    "stardock_known_hosts | default(inventory_dir | dirname ~ '/known_hosts')"
    " | replace('%c' % 92, '%c%c' % (92, 92)) | replace('\"', '%c\"' % 92) | replace('%', '%%')"
)
#: Relative to the inventory, so that the bundle may be moved. The bundle's own keys and no others decide whom we trust; they are written in
#: clear (stock Debian hashes names, and nobody could read whose they are), and no machine gets our agent, whatever ~/.ssh/config says.
_TRUST = (
    "-o StrictHostKeyChecking={{ stardock_host_key_checking | default('yes') }}"
    f" -o {{{{ ('UserKnownHostsFile=\"' ~ ({_KNOWN_HOSTS}) ~ '\"') | quote }}}} -o GlobalKnownHostsFile=/dev/null"
    " -o HashKnownHosts=no -o ForwardAgent=no -o ForwardX11=no"
)
#: The key that is named for machines opens the jump host, too; ssh doubles the `%` of a command itself (ssh_config(5), TOKENS).
_KEY = "('-i ' ~ (ansible_ssh_private_key_file | quote | replace('%', '%%')) ~ ' ' if ansible_ssh_private_key_file is defined else '')"


def shared_arguments(plan: Plan) -> dict[str, Any]:
    """Of all machines. The user's own come after ours, for both programs: of an option that is there twice ssh takes the first."""
    text = plan.ssh.arguments
    own = {f"ansible_{program}_extra_args": text for program in ("ssh", "sftp")} if text else {}
    return {"ansible_ssh_common_args": Template(_TRUST), **own}


def own_arguments(plan: Plan, machine: str) -> dict[str, Any]:
    """Of a machine behind a jump host, whose own host key the user's known_hosts must have; nothing for one that is reached directly."""
    jump = plan.ssh.jumps.get(machine)
    return {"ansible_ssh_common_args": Template(f"{_TRUST} -o {{{{ {_through(jump)} | quote }}}}")} if jump else {}


def _through(jump: Jump) -> str:
    """A command instead of ProxyJump, which knows no key and would take whatever check of host keys ~/.ssh/config names."""
    return f"('ProxyCommand=ssh {' '.join(jump.options)} ' ~ {_KEY} ~ '-W [%h]:%p {jump.place}')"
