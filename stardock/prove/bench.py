"""What checks work with: the proof's machines, and Stardock's own verbs on them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stardock.errors import ConditionError, RefusedError
from stardock.estate.connection import Estate
from stardock.estate.identity import name_of
from stardock.estate.machines import EstateMachine, machines_on
from stardock.model.machine import Machine, Role
from stardock.model.plan import Plan
from stardock.prove import journal
from stardock.prove.document import Wanted, grow, machine_name
from stardock.prove.place import Place
from stardock.prove.scope import Scope
from stardock.prove.things import things
from stardock.step import Say
from stardock.terraform.converge import NOTHING_TO_CHANGE
from stardock.terraform.run import Options
from stardock.verbs.deploy import deploy
from stardock.verbs.images import look_up_images, write_pins
from stardock.workspace.workspace import Workspace, open_workspace
from stardock.writing import write_atomically
from stardock.yamltext import yaml_text


def proxmox_of(estate: Estate) -> journal.Proxmox:
    """By what a later clean-up knows it again. Raises ConditionError where it does not say."""
    return journal.Proxmox(estate.endpoint, name_of(estate), estate.user)


class FailedError(Exception):
    """A check found something else than it must find; the words are its evidence."""


class NotPossibleError(Exception):
    """A check cannot be made on this Proxmox, or with this token: why."""


@dataclass(slots=True)
class Bench:
    """One set of machines. `data` is their cluster.yaml, made from `wanted`; `kept` is what a check remembers for a later one."""

    place: Place
    scope: Scope
    data: dict[str, Any]
    estate: Estate
    say: Say
    wanted: Wanted | None = None
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        """Their cluster file."""
        return self.place.own.spec

    def write(self) -> None:
        """Write the cluster file as `data` is now."""
        write_atomically(self.file, yaml_text(self.data))

    def begin(self) -> None:
        """Write the file, then the journal with all that a deploy of it makes: from here on `clean` finds everything.

        FileExistsError, with nothing written, where an earlier journal is there: it belongs to the file that is there.
        """
        if self.place.journal.exists():
            raise FileExistsError(self.place.journal)
        self.write()
        journal.begin(self.place.journal, self.scope, proxmox_of(self.estate))
        self.intend()

    def intend(self) -> None:
        """Write into the journal what a deploy of the file as it is would make and no line names yet."""
        written = journal.read(self.place.journal)
        known = set(written.things) if written else set()
        journal.intend(self.place.journal, [one for one in things(self.plan) if one not in known])

    def grow(self) -> None:
        """Add the machines that come later, to the file and to the journal."""
        if self.wanted:
            grow(self.data, self.wanted)
        self.write()
        self.intend()

    def workspace(self) -> Workspace:
        """Their files as they are now."""
        return open_workspace(self.file)

    @property
    def plan(self) -> Plan:
        """What is planned now."""
        return self.workspace().plan

    def ends(self, role: Role | None = None) -> list[str]:
        """The ends of the names of all machines that are planned now; of one role."""
        machines = self.plan.of_role(role) if role else self.plan.machines
        return [machine.name.removeprefix(machine_name(self.scope, "")) for machine in machines]

    def machine(self, role: str) -> Machine:
        """The machine of that role; of a cluster's, the one whose name ends so."""
        return self.plan.machine(machine_name(self.scope, role))

    def vm(self, role: str) -> EstateMachine:
        """As Proxmox lists it. FailedError where it does not."""
        found = machines_on(self.estate).get(self.machine(role).vm_id)
        if found is None:
            raise FailedError(f"Proxmox does not list the {role}")
        return found

    def pin(self) -> None:
        """Write the publisher's checksum of the image into the lock, as `runner image pin` does: Proxmox compares it with what it fetches.

        Where the publisher is not reached from here, why is kept, and the image is taken as it comes.
        """
        try:
            write_pins(self.file, look_up_images(self.file, upgrade=False, today=datetime.now(UTC).date().isoformat()))
        except ConditionError as error:
            self.kept["not pinned"] = error.message
        self.intend()  # a pinned image has another name

    def deploy(self, *, replace: frozenset[str] = frozenset()) -> list[str]:
        """Deploy; what was said."""
        said: list[str] = []
        deploy(self.file, Options(replace=replace, confirm=lambda _question: True), self._heard(said))
        return said

    def planned(self) -> list[str]:
        """What a deploy would do, which is then not done; empty: it said that there is nothing.

        FailedError where it was refused before anybody was asked: what the engine planned is not known then, or must not be done.
        """
        said: list[str] = []
        asked: list[str] = []
        try:
            deploy(self.file, Options(confirm=_no(asked)), self._heard(said))
        except RefusedError as error:
            if not asked:
                raise FailedError(error.message) from error
            return _changes(said) or ["something that no line names"]
        if not any(line.strip() == NOTHING_TO_CHANGE for line in said):
            raise FailedError("a deploy that nobody said yes to ended, and did not say that there is nothing to change")
        return []

    def edited(self, edit: Callable[[dict[str, Any]], None]) -> list[str]:
        """What a deploy would do after an edit, which is taken back."""
        before = copy.deepcopy(self.data)
        try:
            edit(self.data)
            self.write()
            return self.planned()
        finally:
            self.data = before
            self.write()

    def _heard(self, said: list[str]) -> Say:
        def hear(line: str) -> None:
            said.append(line)
            self.say(line)

        return hear


def _no(asked: list[str]) -> Callable[[str], bool]:
    """Nobody says yes; what was asked is kept: a plan was shown and would be applied."""

    def refuse(question: str) -> bool:
        asked.append(question)
        return False

    return refuse


def _changes(said: list[str]) -> list[str]:
    """The lines of a plan between its step's heading and the refusal: each begins with what is done."""
    verbs = ("create", "update", "replace", "delete", "snippets and images:", "read", "import")
    return [line.strip() for line in said if line.startswith("  ") and line.strip().startswith(verbs)]
