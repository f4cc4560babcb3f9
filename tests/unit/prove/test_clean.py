"""A clean-up removes what is the proof's at the moment when it is removed, on the Proxmox where it was made, and can be killed anywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from stardock.errors import ConditionError, RefusedError, StardockError
from stardock.estate import removal
from stardock.estate.connection import Estate
from stardock.estate.machines import EstateMachine
from stardock.prove import clean as cleaning
from stardock.prove import journal, loose
from stardock.prove.bench import Bench
from stardock.prove.place import Place, alone, place_of
from stardock.prove.things import Vm, Volume, things
from stardock.yamltext import yaml_text
from tests.plans import document as example
from tests.unit.prove.proofs import SCOPE, proof_document, proof_plan

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature proof on a real Proxmox")]

ENDPOINT = "https://pve1.example.com:8006"
THINGS = things(proof_plan(example()))
VMS = {
    one.vm_id: EstateMachine(one.vm_id, one.name, one.pve_node, frozenset(one.tags), SCOPE.pool) for one in THINGS if isinstance(one, Vm)
}


@dataclass
class Proxmox:
    """What is there; `rights`: of the token on each datastore."""

    vms: dict[int, EstateMachine] = field(default_factory=lambda: dict(VMS))
    rights: dict[str, int] = field(default_factory=lambda: {"Datastore.Allocate": 1})
    name: str = "homelab"
    warnings: dict[int, list[str]] = field(default_factory=dict)
    volumes: set[str] = field(default_factory=lambda: {one.volume for one in THINGS if isinstance(one, Volume)})


@pytest.fixture
def proxmox(monkeypatch: pytest.MonkeyPatch) -> Proxmox:
    """In the place of the real one."""
    there = Proxmox()
    monkeypatch.setenv("PROXMOX_VE_API_TOKEN", "a@pve!b=11111111-2222-3333-4444-555555555555")
    monkeypatch.setattr(Estate, "insist", lambda _self, question: question(_Rights(there)))
    monkeypatch.setattr(cleaning, "name_of", lambda _estate: there.name)
    monkeypatch.setattr(cleaning, "machines_on", lambda _estate: dict(there.vms))
    monkeypatch.setattr(cleaning, "is_taken", lambda _estate, _vm_id: False)
    monkeypatch.setattr(cleaning, "running_tasks", lambda *_: [])
    monkeypatch.setattr(
        loose, "every_config", lambda _estate, vms: {vm.vm_id: {"scsi0": f"lvm:vm-{vm.vm_id}-disk-0,size=20G"} for vm in vms}
    )
    monkeypatch.setattr(loose, "volumes_on", lambda *_: frozenset(there.volumes | {f"lvm:vm-{vm_id}-disk-0" for vm_id in there.vms}))
    monkeypatch.setattr(loose, "warnings_of", lambda _estate, _node, vm_id, _since: there.warnings.get(vm_id, []))
    monkeypatch.setattr(cleaning, "volumes_on", lambda *_: frozenset(there.volumes) if there.rights else frozenset())
    monkeypatch.setattr(cleaning, "destroy", lambda _estate, vm: there.vms.pop(vm.vm_id))
    monkeypatch.setattr(cleaning, "delete_volume", lambda *told: there.volumes.discard(told[-1]))
    return there


@dataclass
class _Rights:
    """proxmoxer, asked for permissions on a path."""

    proxmox: Proxmox

    @property
    def access(self) -> _Rights:
        return self

    @property
    def permissions(self) -> _Rights:
        return self

    def get(self, *, path: str) -> dict[str, Any]:
        """GET access/permissions."""
        return {path: dict(self.proxmox.rights)} if self.proxmox.rights else {}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """After a proof was killed."""
    place = Place(tmp_path / "cluster.prove")
    place.folder.mkdir()
    place.prepare()
    data = proof_document(example())
    data["proxmox"].pop("endpoint", None)
    place.own.spec.write_text(yaml_text(data))
    journal.begin(place.journal, SCOPE, journal.Proxmox(ENDPOINT, "homelab", "a@pve"))
    journal.intend(place.journal, THINGS)
    return place


@pytest.fixture(autouse=True)
def _endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXMOX_VE_ENDPOINT", ENDPOINT)


def clean(place: Place, confirm: Callable[[str], bool] = lambda _question: True) -> bool:
    """Clean up."""
    return cleaning.clean(place, lambda _line: None, confirm)


def test_all_that_is_the_proofs_goes_and_the_journal_with_it(place: Place, proxmox: Proxmox) -> None:
    assert clean(place)
    assert (proxmox.vms, proxmox.volumes) == ({}, set())
    assert not place.journal.exists()
    assert not clean(place)


def test_another_proxmox_than_that_of_the_proof_is_refused_and_nothing_is_forgotten(
    place: Place, proxmox: Proxmox, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxmox.vms, proxmox.volumes = {}, set()
    monkeypatch.setenv("PROXMOX_VE_ENDPOINT", "https://other.example.com:8006")
    with pytest.raises(ConditionError, match=f"the proof was made on {ENDPOINT}"):
        clean(place)
    assert journal.read(place.journal)


def test_another_pve_cluster_at_the_same_address_or_another_users_token_is_refused_and_nothing_is_forgotten(
    place: Place, proxmox: Proxmox, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxmox.name, proxmox.vms = "work", {}
    with pytest.raises(ConditionError, match=f"{ENDPOINT} was the PVE cluster homelab when the proof was made, and is work now"):
        clean(place)
    proxmox.name = "homelab"
    monkeypatch.setenv("PROXMOX_VE_API_TOKEN", "other@pve!b=11111111-2222-3333-4444-555555555555")
    with pytest.raises(ConditionError, match="the proof was made as a@pve, and this is a token of other@pve"):
        clean(place)
    assert journal.read(place.journal)


def test_a_disk_with_the_id_of_a_vm_of_its_own_that_no_configuration_had_is_told_and_left(place: Place, proxmox: Proxmox) -> None:
    proxmox.volumes.add("local-lvm:vm-99000-disk-3")
    with pytest.raises(ConditionError, match="local-lvm:vm-99000-disk-3 on pve1: nothing that the proof wrote down"):
        clean(place)
    assert proxmox.volumes == {"local-lvm:vm-99000-disk-3"}
    assert journal.read(place.journal)


def test_a_disk_that_only_its_vms_id_shows_is_seen_before_the_vm_goes_and_told_ever_after(
    place: Place, proxmox: Proxmox, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxmox.volumes.add("lvm:vm-99000-disk-3")
    monkeypatch.setattr(cleaning, "volumes_on", lambda *_: frozenset(one for one in proxmox.volumes if "vm-" not in one or proxmox.vms))
    for _ in range(2):
        with pytest.raises(ConditionError, match="lvm:vm-99000-disk-3 on pve1: nothing that the proof wrote down") as told:
            clean(place)
        assert "disk-0" not in str(told.value)
        assert not proxmox.vms
    assert journal.read(place.journal)


def test_of_many_disks_that_no_vm_has_the_first_are_told_once_and_the_journal_stays_readable(
    place: Place, proxmox: Proxmox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(_estate: object, _vm: object) -> None:
        raise ConditionError("Proxmox did not delete it")

    monkeypatch.setattr(cleaning, "destroy", refuses)
    proxmox.volumes |= {f"lvm:vm-99000-disk-{number:03}{'x' * 500}" for number in range(100)}
    for _ in range(5):
        with pytest.raises(ConditionError, match="did not delete it"):
            clean(place)
    told = (journal.read(place.journal) or journal.Written(SCOPE)).told
    assert told[0].startswith("lvm:vm-99000-disk-000")
    assert told[32:] == ("268 more disks that no VM has",), "a hundred in each of three places"
    assert place.journal.stat().st_size < 20_000


def test_a_disk_that_proxmox_could_not_remove_with_its_vm_is_told_in_its_words(place: Place, proxmox: Proxmox) -> None:
    proxmox.warnings[99001] = ["WARN: Could not remove disk 'lvm:vm-99001-disk-0', check manually: in use", "WARN: something else"]
    for _ in range(2):
        with pytest.raises(ConditionError, match=r"VM 99001 on pve1 was deleted: WARN: Could not remove disk 'lvm:vm-99001") as told:
            clean(place)
        assert "something else" not in str(told.value)
    assert journal.read(place.journal)


def test_vms_of_the_proof_that_a_journal_cut_at_a_lines_end_lacks_are_told_and_left_and_nothing_is_forgotten(
    place: Place, proxmox: Proxmox
) -> None:
    place.journal.write_bytes(place.journal.read_bytes().splitlines(keepends=True)[0])
    proxmox.volumes = set()
    proxmox.vms[99001] = replace(proxmox.vms[99001], tags=frozenset())
    proxmox.vms[99002] = EstateMachine(99002, "db", "pve1", frozenset({"stardock", "prove-ffffffff"}), SCOPE.pool)
    with pytest.raises(ConditionError, match="VM 99000") as error:
        clean(place)
    assert "VM 99001" in str(error.value)
    assert "VM 99002" not in str(error.value)
    assert set(proxmox.vms) == {99000, 99001, 99002}
    assert journal.read(place.journal)


def test_a_token_that_is_not_shown_snippets_is_refused_and_nothing_is_forgotten(place: Place, proxmox: Proxmox) -> None:
    proxmox.rights, proxmox.vms = {}, {}
    with pytest.raises(ConditionError, match=r"this token lacks Datastore\.Allocate on local"):
        clean(place)
    assert journal.read(place.journal)


def test_a_vm_that_became_somebody_elses_while_the_person_was_asked_stays(place: Place, proxmox: Proxmox) -> None:
    def yes(_question: str) -> bool:
        proxmox.vms[99001] = replace(proxmox.vms[99001], name="db", tags=frozenset())
        return True

    with pytest.raises(ConditionError, match="VM 99001"):
        clean(place, yes)
    assert set(proxmox.vms) == {99001}
    assert journal.read(place.journal)


def test_a_kill_while_it_forgets_leaves_nothing_to_refuse(place: Place, proxmox: Proxmox, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", _killed)
        with pytest.raises(KeyboardInterrupt):
            clean(place)
    assert not place.own.spec.exists()
    assert not clean(place)
    assert not place.journal.exists()
    assert proxmox.vms == {}


def _killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_while_one_works_nobody_forgets_and_a_journal_that_came_meanwhile_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from stardock.cli import prove_view  # noqa: PLC0415 -- the command line's

    file = tmp_path / "cluster.yaml"
    file.write_text(yaml_text(example()))
    monkeypatch.setattr(prove_view, "find_cluster_file", lambda _file: file)
    with alone(place_of(file)):
        place_of(file).prepare()
        with pytest.raises(StardockError, match="another `runner prove` works"):
            prove_view.clean(file, dry_run=False, yes=True)
    assert place_of(file).machines.is_dir()
    prove_view.clean(file, dry_run=False, yes=True)
    assert not place_of(file).machines.is_dir()


def test_nothing_is_written_over_what_an_earlier_journal_needs(place: Place) -> None:
    before = place.own.spec.read_text()
    bench = Bench(place, SCOPE, {"cluster": "other"}, None, lambda _line: None)  # type: ignore[arg-type]
    with pytest.raises(FileExistsError):
        bench.begin()
    assert place.own.spec.read_text() == before


def test_whoever_was_asked_meanwhile_looks_at_the_journal_again(place: Place) -> None:
    from stardock.prove.proof import refuse_left  # noqa: PLC0415 -- beside what it is about

    with pytest.raises(RefusedError, match="an earlier proof left something"):
        refuse_left(place)


def test_disks_that_no_configuration_names_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, object]] = []

    class Api:
        """Takes every path, and keeps what a deletion is sent with."""

        def __getattr__(self, _name: str) -> Api:
            return self

        def __call__(self, *_: object) -> Api:
            return self

        def delete(self, **options: object) -> str:
            sent.append(options)
            return ""

    class Told:
        """An estate that sends."""

        def read(self, request: Callable[[Api], object]) -> object:
            return request(Api())

    monkeypatch.setattr(removal, "power_of", lambda *_: None)
    removal.destroy(Told(), VMS[99000])  # type: ignore[arg-type]
    assert sent == [{"purge": 1}]


UPID = "UPID:pve1:000003E9:000003E9:6A0C0000:qmdestroy:99000:a@pve!b:"


@pytest.mark.parametrize(
    ("task", "lines"),
    [
        ({"upid": UPID, "status": "WARNINGS: 1"}, ["WARN: Could not remove disk 'lvm:vm-99000-disk-0', check manually: in use"]),
        ({"upid": UPID, "status": "OK"}, []),
        ({"upid": UPID, "status": "unable to open file"}, []),
        ({"upid": UPID}, []),
        ({"upid": "../../access/users", "status": "WARNINGS: 1"}, []),
    ],
    ids=str,
)
def test_what_proxmox_warned_of_is_read_from_tasks_that_ended_so(task: dict[str, str], lines: list[str]) -> None:
    class Api:
        """Every path answers with the task, and `log` with its lines."""

        def __getattr__(self, name: str) -> Any:
            return Log() if name == "log" else self

        def __call__(self, *_: object) -> Any:
            return self

        def get(self, **asked: object) -> list[dict[str, str]]:
            assert asked["typefilter"] == "qmdestroy"
            return [task]

    class Log:
        """Of the one task."""

        def get(self, **_asked: object) -> list[dict[str, object]]:
            told = ["trying to remove it", "WARN: Could not remove disk 'lvm:vm-99000-disk-0', check manually: in use", "TASK WARNINGS: 1"]
            return [{"n": number, "t": line} for number, line in enumerate(told, 1)]

    class Told:
        """An estate that answers."""

        def insist(self, request: Callable[[Api], object]) -> object:
            return request(Api())

    assert removal.warnings_of(Told(), "pve1", 99000, 0) == lines  # type: ignore[arg-type]
