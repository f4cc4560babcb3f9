"""Each key of add-ons, hosts, a mesh and the estate, misspelt and with a value of another kind: the word that was meant, and where."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import pytest

from stardock.spec.addons import Addons
from stardock.spec.hosts import Host
from stardock.spec.mesh import Mesh
from stardock.spec.proxmox import Proxmox
from stardock.spec.section import Section
from stardock.spec.sections import sections_of
from tests.unit.spec.conftest import Problems, example
from tests.unit.spec.faults_of_estate import LAST

pytestmark = pytest.mark.unit

#: Key at the left margin -> its section, and whether it is a list of such.
ROOTS: dict[str, tuple[type[Section], bool]] = {
    "addons": (Addons, False),
    "hosts": (Host, True),
    "mesh": (Mesh, False),
    "proxmox": (Proxmox, False),
}
Place = tuple[str, ...]


def places(model: type[Section], place: Place) -> Iterator[tuple[type[Section], Place]]:
    """Every section in a section, with the keys that lead there; `[]` behind one that holds a list."""
    yield model, place
    for key, field in model.model_fields.items():
        for inner in sections_of(field.annotation):
            step = f"{key}[]" if get_origin(field.annotation) is tuple else f"{key}.*" if get_origin(field.annotation) is dict else key
            yield from places(inner, (*place, step))


def document(place: Place, words: dict[str, Any]) -> dict[str, Any]:
    """The section at a place with these words, in all that it stands in."""
    content: Any = words
    for step in reversed(place):
        content = {
            step.removesuffix("[]").removesuffix(".*"): [content]
            if step.endswith("[]")
            else {"x": content}
            if step.endswith(".*")
            else content
        }
    return dict(content)


ALL = [(found, place) for root, (model, many) in ROOTS.items() for found, place in places(model, (f"{root}[]" if many else root,))]
PLACES = [pytest.param(model, place, id=".".join(place)) for model, place in ALL]


def written(place: Place, words: dict[str, Any]) -> str:
    """The quick start with it; its own `proxmox` goes where another is meant."""
    text = example("quickstart")
    if place[0] == "proxmox":
        before, _, after = text.partition("proxmox:\n")
        text = before + "\n" + after.partition("\n\n")[2]
    return text.replace(LAST, f"{LAST}\n{json.dumps(document(place, words))[1:-1]}")


def of_another_kind(annotation: Any) -> Any:
    """What a key cannot hold: a text in the place of a mapping, a mapping in that of a text, a number or a list of texts."""
    mapping = any(sections_of(annotation)) or dict in (get_origin(annotation), *map(get_origin, get_args(annotation)))
    return "z z" if mapping else {"z z": [1]}


@pytest.mark.proves("feature reading cluster.yaml")
@pytest.mark.parametrize(("model", "place"), PLACES)
def test_keys_that_are_misspelt_are_told_by_those_that_were_meant(problems: Problems, model: type[Section], place: Place) -> None:
    slips = {key + key[-1]: key for key in model.model_fields}
    found = {problem.message: problem for problem in problems(written(place, dict.fromkeys(slips, 1)))}
    for slip, key in slips.items():
        problem = found[f"unknown key `{slip}`"]
        assert f"`{key}" in (problem.cure or ""), slip
        assert problem.line


@pytest.mark.proves("feature reading cluster.yaml")
@pytest.mark.parametrize(("model", "place"), PLACES)
def test_values_of_another_kind_are_told_where_they_stand(problems: Problems, model: type[Section], place: Place) -> None:
    wrong = {key: of_another_kind(field.annotation) for key, field in model.model_fields.items()}
    found = problems(written(place, wrong))
    assert all(problem.line and problem.message for problem in found)
    silent = [key for key in wrong if not any(key in re.split(r"[.\[\]]+", problem.path or "") for problem in found)]
    assert silent == [], "nothing is said of these"
