"""Bootstrap on the bench: the same verb that a person calls, with the times and changes of its stages."""

from __future__ import annotations

from dataclasses import dataclass, field

from stardock.playbooks.bootstrap import Options
from stardock.playbooks.silent import partial_error
from stardock.prove.bench import Bench
from stardock.prove.releases import at_hand
from stardock.step import Say
from stardock.verbs.bootstrap import bootstrap


@dataclass(slots=True)
class Stages:
    """What a run came to, stage by stage: seconds and changes. Is told by the run (`stardock.playbooks.progress.Progress`)."""

    say: Say
    seconds: dict[str, float] = field(default_factory=dict)
    changes: dict[str, int] = field(default_factory=dict)

    def stage_begins(self, stage: str) -> None:
        """Say so."""
        self.say(f"bootstrap: {stage}")

    def stage_ends(self, stage: str, seconds: float, changed: dict[str, int]) -> None:
        """Keep it."""
        self.seconds[stage], self.changes[stage] = seconds, sum(changed.values())
        self.say(f"bootstrap: {stage} {seconds:.1f} s, {self.changes[stage]} changed")

    def machine_does(self, machine: str, task: str, changes: int) -> None:
        """Nothing: that is the run's own log."""

    @property
    def changed(self) -> list[str]:
        """The stages that changed something."""
        return [stage for stage, count in self.changes.items() if count]

    def __str__(self) -> str:
        return ", ".join(f"{stage} {seconds:.0f} s" for stage, seconds in self.seconds.items())


def founded(bench: Bench, *, ready_timeout: int = 900) -> Stages:
    """Bootstrap. Raises as the verb does, and where it went on without an agent. `ready_timeout`: seconds for a machine to be a member."""
    stages = Stages(bench.say)
    options = Options(ready_timeout=ready_timeout)
    with at_hand(bench.plan.distribution.version):
        done = bootstrap(bench.file, options, stages, bench.say)
    if done.missing:
        raise partial_error(done.missing, None)
    return stages
