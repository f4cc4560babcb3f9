"""Answers of Proxmox as files: the emulated one's, and real ones' from reports.

    python -m tests.conversations record        writes stardock/prove/answers.json from the emulated PVE
    python -m tests.conversations take FOLDER   checks a report's answers.json and puts it into proofs/

A file in proofs/ is a fixture: tests/contract/prove/test_answers.py holds the emulated PVE against each.
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

ROOT = Path(__file__).parents[1]
OWN = ROOT / "stardock/prove/answers.json"
PROOFS = ROOT / "proofs"


def recorded() -> dict[str, Answer]:
    """What the emulated PVE answers now."""
    with tempfile.TemporaryDirectory() as folder, kept(Path(folder)) as (asker, values):
        return observe(asker, values)


def take(report: Path, proofs: Path = PROOFS) -> Path:
    """Put a report's answers beside others, by date and version. ValueError for what is no report."""
    told = read(report)
    if told is None:
        raise ValueError(f"{report} has no report.json")
    answers = from_json(json.loads((report / "answers.json").read_text(encoding="utf-8")))
    path = proofs / f"{told['date']}-pve-{told['versions']['Proxmox']}.json"
    proofs.mkdir(exist_ok=True)
    path.write_text(json.dumps({"date": told["date"], "versions": told["versions"], "answers": as_json(answers)}, indent=1) + "\n")
    return path


def main() -> None:
    """Do what the first word says."""
    if sys.argv[1:2] == ["take"]:
        sys.stdout.write(f"{take(Path(sys.argv[2]))}\n")
    else:
        OWN.write_text(json.dumps(as_json(recorded()), indent=1) + "\n")


if __name__ == "__main__":
    main()
