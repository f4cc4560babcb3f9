"""`runner machine` where Kubernetes answers: what is drained, looked at again and taken back around a step of the emulated Proxmox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from stardock.errors import ConditionError, RefusedError
from stardock.model.facts import Founded
from stardock.model.standing import NodeStanding, Standing
from stardock.verbs import machine
from stardock.verbs.job import Options
from stardock.workspace.facts import save_facts
from stardock.workspace.workspace import open_workspace
from tests.contract.deploy.estate import EmulatedEstate

pytestmark = [pytest.mark.contract, pytest.mark.proves("feature machines' power")]


def seen(*, ready: bool = True, **votes: bool | None) -> Standing:
    """What a server says; `ready`: whether agent1 is."""
    servers = {name: NodeStanding(ready=True, votes=vote) for name, vote in votes.items()}
    return Standing(by="server2", nodes={**servers, "agent1": NodeStanding(ready=ready)})


WELL = seen(server1=True, server2=True, server3=True)
NOBODY = Standing(why="no route to any server")


@dataclass
class Kubernetes:
    """The servers' part of it. `says`: what they say, in turn, the last again and again; `asked`: in order."""

    says: list[Standing]
    asked: list[str] = field(default_factory=list)
    stays: bool = False

    def see(self) -> Standing:
        self.asked.append("see")
        return self.says.pop(0) if len(self.says) > 1 else self.says[0]

    def drain(self, _seconds: int) -> None:
        self.asked.append("drain")

    def uncordon(self, _seconds: int) -> None:
        self.asked.append("uncordon")
        if self.stays:
            raise ConditionError("no server answers")


@dataclass
class Person:
    """Whoever runs the command in a founded cluster, and what is said."""

    estate: EmulatedEstate
    kubernetes: Kubernetes
    said: list[str] = field(default_factory=list)

    def does(self, verb: Callable[..., None], name: str, confirm: Callable[[str], bool] = lambda _: True, **options: object) -> None:
        verb(self.estate.file, name, Options(confirm=confirm, ready_timeout=5, **options), self.said.append)  # type: ignore[arg-type]

    def vm(self, name: str) -> int:
        return open_workspace(self.estate.file).plan.machine(name).vm_id


@pytest.fixture
def person(deployed: EmulatedEstate, monkeypatch: pytest.MonkeyPatch) -> Person:
    for name, value in deployed.environ().items():
        monkeypatch.setenv(name, value)
    where = open_workspace(deployed.file)
    save_facts(where.files.facts, replace(where.facts, founded=Founded(ca_sha256="ab" * 32)))
    kubernetes = Kubernetes([WELL])
    monkeypatch.setattr("stardock.verbs.job.Aside", lambda *_: kubernetes)
    return Person(deployed, kubernetes)


def test_it_is_drained_then_looked_at_again_then_switched_and_taken_back_once_it_is_on(person: Person) -> None:
    person.does(machine.stop, "server1")
    assert person.kubernetes.asked == ["see", "drain", "see"]
    person.does(machine.start, "server1")
    assert person.kubernetes.asked[3:] == ["uncordon"]


def test_a_server_that_etcd_has_come_to_need_meanwhile_is_left_on_and_its_cordon_taken_back(person: Person) -> None:
    person.kubernetes.says = [WELL, seen(server1=True, server2=True, server3=False)]
    with pytest.raises(RefusedError, match="server3 cannot vote"):
        person.does(machine.stop, "server1")
    assert person.kubernetes.asked == ["see", "drain", "see", "uncordon"]
    assert not person.estate.accepted("POST", "/status/shutdown")
    assert any("takes pods as before" in line for line in person.said)


def test_what_was_renamed_while_the_question_stood_is_left_on(person: Person) -> None:
    def renamed(_: str) -> bool:
        person.estate.pve.lab("config", vm_id=person.vm("agent1"), set={"name": "agent7"})
        person.estate.pve.lab("pvestatd")
        return True

    with pytest.raises(RefusedError, match="is called agent7 on Proxmox, and agent1 would be agent1"):
        person.does(machine.stop, "agent1", renamed)
    assert person.kubernetes.asked == ["see", "drain", "uncordon"]


def test_a_vm_that_moved_while_the_question_stood_is_switched_where_it_is_now(person: Person) -> None:
    """HA's way: the configuration goes to another PVE node."""
    agent = person.vm("agent1")

    def moved(_: str) -> bool:
        assert person.estate.pve.ask("POST", "/cluster/ha/resources", sid=f"vm:{agent}").status == 200
        person.estate.pve.lab("node", name="pve1", offline=True)
        return True

    person.does(machine.stop, "agent1", moved)
    assert person.estate.vms()[agent] == "stopped"


@pytest.mark.parametrize("verb", [machine.stop, machine.reset])
def test_what_proxmox_would_refuse_is_refused_before_anything_is_drained(person: Person, verb: Callable[..., None]) -> None:
    person.estate.pve.lab("config", vm_id=person.vm("agent1"), set={"lock": "backup"})
    with pytest.raises(ConditionError, match=r"VM is locked \(backup\)"):
        person.does(verb, "agent1")
    person.estate.pve.lab("config", vm_id=person.vm("agent1"), delete=["lock"])
    person.estate.pve.lab("qmp", vm_id=person.vm("agent1"), status="prelaunch")
    with pytest.raises(ConditionError, match=r"paused|prelaunch"):
        person.does(verb, "agent1")
    assert person.kubernetes.asked == ["see", "see"]


@pytest.mark.parametrize(("stays", "words"), [(False, "takes pods as before"), (True, "stays cordoned")])
def test_what_proxmox_refuses_after_the_drain_has_its_cordon_taken_back_or_is_told_that_it_stays(
    person: Person, stays: bool, words: str
) -> None:
    person.kubernetes.stays = stays
    person.estate.pve.lab("fail", kind="qmshutdown", message="VM is locked (snapshot)")
    with pytest.raises(ConditionError, match="VM is locked"):
        person.does(machine.stop, "agent1")
    assert person.kubernetes.asked == ["see", "drain", "uncordon"]
    assert words in person.said[-1]


def test_a_guest_that_was_asked_and_does_not_end_stays_cordoned_which_is_said(person: Person) -> None:
    person.estate.guests.deaf.add(person.vm("agent1"))
    with pytest.raises(ConditionError, match="got timeout"):
        person.does(machine.stop, "agent1", timeout=1)
    assert person.kubernetes.asked == ["see", "drain"]
    assert "`runner machine start agent1` has it take pods again" in person.said[-1]


def test_a_silent_agent_alone_is_no_machine_that_hangs(person: Person) -> None:
    person.estate.guests.deaf.add(person.vm("agent1"))
    person.does(machine.reset, "agent1")
    assert person.kubernetes.asked == ["see", "drain", "uncordon"]
    person.kubernetes.says = [seen(ready=False, server1=True)]
    person.does(machine.reset, "agent1")
    assert person.kubernetes.asked[3:] == ["see", "uncordon"]
    assert "its Node is not Ready" in "".join(person.said)


def test_a_server_of_which_nobody_can_tell_is_reset_only_when_that_is_said(person: Person) -> None:
    person.kubernetes.says = [NOBODY]
    person.estate.guests.deaf.add(person.vm("server1"))
    with pytest.raises(RefusedError, match="nobody could say whether etcd needs server1"):
        person.does(machine.reset, "server1")
    assert not person.estate.accepted("POST", "/status/reset")
    person.does(machine.reset, "server1", standstill=True)
    assert person.estate.accepted("POST", "/status/reset")


def test_a_disk_that_is_full_is_no_case_for_the_reset_button(person: Person) -> None:
    """QEMU would come out of it in `prelaunch`, its memory lost (system/runstate.c, main_loop_should_exit)."""
    person.estate.pve.lab("qmp", vm_id=person.vm("agent1"), status="io-error")
    with pytest.raises(ConditionError, match="io-error"):
        person.does(machine.reset, "agent1")
    assert not person.estate.accepted("POST", "/status/reset")
