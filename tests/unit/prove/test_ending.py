"""However a proof ends, its report is written, and its log is its owner's alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stardock.cli import prove_view
from stardock.errors import ConditionError, RefusedError, StardockError
from stardock.prove import proof
from stardock.prove import report as reports
from stardock.prove.check import Outcome
from stardock.prove.place import Place, alone, place_of
from stardock.prove.redact import Redactor
from stardock.prove.scope import POOL
from stardock.prove.things import budget
from stardock.step import Say
from stardock.yamltext import yaml_text
from tests.plans import document as example
from tests.unit.prove.proofs import proof_plan

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature proof on a real Proxmox")]

Prove = Callable[[], int]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The person's."""
    path = tmp_path / "cluster.yaml"
    path.write_text(yaml_text(example()))
    return path


@pytest.fixture
def prove(file: Path, monkeypatch: pytest.MonkeyPatch) -> Prove:
    """A proof of one check, whose clean-up leaves something."""
    plan = proof_plan(example())
    ready = proof.Ready(place_of(file), None, "9.1.2", plan, budget(plan))  # type: ignore[arg-type]
    monkeypatch.setattr(prove_view, "find_cluster_file", lambda _file: file)
    monkeypatch.setattr(prove_view, "_versions", lambda proxmox: {"Proxmox": proxmox})
    monkeypatch.setattr(proof, "ready", lambda _asked: ready)
    monkeypatch.setattr(proof, "outcomes", _outcomes)
    how = {"vip": None, "pool": None, "ids": None, "only": (), "keep": False, "dry_run": False, "yes": True}
    return lambda: prove_view.prove(file, (), (), **how)


def _outcomes(_asked: object, _found: object, _say: Say, log: Say) -> Iterator[Outcome]:
    log("said")
    yield Outcome("debian", "pool and tags", "fail", 1.0, "it was otherwise")
    raise ConditionError("left alone: a disk")


def checks(place: Place) -> list[str]:
    """Names of those in its report."""
    return [one["name"] for one in json.loads((place.report / "report.json").read_text())["checks"]]


def test_a_clean_up_that_leaves_something_takes_no_report_along(file: Path, prove: Prove) -> None:
    with pytest.raises(ConditionError, match="left alone: a disk"):
        prove()
    assert checks(place_of(file)) == ["pool and tags"]
    assert (place_of(file).report / "said.log").read_text() == "said\n"


def test_where_a_person_took_the_journal_away_nothing_of_the_machines_before_is_taken_up(file: Path, prove: Prove) -> None:
    place = place_of(file)
    place.folder.mkdir()
    place.prepare()
    place.own.lock.write_text("cluster: prove-01234567\n")
    with pytest.raises(ConditionError, match="left alone"):
        prove()
    assert not place.own.lock.exists()
    place.own.lock.write_text("cluster: prove-01234567\n")
    place.journal.write_text("of a proof that was killed\n")
    with pytest.raises(RefusedError, match="an earlier proof left something"):
        prove()
    assert place.own.lock.exists(), "its clean-up needs it"


def test_who_is_refused_writes_over_nobodys_report(file: Path, prove: Prove) -> None:
    with alone(place_of(file)), pytest.raises(StardockError, match="another `runner prove` works"):
        prove()
    assert not place_of(file).report.exists()


def test_the_log_is_its_owners_alone_and_no_link_leads_it_elsewhere(file: Path, prove: Prove, tmp_path: Path) -> None:
    log = place_of(file).log
    log.parent.mkdir()
    log.write_text("of an earlier proof, and longer than this one's\n")
    log.chmod(0o644)
    with pytest.raises(ConditionError, match="left alone"):
        prove()
    assert (log.read_text(), log.stat().st_mode & 0o777) == ("said\n", 0o600)
    other = tmp_path / "other"
    other.write_text("mine")
    log.unlink()
    log.symlink_to(other)
    with pytest.raises(ConditionError, match="symbolic link"):
        prove()
    assert other.read_text() == "mine"


@pytest.mark.parametrize(("repoid", "words"), [(reports.EMULATED, "nobody wants it sent"), ("8ea12bc0", "then send it: an issue")])
def test_a_report_of_the_emulated_proxmox_is_not_asked_for(file: Path, capsys: pytest.CaptureFixture[str], repoid: str, words: str) -> None:
    place = place_of(file)
    place.folder.mkdir()
    outcome = Outcome("debian", "pool and tags", "fail", 1.0, f"{'it was otherwise than planned, ' * 20}{'x' * 120}")
    reports.write(place, reports.document([outcome], {"Proxmox": "9.1.2"}, "2026-12-01", repoid), [], Redactor())
    prove_view.report(file)
    said = capsys.readouterr().out
    assert words in " ".join(said.split())
    rows = said.partition("0 pass")[0].splitlines()
    assert [line for line in rows if len(line) > 100] == [f"{' ' * 23}{'x' * 120}"], "only a word that is wider is, and it is whole"
    assert {line[:23].strip() for line in rows[1:]} == {""}


def test_whoever_has_no_token_is_told_the_command_that_makes_a_proofs(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROXMOX_VE_API_TOKEN", raising=False)
    asked = proof.Asked(file=file, systems=("debian",), pool=POOL, ids=(99000, 99031))
    with pytest.raises(ConditionError) as told:
        proof.ready(asked)
    cure = told.value.cure or ""
    assert cure.startswith("runner proxmox-role --prove prints the commands")
    assert "stardock-prove@pve!stardock=SECRET" in cure
