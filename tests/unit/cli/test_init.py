"""`runner init`: a first cluster.yaml, as the examples are, never over one that is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from stardock.cli.main import runner
from stardock.spec import load_spec
from tests.plans import PUBLIC_KEY, ROOT
from tests.terminal import in_terminal, piped

pytestmark = pytest.mark.unit

NODES = [word for n in (1, 2, 3) for word in ("--node", f"pve{n}=192.168.1.{9 + n}")]
SHAPES = {
    "single": ("--name", "single", *NODES[:2]),
    "quickstart": ("--shape", "ha", "--name", "quickstart", *NODES, "--address", "192.168.1.40/24", "--gateway", "192.168.1.1"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "id_ed25519.pub").write_text(PUBLIC_KEY + "\n")
    (tmp_path / "id_ed25519").write_text("")
    return tmp_path


def init(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(runner, ["init", "-f", str(folder / "cluster.yaml"), *words])


def as_in_the_example(file: Path) -> dict[str, Any]:
    """Without what an example has beyond: it is for destroying, spells out the release, and has a search domain."""
    data = load_spec(file).model_dump()
    data["protect"], data["distribution"]["version"] = True, None
    for nics in (data["network"][role] for role in ("loadbalancer", "server", "agent")):
        for nic in nics:
            nic["search"] = ()
    return data


@pytest.mark.parametrize("example", SHAPES)
def test_what_is_written_loads_without_problems_and_is_the_example(folder: Path, example: str) -> None:
    done = init(folder, *SHAPES[example])
    assert done.exit_code == 0, done.stderr
    (folder / "example.yaml").write_text((ROOT / f"examples/{example}/cluster.yaml").read_text())
    assert as_in_the_example(folder / "cluster.yaml") == as_in_the_example(folder / "example.yaml")
    text = (folder / "cluster.yaml").read_text()
    assert "#" in text
    assert max(map(len, text.splitlines())) <= 140
    assert f"next:\n  runner plan -f {folder}/cluster.yaml  # machines" in done.stdout
    assert f"\n  runner deploy -f {folder}/cluster.yaml  # the VMs\n" in done.stdout
    assert "ssh root@192.168.1.10 sh" in done.stdout


def test_the_server_gets_the_address_that_was_named(folder: Path) -> None:
    assert init(folder, *SHAPES["single"], "--address", "10.0.0.50/16", "--gateway", "10.0.0.1", "--bridge", "vmbr7").exit_code == 0
    (nic,) = load_spec(folder / "cluster.yaml").network.server
    assert nic.static is not None
    assert (str(nic.static.base), nic.static.offset, str(nic.static.gateway), nic.bridge) == ("10.0.0.0", 50, "10.0.0.1", "vmbr7")


def test_a_gitignore_is_written_beside_it_once(folder: Path) -> None:
    assert init(folder, *SHAPES["single"]).exit_code == 0
    assert "/id_ed25519\n" in (folder / ".gitignore").read_text()
    (folder / ".gitignore").write_text("mine\n")
    (folder / "cluster.yaml").unlink()
    assert init(folder, *SHAPES["single"]).exit_code == 0
    assert (folder / ".gitignore").read_text() == "mine\n"


def test_a_file_that_is_there_is_never_written_over(folder: Path) -> None:
    (folder / "cluster.yaml").write_text("mine")
    done = init(folder, *SHAPES["single"])
    assert done.exit_code == 5
    assert "not written over" in done.stderr
    assert (folder / "cluster.yaml").read_text() == "mine"
    (folder / "cluster.yaml").unlink()
    (folder / "cluster.yaml").symlink_to("elsewhere")
    assert init(folder, *SHAPES["single"]).exit_code == 5
    assert not (folder / "elsewhere").exists()


def test_without_a_terminal_all_that_is_missing_is_told_at_once(folder: Path) -> None:
    done = piped("init", "--shape", "ha", cwd=folder)
    assert done.returncode == 2
    assert all(f"{option}:" in done.stderr for option in ("--name", "--node", "--address", "--gateway"))
    assert not (folder / "cluster.yaml").exists()


def test_in_a_terminal_what_is_missing_is_asked(folder: Path) -> None:
    code, shown = in_terminal("init", cwd=folder, typed="home\npve1=192.168.1.10\n")
    assert code == 0, shown
    assert load_spec(folder / "cluster.yaml").cluster == "home"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--name", "Ho me", *NODES[:2]), "cluster: "),
        (("--name", "x", "--node", "pve1"), "NAME=ADDRESS"),
        (("--name", "x\nimage: evil", *NODES[:2]), "cluster: "),
        ((*SHAPES["single"], "--address", "10.0.0.300/24", "--gateway", "10.0.0.1"), "--address"),
        ((*SHAPES["single"], "--address", "10.0.0.50/24", "--gateway", "10.9.0.1"), "gateway"),
        ((*SHAPES["single"], "--key", "nowhere.pub"), "ssh-keygen"),
    ],
)
def test_what_cluster_yaml_may_not_hold_is_refused_and_nothing_is_written(folder: Path, words: tuple[str, ...], said: str) -> None:
    done = init(folder, *words)
    assert done.exit_code in {2, 3}, done.stderr
    assert said in done.stderr
    assert not (folder / "cluster.yaml").exists()


def test_a_key_elsewhere_is_named_whole_and_an_agent_has_the_other_half(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    key = tmp_path_factory.mktemp("keys") / "mine.pub"
    key.write_text(PUBLIC_KEY + "\n")
    assert init(folder / "new", *SHAPES["single"], "--key", str(key)).exit_code == 0
    spec = load_spec(folder / "new/cluster.yaml")
    assert (spec.ssh.keys, spec.ssh.private_key) == ((PUBLIC_KEY,), None)
