"""What Proxmox is asked and answers, without its names and values: so that two Proxmoxes, one of them emulated, can be compared. Pure.

Questions are such as the provider and Stardock ask; all read, or write what is refused or changes nothing on a VM of the proof's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Question:
    """`path` and values of `parameters` have places in braces: node, vmid, images, snippets, image, snippet, pool, lost."""

    method: str
    path: str
    parameters: Mapping[str, str]

    @property
    def name(self) -> str:
        """As differences name it."""
        return f"{self.method} {self.path}" + "".join(f" {name}={value}" for name, value in self.parameters.items())


def _get(path: str, /, **parameters: str) -> Question:
    return Question("GET", path, parameters)


_VM = "/nodes/{node}/qemu/{vmid}"
_STORE = "/nodes/{node}/storage"
QUESTIONS: tuple[Question, ...] = (
    _get("/version"),
    _get("/nodes"),
    _get("/cluster/resources", type="vm"),
    _get("/cluster/nextid"),
    _get("/cluster/nextid", vmid="{vmid}"),
    _get("/access/permissions", path="/vms/{vmid}"),
    _get("/pools", poolid="{pool}"),
    _get("/storage/{images}"),
    _get("/nodes/{node}/network"),
    _get("/nodes/{node}/tasks", source="active"),
    _get(f"{_STORE}/{{images}}/content", content="import"),
    _get(f"{_STORE}/{{snippets}}/content", content="snippets"),
    _get(f"{_STORE}/{{images}}/content/{{image}}"),
    _get(f"{_STORE}/{{images}}/content/{{lost}}"),
    _get(f"{_VM}/config"),
    _get(f"{_VM}/status/current"),
    _get(f"{_VM}/agent/network-get-interfaces"),
    _get(f"{_VM}/agent/file-read", file="/etc/ssh/ssh_host_ed25519_key.pub"),
    _get(f"{_VM}/agent/file-read", file="/etc/stardock/there-is-no-such-file"),
    _get("/nodes/{node}/there-is-no-such-path"),
    _get("/nodes", nonsense="1"),
    Question("PUT", f"{_VM}/config", {"nonsense": "1"}),
    Question("PUT", f"{_VM}/config", {"cores": "none"}),
    Question("PUT", f"{_VM}/config", {"net0": "nonsense"}),
    Question("POST", f"{_VM}/status/start", {}),
)

Shape = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer, normalized. `errors`: names of refused parameters; `task`: how it ended."""

    status: int
    message: str = ""
    errors: tuple[str, ...] = ()
    shape: Shape = None
    task: str = ""


def filled(text: str, values: Mapping[str, str]) -> str:
    """With the values in their places."""
    for place, value in values.items():
        text = text.replace(f"{{{place}}}", value)
    return text


def emptied(text: str, values: Mapping[str, str]) -> str:
    """With places again where a value stands, the longest first; not where it is a part of a longer word."""
    places = {value: f"{{{place}}}" for place, value in values.items() if value}
    longest = sorted(places, key=len, reverse=True)
    found = "|".join(rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])" for value in longest)
    return re.sub(found, lambda one: places[one[0]], text) if found else text


def _emptied_key(key: str, values: Mapping[str, str]) -> str:
    """Of a path whole parts behind the first; any other key is a word of Proxmox', whatever somebody's node or datastore is called."""
    places = {value: f"{{{place}}}" for place, value in values.items()}
    root, *parts = key.split("/")
    return "/".join([root, *parts[:1], *(places.get(part, part) for part in parts[1:])]) if parts and not root else key


def shape_of(told: object, values: Mapping[str, str]) -> Shape:
    """Types in place of values; of a list the one shape of all its items, where keys that not all have end in `?`."""
    if isinstance(told, Mapping):
        return {_emptied_key(str(key), values): shape_of(value, values) for key, value in sorted(told.items())}
    if isinstance(told, list):
        return [_merged([shape_of(one, values) for one in told])] if told else []
    if isinstance(told, bool) or told is None:
        return "nothing" if told is None else "truth"
    return "number" if isinstance(told, int | float) else "text"


def _merged(shapes: list[Shape]) -> Shape:
    if all(isinstance(one, dict) for one in shapes):
        keys = sorted({key for one in shapes for key in one})
        present = {key: [one[key] for one in shapes if key in one] for key in keys}
        return {key if len(found) == len(shapes) else f"{key}?": _merged(found) for key, found in present.items()}
    if all(isinstance(one, str) for one in shapes):
        return " or ".join(sorted(set(shapes)))
    if all(isinstance(one, list) for one in shapes):
        inner = [item for one in shapes for item in one]
        return [_merged(inner)] if inner else []
    return "several"


def differences(known: Mapping[str, Answer], seen: Mapping[str, Answer]) -> list[str]:
    """What is otherwise than is known, question by question: status, message, refused parameters, task's end, missing keys, types."""
    return [f"{name}: {words}" for name in known if name in seen for words in _between(known[name], seen[name])]


def additions(known: Mapping[str, Answer], seen: Mapping[str, Answer]) -> list[str]:
    """Keys that are seen and not known: no fault, since whoever reads passes over them."""
    return [f"{name}: {key}" for name in known if name in seen for key in _more(known[name].shape, seen[name].shape, "")]


def _between(known: Answer, seen: Answer) -> Iterator[str]:
    for what in ("status", "message", "errors", "task"):
        wanted, found = getattr(known, what), getattr(seen, what)
        if wanted != found:
            yield f"{what} is {_said(found)}, not {_said(wanted)}"
    if known.status == seen.status:
        yield from _shapes(known.shape, seen.shape, "")


def _said(value: object) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, tuple) else str(value) or "none"


def _shapes(known: Shape, seen: Shape, where: str) -> Iterator[str]:
    if isinstance(known, dict) and isinstance(seen, dict):
        there = {key.removesuffix("?"): value for key, value in seen.items()}
        for key, inner in known.items():
            name = key.removesuffix("?")
            if name in there:
                yield from _shapes(inner, there[name], f"{where}.{name}" if where else name)
            elif not key.endswith("?"):
                yield f"{f'{where}.{name}' if where else name} is missing"
    elif isinstance(known, list) and isinstance(seen, list):
        for one, other in zip(known, seen, strict=False):
            yield from _shapes(one, other, f"{where}[]")
    elif _kinds(known) != _kinds(seen) and not _kinds(seen) <= _kinds(known):
        yield f"{where or 'the data'} is {_kind(seen)}, not {_kind(known)}"


def _kinds(shape: Shape) -> frozenset[str]:
    return frozenset(shape.split(" or ")) if isinstance(shape, str) else frozenset({_kind(shape)})


def _kind(shape: Shape) -> str:
    return "an object" if isinstance(shape, dict) else "a list" if isinstance(shape, list) else str(shape)


def _more(known: Shape, seen: Shape, where: str) -> Iterator[str]:
    if isinstance(known, dict) and isinstance(seen, dict):
        there = {key.removesuffix("?"): value for key, value in known.items()}
        for key, inner in seen.items():
            name = key.removesuffix("?")
            place = f"{where}.{name}" if where else name
            yield from _more(there[name], inner, place) if name in there else [place]
    elif isinstance(known, list) and isinstance(seen, list):
        for one, other in zip(known, seen, strict=False):
            yield from _more(one, other, f"{where}[]")


def as_json(answers: Mapping[str, Answer]) -> dict[str, dict[str, Any]]:
    """For a file: what is empty is left out."""
    return {name: _row(one) for name, one in answers.items()}


def _row(one: Answer) -> dict[str, Any]:
    row = {"status": one.status, "message": one.message, "errors": list(one.errors), "task": one.task}
    return {key: value for key, value in row.items() if value} | {"shape": one.shape}


def from_json(told: object) -> dict[str, Answer]:
    """The same back. ValueError for what is no such file; questions that are not ours are left out."""
    if not isinstance(told, Mapping):
        raise ValueError("answers are an object, by question")  # noqa: TRY004  one kind of error for all
    asked = {one.name for one in QUESTIONS}
    return {name: _answer(row) for name, row in told.items() if name in asked}


def _answer(row: object) -> Answer:
    if not isinstance(row, Mapping) or not isinstance(row.get("status"), int):
        raise ValueError("an answer has a status")  # noqa: TRY004  the same
    texts = {key: str(row.get(key) or "") for key in ("message", "task")}
    named: Iterable[object] = row.get("errors") or ()
    return Answer(status=row["status"], errors=tuple(map(str, named)), shape=row.get("shape"), **texts)
