"""Each of these mistakes is told with place, cause and cure; and whoever obeys the cure gets what was meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stardock.nearest import opposed
from stardock.spec import load_spec
from stardock.spec.cluster import Spec
from stardock.spec.mistakes.foreign import VALUES
from stardock.spec.mistakes.foreign_keys import KEYS
from stardock.spec.mistakes.renamed import line
from stardock.spec.sections import all_sections
from tests.unit.spec.conftest import Load, Problems
from tests.unit.spec.obeyed import AGENT, BASE, ROWS, Row
from tests.unit.spec.obeyed_forms import FORMS
from tests.unit.spec.obeyed_harm import HARM, NO_VALUE
from tests.unit.spec.obeyed_readers import READERS
from tests.unit.spec.obeyed_slips import SLIPS
from tests.unit.spec.obeyed_words import WORDS

pytestmark = pytest.mark.unit

SECRET = "hunter2"
ALL = (*ROWS, *HARM, *SLIPS, *FORMS, *WORDS, *READERS)


def changed(row: Row, text: str) -> str:
    assert row.where in BASE
    return BASE.replace(row.where, text, 1)


def value_at(spec: Spec, path: str) -> Any:
    """What the file says at a key path, as it is read."""
    value: Any = spec
    for step in path.split("."):
        indexed = value[int(step)] if isinstance(value, list | tuple) else None
        value = indexed if isinstance(value, list | tuple) else value[step] if isinstance(value, dict) else getattr(value, step)
    return value


@pytest.mark.proves("case 08-memory-in-mib")
@pytest.mark.parametrize("row", ALL, ids=lambda row: row.mistake.strip().replace("\n", " ")[-60:])
def test_a_mistake_is_told_and_the_cure_obeyed_means_what_was_meant(problems: Problems, load: Load, row: Row) -> None:
    text = changed(row, row.mistake)
    told = next((one for one in problems(text) if one.path == row.key and row.cause in one.message), None)
    assert told is not None, problems(text)
    cure = str(told.cure)
    assert row.told in cure, cure
    new = [number for number, line in enumerate(text.splitlines(), 1) if line not in BASE.splitlines()]
    assert told.line in new or told.path in {"pools", "pools[2]"}, (told, new)
    assert SECRET not in told.message + cure
    meant = value_at(load(changed(row, row.obeyed)), row.means)
    assert meant == row.value or str(meant) == row.value, meant


def test_a_mistake_is_one_problem(problems: Problems) -> None:
    several = {row.mistake: found for row in ALL if len(found := problems(changed(row, row.mistake))) > 1}
    assert not several


@pytest.mark.parametrize("mistake", NO_VALUE)
def test_a_cure_that_is_an_example_is_no_line_to_write(problems: Problems, mistake: str) -> None:
    (told,) = problems(BASE.replace(AGENT, f"{AGENT}    {mistake}\n", 1))
    assert "did you mean" in str(told.cure)
    assert "Write" not in str(told.cure)


def test_keys_of_an_empty_section_that_are_not_indented_are_told_to_be_indented(problems: Problems) -> None:
    found = problems(BASE.replace("  endpoint", "endpoint", 1).replace("  nodes", "nodes", 1))
    assert [(one.path, one.cure) for one in found] == [
        (key, "indent it by two spaces: it belongs under `proxmox:`") for key in ("endpoint", "nodes")
    ]


def test_every_key_that_is_suggested_is_one_of_its_section_and_no_word_of_ours_is_taken_for_anothers() -> None:
    sections = {section.__name__: section for section in all_sections()}
    assert set(KEYS) <= set(sections)
    for name, words in KEYS.items():
        known = sections[name].model_fields
        assert not set(words) & set(known), name
        assert [target for target in words.values() if " " not in target and target not in known] == [], name
        turned = {word for word, target in words.items() if " " not in target and opposed(word, target)}
        assert turned <= {"skip_tls_verify", "tls_skip_verify", "insecure_skip_tls_verify"}, name  # to skip is to be insecure


def test_a_line_to_write_is_a_list_or_a_mapping_where_its_key_takes_one() -> None:
    sections = {section.__name__: section for section in all_sections()}
    targets = {(name, target) for name, words in KEYS.items() for target in words.values() if " " not in target}
    kinds = {(name, key): str(sections[name].model_fields[key].annotation) for name, key in targets}
    many = [at for at, kind in kinds.items() if "tuple" in kind or "dict" in kind]
    lines = {key: line(key, "abc", None) for name, key in many if key != "trunks" and name != "Hooks"}  # one text is enough for them
    assert {key: said for key, said in lines.items() if said and not said.startswith((f" Write {key}: [", f" Write {key}: {{"))} == {}


def test_no_word_for_a_role_makes_a_member_of_etcd_of_a_worker() -> None:
    assert {VALUES[word] for word in VALUES if "work" in word and "control" not in word and "agent" not in VALUES[word]} == set()


def test_the_case_of_the_reader_who_wrote_what_proxmox_shows(tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text(
        BASE.replace("[id_ed25519.pub]", '["ssh-ed25519 AAAAC3Nz a@b"]').replace("role: agent\n", "role: agent\n    memory: 8192MiB\n")
    )
    assert load_spec(file).pools[2].memory == 8192
