"""What the next run would do, as lines for a person: one a machine and field, equal ones folded; the last counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from stardock.fold import fold
from stardock.model.machine import ROLES
from stardock.plan.views.aspects import Effect
from stardock.plan.views.difference import Difference, Ending
from stardock.plan.views.keeps import Keep

T = TypeVar("T")
EFFECTS: Mapping[Effect, str] = {
    "live": "while it runs",
    "power_cycle": "at the VM's next power cycle: drain it first",
    "bootstrap": "by the next bootstrap",
}
#: What the lock holds beside machines, as a person calls it.
IN_WORDS = {"founder": "first server", "vrid": "VRRP id"}
#: So many values are named; of more the first and the last.
NAMED = 3
#: Characters of one value.
LONGEST = 1000


def difference_lines(found: Difference, *, lock: str, state: str, waiting: bool = False) -> Iterator[str]:
    """All but the last line; `lock` and `state` are the names of the files, `waiting` whether a list of what waits follows."""
    yield _compared(found, lock, state)
    if found.settled:
        yield "  the next run changes nothing; what waits for a replacement is below" if waiting else "  nothing to do"
    elif found.empty:
        yield "  nothing differs from the lock; whether the VMs exist is not known here: `runner drift` asks Proxmox"
    yield from _created(found)
    yield from _edited(found)
    yield from (f"  -/+ {name}: {why}; `runner deploy --replace NAME`" for name, why in _endings(found.replace))
    yield from (f"  - {name}: {why}" for name, why in _endings(found.remove))
    yield from (_kept(keeps) for keeps in grouped(found.keeps, "key", "wants"))
    if found.source != "nothing":
        yield "  not compared: the VIP, Kubernetes' options, haproxy, add-ons: see `runner bootstrap --check`"


def lock_words(gained: Iterable[str]) -> list[str]:
    """What the lock would hold in addition, as a person calls it."""
    return [IN_WORDS.get(key, key) for key in gained]


def summary(found: Difference) -> str:
    """The last line."""
    counts = {"create": found.create, "change": found.changed, "remove": found.remove, "replace": found.replace}
    names = [name for name in found.gained if name not in IN_WORDS]
    lock = [f"+{len(names)} name{'' if len(names) == 1 else 's'}", *(f"+{word}" for key, word in IN_WORDS.items() if key in found.gained)]
    lock += [f"{len(found.retired)} removed"] if found.retired else []
    return f"Plan: {', '.join(f'{len(one)} to {word}' for word, one in counts.items())}. Lock: {', '.join(lock)}"


def _compared(found: Difference, lock: str, state: str) -> str:
    if found.source == "nothing":
        return f"Compared with nothing ({found.note}, and {lock} holds no machine): all is to create."
    if found.source == "lock":
        return f"Compared with {lock}, as it was last planned ({found.note}):"
    return f"Compared with {state}; what is inside of machines with {lock}:"


def _created(found: Difference) -> Iterator[str]:
    for role in ROLES:
        names = [machine.name for machine in found.create if machine.role == role]
        if names:
            yield f"  + {fold(names)}: {role}"


def _edited(found: Difference) -> Iterator[str]:
    for edits in grouped(found.edits, "field", "old", "new", "effect"):
        one = edits[0]
        old, new = (_short(" ".join(text.split())) for text in (one.old, one.new))
        yield f"  ~ {fold([edit.machine for edit in edits])}: {one.field} {old} -> {new} ({EFFECTS[one.effect]})"


def _kept(keeps: list[Keep]) -> str:
    one, names, values = keeps[0], fold([keep.machine for keep in keeps]), [_short(keep.value) for keep in keeps]
    kept = ", ".join(values) if len(values) <= NAMED else f"{values[0]} to {values[-1]}"
    return f"  {names} keep{'s' if len(keeps) == 1 else ''} {kept}; {one.key} {_short(one.wants)} is for new machines"


def _short(value: str) -> str:
    """A value of a lock may have any length; a person compares what differs at its beginning, and else has `git diff`."""
    return value if len(value) <= LONGEST else f"{value[:LONGEST]}... ({len(value)} characters)"


def _endings(endings: Iterable[Ending]) -> Iterator[tuple[str, str]]:
    """(names, why)."""
    yield from ((fold([one.machine for one in some]), some[0].why) for some in grouped(endings, "why"))


def grouped(items: Iterable[T], *keys: str) -> list[list[T]]:
    """Items that are equal in these fields, in the order of the first of each."""
    found: defaultdict[tuple[str, ...], list[T]] = defaultdict(list)
    for item in items:
        found[tuple(getattr(item, key) for key in keys)].append(item)
    return list(found.values())
