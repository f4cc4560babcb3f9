"""The JSON schema and the page of keys come from the models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from stardock.cli.schema import schema as command
from stardock.spec.cluster import Spec
from stardock.spec.reference import json_schema as schema
from stardock.spec.reference import page
from stardock.spec.section import Section
from stardock.spec.sections import sections_of
from tests.unit.spec.conftest import ROOT

pytestmark = pytest.mark.unit


def all_models(model: type[Section]) -> Iterator[type[Section]]:
    yield model
    for info in model.model_fields.values():
        for inner in sections_of(info.annotation):
            yield from all_models(inner)


def test_runner_schema_prints_the_json_schema() -> None:
    result = CliRunner().invoke(command, [])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == json.loads(json.dumps(schema()))


@pytest.mark.proves("feature reading cluster.yaml")
def test_the_schema_knows_every_key_and_no_other() -> None:
    found = schema()
    assert set(found["properties"]) == set(Spec.model_fields)
    assert found["additionalProperties"] is False
    assert set(found["required"]) == {"cluster", "image", "proxmox", "pools", "ssh"}
    assert all(one["additionalProperties"] is False for one in found["$defs"].values())


@pytest.mark.proves("case 10-yaml-x-anchor")
def test_an_editor_takes_top_level_extensions_and_no_others() -> None:
    found = schema()
    assert found["patternProperties"] == {"^x-": {}}
    assert not any("patternProperties" in one for one in found["$defs"].values())


def test_the_schema_takes_bare_names_where_the_file_does() -> None:
    properties: dict[str, Any] = schema()["$defs"]["Pool"]["properties"]
    assert {"type": "string"} in properties["machines"]["anyOf"][0]["items"]["anyOf"]


def test_the_page_of_keys_is_current() -> None:
    assert (ROOT / "docs/cluster-yaml.md").read_text() == page(), "run `runner schema --format markdown > docs/cluster-yaml.md`"


def test_every_key_says_what_it_is_for() -> None:
    silent = [f"{model.__name__}.{name}" for model in all_models(Spec) for name, info in model.model_fields.items() if not info.description]
    assert silent == []
    assert "| None |" not in page()
    free = ("| `options` | mapping to", "| `values` | mapping to", "| `rules` | list of mappings to", "| `solvers` | list of mappings to")
    assert [line for line in page().splitlines() if "any value" in line and not line.startswith(free)] == []
