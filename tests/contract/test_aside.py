"""What servers are asked about a Node: over a real sshd, by a server that may say what it likes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stardock.errors import ConditionError
from stardock.model.standing import NodeStanding
from stardock.playbooks.aside import Aside
from stardock.playbooks.workplace import passing
from stardock.workspace.run_lock import only_run
from stardock.workspace.workspace import open_workspace
from tests.contract.test_hostile_machine import EXPRESSION, HEADER, text
from tests.hostile_machine import ADDRESSES, HostileMachine, hostile_cluster, hostile_machine

pytestmark = [pytest.mark.contract, pytest.mark.proves("feature machines' power")]

SEE, ALIVE, DRAIN = "Every Node in a line", "--raw /readyz", "What did not move in time"
NODES = "server1||||yes\nserver2|||True|no\nagent1|true|machine|True|\n"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileMachine]:
    """One sshd for all tests."""
    with hostile_machine(tmp_path_factory.mktemp("aside")) as made:
        yield made


@pytest.fixture
def server(machine: HostileMachine) -> HostileMachine:
    """All three servers, before they were told what to answer."""
    machine.forget()
    return machine


def asked(cluster: Path, wish: str, *arguments: Any) -> Any:
    """One wish about agent1."""
    where = open_workspace(cluster)
    with only_run(where.files.run_lock), passing() as place:
        return getattr(Aside(where, place, where.plan.machine("agent1")), wish)(*arguments)


def test_the_first_server_whose_api_answers_tells_of_all_nodes(server: HostileMachine, tmp_path: Path) -> None:
    server.returns(SEE, stdout=NODES)
    server.returns(ALIVE, address=ADDRESSES["server1"], rc=1, failed=True)
    standing = asked(hostile_cluster(tmp_path / "c", server), "see")
    assert standing.by == "server2"
    assert standing.nodes == {
        "server1": NodeStanding(ready=False, votes=True),
        "server2": NodeStanding(ready=True, votes=False),
        "agent1": NodeStanding(ready=True, cordoned=True, cordoned_by="machine"),
    }
    assert {address for address, command, _ in server.asked() if command} == {ADDRESSES[f"server{number}"] for number in (1, 2, 3)}


def test_where_no_api_answers_it_is_told_why(server: HostileMachine, tmp_path: Path) -> None:
    server.returns(
        ALIVE, rc=1, failed=True, msg="non-zero return code", stderr="connection refused - did you specify the right host or port?"
    )
    standing = asked(hostile_cluster(tmp_path / "c", server), "see")
    assert (standing.by, standing.nodes) == ("", {})
    assert "server1: connection refused" in standing.why


@pytest.mark.parametrize("template", [EXPRESSION, HEADER], ids=["expression", "header"])
def test_what_a_server_says_is_neither_run_nor_believed_beyond_itself(template: str, server: HostileMachine, tmp_path: Path) -> None:
    payload = text(template, tmp_path)
    lie = {"kubernetes_report": str(tmp_path / "elsewhere"), "kubernetes_speaker": payload, "ansible_host": payload}
    server.returns(SEE, ansible_facts=lie, stdout=f"{payload}\n{NODES}../x|||True|yes\n{payload}|||True|yes\n", stderr=payload)
    server.returns(ALIVE, ansible_facts=lie, stdout=payload)
    standing = asked(hostile_cluster(tmp_path / "c", server), "see")
    assert set(standing.nodes) == {"server1", "server2", "agent1"}
    assert not (tmp_path / "canary").exists()
    assert not (tmp_path / "elsewhere").exists()


def test_what_holds_a_drain_is_told_and_no_escape_sequence_of_it(server: HostileMachine, tmp_path: Path) -> None:
    held = "Cannot evict pod as it would violate the pod's disruption budget.\x1b]52;c;eA==\x07"
    server.returns(DRAIN, rc=1, stderr=f"{held}\n{held}\n")
    with pytest.raises(ConditionError) as caught:
        asked(hostile_cluster(tmp_path / "c", server), "drain", 7)
    assert "agent1 could not be drained within 7 s, so it runs on" in caught.value.message
    assert caught.value.message.count("disruption budget") == 1
    assert "\x1b" not in caught.value.message
