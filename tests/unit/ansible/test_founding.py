"""Whether anybody may found: the real role, over machines that are folders here (invariant 4).

All cases go through one run of Ansible: every machine is read once, in each state that some case needs, and then each case has a
controller of its own that decides over the five machines that it names.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stardock.bundle.kubernetes import facts
from stardock.distributions.rke2 import RKE2

pytestmark = pytest.mark.unit

ANSIBLE = Path(__file__).parents[3] / "ansible"
OURS, THEIRS = hashlib.sha256(b"ours").hexdigest(), hashlib.sha256(b"theirs").hexdigest()
SERVERS = ("server1", "server2", "server3")
MACHINES = ("lb1", *SERVERS, "agent1")

PLAYBOOK = """
- hosts: machines
  tasks:
    - ansible.builtin.include_role: {name: founding, tasks_from: observe}
- hosts: cases
  tasks:
    - ansible.builtin.include_role: {name: founding, tasks_from: decide}
    - ansible.builtin.debug:
        msg: "DECIDED now={{ founding_now }} starts={{ founding_starts }} first={{ founding_first }} agreed={{ founding_agreed }}"
"""

Inventory = dict[str, dict[str, object]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """`data`: server -> content of its CA; `marks`: machine -> sha256; `silent` do not answer; `says`: words of the decision or refusal."""

    says: str
    data: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)
    silent: tuple[str, ...] = ()
    known: str = ""
    again: str = ""

    def machine(self, name: str) -> str:
        """The machine in the state that this case has it in: `server1`, `server1-data-ours`, ..."""
        state = {"data": self.data.get(name), "mark": self.marks.get(name, "")[:4], "silent": "yes" if name in self.silent else ""}
        return "-".join([name, *(f"{key}-{value}" for key, value in state.items() if value)])

    def add_machines(self, directory: Path, inventory: Inventory) -> None:
        """The machines of this case, as folders and in the inventory."""
        for name in MACHINES:
            folder = directory / self.machine(name)
            if name in self.data:
                (folder / "server/db/etcd/member/wal").mkdir(parents=True, exist_ok=True)
                (folder / "server/tls").mkdir(exist_ok=True)
                (folder / "server/tls/server-ca.crt").write_text(self.data[name])
            folder.mkdir(exist_ok=True)
            if name in self.marks:
                (folder / "founded").write_text(self.marks[name] + "\n")
            places = {**facts(RKE2), "founding_data_dir": str(folder), "founding_mark": str(folder / "founded")}
            dead = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": "1"}
            inventory[self.machine(name)] = {**places, **(dead if name in self.silent else {})}

    def controller(self) -> dict[str, object]:
        """What the controller knows that decides this case."""
        return {
            "founding_machines": [self.machine(name) for name in MACHINES],
            "founding_servers": [self.machine(name) for name in SERVERS],
            "founding_founder": self.machine("server1"),
            "founding_cluster": "demo",
            "founding_known": self.known,
            "founding_again": self.again,
            **facts(RKE2),
        }


REFUSED = "refused to found again"
EVERYWHERE = ("lb1", "server2", "server3", "agent1")
CASES = {
    "empty machines are founded by the founder": Case(says="DECIDED now=True starts=True first=server1 agreed="),
    "a founder with data goes on after a kill before the mark": Case(
        data={"server1": "ours"}, says="DECIDED now=False starts=True first=server1-data-ours"
    ),
    "a founder that lost its disk joins the others": Case(
        data={"server2": "ours", "server3": "ours"},
        marks=dict.fromkeys(EVERYWHERE, OURS),
        says=f"DECIDED now=False starts=False first=server2-data-ours-mark-{OURS[:4]} agreed={OURS}",
    ),
    "all disks empty but a load balancer remembers": Case(marks={"lb1": OURS}, says=REFUSED),
    "all disks empty but an agent remembers": Case(marks={"agent1": OURS}, says="runner bootstrap --found-again demo"),
    "all disks empty but another server remembers": Case(marks={"server3": OURS}, says=REFUSED),
    "all disks empty but the facts remember": Case(known=OURS, says=REFUSED),
    "nobody founds while another server is silent": Case(
        silent=("server2",), says="server2-silent-yes cannot be reached: refused to found"
    ),
    "a silent server does not stop a founded cluster": Case(
        data={"server1": "ours", "server2": "ours"}, marks={"server1": OURS}, silent=("server3",), says="DECIDED now=False starts=True"
    ),
    "found-again needs the cluster's name": Case(marks={"lb1": OURS}, again="other", says="the name typed is other"),
    "found-again with the name founds when every server is empty": Case(
        marks={"lb1": OURS, "agent1": THEIRS}, known=OURS, again="demo", says="DECIDED now=True starts=True"
    ),
    "found-again is refused while a server has data": Case(
        data={"server3": "ours"}, again="demo", says="server3-data-ours still holds etcd data"
    ),
    "found-again is refused while a server is silent": Case(
        marks={"lb1": OURS}, again="demo", silent=("server3",), says="server3-silent-yes cannot be reached: refused to found"
    ),
    "marks of two clusters are refused": Case(marks={"lb1": OURS, "agent1": THEIRS}, says="marks of different clusters"),
    "a server with another cluster's data is refused": Case(
        data={"server1": "ours", "server2": "theirs"}, marks={"lb1": OURS}, says="server2-data-theirs: holds the data of another cluster"
    ),
}


@pytest.fixture(scope="module")
def decisions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What was decided or refused, by case."""
    directory = tmp_path_factory.mktemp("founding")
    machines: Inventory = {}
    for case in CASES.values():
        case.add_machines(directory, machines)
    controllers = {f"case{number}": case.controller() for number, case in enumerate(CASES.values())}
    here = {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}
    groups = {"machines": {"hosts": machines}, "cases": {"hosts": controllers}}
    (directory / "hosts.yml").write_text(json.dumps({"all": {"children": groups, "vars": here}}))
    (directory / "play.yml").write_text(PLAYBOOK)
    ended = _play(directory)
    return {name: ended[f"case{number}"] for number, name in enumerate(CASES)}


def _play(directory: Path) -> dict[str, str]:
    """Run the playbook; the last words of each host."""
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "ANSIBLE_ROLES_PATH": str(ANSIBLE / "roles"),
        "ANSIBLE_GATHERING": "explicit",
        "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.oneline",
    }
    command = ["ansible-playbook", "-i", str(directory / "hosts.yml"), str(directory / "play.yml")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    lines = (line.partition(" | ") for line in done.stdout.splitlines())
    return {host: " ".join(words.replace("\\n", " ").split()) for host, _, words in lines}


@pytest.mark.parametrize("case", CASES)
def test_whether_to_found(decisions: dict[str, str], case: str) -> None:
    assert CASES[case].says in decisions[case]
    assert ("DECIDED" in decisions[case]) == ("DECIDED" in CASES[case].says)
