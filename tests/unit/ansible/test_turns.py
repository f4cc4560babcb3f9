"""What the role kubernetes does around a machine's turn: its scripts, rendered as Ansible does, over a kubectl and folders of their own."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
import pytest
from ruamel.yaml import YAML

from stardock.bundle.kubernetes import facts
from stardock.distributions.rke2 import RKE2

pytestmark = pytest.mark.unit

ANSIBLE = Path(__file__).parents[3] / "ansible"

#: Answers each call with the first of `answers` whose words are all in it: [words, output, exit code].
KUBECTL = """#!{python}
import json, sys
from pathlib import Path
here = Path(__file__).parent
words = sys.argv[1:]
(here / "calls").open("a").write(" ".join(words) + chr(10))
answers = json.loads((here / "answers").read_text())
for index, (wanted, output, code) in enumerate(answers):
    if all(word in " ".join(words) for word in wanted.split()):
        if isinstance(output, list):
            answers[index][1] = output[1:] or output
            output = output[0]
        (here / "answers").write_text(json.dumps(answers))
        print(output, end="")
        sys.exit(code)
"""

Answer = tuple[str, str | list[str], int]
Script = Callable[..., tuple[int, str, list[str]]]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Run a template of the role; gives exit code, output and the calls of kubectl that change something."""
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(KUBECTL.format(python=sys.executable))
    kubectl.chmod(0o755)
    (tmp_path / "rke2.yaml").touch()
    (tmp_path / "systemctl").write_text('#!/bin/sh\ntest ! -e "$(dirname "$0")/stopped"\n')
    (tmp_path / "systemctl").chmod(0o755)

    def run(name: str, *answers: Answer, **variables: Any) -> tuple[int, str, list[str]]:
        (tmp_path / "answers").write_text(json.dumps(answers))
        (tmp_path / "calls").write_text("")
        known = {
            "kubernetes_kubectl": str(kubectl),
            "kubernetes_config": {"node-name": "agent1"},
            "kubernetes_drained_node": "agent1",
            "kubernetes_cordoned_by": "bootstrap",
            "kubernetes_hopeless": 3,
            "kubernetes_lease_patience": 2,
        }
        text = rendered(
            name, **{**known, "kubernetes_lease_patience": 2, "kubernetes_drain_timeout": 7, "ansible_check_mode": False, **variables}
        )
        text = text.replace(RKE2.kubeconfig, str(tmp_path / "rke2.yaml"))
        environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        done = subprocess.run(["sh", "-c", text], env=environment, capture_output=True, text=True, check=False)
        calls = [line for line in (tmp_path / "calls").read_text().splitlines() if " get " not in f" {line}"]
        return done.returncode, done.stdout + done.stderr, calls

    return run


def rendered(name: str, **variables: Any) -> str:
    loader = jinja2.FileSystemLoader(ANSIBLE / "roles/kubernetes/templates")
    environment = jinja2.Environment(loader=loader, trim_blocks=True, undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701 -- a script
    environment.filters["quote"] = lambda text: shlex.quote(str(text))
    return environment.get_template(name).render(**{**facts(RKE2), **variables})


OURS = '{"metadata": {"annotations": {"stardock.io/cordoned-by": "bootstrap"}}, "spec": {"unschedulable": true}}'
CORDON = f"patch node agent1 --type merge --patch {OURS}"
DRAIN = "drain agent1 --ignore-daemonsets --delete-emptydir-data --timeout 7s"


@pytest.mark.proves("reality D24")
@pytest.mark.parametrize(
    ("found", "calls"),
    [
        ("||True", [CORDON, DRAIN]),
        ("true|bootstrap|True", [CORDON, DRAIN]),
        ("true||True", [DRAIN]),
        ("||Unknown", [CORDON]),
        ("", []),
    ],
    ids=["one that serves", "one that a killed run cordoned", "one that a person cordoned", "one that does not answer", "one without Node"],
)
def test_an_agent_is_cordoned_and_drained_within_the_time_out(script: Script, found: str, calls: list[str]) -> None:
    assert script("drain.sh.j2", ("get node", found, 0))[::2] == (0, calls)


@pytest.mark.proves("reality D24")
def test_an_agent_is_uncordoned_only_if_we_cordoned_it(script: Script) -> None:
    back = '{"metadata": {"annotations": {"stardock.io/cordoned-by": null}}, "spec": {"unschedulable": null}}'
    assert script("uncordon.sh.j2", ("get node", "bootstrap", 0))[2] == [f"patch node agent1 --type merge --patch {back}"]
    assert script("uncordon.sh.j2", ("get node", "", 0))[2] == []


def test_a_server_that_does_not_answer_ends_the_drain_before_anything_is_done(script: Script) -> None:
    assert script("drain.sh.j2", ("get node", "", 1))[::2] == (1, [])


GONE = ["delete node agent1 --ignore-not-found --timeout 60s --dry-run=none"]
SECRET = "--namespace kube-system delete secret agent1.node-password.rke2 --ignore-not-found"


@pytest.mark.proves("reality D22")
@pytest.mark.parametrize(
    ("found", "calls"),
    [("|Unknown", [*GONE, f"{SECRET} --dry-run=none"]), ("", [f"{SECRET} --dry-run=none"])],
    ids=["its Node is there", "only its password is left"],
)
def test_a_fresh_agent_whose_node_exists_node_and_node_password_are_deleted(script: Script, found: str, calls: list[str]) -> None:
    assert script("forget.sh.j2", ("get node", found, 0))[::2] == (0, calls)


@pytest.mark.proves("reality D22")
def test_never_a_server(script: Script) -> None:
    code, said, calls = script("forget.sh.j2", ("get node", "truetrue|True", 0))
    assert (code, said, calls) == (3, "the node agent1 is a server of the cluster\n", [])


@pytest.mark.proves("reality D22")
def test_never_a_machine_that_lives_and_one_whose_lease_stands_still_is_gone(script: Script) -> None:
    lives = script(
        "forget.sh.j2", ("get lease", ["10:00:00", "10:00:00", "10:00:10"], 0), ("get node", "|True", 0), kubernetes_lease_patience=60
    )
    assert lives == (3, "a machine with the node name agent1 runs\n", [])
    assert script("forget.sh.j2", ("get lease", "10:00:00", 0), ("get node", "|True", 0))[2][:1] == GONE


@pytest.mark.proves("reality D22")
@pytest.mark.parametrize("ready", ["False", ""])
def test_never_a_machine_that_lives_though_its_node_is_not_ready(script: Script, ready: str) -> None:
    """Without a network plugin, with a full disk: its kubelet still renews the lease."""
    lives = script("forget.sh.j2", ("get lease", ["10:00:00", "10:00:10"], 0), ("get node", f"|{ready}", 0), kubernetes_lease_patience=60)
    assert lives == (3, "a machine with the node name agent1 runs\n", [])


def test_check_mode_deletes_nothing(script: Script) -> None:
    calls = script("forget.sh.j2", ("get node", "|Unknown", 0), ansible_check_mode=True)[2]
    assert [call.rpartition(" ")[2] for call in calls] == ["--dry-run=server"] * 2


def member(name: str, *, votes: str = "True", ready: str = "True") -> str:
    return f"{name} 10.0.0.{name[-1]} EtcdIsVoter={votes} Ready={ready}\n"


WELL = "".join(map(member, ("server1", "server2", "server3")))
ETCD: Answer = ("get --raw /readyz/etcd", "ok", 0)
SERVER1 = {
    "kubernetes_config": {"node-name": "server1"},
    "kubernetes_service": "rke2-server.service",
    "kubernetes_other_apis": ["https://10.0.0.2:6443", "https://10.0.0.3:6443"],
    "kubernetes_quorum_timeout": 0,
}


def dead(number: int) -> Answer:
    """The member at this address has no majority, as far as it knows."""
    return f"--server https://10.0.0.{number}:6443 get --raw /readyz/etcd", "[-]etcd failed", 1


@pytest.mark.proves("reality D24", "reality D33")
@pytest.mark.parametrize(
    ("found", "code", "said"),
    [
        (WELL, 0, ""),
        (member("server1"), 0, ""),
        (WELL + member("server4") + member("server5", votes="False"), 0, ""),
        (member("server1") + member("server2") + member("server3", votes="False"), 1, "server3 cannot vote in etcd\n"),
        (member("server1") + "server2 10.0.0.2 Ready=True\n", 1, "server2 cannot vote in etcd\n"),
        (member("server1") + member("server2", ready="False"), 0, ""),
        (member("server1") + "server2 10.0.0.2 fd00::2 EtcdIsVoter=True\n" + "server3 fd00::3 EtcdIsVoter=True\n", 0, ""),
        (member("server2") + member("server3"), 0, ""),
    ],
    ids=["all well", "alone", "1 of 5 down", "no voter", "1 of 2 no member", "no network plugin", "IPv6", "no member itself"],
)
def test_a_server_restarts_only_while_enough_others_vote(script: Script, found: str, code: int, said: str) -> None:
    assert script("quorum.sh.j2", ("get nodes", found, 0), ETCD, **SERVER1) == (code, said, [])


@pytest.mark.proves("reality D24", "reality D33")
def test_a_member_is_asked_itself_whatever_its_node_says(script: Script) -> None:
    listed: Answer = ("get nodes", WELL, 0)
    assert script("quorum.sh.j2", listed, dead(3), ETCD, **SERVER1) == (1, "server3 cannot vote in etcd\n", [])
    assert script("quorum.sh.j2", listed, dead(2), dead(3), ETCD, **SERVER1)[1] == "server2, server3 cannot vote in etcd\n"
    five: Answer = ("get nodes", WELL + member("server4") + member("server5"), 0)
    assert script("quorum.sh.j2", five, dead(3), ETCD, **SERVER1)[0] == 0
    assert script("quorum.sh.j2", five, dead(3), dead(4), ETCD, **SERVER1)[1] == "server3, server4 cannot vote in etcd\n"
    no_longer: Answer = ("get nodes", member("server1") + member("server2"), 0)
    assert script("quorum.sh.j2", no_longer, dead(2), ETCD, **SERVER1)[0] == 1, "one of two"


@pytest.mark.proves("reality D24")
def test_who_comes_back_is_waited_for(script: Script) -> None:
    comes = [member("server1") + member("server2", votes="False"), member("server1") + member("server2")]
    assert script("quorum.sh.j2", ("get nodes", comes, 0), ETCD, **{**SERVER1, "kubernetes_quorum_timeout": 60})[0] == 0


@pytest.mark.proves("reality D33")
def test_a_server_that_is_broken_itself_may_be_mended(script: Script, tmp_path: Path) -> None:
    """Its service does not run, or only its own API server does not answer: the others tell, and vote."""
    refused: Answer = ("--server https://10.0.0.2:6443 get nodes", WELL, 0)
    own: Answer = ("get nodes", "connection refused", 1)
    assert script("quorum.sh.j2", refused, own, ETCD, **SERVER1)[0] == 0
    (tmp_path / "stopped").touch()
    assert script("quorum.sh.j2", own, **SERVER1) == (0, "", [])


@pytest.mark.proves("reality D24", "reality D33")
def test_an_api_that_does_not_answer_is_no_yes_but_of_a_server_that_is_alone(script: Script) -> None:
    own: Answer = ("get nodes", "connection refused", 1)
    assert script("quorum.sh.j2", own, **SERVER1) == (1, "connection refused\n", [])
    assert script("quorum.sh.j2", own, **{**SERVER1, "kubernetes_other_apis": []}) == (0, "", [])


def release(folder: Path, version: str) -> Path:
    staged = folder / "cache/rke2-abc"
    for name, text in {"bin/rke2": f"#!/bin/sh\necho {version}\n", "lib/systemd/system/rke2-agent.service": "/usr/local/bin/rke2"}.items():
        (staged / name).parent.mkdir(parents=True, exist_ok=True)
        (staged / name).write_text(text)
    (staged / "bin/rke2").chmod(0o755)
    return staged


def install(folder: Path, staged: Path) -> subprocess.CompletedProcess[str]:
    prefix = folder / "prefix"
    prefix.mkdir(exist_ok=True)
    known = {"kubernetes_staged": str(staged), "kubernetes_found": {"prefix": str(prefix)}, "kubernetes_cache": str(folder / "cache")}
    text = rendered("install.sh.j2", **known).replace("/etc/systemd/system", str(folder / "units"))
    (folder / "units").mkdir(exist_ok=True)
    return subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=False)


@pytest.mark.proves("reality D31")
def test_a_program_that_runs_is_replaced_at_once_and_units_look_below_the_prefix(tmp_path: Path) -> None:
    assert install(tmp_path, release(tmp_path, "old")).returncode == 0
    program = tmp_path / "prefix/bin/rke2"
    with program.open() as running:
        before = os.fstat(running.fileno()).st_ino
        done = install(tmp_path, release(tmp_path, "new"))
        assert done.returncode == 0, done.stderr
        assert "old" in running.read(), "who runs the old one keeps it"
    assert program.stat().st_ino != before
    assert subprocess.run([program], capture_output=True, text=True, check=True).stdout == "new\n"
    assert (tmp_path / "units/rke2-agent.service").read_text() == f"{tmp_path}/prefix/bin/rke2"
    assert list((tmp_path / "cache").iterdir()) == []
    assert list((tmp_path / "prefix").rglob("*.stardock")) == []


def test_killed_in_the_middle_what_was_unpacked_is_still_there_for_the_next_run(tmp_path: Path) -> None:
    staged = release(tmp_path, "new")
    (tmp_path / "prefix").mkdir()
    (tmp_path / "prefix/bin").write_text("in the way")
    assert install(tmp_path, staged).returncode != 0
    assert (staged / "bin/rke2").exists()
    (tmp_path / "prefix/bin").unlink()
    assert install(tmp_path, staged).returncode == 0


def plays(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = YAML(typ="safe").load((ANSIBLE / f"{name}.yml").read_text())
    return found


def role_of(play: dict[str, Any]) -> str:
    """What a play takes from the role that all distributions share."""
    tasks = (each for task in play.get("tasks", ()) for each in task.get("block", [task]))
    words = (task.get("ansible.builtin.include_role", {}) for task in tasks)
    return next((role.get("tasks_from", "main") for role in words if role.get("name") == "kubernetes"), "")


@pytest.mark.proves("reality D31")
def test_downloads_and_unpacking_on_all_machines_side_by_side_only_restarts_are_serial() -> None:
    every = [play for name in ("founder", "servers", "agents") for play in plays(name)]
    early = [play for play in every if role_of(play) in {"prepare", "turn"}]
    assert [(play["hosts"], play.get("serial")) for play in early] == [
        ("server:agent:!silent", None),
        ("server", None),
        ("agent:!silent", None),
    ]
    assert [(play["hosts"], play.get("serial")) for play in every if role_of(play) == "main"] == [
        ("founder", None),
        ("server:&down", 1),
        ("server:!down:!at_once", 1),
        ("agent:!one_at_a_time:!at_once:!silent", 10),
        ("agent:&one_at_a_time:!silent", 1),
    ]


def test_every_agent_has_a_turn_and_none_is_drained_before_those_that_join_or_serve_are_ready() -> None:
    turns = [play["hosts"] for play in plays("agents") if role_of(play) in {"main", "serving"}]
    assert turns == ["agent:!one_at_a_time:!at_once:!silent", "agent:&at_once:!silent", "agent:&one_at_a_time:!silent"]


@pytest.mark.proves("reality D24")
def test_a_snapshot_comes_before_the_first_server_is_touched_in_every_stage_that_touches_one() -> None:
    for name in ("founder", "servers"):
        taken = [role_of(play) for play in plays(name)]
        assert taken.index("snapshot") < taken.index("main"), name


@pytest.mark.proves("reality D24")
def test_the_others_are_looked_at_before_a_server_is_changed_and_nobody_was_lost_before_the_founder() -> None:
    tasks = YAML(typ="safe").load((ANSIBLE / "roles/kubernetes/tasks/main.yml").read_text())
    names = [task.get("ansible.builtin.include_tasks", task["name"]) for task in tasks]
    assert names.index("difference.yml") < names.index("quorum.yml") < names.index("install.yml") < names.index("Configure")
    order = [play["name"] for play in plays("founder") if role_of(play) in {"snapshot", "main"}]
    assert order == ["Founder: a snapshot before another version", "Founder: the first server"]
    gate = next(play for play in plays("founder") if play["name"] == order[0])
    assert gate["roles"] == [{"role": "together", "run_once": True}]


SEEN = {"installed": "v1.36.5+rke2r1 0", "program": "yes", "state": "active", "fresh": "no"}
TURNS: dict[
    str, tuple[dict[str, str], list[str], bool, str]
] = {  # what was found, what is pending, belongs to the cluster and does not run
    "as-planned": ({}, [], False, "at_once"),
    "edited": ({}, ["rke2"], False, "one_at_a_time"),
    "older": ({"installed": "v1.36.4+rke2r1 0"}, [], False, "one_at_a_time"),
    "new": ({"state": "inactive"}, [], False, "one_at_a_time"),
    "stopped": ({"state": "inactive"}, [], True, "down"),
    "starting": ({"state": "activating"}, [], True, "down"),
    "half-joined": ({"state": "activating", "fresh": "yes"}, [], False, "at_once"),
}


@pytest.mark.parametrize("kind", ["server", "agent"])
def test_servers_that_join_or_restart_wait_for_their_turn_and_those_as_planned_are_looked_at_together(kind: str, tmp_path: Path) -> None:
    """Agents that join go in tens; one that is down, or was ended while it joined, goes with them."""
    hosts = {
        name: {
            "kubernetes_seen": {"stdout_lines": [f"{key}={value}" for key, value in {**SEEN, **found}.items()]},
            "kubernetes_difference": {"pending": pending},
            "kubernetes_down": down,
        }
        for name, (found, pending, down, _) in TURNS.items()
    }
    known = {**facts(RKE2), "kubernetes_type": kind, "kubernetes_version": "v1.36.5+rke2r1", "kubernetes_sha256": "0"}
    (tmp_path / "hosts.yml").write_text(json.dumps({"all": {"hosts": hosts, "vars": {**known, "ansible_connection": "local"}}}))
    tell = {"ansible.builtin.debug": {"msg": "{{ inventory_hostname }} {{ kubernetes_turn }}."}}
    play = {"hosts": "all", "gather_facts": False, "vars_files": [str(ANSIBLE / "roles/kubernetes/vars/main.yml")], "tasks": [tell]}
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    command = ["ansible-playbook", "-i", str(tmp_path / "hosts.yml"), str(tmp_path / "play.yml")]
    said = subprocess.run(command, env={**os.environ, "ANSIBLE_NOCOLOR": "1"}, capture_output=True, text=True, check=False).stdout
    found = dict(re.findall(r'"msg": "(\S+) (\S+)\."', said))
    of_agents = {"new": "joining", "stopped": "joining", "starting": "at_once", "half-joined": "joining"}
    assert found == {name: turn for name, (*_, turn) in TURNS.items()} | (of_agents if kind == "agent" else {}), said


#: What only a machine has that is new, must restart, or comes back.
OF_A_TURN = ["see", "download", "forget", "difference", "quorum", "drain", "install", "start", "uncordon"]


def test_an_installation_after_the_comparison_has_its_mark_read_and_its_restart_though_no_file_differs(tmp_path: Path) -> None:
    """Nothing but the version was changed: the comparison before it found no file and no mark (configure.yml, start.yml)."""
    compared: dict[str, Any] = {"kubernetes_difference": {"paths": [], "pending": []}}
    found = {"same": SEEN, "newer": {**SEEN, "installed": "v1.36.4+rke2r1 0"}}
    seen = {
        name: {"kubernetes_seen": {"stdout_lines": [f"{key}={value}" for key, value in {**SEEN, **own}.items()]}}
        for name, own in found.items()
    }
    written = {"same": {"skipped": True, "changed": False}, "newer": {"changed": False, "pending": ["rke2"]}}
    hosts = {name: {**compared, **seen[name], "kubernetes_written": written[name]} for name in found}
    known = {**facts(RKE2), "kubernetes_type": "server", "kubernetes_version": "v1.36.5+rke2r1", "kubernetes_sha256": "0"}
    (tmp_path / "hosts.yml").write_text(json.dumps({"all": {"hosts": hosts, "vars": {**known, "ansible_connection": "local"}}}))
    tell = {"ansible.builtin.debug": {"msg": "{{ inventory_hostname }} {{ kubernetes_changes }} {{ kubernetes_pending | length }}."}}
    play = {"hosts": "all", "gather_facts": False, "vars_files": [str(ANSIBLE / "roles/kubernetes/vars/main.yml")], "tasks": [tell]}
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    command = ["ansible-playbook", "-i", str(tmp_path / "hosts.yml"), str(tmp_path / "play.yml")]
    said = subprocess.run(command, env={**os.environ, "ANSIBLE_NOCOLOR": "1"}, capture_output=True, text=True, check=False).stdout
    assert dict(re.findall(r'"msg": "(\S+) (.+)\."', said)) == {"same": "False 0", "newer": "True 1"}, said


def test_servers_as_planned_get_all_that_needs_no_restart_in_the_order_of_the_others() -> None:
    def steps(name: str) -> dict[str, Any]:
        tasks = YAML(typ="safe").load((ANSIBLE / f"roles/kubernetes/tasks/{name}.yml").read_text())
        kinds = ("ansible.builtin.include_tasks", "ansible.builtin.import_tasks")
        return {task[kind].removesuffix(".yml"): task.get("when") for task in tasks for kind in kinds if kind in task}

    assert list(steps("serving")) == [name for name in steps("main") if name not in OF_A_TURN]
    assert steps("serving") == {name: when for name, when in steps("main").items() if name not in OF_A_TURN}


def test_the_words_of_a_program_that_ended_are_read_beside_those_of_the_one_that_has_just_started(tmp_path: Path) -> None:
    logs = tmp_path / "kube-system_kube-apiserver-server1_0/kube-apiserver"
    logs.mkdir(parents=True)
    for number, words in enumerate(("long ago", "Error: unknown flag: --no-such-flag", "")):
        (logs / f"{number}.log").write_text(words)
        os.utime(logs / f"{number}.log", (number, number))
    text = rendered("logs.sh.j2", kubernetes_service="none.service", kubernetes_data_dir=str(tmp_path), kubernetes_timeout=90)
    text = text.replace("/var/log/pods", str(tmp_path))
    said = subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=False).stdout
    assert "== kube-apiserver\nError: unknown flag: --no-such-flag" in said
    assert "long ago" not in said
