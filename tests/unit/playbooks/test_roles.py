"""A lock that calls a founded server something else: told with its line, before anything is asked or changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stardock.errors import InputErrors
from stardock.model.facts import Facts, Founded, MachineFacts
from stardock.playbooks.bootstrap import Options
from stardock.playbooks.running import known, refuse
from stardock.verbs.bootstrap import check
from stardock.workspace.facts import save_facts
from stardock.workspace.lock import save_lock
from stardock.workspace.workspace import Workspace, open_workspace
from tests.plans import PUBLIC_KEY, document
from tests.synth.running import write_cluster

pytestmark = [pytest.mark.unit, pytest.mark.proves("hostile 23")]

HOST_KEY = " ".join(PUBLIC_KEY.split()[:2])
ANOTHER = HOST_KEY[:-6] + "AAAAAA"


def cluster(folder: Path, *pools: tuple[str, list[str]]) -> Path:
    """A cluster.yaml of these pools: role and machines."""
    listed = [{"name": f"{role}s", "role": role, "machines": machines} for role, machines in pools]
    return write_cluster(folder, document("single") | {"pools": listed})


def founded(folder: Path, *keys: str) -> Workspace:
    """A cluster whose server2 was a server when it was founded; `keys` are those that it has now."""
    where = open_workspace(cluster(folder, ("server", ["server1", "server2", "server3"])))
    save_lock(where.files.lock, where.lock)
    machines = {"server2": MachineFacts(host_keys=keys)} if keys else {}
    servers = Founded(ca_sha256="ab" * 32, servers={"server2": (HOST_KEY,)})
    save_facts(where.files.facts, Facts(cluster=where.plan.cluster, machines=machines, founded=servers))
    return open_workspace(where.files.spec)


def forged(where: Workspace, *, lock: bool = True) -> Workspace:
    """Whoever may write the repository calls server2 an agent, in cluster.yaml and in the lock, or without a lock."""
    cluster(where.files.spec.parent, ("server", ["server1", "server3"]), ("agent", ["server2"]))
    if lock:
        text = json.loads(where.files.lock.read_text())
        text["machines"]["server2"] |= {"pool": "agents", "ordinal": 0, "place": 0}
        text["machines"]["server2"]["record"] |= {"role": "agent", "pool": "agents"}
        where.files.lock.write_text(json.dumps(text, indent=2, sort_keys=True) + "\n")
    else:
        where.files.lock.unlink()
    return open_workspace(where.files.spec)


def test_a_lock_that_calls_a_founded_server_an_agent_is_refused_with_its_line(tmp_path: Path) -> None:
    where = forged(founded(tmp_path, HOST_KEY))
    with pytest.raises(InputErrors) as caught:
        refuse(where, known(where))
    (problem,) = caught.value.problems
    assert caught.value.file == str(where.files.lock)
    assert problem.path == "machines.server2.record.role"
    assert problem.line is not None
    assert '"role": "agent"' in where.files.lock.read_text().splitlines()[problem.line - 1]
    assert "server2 is called agent here, and it is a server of the founded cluster" in problem.message
    assert "git checkout" in str(problem.cure)
    with pytest.raises(InputErrors):
        check(where, Options())


def test_with_the_lock_gone_too_it_is_told_of_cluster_yaml(tmp_path: Path) -> None:
    where = forged(founded(tmp_path, HOST_KEY), lock=False)
    with pytest.raises(InputErrors, match=r"cluster\.yaml"):
        refuse(where, known(where))


@pytest.mark.parametrize("keys", [(), (ANOTHER,)], ids=["gone", "made anew"])
def test_the_name_of_a_server_that_is_gone_may_be_another_machines(tmp_path: Path, keys: tuple[str, ...]) -> None:
    where = forged(founded(tmp_path, *keys))
    refuse(where, known(where))


def test_a_founded_server_that_is_called_one_is_fine(tmp_path: Path) -> None:
    where = founded(tmp_path, HOST_KEY)
    refuse(where, known(where))
