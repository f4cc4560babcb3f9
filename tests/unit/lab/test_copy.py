"""The lab's copy of a cluster file differs from it in where Proxmox is, and in nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.command.copy import lab_paths, make_copy, referenced_keys, relocated
from lab.command.up import bring_up, link_images
from stardock.errors import ConditionError, InputErrors

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "examples").glob("*/cluster.yaml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.parent.name)
def test_only_endpoint_and_addresses_differ(example: Path) -> None:
    before = example.read_text()
    after = relocated(before)
    changed = [(old, new) for old, new in zip(before.splitlines(), after.splitlines(), strict=True) if old != new]
    assert changed
    assert all("127.0.1." in new or "https://127.0.0.1:8006" in new for _, new in changed)


def test_every_way_to_write_a_value_is_replaced_in_place() -> None:
    text = """cluster: c # https://old:8006
proxmox:
  endpoint: "https://old:8006" # ours
  nodes:
    - {name: 'a', address: 10.0.0.1, ssh_port: 2222}
    - name: b
      address: '10.0.0.2' # 10.0.0.2 is b
    - c
    - {address: d.example.com, name: d}
"""
    assert (
        relocated(text)
        == """cluster: c # https://old:8006
proxmox:
  endpoint: https://127.0.0.1:8006 # ours
  nodes:
    - {name: 'a', address: 127.0.1.1, ssh_port: 22}
    - name: b
      address: 127.0.1.2 # 10.0.0.2 is b
    - c
    - {address: 127.0.1.4, name: d}
"""
    )


@pytest.mark.parametrize("text", ["", "a: [", "- 1\n", "proxmox: x\n", "proxmox: {nodes: 3}\n"])
def test_a_broken_file_is_copied_as_it_is_for_the_spec_to_judge(text: str) -> None:
    assert relocated(text) == text


def test_the_copy_brings_the_lock_once_and_leaves_the_users_files_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "mine.yaml"
    source.write_text("cluster: c\nproxmox: {endpoint: 'https://old:8006'}\n")
    (tmp_path / "mine.lock").write_text("first")
    paths = lab_paths(source)
    assert "+proxmox: {endpoint: https://127.0.0.1:8006}" in make_copy(source, paths)
    (tmp_path / "mine.lock").write_text("second")
    make_copy(source, paths)
    assert (paths.folder / "cluster.lock").read_text() == "first"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["build", "mine.lock", "mine.yaml"]
    assert make_copy(paths.cluster_file, paths) == ""


def test_manifests_and_archives_that_the_file_names_come_with_the_copy_and_nothing_from_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine/web").mkdir(parents=True)
    for name in ("storage.yaml", "web/app.yaml", "notes.tgz", "other.yaml"):
        (tmp_path / "mine" / name).write_text(name)
    source = tmp_path / "mine/cluster.yaml"
    manifests = "[storage.yaml, web, ../up.yaml, lacking.yaml, 7]"
    source.write_text(f"cluster: c\naddons:\n  manifests: {manifests}\n  charts: [{{name: notes, archive: notes.tgz}}]\n")
    for _ in range(2):
        make_copy(source, lab_paths(source))
    folder = tmp_path / "build/lab/c"
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()) == [
        "cluster.yaml", "notes.tgz", "storage.yaml", "web/app.yaml"
    ]  # fmt: skip


def test_a_file_without_a_cluster_name_has_no_lab(tmp_path: Path) -> None:
    (tmp_path / "cluster.yaml").write_text("proxmox: {}\n")
    with pytest.raises(InputErrors):
        lab_paths(tmp_path / "cluster.yaml")


def test_only_keys_beside_the_file_are_the_labs() -> None:
    text = "ssh: {keys: [id.pub, ~/.ssh/id.pub, /etc/id.pub, ssh-ed25519 AAAA x], private_key: id}\nproxmox: {ssh: {private_key: pve}}\n"
    assert referenced_keys(text) == (["id.pub"], ["id", "pve"])


def test_images_beside_the_file_are_found_beside_its_copy(tmp_path: Path) -> None:
    (tmp_path / "mine/images").mkdir(parents=True)
    (tmp_path / "mine/images/baked.qcow2").write_text("image")
    for _ in range(2):
        link_images(tmp_path / "mine", tmp_path / "copy", ["images/baked.qcow2", "~/other.raw"])
    assert (tmp_path / "copy/images/baked.qcow2").read_text() == "image"
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["images"]


def test_a_lab_without_a_built_provider_is_refused_with_what_builds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reaches no registry: `tofu init` would fail there, minutes later, with words about a network."""
    monkeypatch.setattr("lab.command.up.MIRROR", tmp_path / "build/mirror")
    (tmp_path / "cluster.yaml").write_text((ROOT / "examples/single/cluster.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConditionError) as caught:
        bring_up(tmp_path / "cluster.yaml", lambda _: None)
    assert caught.value.cure == f"run `make lab-setup` in {tmp_path}"
