"""What the fields of a record may hold: the types of cluster.yaml, field by field, held against what was read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from stardock.spec.keypath import Keys, printable
from stardock.spec.mistakes.words import message_of
from stardock.spec.units import shown
from stardock.workspace.records.document import Document

T = TypeVar("T")

#: Dataclass -> field -> the type that its value passes in cluster.yaml. Words of a Literal and booleans need none.
Forms = Mapping[type, Mapping[str, Any]]
Adapters = Mapping[type, Mapping[str, TypeAdapter[Any]]]

#: pydantic's mark of a mapping's key in the place of an error.
_KEY = "[key]"


def adapters(forms: Forms) -> Adapters:
    """The forms, ready to be asked."""
    return {kind: {name: TypeAdapter(form) for name, form in of_fields.items()} for kind, of_fields in forms.items()}


def read(document: Document, adapter: TypeAdapter[T], data: Any, forms: Adapters) -> T:
    """A document as its dataclass; `InputErrors` with what in it is of another type, or of none of the forms."""
    try:
        record = adapter.validate_json(json.dumps(data), strict=True)
    except ValidationError as errors:
        tell(document, ((_keys(error["loc"]), message_of(error)) for error in errors.errors(include_url=False)))
        raise
    tell(document, misfits(record, forms))
    return record


def misfits(record: Any, forms: Adapters, keys: Keys = ()) -> Iterator[tuple[Keys, str]]:
    """Every value inside of a record that cluster.yaml would not take there, or would write otherwise; with its key path."""
    for field in fields(record):
        value, at = getattr(record, field.name), (*keys, field.name)
        adapter = forms[type(record)].get(field.name)
        if adapter is not None:
            yield from ((at + loc, message) for loc, message in _misfit(value, adapter))
        for key, inner in _inside(value):
            yield from misfits(inner, forms, at + key)


def _misfit(value: Any, adapter: TypeAdapter[Any]) -> Iterator[tuple[Keys, str]]:
    try:
        normal = adapter.validate_python(value)
    except ValidationError as errors:
        yield from ((_keys(error["loc"]), message_of(error)) for error in errors.errors(include_url=False))
        return
    if value not in (normal, str(normal)):
        yield (), f"{shown(value)} is not as Stardock writes it: {shown(normal)}"


def _inside(value: Any) -> Iterator[tuple[Keys, Any]]:
    """The records that a field holds, each with its place below the field."""
    if is_dataclass(value):
        yield (), value
    elif isinstance(value, Mapping):
        yield from (((key,), inner) for key, inner in value.items() if is_dataclass(inner))
    elif isinstance(value, tuple):
        yield from (((position,), inner) for position, inner in enumerate(value) if is_dataclass(inner))


def _keys(loc: tuple[int | str, ...]) -> Keys:
    return tuple(key for key in loc if key != _KEY)


def tell(document: Document, found: Iterable[tuple[Keys, str]]) -> None:
    """Raise `InputErrors` when anything was found."""
    document.refuse(document.problem(printable(message), keys) for keys, message in found)
