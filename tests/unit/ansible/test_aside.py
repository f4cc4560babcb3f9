"""What a server is asked about a Node, and does with it: the real playbook over a kubectl of this test; one server is silent."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from stardock.bundle.kubernetes import facts
from stardock.distributions.rke2 import RKE2
from stardock.model.standing import NodeStanding
from stardock.playbooks.aside import Told, _answer, _nodes

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature machines' power")]

ANSIBLE = Path(__file__).parents[3] / "ansible"
HELD = "error when evicting pods/web: Cannot evict pod as it would violate the pod's disruption budget."
#: `alive`: its API server answers. Of each call that changes something a line is kept.
KUBECTL = f"""#!/bin/sh
here=$(dirname "$0")
echo "$*" >>"$here/calls"
case "$*" in
patch*null*) if test -e "$here/refused"; then exit 1; fi; echo patched ;;
patch*) echo patched ;;
*readyz/etcd*) case "$*" in *10.0.0.3*) exit 1 ;; *) printf ok ;; esac ;;
*readyz*) test -e "$here/alive" || exit 1 ;;
*"get nodes"*) printf 'server1||||true|"10.0.0.1" |EtcdIsVoter=True\nserver3|true|||true|"10.0.0.3" "fd00::3" |EtcdIsVoter=True\n'
    printf 'server4||||true|"$(id)" |EtcdIsVoter=True\nagent1|true|machine|True||"10.0.0.9" |\n' ;;
*"get lease"*) date +%s%N ;;
*unschedulable*) printf '%s|%s|True' "$(cat "$here/cordoned")" "$(cat "$here/by")" ;;
*cordoned-by*) cat "$here/by" ;;
*"output name"*) test -e "$here/gone" || echo node/agent1 ;;
*Ready*) printf True ;;
*drain*) if test -e "$here/held"; then echo "{HELD}" >&2; echo "{HELD}" >&2; exit 1; fi; echo drained ;;
esac
"""
DEAD = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": "1"}


def asked(folder: Path, wish: str, *, machine: str = "agent1", by: str = "", cordoned: str = "", **files: bool) -> tuple[Told, list[str]]:
    """What the controller is told, and the calls that changed something."""
    kubectl = folder / "kubectl"
    kubectl.write_text(KUBECTL)
    kubectl.chmod(0o755)
    (folder / "by").write_text(by)
    (folder / "cordoned").write_text(cordoned)
    (folder / "calls").touch()
    for name in (name for name, there in {"alive": True, **files}.items() if there):
        (folder / name).touch()
    here = {"ansible_connection": "local", "ansible_become": False, "ansible_python_interpreter": "/usr/bin/python3"}
    shared = {**facts(RKE2), "kubernetes_type": "server", "reachable_macs": []}
    servers = {"server1": here, "server2": DEAD}
    inventory = {"server": {"hosts": servers}, "silent": {"hosts": {"agent1": {}}}}
    (folder / "hosts.json").write_text(json.dumps({"all": {"children": inventory, "vars": shared}}))
    further = {
        "kubernetes_machine": machine,
        "kubernetes_drained_node": machine,
        "kubernetes_cordoned_by": "machine",
        "kubernetes_aside": wish,
    }
    times = {"kubernetes_drain_timeout": 7, "kubernetes_ready_timeout": 5}
    report = {"kubernetes_report": str(folder / "aside.json"), "kubernetes_kubectl": str(kubectl)}
    (folder / "extra.json").write_text(json.dumps({**further, **times, **report}))
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = ["ansible-playbook", "-i", str(folder / "hosts.json"), "aside.yml", "-e", f"@{folder / 'extra.json'}"]
    done = subprocess.run(command, cwd=ANSIBLE, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    calls = [line for line in (folder / "calls").read_text().splitlines() if line.startswith(("patch", "drain"))]
    return _answer(folder / "aside.json"), calls


def test_the_first_server_that_answers_tells_of_all_nodes_and_asks_each_member_whether_it_votes_now(tmp_path: Path) -> None:
    told, calls = asked(tmp_path, "see")
    assert (told.by, told.code) == ("server1", 0)
    assert dict(_nodes(told.lines)) == {
        "server1": NodeStanding(ready=False, votes=True),
        "server3": NodeStanding(ready=False, cordoned=True, votes=False),
        "server4": NodeStanding(ready=False, votes=False),
        "agent1": NodeStanding(ready=True, cordoned=True, cordoned_by="machine"),
    }
    assert calls == []


def test_a_machine_speaks_for_itself_where_nobody_else_does_and_nobody_where_none_answers(tmp_path: Path) -> None:
    assert asked(tmp_path, "see", machine="server1")[0].by == "server1"
    (tmp_path / "alive").unlink()
    assert asked(tmp_path, "see", alive=False)[0].by == ""


def test_it_is_cordoned_in_our_name_and_drained_and_what_holds_it_is_told_with_the_cordon_taken_back(tmp_path: Path) -> None:
    told, calls = asked(tmp_path, "drain", by="machine")
    assert told.code == 0
    assert '"stardock.io/cordoned-by": "machine"' in calls[0]
    assert calls[1] == "drain agent1 --ignore-daemonsets --delete-emptydir-data --timeout 7s"
    (tmp_path / "calls").write_text("")
    told, calls = asked(tmp_path, "drain", by="machine", held=True)
    assert (told.code, told.words) == (1, HELD)
    assert ['cordoned-by": null' in call for call in calls] == [False, False, True]
    assert asked(tmp_path, "drain", by="machine", held=True, refused=True)[0].code == 75, "its cordon stays"


@pytest.mark.parametrize(("by", "taken"), [("machine", True), ("bootstrap", False), ("", False)])
def test_only_our_own_cordon_is_taken_back(tmp_path: Path, by: str, taken: bool) -> None:
    told, calls = asked(tmp_path, "uncordon", by=by, cordoned="true")
    assert told.code == 0, told
    assert told.lines[-1] == "its Node is Ready"
    assert bool(calls) == taken


def test_a_machine_without_a_node_is_waited_for_no_longer(tmp_path: Path) -> None:
    told, calls = asked(tmp_path, "uncordon", gone=True)
    assert (told.code, told.lines[-1], calls) == (0, "it has no Node", [])


def test_answers_that_are_none_are_left_out() -> None:
    assert dict(_nodes(["", "a|b", "UPPER||||", "../x|true||True|yes", "ok|true|x|True|perhaps"])) == {
        "ok": NodeStanding(ready=True, cordoned=True, cordoned_by="x")
    }
