"""Parts of cluster.yaml on the pages: YAML whose keys cluster.yaml has. Values may be parts of a whole, so only keys are judged."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError

from stardock.errors import InputErrors, Problem
from stardock.spec import load_spec
from tests.plans import PUBLIC_KEY
from tests.synth.running import write_cluster
from tests.unit.docs.pages import pages

pytestmark = pytest.mark.unit

BLOCKS = [
    pytest.param(text, id=f"{page.name}:{number}")
    for page in pages()
    for number, text in enumerate(re.findall(r"^ *```yaml\n(.*?)^ *```$", page.text, flags=re.DOTALL | re.MULTILINE))
]
#: What a part of a file lacks.
WHOLE = {
    "cluster": "part",
    "proxmox": {"endpoint": "https://pve:8006", "nodes": ["pve1"]},
    "image": {"system": "debian"},
    "ssh": {"keys": [PUBLIC_KEY]},
    "pools": [{"name": "servers", "role": "server", "machines": ["server1"]}],
}


def parts(text: str) -> list[dict[str, Any]]:
    """The block; or, where it shows one key several times, each line of it."""
    try:
        return [YAML(typ="safe").load(text)]
    except DuplicateKeyError:
        return [YAML(typ="safe").load(line) for line in text.splitlines()]


def problems(folder: Path, part: dict[str, Any]) -> tuple[Problem, ...]:
    """What is wrong with a file that holds it."""
    try:
        load_spec(write_cluster(folder, WHOLE | part))
    except InputErrors as error:
        return error.problems
    return ()


@pytest.mark.parametrize("text", BLOCKS)
def test_every_key_on_a_page_is_one_of_cluster_yaml(text: str, tmp_path: Path) -> None:
    found = [problem for part in parts(text) for problem in problems(tmp_path, part)]
    assert [problem for problem in found if "unknown key" in problem.message] == []


def test_an_unknown_key_would_be_found(tmp_path: Path) -> None:
    assert [one for one in problems(tmp_path, {"maintenance": {"sloots": [1]}}) if "unknown key" in one.message]
