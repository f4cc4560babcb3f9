"""What an agent refuses, because a test said so or because of its system: between PVE's endpoints and the machine's own agent.

`virt_qemu_ga_t` may read /etc, and neither sshd_key_t nor what lies in /var/lib or /run (openSUSE/selinux-policy, asked with sesearch;
the words are those of kubevirt#6857). A real agent is only held to what a test says: it has its own system to obey.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.machines.agent import AgentError, AgentSilentError, AgentTimeoutError, GuestAgent, ImitatedAgent, cannot_open

#: What an enforcing system keeps from its agent; starts of paths.
SELINUX = ("/etc/ssh/ssh_host_", "/var/lib/", "/var/run/", "/run/")
#: Images whose systems enforce SELinux from the first boot.
_ENFORCING = re.compile(r"microos|leap-?micro|sl-?micro", re.IGNORECASE)
#: What qemu-ga still does while its file systems are frozen (qga/main.c, ga_freeze_allowlist).
_WHILE_FROZEN = frozenset({"guest-ping", "guest-info", "guest-fsfreeze-status"})


@dataclass(slots=True)
class AgentCondition:
    """Of one machine's agent. `answers`: what a command returns instead; `hangs`: commands that get no answer within PVE's time.

    `denied` None: what the system of the machine's image denies.
    """

    silent: bool = False
    frozen: bool = False
    denied: list[str] | None = None
    disabled: list[str] = field(default_factory=list)
    hangs: list[str] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Restricted:
    """An agent under a condition."""

    agent: GuestAgent
    condition: AgentCondition
    denied: tuple[str, ...]

    def execute(self, command: str, arguments: Mapping[str, Any]) -> Any:
        """As `GuestAgent` says."""
        if self.condition.silent:
            raise AgentSilentError
        if command in self.condition.hangs:
            raise AgentTimeoutError(command)
        self._refuse(command, arguments)
        if command in self.condition.answers:
            return self.condition.answers[command]
        if command == "guest-fsfreeze-status" and self.condition.frozen:
            return "frozen"
        return self.agent.execute(command, arguments)

    def _refuse(self, command: str, arguments: Mapping[str, Any]) -> None:
        if command in self.condition.disabled or (self.condition.frozen and command not in _WHILE_FROZEN):
            raise AgentError(f"Command {command} has been disabled: the command is not allowed", "CommandNotFound")  # QEMU 9.1 and later
        if command == "guest-file-open" and str(arguments["path"]).startswith(self.denied):
            raise cannot_open(str(arguments["path"]), "Permission denied")


def restricted(agent: GuestAgent, condition: AgentCondition, image: str) -> Restricted:
    """The agent of a machine that was made from this image."""
    by_system = SELINUX if isinstance(agent, ImitatedAgent) and _ENFORCING.search(image) else ()
    return Restricted(agent, condition, tuple(by_system if condition.denied is None else condition.denied))
