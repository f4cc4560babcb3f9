"""The API's answers, held against those that the emulated PVE gave: `stardock/prove/answers.json`, written by `tests/conversations.py`."""

from __future__ import annotations

import json
from importlib import resources
from urllib.parse import quote

from stardock.estate.connection import Estate
from stardock.estate.raw import Raw, ask_raw
from stardock.model.machine import Machine
from stardock.prove.bench import Bench, FailedError
from stardock.prove.check import Check
from stardock.prove.conversation import QUESTIONS, Answer, additions, as_json, differences, emptied, filled, from_json, shape_of
from stardock.prove.scope import Scope
from stardock.prove.things import Volume, things
from stardock.writing import write_atomically

_TOLD = 5


def known() -> dict[str, Answer]:
    """What the emulated PVE answered."""
    return from_json(json.loads(resources.files("stardock.prove").joinpath("answers.json").read_text(encoding="utf-8")))


def values_of(machine: Machine, scope: Scope, files: list[Volume]) -> dict[str, str]:
    """What stands in the places of questions."""
    image = next(one for one in files if one.what == "image")
    snippet = next(one for one in files if one.what == "snippet")
    return {
        "node": machine.pve_node,
        "vmid": str(machine.vm_id),
        "images": image.datastore,
        "snippets": snippet.datastore,
        "image": image.volume,
        "snippet": snippet.volume,
        "pool": scope.pool,
        "lost": f"{image.datastore}:import/{scope.cluster}.there-is-no-such-image.qcow2",
    }


def observe(estate: Estate, values: dict[str, str]) -> dict[str, Answer]:
    """Ask everything, in order; normalized."""
    asked = {place: quote(value, safe=":") for place, value in values.items()}
    found = {}
    for one in QUESTIONS:
        parameters = {name: filled(value, values) for name, value in one.parameters.items()}
        found[one.name] = _normalized(ask_raw(estate, one.method, filled(one.path, asked).lstrip("/"), parameters), values)
    return found


def _normalized(raw: Raw, values: dict[str, str]) -> Answer:
    message, task = (emptied(text, {key: values[key] for key in _IN_WORDS}) for text in (raw.message, raw.task))
    return Answer(status=raw.status, message=message, errors=raw.errors, shape=shape_of(raw.data, values), task=task)


#: Values that are long enough to be found in words.
_IN_WORDS = ("vmid", "image", "snippet", "lost", "pool", "node")


def answers(bench: Bench) -> str:
    """Status, message, refused parameters, shape, types, task's end; all of it goes into the report."""
    files = [one for one in things(bench.plan) if isinstance(one, Volume)]
    seen = observe(bench.estate, values_of(bench.machine("agent"), bench.scope, files))
    write_atomically(bench.place.answers, json.dumps(as_json(seen), indent=1) + "\n")
    found, more = differences(known(), seen), additions(known(), seen)
    if found:
        rest = f"; and {len(found) - _TOLD} more" if len(found) > _TOLD else ""
        raise FailedError(f"{len(found)} differences from the emulated PVE: {'; '.join(found[:_TOLD])}{rest}")
    return f"{len(seen)} questions are answered as the emulated PVE answers them; {len(more)} keys that it lacks"


CHECKS = (Check("answers of the API are those that are known", answers),)
