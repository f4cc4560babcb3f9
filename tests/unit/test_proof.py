"""docs/proof.md and docs/reality.md: nothing is claimed without a test or a reason, and nothing that there is goes without a row."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.proof import facts, features
from tests.proof.__main__ import DOCS, pages
from tests.proof.facts import Fact, Source
from tests.proof.features import Feature
from tests.proof.markers import MarkerError, proofs

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]
SOURCES = {source.name: source for source in facts.sources()}


def test_reality_md_every_number_of_reality_md_has_tests_or_is_refused_with_the_message_or_not_yet_with_the_reason() -> None:
    assert not [fault for source in SOURCES.values() for fault in facts.faults(source, proofs())]


def test_the_numbers_are_those_of_the_audits() -> None:
    assert [len(SOURCES[name].numbers) for name in ("reality", "selinux", "hostile", "case")] == [33, 4, 24, 25]


def test_proof_md_feature_by_feature_no_feature_without_a_row() -> None:
    assert not features.faults(features.features(), proofs())


def test_a_marker_that_names_an_unknown_number_is_told() -> None:
    known = {f"feature {row.name}" for row in features.features()} | {name for source in SOURCES.values() for name in source.numbers}
    assert sorted(proofs().keys() - known) == []


def test_the_parts_of_the_program_are_taken_from_it() -> None:
    parts = list(features.parts())
    wanted = {"key pools.memory", "key cluster", "command image pin", "command deploy", "state s3", "debian server", "engine tofu"}
    assert wanted <= set(parts)
    assert len(parts) == len(set(parts)) > 100


@pytest.mark.parametrize("page", ["proof.md", "reality.md"])
def test_the_page_is_current(page: str) -> None:
    assert (DOCS / page).read_text(encoding="utf-8") == pages()[page], f"docs/{page} is stale: make docs"


def test_readme_links_proof_md() -> None:
    assert "docs/proof.md" in (ROOT / "README.md").read_text()


def source(*rows: Fact) -> Source:
    return Source("x", "", "x.md", "", ("x 1",), rows)


@pytest.mark.parametrize(("rows", "words"), [
    ((), "x 1 has no row"),
    ((Fact("x 1", "s"),), "neither `done` nor `refused` nor"),
    ((Fact("x 1", "s", done="d"),), "no test carries @pytest.mark.proves('x 1')"),
    ((Fact("x 1", "s", refused="no"),), "no test carries"),
    ((Fact("x 1", "s", not_yet="why"), Fact("x 2", "s", not_yet="why")), "x 2 is not one of"),
    ((Fact("x 1", "s", not_yet="why"), Fact("x 1", "s", not_yet="why")), "two rows"),
])  # fmt: skip
def test_a_row_without_proof_or_reason_is_told(rows: tuple[Fact, ...], words: str) -> None:
    assert any(words in fault for fault in facts.faults(source(*rows), {}))


def test_a_row_with_proof_or_reason_is_right() -> None:
    assert facts.faults(source(Fact("x 1", "s", not_yet="why")), {}) == []
    assert facts.faults(source(Fact("x 1", "s", done="d", not_yet="why")), {"x 1": ["unit/test_x.py::test_y"]}) == []


@pytest.mark.parametrize(("change", "words"), [
    ({"covers": ()}, "has no row"), ({"covers": ("key nosuch",)}, "no part of the program"), ({"level": "sure"}, "no level"),
    ({"covers": ("key cluster", "key cluster")}, "covered twice"),
    ({"name": "unheard"}, "no test carries"), ({"level": "real tool"}, "only look"),
])  # fmt: skip
def test_a_feature_without_proof_is_told(change: dict[str, object], words: str) -> None:
    row = {"name": "a", "covers": tuple(features.parts()), "level": "rendered only", "shown": "s"}
    shown = {"feature a": ["unit/plan/test_x.py::test_y"]}
    assert features.faults((Feature(**row),), shown) == []  # type: ignore[arg-type]
    assert any(words in fault for fault in features.faults((Feature(**row | change),), shown))  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "words"), [
    ("@pytest.mark.proves(NAME)\ndef test_x(): pass\n", "as they stand"),
    ("@pytest.mark.proves()\ndef test_x(): pass\n", "as they stand"),
    ("MARK = pytest.mark.proves('a 1')\ndef test_x(): pass\n", "put `pytest.mark.proves` on a test"),
    ("@pytest.mark.proves('a 1')\ndef helper(): pass\n", "put `pytest.mark.proves` on a test"),
    ("@pytest.mark.proves('a 1')\n@pytest.mark.skip\ndef test_x(): pass\n", "never run"),
    ("@pytest.mark.xfail(reason='x')\n@pytest.mark.proves('a 1')\ndef test_x(): pass\n", "never run"),
])  # fmt: skip
def test_a_marker_that_proves_nothing_is_told(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "test_x.py").write_text(text)
    with pytest.raises(MarkerError, match=words):
        proofs(tmp_path)


def test_markers_of_functions_files_classes_and_parameters_are_collected(tmp_path: Path) -> None:
    (tmp_path / "test_x.py").write_text(
        "pytestmark = [pytest.mark.unit, pytest.mark.proves('a 1')]\n"
        "@pytest.mark.proves('a 2', 'b x-y')\ndef test_one(): pass\n"
        "@pytest.mark.parametrize('n', [1, pytest.param(2, marks=pytest.mark.proves('a 3'))])\ndef test_two(n): pass\n"
        "class TestMore:\n    @pytest.mark.proves('a 4')\n    def test_three(self): pass\n"
    )
    one, two, three = (f"test_x.py::{name}" for name in ("test_one", "test_two", "TestMore::test_three"))
    assert proofs(tmp_path) == {"a 1": sorted([one, two, three]), "a 2": [one], "a 3": [two], "a 4": [three], "b x-y": [one]}


def test_numbers_of_later_sources_need_no_new_code() -> None:
    assert facts.expanded("1-3") == ["1", "2", "3"]
    assert facts.expanded("A7-A8") == ["A7", "A8"]
    assert facts.expanded("03-two-nics") == ["03-two-nics"]


def test_the_tests_of_a_number_that_a_feature_rests_on_are_its_own_and_a_number_without_tests_is_told() -> None:
    row = Feature("a", tuple(features.parts()), "real tool", "s", numbers=("x 1", "x 2"))
    shown = {"feature a": ["unit/plan/test_x.py::test_y"], "x 1": ["lab/test_z.py::test_z"]}
    assert row.tests(shown) == ["lab/test_z.py::test_z", "unit/plan/test_x.py::test_y"]
    assert features.faults((row,), shown) == ["a: no test proves its number x 2"]


def test_renaming_a_test_changes_the_page_and_no_words(tmp_path: Path) -> None:
    shown = source(Fact("x 1", "Upstream does.", done="We do."))
    before = facts.page([shown], {"x 1": ["unit/test_x.py::test_old"]})
    assert facts.page([shown], {"x 1": ["unit/test_x.py::test_new"]}) == before.replace("test_old", "test_new")
    assert "Upstream does.\n\n**Done:** We do.\n\n- `unit/test_x.py::test_old`" in before
