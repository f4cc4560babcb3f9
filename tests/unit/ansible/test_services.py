"""Services of the system: one question a machine, and the module for those only that are not as planned."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.plans import ROOT

pytestmark = pytest.mark.unit

SEEN = {  # planned to run, what systemctl says, whether the module is asked
    "right.service": (True, "enabled active", False),
    "stopped.service": (True, "enabled inactive", True),
    "not-enabled.service": (True, "disabled active", True),
    "static.timer": (True, "static active", True),
    "off.timer": (False, "disabled inactive", False),
    "masked.timer": (False, "masked inactive", False),
    "still-on.timer": (False, "enabled active", True),
    "unknown.timer": (False, "not-found inactive", True),
}


def test_the_module_is_asked_for_those_services_alone_that_are_not_as_planned(tmp_path: Path) -> None:
    lines = [f"{unit} {said}" for unit, (_, said, _) in SEEN.items()]
    known = {"machine_services": {unit: wanted for unit, (wanted, _, _) in SEEN.items()}, "machine_services_seen": {"stdout_lines": lines}}
    tell = {"ansible.builtin.debug": {"msg": "DUE {{ machine_services_due | map(attribute='key') | join(' ') }}."}}
    play = {"hosts": "localhost", "gather_facts": False, "vars_files": [str(ROOT / "ansible/roles/machine/vars/main.yml")], "tasks": [tell]}
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    (tmp_path / "known.json").write_text(json.dumps(known))
    command = ["ansible-playbook", "-i", "localhost,", str(tmp_path / "play.yml"), "-e", f"@{tmp_path}/known.json"]
    said = subprocess.run(command, env={**os.environ, "ANSIBLE_NOCOLOR": "1"}, capture_output=True, text=True, check=False).stdout
    found = re.search(r"DUE (.*)\.", said)
    assert found, said
    assert sorted(found[1].split()) == sorted(unit for unit, (*_, due) in SEEN.items() if due)
