"""The table of stages, and that everything else derives from it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stardock.model.stages import ASIDE, BEFORE, IDENTITY, NAMES, STAGES, chosen
from tests.plans import ROOT

pytestmark = pytest.mark.unit

ROW = 'Stage(name="storage", title="Storage", what="a default storage class"),'
#: All that knows the stages, asked by a program in a copy of the checkout.
KNOWN = """
import json
from pathlib import Path
from stardock.bundle import write_bundle
from stardock.cli.bootstrap import bootstrap
from stardock.model.facts import Facts
from stardock.playbooks.progress import PLAYS
from tests.plans import quickstart_plan

write_bundle(quickstart_plan(), Facts(cluster="quickstart"), Path("out"))
choices = {option.name: list(option.type.choices) for option in bootstrap.params if "stage" in option.name}
site, readme = Path("out/project/site.yml").read_text(), Path("out/README.md").read_text()
print(json.dumps({"choices": choices, "site": site, "readme": readme, "plays": PLAYS}))
"""


def test_a_new_stage_is_a_row_and_its_playbook(tmp_path: Path) -> None:
    for folder in ("stardock", "ansible", "cloudinit", "examples"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tests").mkdir()
    for name in ("__init__.py", "plans.py"):
        shutil.copy(ROOT / "tests" / name, tmp_path / "tests" / name)
    table, last = tmp_path / "stardock/model/stages.py", '    Stage(\n        name="addons"'
    table.write_text(table.read_text().replace(last, f"    {ROW}\n{last}"))
    ran = subprocess.run([sys.executable, "-c", KNOWN], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    seen, names = json.loads(ran.stdout), [*NAMES[:-1], "storage", NAMES[-1]]
    assert seen["choices"] == {"stages": names, "from_stage": names}
    assert "- name: Storage\n  ansible.builtin.import_playbook: storage.yml\n  tags: [storage]\n" in seen["site"]
    assert f"--tags {','.join(names)}" in seen["readme"]
    assert seen["plays"]["Storage"] == "storage"


def test_the_plays_of_every_playbook_begin_with_the_title_of_its_row() -> None:
    begun = {
        path.name: {line.split('"')[1].partition(":")[0] for line in path.read_text().splitlines() if line.startswith("- name: ")}
        for path in (ROOT / "ansible").glob("*.yml")
    }
    assert {name: titles - {IDENTITY.title} for name, titles in begun.items() if name != IDENTITY.playbook} == {
        stage.playbook: {stage.title} for stage in (*STAGES, *BEFORE, ASIDE) if stage != IDENTITY
    }
    assert begun[IDENTITY.playbook] == {IDENTITY.title}


@pytest.mark.parametrize(
    ("stages", "start", "wanted"),
    [
        ((), None, NAMES),
        ((), "servers", ("servers", "agents", "kubeconfig", "addons")),
        (("kubeconfig", "machines"), None, ("machines", "kubeconfig")),
    ],
)
def test_stages_run_in_order_however_they_are_named(stages: tuple[str, ...], start: str | None, wanted: tuple[str, ...]) -> None:
    assert chosen(stages, start) == wanted
