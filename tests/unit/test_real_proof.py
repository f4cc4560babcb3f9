"""docs/proof.md tells of a real Proxmox what reports in proofs/ say, and nothing where there is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lab.pve.routes.cluster import REPOID
from stardock.prove.checks import CHECKS, CLUSTER_CHECKS
from stardock.prove.checks.answers import known
from stardock.prove.conversation import as_json
from stardock.prove.report import EMULATED, document, markdown
from tests.conversations import take
from tests.proof import features, reports
from tests.proof.__main__ import DOCS
from tests.proof.markers import proofs

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature proof on a real Proxmox")]

VERSIONS = {"Proxmox": "9.1.2", "Stardock": "0.9", "provider": "0.111.1", "engine": "tofu 1.12.6"}
DATE = "2027-01-02"


def told(**results: str) -> dict[str, Any]:
    """A made-up report: everything passed for Debian and k3s; `results`: position of a check -> another result."""
    rows = [{"system": "debian", "distribution": "", "name": check.name, "result": "pass"} for check in CHECKS]
    rows += [{"system": "debian", "distribution": "k3s", "name": check.name, "result": "pass"} for check in CLUSTER_CHECKS]
    for row in rows:
        row["result"] = results.get(row["name"].replace(" ", "_"), "pass")
    return {"format": 1, "date": DATE, "versions": VERSIONS, "repoid": "8ea12bc0", "counts": {}, "checks": rows}


def taken(folder: Path, report: dict[str, Any]) -> tuple[reports.Report, ...]:
    """As who has a report's folder puts it into proofs/, and what `make docs` then reads."""
    sent = folder / "report"
    sent.mkdir()
    (sent / "report.json").write_text(json.dumps(report))
    (sent / "answers.json").write_text(json.dumps(as_json(known())))
    take(sent, folder / "proofs")
    return reports.reports(folder / "proofs")


def row(page: str, name: str) -> str:
    """The row of a feature."""
    return next(line for line in page.splitlines() if line.startswith(f"| {name} |"))


REAL = f"real Proxmox, {DATE}: Proxmox 9.1.2, Stardock 0.9, provider 0.111.1, engine tofu 1.12.6 |"


def test_with_a_report_rows_whose_checks_all_passed_have_the_level_with_date_and_versions(tmp_path: Path) -> None:
    page = features.page(features.features(), proofs(), taken(tmp_path, told()))
    assert f"| strict emulation; {REAL}" in row(page, "k3s")
    assert REAL in row(page, "drift")
    assert "real Proxmox" not in row(page, "RKE2's configuration"), "nobody asked for RKE2"
    assert "real Proxmox" not in row(page, "microos")
    assert "real Proxmox" not in row(page, "reading cluster.yaml"), "no check shows it"
    assert f"On a real Proxmox it ran 1 times ({DATE}: Proxmox 9.1.2" in page
    assert features.NOWHERE not in page


@pytest.mark.parametrize("result", ["fail", "not possible"])
def test_a_check_that_failed_or_was_not_possible_carries_no_level(tmp_path: Path, result: str) -> None:
    page = features.page(features.features(), proofs(), taken(tmp_path, told(drift_finds_what_is_planted=result)))
    assert "real Proxmox" not in row(page, "drift")
    assert REAL in row(page, "discovery")


def test_what_failed_with_one_distribution_is_no_pass_of_both_and_is_one_of_the_other() -> None:
    results = {("debian", "k3s", "a pod runs"): "pass", ("debian", "rke2", "a pod runs"): "fail"}
    report = reports.Report(DATE, VERSIONS, results)
    assert [report.passed(check) for check in ("a pod runs", "k3s: a pod runs", "rke2: a pod runs")] == [False, True, False]


def dated(date: str, **results: str) -> reports.Report:
    """One of that day, of two checks."""
    named = {("debian", "", name.replace("_", " ")): result for name, result in results.items()}
    return reports.Report(date, VERSIONS, named)


def test_what_failed_since_it_passed_is_proven_no_more_and_what_was_not_possible_since_still_is() -> None:
    old, both = dated("2027-01-01", one="pass", two="pass"), ["one", "two"]
    assert reports.real(both, [dated("2027-01-02", one="fail"), old]) is None
    assert reports.real(both, [dated("2027-01-01", one="fail"), old]) is None, "of one day the last is not known"
    assert reports.real(both, [old, dated("2026-01-01", one="fail")]) is old
    assert reports.real(both, [dated("2027-01-02", one="not possible"), old]) is old
    assert reports.real(["two"], [dated("2027-01-02", one="fail"), old]) is old
    assert reports.real([], [old]) is None


def test_a_report_with_two_results_of_one_check_is_refused(tmp_path: Path) -> None:
    report = told()
    report["checks"].append(report["checks"][0] | {"result": "fail"})
    with pytest.raises(ValueError, match="each check once"):
        taken(tmp_path, report)


def test_the_page_that_is_there_claims_what_reports_in_proofs_say_and_no_more() -> None:
    page, there = (DOCS / "proof.md").read_text(encoding="utf-8"), reports.reports()
    claimed = [line for line in page.splitlines() if line.startswith("| ") and "; real Proxmox, " in line.split("|")[2]]
    assert bool(there) == (features.NOWHERE not in page)
    assert there or not claimed


WRONG: list[dict[str, Any]] = [
    {"date": "../../etc/passwd"},
    {"versions": {"Proxmox": "../9"}},
    {"versions": {"Stardock": "1"}},
    {"versions": {"Proxmox": "9.1", "<img src=x>": "1"}},
    {"versions": []},
    {"checks": [{"system": "debian", "name": "a check of my own", "result": "pass"}]},
    {"checks": [{"system": "windows", "name": "a pod runs", "result": "pass"}]},
    {"checks": [{"system": "debian", "name": "a pod runs", "result": "sure"}]},
    {"checks": ["a pod runs"]},
    {"repoid": ""},
    {"repoid": "../x"},
    {"repoid": EMULATED},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_report_with_anything_that_is_not_ours_is_refused_before_a_file_is_named_after_it(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"report|check"):
        taken(tmp_path, told() | wrong)
    assert not (tmp_path / "proofs").exists()


def test_a_report_of_the_labs_proxmox_is_no_proof_of_a_real_one_and_says_so(tmp_path: Path) -> None:
    assert EMULATED == REPOID, "what the emulated PVE answers is what reports are known by"
    with pytest.raises(ValueError, match="of the lab's emulated Proxmox"):
        taken(tmp_path, told(a_pod_runs="pass") | {"repoid": EMULATED})
    (tmp_path / "proofs").mkdir()
    (tmp_path / "proofs/by-hand.json").write_text(json.dumps(told() | {"repoid": EMULATED}))
    with pytest.raises(ValueError, match="of the lab's emulated Proxmox"):
        reports.reports(tmp_path / "proofs")
    assert "says nothing of a real one" in markdown(document([], VERSIONS, DATE, EMULATED))
    assert "says nothing of a real one" not in markdown(document([], VERSIONS, DATE, "8ea12bc0"))


def test_each_check_is_named_by_a_row_and_by_the_page_that_explains_it() -> None:
    assert features.check_faults(features.features()) == []
    wrong = features.Feature("a", (), "rendered only", "s", checks=("k3s: a pod runs", "a check of my own"))
    told = features.check_faults((wrong,))
    assert len(told) == len(reports.NAMES)
    assert told[-1] == "'a check of my own' is no check of runner prove"
    page = (DOCS / "how-to/prove.md").read_text(encoding="utf-8")
    assert not [name for name in reports.NAMES if f"| {name} |" not in page]
