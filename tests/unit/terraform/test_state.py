"""A state that a kill cut short."""

from __future__ import annotations

import json
from pathlib import Path
from shlex import quote

import pytest

from stardock.errors import RefusedError
from stardock.terraform.engine import Engine
from stardock.terraform.state import mend, refuse_left_behind
from stardock.workspace.state import VmPlace
from stardock.workspace.workspace import Workspace, commit_lock, open_workspace, unseen
from tests.plans import document
from tests.synth.running import write_cluster

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("damage", ["", '{"version": 4, "resou'])
def test_a_state_cut_short_is_taken_from_its_backup_and_kept_aside(tmp_path: Path, damage: str) -> None:
    state = tmp_path / "c.tfstate"
    state.write_text(damage)
    (tmp_path / "c.tfstate.backup").write_text('{"serial": 3}')
    lines: list[str] = []
    mend(state, lines.append)
    assert state.read_text() == '{"serial": 3}'
    assert (tmp_path / "c.tfstate.damaged").read_text() == damage
    assert "c.tfstate.backup" in lines[0]


@pytest.mark.parametrize("backup", ["", None])
def test_a_state_cut_short_in_the_first_apply_which_has_no_backup_becomes_an_empty_one(tmp_path: Path, backup: str | None) -> None:
    state = tmp_path / "c.tfstate"
    state.write_text('{"version": 4, "resou')
    state.chmod(0o600)
    if backup is not None:
        (tmp_path / "c.tfstate.backup").write_text(backup)
    lines: list[str] = []
    mend(state, lines.append)
    assert state.read_text() == ""
    assert (tmp_path / "c.tfstate.damaged").read_text() == '{"version": 4, "resou'
    assert {path.stat().st_mode & 0o777 for path in (state, tmp_path / "c.tfstate.damaged")} == {0o600}
    assert "no backup" in lines[0]


@pytest.mark.parametrize(("state", "backup"), [('{"serial": 4}', '{"serial": 3}'), ("", ""), ("", None), (None, '{"serial": 3}')])
def test_anything_else_is_left_alone(tmp_path: Path, state: str | None, backup: str | None) -> None:
    path = tmp_path / "c.tfstate"
    for name, text in ((path, state), (tmp_path / "c.tfstate.backup", backup)):
        if text is not None:
            name.write_text(text)
    mend(path, lambda _line: pytest.fail("touched"))
    assert (path.read_text() if path.exists() else None) == state


def _workspace(tmp_path: Path, **further: object) -> Workspace:
    return open_workspace(write_cluster(tmp_path, document() | further))


def _leave(tmp_path: Path, text: str) -> None:
    (tmp_path / "cluster.tfstate").write_text(text)


RESOURCE = {"type": "proxmox_virtual_environment_vm", "name": "a", "instances": [{"attributes": {"node_name": "p", "vm_id": 1}}]}
VM = json.dumps({"version": 4, "resources": [RESOURCE]})
ENCRYPTED = '{"serial": 1, "lineage": "x", "meta": {}, "encrypted_data": "AAAA", "encryption_version": "v0"}'


def test_a_state_that_nobody_moved_to_its_new_backend_is_told_with_the_commands_that_move_it(tmp_path: Path) -> None:
    where = _workspace(tmp_path, state={"backend": "pg"})
    engine = Engine("/usr/bin/tofu", tmp_path / "stack", {})
    _leave(tmp_path, VM)
    with pytest.raises(RefusedError, match=r"cluster.tfstate holds 1 machine, and cluster.yaml has the state in pg") as caught:
        refuse_left_behind(where.files, where.plan.state, engine)
    assert f"cd {tmp_path}/stack && tofu init -reconfigure && tofu state push {tmp_path}/cluster.tfstate" in (caught.value.cure or "")
    (tmp_path / "it's").mkdir()
    odd = _workspace(tmp_path / "it's", state={"backend": "pg"})
    (tmp_path / "it's" / "cluster.tfstate").write_text(VM)
    with pytest.raises(RefusedError) as caught:
        refuse_left_behind(odd.files, odd.plan.state, Engine("/usr/bin/tofu", tmp_path / "a b", {}))
    state = quote(str(odd.files.state))
    assert caught.value.cure == (
        f"(cd '{tmp_path}/a b' && tofu init -reconfigure && tofu state push {state}) && mv {state} {quote(f'{odd.files.state}.moved')}"
    )
    _leave(tmp_path, ENCRYPTED)
    with pytest.raises(RefusedError, match=r"cluster.tfstate is encrypted"):
        refuse_left_behind(where.files, where.plan.state, engine)
    _leave(tmp_path, "")
    refuse_left_behind(where.files, where.plan.state, engine)


def test_an_encrypted_state_without_its_lock_is_refused_and_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    _leave(tmp_path, ENCRYPTED)
    where = _workspace(tmp_path)
    with pytest.raises(RefusedError, match=r"cluster.tfstate is encrypted: what exists cannot be seen"):
        commit_lock(where)
    with pytest.raises(RefusedError, match="would be deleted"):
        commit_lock(where, {"x": VmPlace("pve1", 999)})


def test_a_state_elsewhere_without_the_lock_is_told_by_plan_and_synth(tmp_path: Path) -> None:
    where = _workspace(tmp_path, state={"backend": "pg"})
    (warning,) = unseen(where)
    assert "the state in pg was not asked whether machines exist: `runner deploy` asks it" in warning
    assert unseen(_workspace(tmp_path)) == ()


def test_a_lost_lock_is_held_against_a_state_that_nobody_moved_yet(tmp_path: Path) -> None:
    _leave(tmp_path, VM)
    where = _workspace(tmp_path, state={"backend": "pg"})
    with pytest.raises(RefusedError, match=r"machines exist \(cluster.tfstate\) that a new one would not keep: a would be deleted"):
        commit_lock(where)


def _fake_engine(folder: Path, tainted: list[str]) -> Engine:
    """An engine whose state has these machines tainted; it writes down what it is asked for."""
    resources = [{"type": "proxmox_virtual_environment_vm", "name": name, "tainted": True} for name in tainted]
    (folder / "shown.json").write_text(json.dumps({"values": {"root_module": {"resources": resources}}}))
    program = folder / "engine"
    program.write_text('#!/bin/sh\necho "$@" >>asked\n[ "$1" != show ] || cat shown.json\n')
    program.chmod(0o755)
    return Engine(str(program), folder, {"PATH": "/usr/bin:/bin"})


@pytest.mark.parametrize(("noted", "finished"), [("", ("server1", "server2")), ('["server2"]', ("server1",))])
def test_an_interrupted_apply_keeps_the_taint_of_machines_that_failed_by_themselves(
    tmp_path: Path, noted: str, finished: tuple[str, ...]
) -> None:
    (tmp_path / "stardock.applying").write_text(noted)
    engine = _fake_engine(tmp_path, ["server1", "server2"])
    assert engine.trust_interrupted() == finished
    untainted = [line.rpartition(".")[2] for line in (tmp_path / "asked").read_text().splitlines() if line.startswith("untaint")]
    assert tuple(untainted) == finished


def test_a_state_that_its_backend_did_not_take_is_saved_by_the_next_run(tmp_path: Path) -> None:
    engine = _fake_engine(tmp_path, [])
    engine.push_unsaved()
    assert not (tmp_path / "asked").exists()
    (tmp_path / "errored.tfstate").write_text("{}")
    engine.push_unsaved()
    assert (tmp_path / "asked").read_text() == "state push errored.tfstate\n"
    assert not (tmp_path / "errored.tfstate").exists()
