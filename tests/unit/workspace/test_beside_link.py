"""Files of a cluster beside a symbolic link to its cluster.yaml: refused, with commands that do what they say for any name."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from stardock.errors import ConditionError
from stardock.workspace.files import find_cluster_file

pytestmark = [pytest.mark.unit, pytest.mark.proves("hostile 9")]

ENDS = (".lock", ".facts.json", ".known_hosts", ".secrets.yaml", ".tfstate", ".tfstate.backup", ".kubeconfig")
ODD = ("prod", "my prod's", "-rf", "a;touch x", "$(touch x)", "new\nline\x1b[2J", "caf\udce9", "$'x\\'\t", "x.y")


def cluster(tmp_path: Path, name: str) -> tuple[Path, Path]:
    """A link and what it names, in folders of their own."""
    link, real = (tmp_path / folder / f"{name}.yaml" for folder in ("li nk", "real"))
    for path in (link, real):
        path.parent.mkdir()
    real.write_text("")
    link.symlink_to(f"../real/{name}.yaml")
    return link, real


def refusal(link: Path) -> tuple[str, list[str]]:
    with pytest.raises(ConditionError) as caught:
        find_cluster_file(link)
    assert caught.value.cure
    return caught.value.message, caught.value.cure.splitlines()


def obey(commands: list[str], folder: Path) -> None:
    for command in commands:
        subprocess.run(["bash", "-euc", command], cwd=folder, check=True)


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("end", ENDS)
def test_a_file_beside_the_link_is_refused_and_the_cure_moves_it_whatever_it_is_called(tmp_path: Path, name: str, end: str) -> None:
    link, real = cluster(tmp_path, name)
    (link.parent / f"{name}{end}").write_text("precious")
    message, (words, *commands) = refusal(link)
    assert f"{name}{end}" in message
    assert words == "move them to where they are read:"
    assert len(commands) == 1
    obey(commands, tmp_path)
    assert find_cluster_file(link) == real
    assert {path.name for path in real.parent.iterdir()} == {f"{name}.yaml", f"{name}{end}"}
    assert (real.parent / f"{name}{end}").read_text() == "precious"
    assert [path.name for path in link.parent.iterdir()] == [f"{name}.yaml"]


def test_relative_names_are_cured_from_where_the_command_ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link, real = cluster(tmp_path, "c")
    (link.parent / "c.lock").write_text("precious")
    monkeypatch.chdir(link.parent)
    _, (_, *commands) = refusal(Path("c.yaml"))
    obey(commands, link.parent)
    assert find_cluster_file(Path("c.yaml")) == real
    assert real.with_suffix(".lock").read_text() == "precious"


@pytest.mark.parametrize("keep", ["link", "real"])
def test_where_files_lie_beside_both_either_choice_loses_none(tmp_path: Path, keep: str) -> None:
    link, real = cluster(tmp_path, "c")
    for place in (link, real):
        place.with_suffix(".lock").write_text(place.parent.name)
        (place.parent / "c.unused1.lock").write_text("of last time")
    link.with_suffix(".tfstate").write_text("li nk")
    real.with_name("c.facts.json").write_text("real")
    _, lines = refusal(link)
    choice = next(number for number, line in enumerate(lines) if line.startswith("if those beside the link"))
    obey(lines[1:choice] if keep == "real" else lines[choice + 1 :], tmp_path)
    assert find_cluster_file(link) == real
    assert real.with_suffix(".lock").read_text() == {"link": "li nk", "real": "real"}[keep]
    assert real.with_suffix(".tfstate").exists() == (keep == "link")
    assert real.with_name("c.facts.json").exists() == (keep == "real")
    texts = sorted(path.read_text() for path in tmp_path.rglob("c.*") if path.suffix != ".yaml")
    assert texts == ["li nk", "li nk", "of last time", "of last time", "real", "real"]


def test_every_link_on_the_way_is_looked_at(tmp_path: Path) -> None:
    link, _ = cluster(tmp_path, "c")
    (tmp_path / "first.yaml").symlink_to("li nk/c.yaml")
    (link.parent / "c.secrets.yaml").write_text("precious")
    message, _ = refusal(tmp_path / "first.yaml")
    assert "c.secrets.yaml" in message


def test_a_link_in_the_same_folder_links_to_the_files_themselves_and_linked_folders_are_no_reason(tmp_path: Path) -> None:
    link, real = cluster(tmp_path, "c")
    real.with_suffix(".lock").write_text("")
    (link.parent / "c.lock").symlink_to("../real/c.lock")
    (tmp_path / "folder").symlink_to("real")
    (real.parent / "other.yaml").symlink_to("c.yaml")
    for path in (link, tmp_path / "folder/c.yaml", real.parent / "other.yaml", tmp_path / "folder/../real/c.yaml"):
        assert os.path.realpath(find_cluster_file(path)) == str(real)
