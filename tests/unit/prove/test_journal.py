"""The journal outlives a kill, and what it names is compared by every sign."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from stardock.errors import ConditionError, InputErrors
from stardock.estate.machines import EstateMachine
from stardock.prove import journal
from stardock.prove.journal import Written
from stardock.prove.leftovers import leftovers, owner, stray
from stardock.prove.things import Vm, Volume, things
from tests.plans import document
from tests.unit.prove.proofs import SCOPE, proof_plan

pytestmark = pytest.mark.unit

THINGS = things(proof_plan(document()))
VMS = [one for one in THINGS if isinstance(one, Vm)]
VOLUMES = [one for one in THINGS if isinstance(one, Volume)]
SEEN = {one.vm_id: EstateMachine(one.vm_id, one.name, one.pve_node, frozenset(one.tags), SCOPE.pool) for one in VMS}
PROXMOX = journal.Proxmox("https://pve.example:8006", "homelab", "prove@pve")
LISTED = frozenset((one.pve_node, one.volume) for one in VOLUMES)


def test_what_was_written_is_read_back_and_a_second_is_not_begun_over_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    assert journal.read(path) is None
    journal.begin(path, SCOPE, PROXMOX)
    journal.intend(path, THINGS)
    assert journal.read(path) == Written(SCOPE, THINGS, PROXMOX)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        journal.begin(path, SCOPE, PROXMOX)


def test_a_kill_at_any_byte_leaves_a_journal_of_what_was_whole_by_then(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal.begin(path, SCOPE, PROXMOX)
    journal.intend(path, THINGS)
    whole = path.read_bytes()
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        found = journal.read(path)
        lines = whole[:end].count(b"\n")
        assert found == (Written(SCOPE, THINGS[: lines - 1], PROXMOX) if lines else None)


def test_what_was_cleaned_is_nothing_any_more_also_behind_a_line_without_an_end(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal.begin(path, SCOPE, PROXMOX)
    journal.intend(path, THINGS)
    path.write_bytes(path.read_bytes()[:-5])
    journal.finish(path)
    assert journal.read(path) is None
    assert path.exists()


def test_a_line_that_the_disk_takes_in_part_only_is_an_error_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, whole = tmp_path / "journal.jsonl", os.write
    journal.begin(path, SCOPE, PROXMOX)
    monkeypatch.setattr(os, "write", lambda descriptor, data: whole(descriptor, data[: data.index(b"\n") + 1]))
    with pytest.raises(ConditionError, match=re.escape(str(path))):
        journal.intend(path, THINGS)


HEAD = {"format": 1, "proxmox": asdict(PROXMOX), "cluster": SCOPE.cluster, "pool": SCOPE.pool, "first": 99000, "last": 99031}


@pytest.mark.parametrize(
    "lines",
    [
        ["nothing"],
        ["[]"],
        [json.dumps(HEAD | {"format": 2})],
        [json.dumps(HEAD | {"cluster": "home"})],
        [json.dumps(HEAD | {"first": "1"})],
        [json.dumps(HEAD | {"pool": ""})],
        [json.dumps({key: value for key, value in HEAD.items() if key != "proxmox"})],
        [json.dumps(HEAD | {"proxmox": {"endpoint": "https://pve.example:8006"}})],
        [json.dumps(HEAD), "{}"],
        [json.dumps(HEAD), '{"host": {}}'],
        [json.dumps(HEAD), '{"vm": {"vm_id": "x", "name": "a", "pve_node": "b", "tags": []}}'],
    ],
)
def test_what_is_no_journal_of_a_proof_is_refused_and_nothing_is_removed_by_it(tmp_path: Path, lines: list[str]) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines))
    with pytest.raises(InputErrors):
        journal.read(path)


def test_what_is_the_proofs_by_every_sign_is_removed() -> None:
    found = leftovers(Written(SCOPE, THINGS), SEEN, LISTED)
    assert (set(found.vms), set(found.volumes), found.left) == (set(SEEN.values()), set(VOLUMES), ())


def test_what_is_not_there_is_no_matter() -> None:
    found = leftovers(Written(SCOPE, THINGS), {}, frozenset())
    assert (found.vms, found.volumes, found.left) == ((), (), ())


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"pool": ""}, "it is in no pool, not in stardock-prove"),
        ({"pool": "others"}, "it is in pool others"),
        ({"name": "db"}, "it is called db"),
        ({"name": ""}, "it is called nothing"),
        ({"tags": frozenset({"stardock", "prove-ffffffff"})}, "it lacks the tags of prove-0123abcd"),
        ({"tags": frozenset()}, "it lacks the tags"),
    ],
)
def test_a_vm_that_lacks_one_sign_is_left_alone_and_told(other: dict[str, object], words: str) -> None:
    seen = SEEN | {99000: replace(SEEN[99000], **other)}  # type: ignore[arg-type]
    found = leftovers(Written(SCOPE, THINGS), seen, LISTED)
    assert found.vms == (SEEN[99001],)
    assert words in found.left[0]


def test_a_journal_that_somebody_wrote_removes_nothing_outside_of_its_range_and_names() -> None:
    vm = Vm(100, "prove-0123abcd-server", "pve1", ("stardock", SCOPE.cluster))
    files = [
        Volume("pve1", "local", "local:snippets/home.server1.user.yaml", "snippet"),
        Volume("pve1", "local", f"local:vm-100-disk-0/{SCOPE.cluster}.x", "snippet"),
        Volume("pve1", "local", f"local:iso/{SCOPE.cluster}.x", "image"),
        Volume("pve1", "local", f"other:snippets/{SCOPE.cluster}.x", "snippet"),
    ]
    seen = {100: EstateMachine(100, vm.name, "pve1", frozenset(vm.tags), SCOPE.pool)}
    found = leftovers(Written(SCOPE, (vm, *files)), seen, frozenset(("pve1", one.volume) for one in files))
    assert (found.vms, found.volumes) == ((), ())
    assert len(found.left) == 5
    assert "its id is outside of 99000-99031" in found.left[0]


def test_disks_and_files_with_the_proofs_names_that_no_journal_names_are_seen_and_those_of_others_are_not() -> None:
    own = [one.volume for one in VOLUMES if one.pve_node == "pve1"]
    strays = ["local-lvm:vm-99000-disk-7", "local:99001/vm-99001-disk-0.qcow2", f"local:snippets/{SCOPE.cluster}.x.user.yaml"]
    others = ["local-lvm:vm-100-disk-0", "local:import/home.debian.qcow2", "local:99009/vm-99009-disk-0.raw", "local:iso/vm-99000.iso"]
    assert stray(Written(SCOPE, THINGS), "pve1", [*own, *strays, *others]) == sorted(strays)
    assert [owner(volume) for volume in (strays[0], "local:base-99000-disk-0/vm-123-disk-0", "local:iso/x.iso")] == [99000, 99000, None]


def test_what_the_journal_does_not_name_is_nobodys_to_remove() -> None:
    more = EstateMachine(99002, "prove-0123abcd-x", "pve1", frozenset({"stardock", SCOPE.cluster}), SCOPE.pool)
    found = leftovers(Written(SCOPE, THINGS[:2]), SEEN | {99002: more}, LISTED | {("pve1", f"local:snippets/{SCOPE.cluster}.x")})
    assert found.vms == ()
    assert set(found.volumes) == set(VOLUMES) & set(THINGS[:2])
