"""What the steps of one deployment share: the cluster, what was asked for, the stack's JSON and the engine in its folder."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stardock.estate.connection import Estate
from stardock.estate.watch import patience
from stardock.step import Say
from stardock.terraform.engine import Engine
from stardock.terraform.state import pull
from stardock.terraform.synth import STACK_FILE, find_engine, synth
from stardock.terraform.variables import password_variables
from stardock.workspace.state import ExistingVms, existing_vms_in
from stardock.workspace.workspace import Workspace, existing_here

#: Seconds for one answer while machines are looked for; the check before everything is stricter.
LISTING_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Options:
    """What the person asked for. `confirm` is asked with the question; None: there is nobody to ask, so the plan is shown and not applied.

    `losing` are machines that may lose what the gate would refuse; `seconds` bounds the wait for addresses and host keys.
    """

    replace: frozenset[str] = frozenset()
    losing: frozenset[str] = frozenset()
    confirm: Callable[[str], bool] | None = None
    seconds: float | None = None  # to wait for addresses and host keys; None: the systems' own


@dataclass(slots=True)
class Run:
    """One deployment."""

    workspace: Workspace
    options: Options
    say: Say
    engine: Engine | None = None
    passwords: dict[str, str] = field(default_factory=dict, repr=False)  # TF_VAR_* -> hash
    plain: tuple[Path, bytes] | None = None  # the JSON without what is for this run only

    def new(self) -> set[str]:
        """The machines that this run is to make, as far as the lock tells."""
        locked = self.workspace.lock_before.active() if self.workspace.lock_before else {}
        return {machine.name for machine in self.workspace.plan.machines if machine.name not in locked} | set(self.options.replace)

    def seconds(self) -> float:
        """How long machines may take to answer."""
        return patience(self.workspace.plan) if self.options.seconds is None else self.options.seconds

    def estate(self) -> Estate:
        """Proxmox, with time for long lists."""
        return Estate.from_environment(self.workspace.plan.proxmox, seconds=LISTING_SECONDS)

    def existing(self) -> ExistingVms:
        """What exists, as the state says; through the engine where it cannot be read from here."""
        seen = existing_here(self.workspace)
        if seen is not None:
            return seen
        if self.engine is not None:
            return existing_vms_in(self.engine.pull())
        where = self.workspace
        return existing_vms_in(pull(find_engine(os.environ), where.plan.state, where.files, os.environ))

    def take_passwords(self) -> None:
        """Resolve what is not known yet: each source is asked once a run, since a command may ask a person."""
        directory = self.workspace.files.spec.resolve().parent
        known = {**os.environ, **self.passwords}
        self.passwords |= password_variables(self.workspace.spec, self.workspace.plan, directory, known)

    def synthesized(self, adopt: Mapping[str, str]) -> Engine:
        """Write the JSON for this run's named replacements and the given adoptions; gives the engine in the stack's folder."""
        folder = self._synthesize(self.options.replace, adopt)
        self.take_passwords()
        return Engine(find_engine(os.environ), folder, {**os.environ, **self.passwords}, self.say)

    def _synthesize(self, replace: frozenset[str], adopt: Mapping[str, str]) -> Path:
        named = {"STARDOCK_REPLACE": ",".join(sorted(replace)), "STARDOCK_ADOPT": json.dumps(dict(adopt), sort_keys=True)}
        folder = synth(self.workspace.files, self.workspace.plan.cluster, {**os.environ, **named})
        if not replace and not adopt:
            self.plain = folder / STACK_FILE, (folder / STACK_FILE).read_bytes()
        return folder

    def leave_plain(self) -> None:
        """Take out of the JSON what was for this run only, replacements and imports: bare `tofu apply` finds no other."""
        if self.plain:
            path, content = self.plain
            path.write_bytes(content)
        else:
            self._synthesize(frozenset(), {})
