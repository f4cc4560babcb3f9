"""The models that describe the mappings of cluster.yaml, by key path."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any

from stardock.spec.cluster import Spec
from stardock.spec.keypath import Keys
from stardock.spec.section import Section


def section_at(keys: Keys) -> type[Section] | None:
    """The model that describes the mapping at a key path."""
    section: type[Section] = Spec
    for key in (key for key in keys if isinstance(key, str)):
        model_field = section.model_fields.get(key)
        inner = next(sections_of(model_field.annotation), None) if model_field else None
        if inner is None:
            return None
        section = inner
    return section


def all_sections() -> Iterator[type[Section]]:
    """The models of all mappings, the root's first; those of pools and machines share some."""
    waiting: list[type[Section]] = [Spec]
    while waiting:
        section = waiting.pop()
        yield section
        waiting += [inner for model_field in section.model_fields.values() for inner in sections_of(model_field.annotation)]


def sections_of(annotation: Any) -> Iterator[type[Section]]:
    """The models inside of a type such as `tuple[Annotated[Pool, ...], ...] | None`."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        if issubclass(annotation, Section):
            yield annotation
        return
    for argument in typing.get_args(annotation):
        yield from sections_of(argument)
