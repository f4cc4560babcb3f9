"""Each key of cluster.yaml stands in a case of bad input, so that none is taken without a look."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from stardock.spec.cluster import Spec
from stardock.spec.section import Section
from stardock.spec.sections import sections_of
from tests.unit.spec.test_bad_input import CASES
from tests.unit.spec.test_schema import all_models

pytestmark = pytest.mark.unit


def of(model: type[Section], key: str) -> str:
    """A key as `Section.key`, by the section that it is written in: pools and machines share those of `Hardware`."""
    owner = next(base for base in reversed(model.__mro__) if key in getattr(base, "model_fields", {}))
    return f"{owner.__name__}.{key}"


def keys_on(path: str) -> Iterator[str]:
    """The keys on a key path like `pools[0].machines[1].memory`."""
    models: tuple[type[Section], ...] = (Spec,)
    for key in re.sub(r"\[\d+\]", "", path).split("."):
        found = next((model for model in models if key in model.model_fields), None)
        if found is None:
            return
        yield of(found, key)
        models = tuple(sections_of(found.model_fields[key].annotation))


@pytest.mark.proves("feature reading cluster.yaml")
def test_every_key_stands_in_a_case_of_bad_input() -> None:
    known = {of(model, key) for model in all_models(Spec) for key in model.model_fields}
    looked_at = {key for _, _, path, _, _ in CASES.values() for key in keys_on(path)}
    assert sorted(known - looked_at) == [], "add a case to the table where their like are"
