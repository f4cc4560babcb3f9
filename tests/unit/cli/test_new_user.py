"""The README's first steps with one host, before anything answers: in a terminal of 80 columns, through a pipe, with NO_COLOR."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.plans import PUBLIC_KEY, ROOT
from tests.terminal import in_terminal, piped

pytestmark = pytest.mark.unit

COLOUR = re.compile(r"\x1b\[[0-9;]*(?:3[0-7]|4[0-7]|9[0-7]|38|48)[0-9;]*m")
NO_TOKEN = {"PROXMOX_VE_API_TOKEN": "", "STARDOCK_LOCK": "write"}

#: What is typed, the exit code, what is said, and the way out that is named.
STEPS = [
    (("plan",), 0, "Plan: 1 to create, 0 to change, 0 to remove, 0 to replace. Lock: +1 name, +first server", "all is to create"),
    (("proxmox-role",), 0, "stardock-single@pve", "pveum user token add"),
    (("deploy",), 4, "PROXMOX_VE_API_TOKEN is not set", "export PROXMOX_VE_API_TOKEN='stardock-single@pve!stardock=SECRET'"),
    (("discover",), 4, "PROXMOX_VE_API_TOKEN is not set", "export PROXMOX_VE_API_TOKEN='stardock-single@pve!stardock=SECRET'"),
    (("bootstrap",), 4, "no address is known for server1", "run `runner deploy`"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The example, copied, with a key."""
    shutil.copy(ROOT / "examples/single/cluster.yaml", tmp_path)
    (tmp_path / "id_ed25519.pub").write_text(PUBLIC_KEY + "\n")
    (tmp_path / "id_ed25519").write_text("")
    return tmp_path


@pytest.mark.parametrize(("words", "code", "said", "cure"), STEPS)
def test_each_first_step_says_what_is_and_what_to_do(folder: Path, words: tuple[str, ...], code: int, said: str, cure: str) -> None:
    through = piped(*words, cwd=folder, environ=NO_TOKEN)
    assert through.returncode == code, through.stderr
    assert said in through.stdout + through.stderr
    assert cure in through.stdout + through.stderr
    assert "\x1b" not in through.stdout + through.stderr
    shown = in_terminal(*words, cwd=folder, environ=NO_TOKEN | {"NO_COLOR": "1"})
    assert shown[0] == code
    assert said in shown[1]
    assert not COLOUR.search(shown[1])


def test_before_anything_was_made_bootstrap_claims_no_time_and_writes_nothing(folder: Path) -> None:
    before = {path.name for path in folder.iterdir()}
    assert "takes minutes" not in piped("bootstrap", cwd=folder).stdout
    assert {path.name for path in folder.iterdir()} == before


def test_the_readme_begins_with_the_demo_and_then_one_host_in_an_order_that_works() -> None:
    readme = (ROOT / "README.md").read_text()
    order = [
        "make demo",
        "cp examples/single/cluster.yaml",
        "`cluster:`",
        "runner proxmox-role",
        "export PROXMOX_VE_API_TOKEN='stardock-CLUSTER@pve!stardock=",
        "runner doctor\n",
        "runner deploy\n",
        "runner bootstrap\n",
        "export KUBECONFIG=",
        "examples/quickstart/cluster.yaml",
    ]
    places = [readme.index(word) for word in order]
    assert places == sorted(places)
