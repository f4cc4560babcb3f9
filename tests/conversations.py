"""Answers of Proxmox as files: the emulated one's, and real ones' from reports.

    python -m tests.conversations record        writes stardock/prove/answers.json from the emulated PVE
    python -m tests.conversations take FOLDER   checks a report and puts its answers and results into proofs/

A file in proofs/ is a fixture: tests/contract/prove/test_answers.py holds the emulated PVE against each, docs/proof.md tells its results.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from stardock.prove.checks.answers import observe
from stardock.prove.conversation import Answer, as_json, from_json
from stardock.prove.report import read
from tests.contract.prove.machines import kept
from tests.proof.reports import FOLDER as PROOFS
from tests.proof.reports import report_of

ROOT = Path(__file__).parents[1]
OWN = ROOT / "stardock/prove/answers.json"


def recorded() -> dict[str, Answer]:
    """What the emulated PVE answers now."""
    with tempfile.TemporaryDirectory() as folder, kept(Path(folder)) as (asker, values):
        return observe(asker, values)


def take(folder: Path, proofs: Path = PROOFS) -> Path:
    """Put a report's answers and results beside others, by date and version. ValueError for what is no report."""
    told = read(folder)
    if told is None:
        raise ValueError(f"{folder} has no report.json")
    report = report_of(told)  # before a name is made of it
    file = folder / "answers.json"
    answers = from_json(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}
    checks = [
        {"system": system, "distribution": distribution, "name": name, "result": result}
        for (system, distribution, name), result in report.results.items()
    ]
    path = proofs / f"{report.date}-pve-{report.versions['Proxmox']}.json"
    if path.exists():
        raise ValueError(f"{path} is there already: give one of them another name")
    proofs.mkdir(exist_ok=True)
    kept = {"date": report.date, "versions": report.versions, "repoid": report.repoid, "checks": checks, "answers": as_json(answers)}
    path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return path


def main() -> None:
    """Do what the first word says."""
    if sys.argv[1:2] == ["take"]:
        sys.stdout.write(f"{take(Path(sys.argv[2]))}\n")
    else:
        OWN.write_text(json.dumps(as_json(recorded()), indent=1) + "\n")


if __name__ == "__main__":
    main()
