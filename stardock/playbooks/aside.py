"""What the Kubernetes API says of a machine's Node, and what it does with it, by the first server that answers: `ansible/aside.yml`.

What servers say is not trusted beyond itself: a name is one or is left out, words are shown as words.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from stardock.bundle import write_bundle
from stardock.errors import ConditionError, StardockError
from stardock.model.facts import address_of, host_keys_of
from stardock.model.machine import Machine
from stardock.model.stages import ASIDE
from stardock.model.standing import SWITCHED, NodeStanding, Standing
from stardock.playbooks.ansible import Run, run
from stardock.playbooks.events import Event
from stardock.playbooks.failure import cause
from stardock.playbooks.progress import Log
from stardock.playbooks.workplace import Workplace, key_variable, private_key
from stardock.workspace.workspace import Workspace

PLAYBOOK = ASIDE.playbook
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_MOST_LINES = 10_000
_MOST_WORDS = 20
_FIELDS = 5
#: The exit code of `aside-drain.sh.j2` whose cordon could not be taken back (sysexits.h, EX_TEMPFAIL: none of kubectl's).
_CORDON_STAYS = 75
#: Seconds between two rounds of questions while no server answers.
ROUND_SECONDS = 5.0

Wish = Literal["see", "drain", "uncordon"]


@dataclass(frozen=True, slots=True)
class Told:
    """A server's answer; `by` is empty where none answered. `code`: the script's."""

    by: str
    code: int
    lines: tuple[str, ...]
    words: str


@dataclass(slots=True)
class Aside:
    """Asks about one machine, over a bundle in a place that goes afterwards. `without` are servers that are not asked."""

    workspace: Workspace
    place: Workplace
    machine: Machine | None = None
    without: frozenset[str] = frozenset()
    _failures: dict[str, Event] = field(default_factory=dict)

    def see(self) -> Standing:
        """All Nodes, or why nobody could say."""
        if not self._servers():
            return Standing(why="no server is known by address and SSH host key (`runner discover`)")
        told = self._told("see")
        if not told.by or told.code:
            return Standing(why=self._why(told))
        return Standing(by=told.by, nodes=dict(_nodes(told.lines)))

    def drain(self, seconds: int) -> None:
        """Cordon its Node and move its pods. Raises ConditionError with what holds it, and whether its Node takes pods as before."""
        told = self._told("drain", kubernetes_drain_timeout=seconds)
        if told.by and not told.code:
            return
        name = self.machine.name if self.machine else ""
        back = f"`runner machine start {name}` has it take pods again"
        if not told.by:
            message = f"whether {name} is drained is not known, so it runs on: {self._why(told)}"
            raise ConditionError(message, cure=f"its Node may be cordoned, and its pods may still be moving: {back}")
        stays = "its Node stays cordoned" if told.code == _CORDON_STAYS else "takes pods as before"
        raise ConditionError(
            f"{name} could not be drained within {seconds} s, so it runs on, and {stays}: {self._why(told)}",
            cure="what holds it is a disruption budget, a pod that does not end, or a pod that nothing would start again: see to that\n"
            "(`--drain-timeout SECONDS` gives more time, `--no-drain` leaves the pods to their fate)"
            + (f"\n{back}" if told.code == _CORDON_STAYS else ""),
        )

    def uncordon(self, seconds: int) -> None:
        """Take our own cordon back and wait until its Node is Ready. Raises ConditionError.

        Servers are asked until one answers: it may be this machine that starts, or another that has no majority before this one is back.
        """
        end = time.monotonic() + seconds
        told = self._told("uncordon", kubernetes_ready_timeout=seconds)
        while not told.by and (left := end - time.monotonic()) > 0:
            time.sleep(min(ROUND_SECONDS, left))
            told = self._told("uncordon", kubernetes_ready_timeout=max(int(end - time.monotonic()), 1))
        if not told.by or told.code:
            cure = "kubectl describe node tells why; then `runner machine start` again, which takes our cordon back"
            raise ConditionError(f"its Node did not come back within {seconds} s: {self._why(told)}", cure=cure)

    def _servers(self) -> list[str]:
        """Those that can be asked."""
        plan, facts = self.workspace.plan, self.workspace.facts
        known = [one.name for one in plan.members_of("server") if address_of(one, facts) and host_keys_of(one, facts)]
        return [name for name in known if name not in self.without]

    def _told(self, wish: Wish, **further: object) -> Told:
        report, asked = self.place.directory / "aside.json", self._servers()
        left_out = [one.name for one in self.workspace.plan.members if one.name not in asked]
        write_bundle(self.workspace.plan, self.workspace.facts, self.place.directory, left_out)
        with Log(self.place.log) as log:
            run(self._run(wish, report, further), lambda event: self._take(event, log))
        return _answer(report)

    def _run(self, wish: Wish, report: Path, further: Mapping[str, object]) -> Run:
        about = {"kubernetes_machine": self.machine.name, "kubernetes_drained_node": self.machine.hostname} if self.machine else {}
        own = {"kubernetes_report": str(report), "kubernetes_aside": wish, "kubernetes_cordoned_by": SWITCHED}
        return Run(
            bundle=self.place.directory,
            playbook=PLAYBOOK,
            variables={**key_variable(private_key(self.workspace)), "kubernetes_machine": "", **own, **about, **further},
        )

    def _take(self, event: Event, log: Log) -> None:
        log.write(event.output)
        if event.kind in ("failed", "unreachable", "ignored") and event.host:
            self._failures[event.host] = event

    def _why(self, told: Told) -> str:
        if told.by:
            return f"{told.by} says: {told.words or f'exit code {told.code}'}"
        said = dict.fromkeys(f"{host}: {cause(event)}" for host, event in sorted(self._failures.items()))
        return "; ".join(said) or "no server answers"


def _answer(report: Path) -> Told:
    """What the playbook wrote down; where it wrote nothing, nobody answered. The file goes."""
    try:
        said = json.loads(report.read_text(encoding="utf-8"))
        report.unlink()
        lines = tuple(str(line) for line in said["lines"][:_MOST_LINES])
        return Told(str(said["by"]), int(said["code"]), lines, _words(said["words"]))
    except FileNotFoundError:
        return Told("", -1, (), "")
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StardockError(f"what the servers said could not be read: {error}") from error


def _words(lines: Sequence[Any]) -> str:
    """Each line once: kubectl repeats what it waits for every 5 s."""
    return " ".join(dict.fromkeys("".join(one if one.isprintable() else "?" for one in str(line)) for line in lines[:_MOST_WORDS]))


def _nodes(lines: Sequence[str]) -> Iterator[tuple[str, NodeStanding]]:
    """As `aside-see.sh.j2` writes them."""
    for name, unschedulable, by, ready, vote in (parts for line in lines if len(parts := line.split("|")) == _FIELDS):
        if _NAME.fullmatch(name):
            votes = {"yes": True, "no": False}.get(vote)
            yield name, NodeStanding(ready=ready == "True", cordoned=unschedulable == "true", cordoned_by=by[:40], votes=votes)
