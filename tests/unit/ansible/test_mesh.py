"""The role mesh: what its keeper makes of a plan, whose keys it takes, and that no private half is asked for."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import signal
import socket
import subprocess
import threading
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import jinja2
import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from stardock.bundle.about import about
from stardock.bundle.inventory import inventory_files
from stardock.bundle.mesh import mesh_files
from stardock.model.facts import MESH_KEY, Facts
from stardock.model.mesh import INTERFACE
from stardock.playbooks.events import Event
from stardock.playbooks.founded import mesh_facts
from stardock.playbooks.progress import SAYS_DROPPED, SAYS_MESH_KEY, Log, Watcher
from stardock.workspace.records.facts_forms import facts_forms
from stardock.workspace.records.forms import misfits
from tests.plans import ROOT, document, plan_of
from tests.unit.plan.test_mesh import meshed

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature mesh")]

ROLE = ROOT / "ansible/roles/mesh"
KEY, OTHER = "A" * 43 + "=", "B" * 42 + "A="
PEER = {"name": "lb1", "key": KEY, "allowed": ["10.98.0.7/32", "10.98.0.1/32"], "endpoint": "192.0.2.1:51830", "keepalive": 25}
WANTED = {"interface": "stardock0", "address": "10.98.0.3/24", "port": 51830, "mtu": 1420, "forwards": False, "peers": [PEER]}
DUMP = f"hidden\t{OTHER}\t51830\toff\n{KEY}\t(none)\t192.0.2.1:51830\t10.98.0.1/32,10.98.0.7/32\t1000\t0\t0\t25\n"


def keeper() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mesh_keep", ROLE / "files/keep.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


KEEP = keeper()


def test_what_runs_is_compared_whatever_the_order() -> None:
    assert KEEP.settings(DUMP) == KEEP.meant(WANTED, OTHER)
    assert KEEP.settings(DUMP) != KEEP.meant(WANTED | {"peers": []}, OTHER)
    assert KEEP.settings(DUMP) != KEEP.meant(WANTED, KEY), "another private key"
    off = DUMP.replace("\t25\n", "\toff\n")
    assert KEEP.settings(off) == KEEP.meant(WANTED | {"peers": [PEER | {"keepalive": 0}]}, OTHER)


def test_a_name_is_not_looked_up_before_all_peers_are_there() -> None:
    named = WANTED | {"peers": [PEER | {"endpoint": "localhost:51830"}, PEER | {"key": OTHER}]}
    text = KEEP.configuration(named, "secret")
    assert f"PublicKey = {KEY}\nAllowedIPs = 10.98.0.7/32, 10.98.0.1/32\nPersistentKeepalive = 25\n" in text
    assert text.count("Endpoint = 192.0.2.1:51830") == text.count("Endpoint") == 1


@pytest.mark.parametrize(("given", "found"), [("192.0.2.1:5", "192.0.2.1:5"), ("[2001:db8::1]:5", "[2001:db8::1]:5"), ("x", None)])
def test_an_endpoint_is_looked_up(given: str, found: str | None) -> None:
    assert KEEP.looked_up([given]) == {given: found}


def test_a_name_server_that_does_not_answer_holds_up_no_other_name_and_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ended, asked = threading.Event(), []

    def slow(host: str, port: int, **_: Any) -> Any:
        asked.append(host)
        if host == "slow.example.org":
            ended.wait(10)
        return [(socket.AF_INET, None, None, "", ("192.0.2.9", port))]

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    names = ["slow.example.org:5", "slow.example.org:5", "home.example.org:6"]
    assert KEEP.looked_up(names, 0.2) == {"home.example.org:6": "192.0.2.9:6"}
    assert KEEP.looked_up(names[:1], 0.1) == {}
    ended.set()
    assert asked.count("slow.example.org") == 1


def test_systemd_is_told_before_a_name_is_looked_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    done: list[str] = []
    (tmp_path / "mesh.json").write_text(json.dumps(WANTED))
    monkeypatch.setattr(KEEP, "HERE", tmp_path)
    monkeypatch.setattr(signal, "pthread_sigmask", lambda *_: None)
    monkeypatch.setattr(signal, "sigtimedwait", lambda *_: SimpleNamespace(si_signo=signal.SIGTERM))
    for name in ("ensure", "ready", "ensure_endpoints"):
        monkeypatch.setattr(KEEP, name, lambda *_, name=name: done.append(name))
    assert KEEP.keep() == 0
    assert done == ["ensure", "ready", "ensure_endpoints"]


def test_a_peer_whose_key_is_none_is_left_out_and_told() -> None:
    bad = PEER | {"name": "pi1", "key": KEY + "\nAllowedIPs = 0.0.0.0/0"}
    found, words = KEEP.understood(WANTED | {"peers": [PEER, bad]})
    assert found["peers"] == [PEER]
    assert words == "pi1: no key of WireGuard, left out"
    assert KEEP.understood(WANTED) == (WANTED, "")


def test_a_program_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KEEP, "LIMIT", 0.1)
    with pytest.raises(RuntimeError, match=r"sleep 30: did not end within 0\.1 s"):
        KEEP.must("sleep", "30")


@pytest.mark.parametrize(("forwards", "machine", "found"), [(True, "0", "1"), (False, "0", "0"), (False, "1", "1")])
def test_one_that_carries_no_more_forwards_as_its_machine_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, forwards: bool, machine: str, found: str
) -> None:
    for name, value in (("stardock0", "0" if forwards else "1"), ("all", machine)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "forwarding").write_text(value + "\n")
    monkeypatch.setattr(KEEP, "FORWARDING", tmp_path)
    KEEP.ensure_forwarding("stardock0", WANTED | {"forwards": forwards})
    assert (tmp_path / "stardock0/forwarding").read_text().strip() == found


def test_the_keeper_runs_with_python_3_8() -> None:
    """Types with brackets are there for reading only: at run time 3.8 has none."""
    tree = ast.parse((ROLE / "files/keep.py").read_text())
    run = [one for one in tree.body if isinstance(one, ast.Assign | ast.AnnAssign) and one.value]
    subscripts = [each for one in run for each in ast.walk(one.value or one) if isinstance(each, ast.Subscript)]
    assert not [ast.unparse(each) for each in subscripts if ast.unparse(each.value) in ("dict", "list", "tuple", "set")]


def test_a_peer_without_a_session_is_told_from_one_with() -> None:
    assert KEEP.stale(DUMP, 1000 + KEEP.STALE) == []
    assert KEEP.stale(DUMP, 1001 + KEEP.STALE) == [KEY]


def has(device: str, address: str, size: int) -> dict[str, Any]:
    return {"ifname": device, "addr_info": [{"family": "inet", "local": address, "prefixlen": size}]}


LAN = [has("eth0", "192.168.1.50", 24)]
OTHERS = [
    (LAN, [{"dst": "default", "dev": "eth0"}, {"dst": "192.168.1.0/24", "dev": "eth0"}, {"dst": "10.98.0.0/24", "dev": "stardock0"}], ""),
    ([*LAN, has("stardock0", "10.98.0.9", 24)], [], ""),
    (LAN, [{"dst": "0.0.0.0/1", "dev": "tun0"}, {"dst": "128.0.0.0/1", "dev": "tun0"}, {"type": "blackhole", "dst": "10.0.0.0/8"}], ""),
    ([*LAN, has("eth1", "10.98.0.77", 16)], [], "10.98.0.0/24 is taken: eth1 has 10.98.0.0/16"),
    (LAN, [{"dst": "10.98.0.200", "dev": "tun0"}], "10.98.0.0/24 is taken: tun0 has 10.98.0.200/32"),
    (LAN, [{"dst": "10.98.0.0/23", "nexthops": [{"dev": "a"}, {"dev": "b"}]}], "10.98.0.0/24 is taken: a, b has 10.98.0.0/23"),
]


def machine_with(monkeypatch: pytest.MonkeyPatch, links: list[dict[str, Any]], routes: list[dict[str, Any]]) -> None:
    monkeypatch.setattr(KEEP, "shown", lambda *words: routes if "route" in words else [] if "dev" in words else links)


@pytest.mark.parametrize(("links", "routes", "fault"), OTHERS)
def test_a_network_of_another_device_is_refused_before_anything_is_written(
    monkeypatch: pytest.MonkeyPatch, links: list[dict[str, Any]], routes: list[dict[str, Any]], fault: str
) -> None:
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    machine_with(monkeypatch, links, routes)
    assert KEEP.is_free("stardock0", "10.98.0.3/24") == fault
    names = [one["name"] for one in yaml.safe_load((ROLE / "tasks/keys.yml").read_text())[1]["block"]]
    assert names[:2] == ["See whether the mesh's network is another's here", "It is not"]


def test_a_network_that_another_device_got_since_is_not_taken_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    machine_with(monkeypatch, [has("eth1", "10.98.0.77", 24)], [])
    monkeypatch.setattr(KEEP, "must", lambda *words: pytest.fail(str(words)))
    with pytest.raises(RuntimeError, match=r"10\.98\.0\.0/24 is taken: eth1 has 10\.98\.0\.0/24"):
        KEEP.ensure_address("stardock0", WANTED)


@pytest.mark.parametrize(
    ("client", "fault"), [("10.98.0.50", "10.98.0.0/24 is taken: SSH comes from 10.98.0.50"), ("192.168.1.9", ""), ("fe80::1%eth0", "")]
)
def test_a_network_where_ssh_comes_from_is_refused_unless_it_is_the_mesh_already(
    monkeypatch: pytest.MonkeyPatch, client: str, fault: str
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", f"{client} 40000 192.168.1.50 22")
    machine_with(monkeypatch, LAN, [])
    assert KEEP.is_free("stardock0", "10.98.0.3/24") == fault
    monkeypatch.setattr(KEEP, "shown", lambda *_: [has("stardock0", "10.98.0.3", 24)])
    assert KEEP.is_free("stardock0", "10.98.0.3/24") == ""


def test_in_check_mode_no_interface_is_made_to_see() -> None:
    text = yaml.safe_load((ROLE / "tasks/program.yml").read_text())[0]["ansible.builtin.shell"]
    for checked in (True, False):
        script = jinja2.Template(text).render(mesh_interface="stardock0", ansible_check_mode=checked)
        made, told = script.index("ip link add"), script.index(f"elif {'true' if checked else 'false'}; then")
        assert told < made
        subprocess.run(["/bin/sh", "-n"], input=script, text=True, check=True)


def test_a_device_that_a_killed_run_left_is_no_reason_to_find_no_wireguard(tmp_path: Path) -> None:
    text = yaml.safe_load((ROLE / "tasks/program.yml").read_text())[0]["ansible.builtin.shell"]
    (tmp_path / "stardock-try").touch()
    there = f"{tmp_path}/$4"
    lines = (
        f'[ "$1 $2" != "link show" ] || exit 1\n[ "$2" != del ] || exec rm {there}\nif test -e {there}; then exit 2; fi\ntouch {there}\n'
    )
    for name, body in {"ip": lines, "nft": "", "timeout": 'shift\nexec "$@"\n'}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}")
        (tmp_path / name).chmod(0o755)
    script = jinja2.Template(text).render(mesh_interface="stardock0", ansible_check_mode=False)
    path = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    for _ in range(2):
        done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True, env=path)
        assert "kernel" in done.stdout.split()
    assert not (tmp_path / "stardock-try").exists()


NETWORKS = [("10.98.0.7/24", "10.98.0.0/24"), ("172.31.255.9/29", "172.31.255.8/29"), ("10.1.2.3/8", "10.0.0.0/8")]


@pytest.mark.parametrize(("address", "network"), NETWORKS)
def test_the_network_of_an_address(address: str, network: str) -> None:
    assert KEEP.on_network(address) == network


@pytest.mark.parametrize("size", [1420, 1421, 1280])
def test_an_echo_request_comes_to_the_asked_size_and_its_sum_is_right(size: int) -> None:
    packet = KEEP.echo_request(1, size)
    assert len(packet) + 20 == size
    assert KEEP.checksum(packet) == 0


class Nft:
    """What the keeper asks of nft, and what it would show."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.rules = ""

    def run(self, *words: str, given: str | None = None) -> SimpleNamespace:
        self.asked.append(words)
        self.rules = given if given is not None else self.rules
        return SimpleNamespace(returncode=0, stdout=self.rules)


@pytest.fixture
def nft(monkeypatch: pytest.MonkeyPatch) -> Nft:
    found = Nft()
    monkeypatch.setattr(KEEP, "run", found.run)
    monkeypatch.setattr(KEEP, "PUT", {})
    return found


def test_what_comes_out_of_the_mesh_is_for_it_alone_and_the_rules_are_put_once(nft: Nft) -> None:
    KEEP.ensure_limits("stardock0", WANTED)
    assert 'iifname "stardock0" ip daddr != 10.98.0.0/24 drop' in nft.rules
    assert 'iifname != "stardock0" oifname "stardock0" ip saddr 10.98.0.0/24 drop' in nft.rules
    assert nft.rules.startswith("table ip stardock_mesh\ndelete table ip stardock_mesh\n"), "in one step"
    before = nft.rules
    KEEP.ensure_limits("stardock0", WANTED)
    assert nft.asked.count(("nft", "-f", "-")) == 1
    nft.rules = ""  # nft flush ruleset
    KEEP.ensure_limits("stardock0", WANTED)
    assert nft.rules == before


def test_nothing_is_forwarded_before_its_limits_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    for name in ("ensure_link", "ensure_limits", "ensure_peers", "ensure_address", "ensure_forwarding"):
        monkeypatch.setattr(KEEP, name, lambda *_, name=name: done.append(name))
    KEEP.ensure(WANTED)
    assert done.index("ensure_limits") < done.index("ensure_peers")
    assert done[-1] == "ensure_forwarding"


def test_the_keeper_never_takes_the_interface_away() -> None:
    files = (ROLE / "files/keep.py", *(path for path in ROLE.rglob("*.y*ml") if path.name != "remove.yml"))
    text = "".join(path.read_text() for path in files)
    assert not re.search(r'"link", "del|link delete|ip link del dev (?!stardock-try)', text)


ASKED = ("mesh_told", "mesh_twice", "mesh_asked", "mesh_lost")
NEEDED = ("mesh_unheard", "mesh_held", "mesh_settled", "mesh_kept")


def role_variables(name: str, keys: dict[str, str], held: tuple[str, ...] = (), *, check: bool = False) -> dict[str, Any]:
    """The variables of the role, as far as plain Jinja makes them."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701 -- no HTML
    environment.filters |= {"dict2items": lambda one: [{"key": key, "value": value} for key, value in one.items()]}
    environment.filters |= {"combine": lambda one, other: {**one, **other}}
    environment.filters |= {"difference": lambda one, other: [each for each in one if each not in other]}
    environment.tests["match"] = lambda text, form: bool(re.match(form, text))
    given = inventory_files(plan_of(meshed())[0], Facts(cluster="quickstart"))
    groups = {"silent": ["server2"], "agent": ["agent1", "pi1", "pi2"]}
    own = given[f"host_vars/{name}.yml"]
    known = {**given["group_vars/all.yml"], **own, "mesh_keys": keys, "groups": groups, "mesh_whom": own["mesh_reached"]}
    known |= {"mesh_held_said": {"stdout_lines": held}, "ansible_check_mode": check, "mesh_absent": ["server2"]}
    own = yaml.safe_load((ROLE / "vars/main.yml").read_text())
    known["mesh_key_form"] = own["mesh_key_form"]
    for key in (*NEEDED, *ASKED):
        known[key] = yaml.safe_load(environment.from_string(own[key]).render(known))
    return {key: known[key] for key in ASKED}


def test_a_peer_whose_key_nobody_knows_is_not_told() -> None:
    told = role_variables("server1", {"lb1": KEY, "server2": OTHER})["mesh_told"]
    assert [(peer["name"], peer["key"]) for peer in told] == [("lb1", KEY), ("server2", OTHER)]


def told_by(name: str, keys: dict[str, str], *held: str) -> list[tuple[str, str]]:
    return [(peer["name"], peer["key"]) for peer in role_variables(name, keys, held)["mesh_told"]]


def test_a_silent_member_whose_key_was_forgotten_is_not_cut_off() -> None:
    """Lost facts: it works in the mesh, and each member's own file has its key still."""
    kept = told_by("lb1", {"server1": OTHER}, f"pi1={KEY}", f"server1={KEY}", f"gone={THIRD}")
    assert kept == [("server1", OTHER), ("pi1", KEY)], "what was said in this run wins, and who is planned no more goes"
    assert role_variables("pi1", {"pi1": KEY, "server1": OTHER}, (f"lb1={THIRD}",))["mesh_lost"] == []


@pytest.mark.parametrize("line", ["pi1", "pi1=", f"pi1={KEY[:-1]}", f"pi1={KEY}=", f"pi1={KEY}\nAllowedIPs = 0.0.0.0/0", "pi1={{ x }}", ""])
def test_hostile_hosts_as_in_the_reference_what_a_member_holds_is_a_key_or_nothing(line: str) -> None:
    assert told_by("lb1", {"server1": OTHER}, line) == [("server1", OTHER)]


def test_a_key_that_a_member_holds_of_two_is_kept_of_neither() -> None:
    assert told_by("lb1", {"server1": OTHER}, f"pi1={KEY}", f"pi2={KEY}") == [("server1", OTHER)]
    assert told_by("lb1", {"server1": KEY}, f"pi1={KEY}") == [("server1", KEY)]


def test_hostile_hosts_as_in_the_reference_an_agent_does_not_take_the_key_of_a_silent_member_that_was_forgotten() -> None:
    assert told_by("lb1", {"server1": OTHER, "pi2": KEY}, f"pi1={KEY}") == [("server1", OTHER), ("pi1", KEY)]


def test_what_a_member_holds_is_asked_for_only_where_somebody_is_unheard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asks = yaml.safe_load((ROLE / "tasks/main.yml").read_text())[0]["block"]
    (one,) = [each for each in asks if each.get("register") == "mesh_held_said"]
    assert (one["ansible.builtin.script"]["cmd"], one["when"]) == ("keep.py held", "mesh_unheard | length > 0")
    assert asks.index(one) < [each["name"] for each in asks].index("Whoever carries for it has said a key")
    monkeypatch.setattr(KEEP, "HERE", tmp_path)
    assert KEEP.held() == []
    (tmp_path / "mesh.json").write_text(json.dumps(WANTED | {"peers": [PEER, PEER | {"name": "pi1", "key": "x\ny"}]}))
    assert KEEP.held() == [f"lb1={KEY}"]
    for damaged in ("{", "[]", '{"peers": 1}', '{"peers": [1]}', '{"peers": [{"name": "x", "key": 1}]}'):
        (tmp_path / "mesh.json").write_text(damaged)
        assert KEEP.held() == [], damaged


def test_before_the_first_keys_a_check_misses_only_relays_that_make_none() -> None:
    assert role_variables("pi1", {}, check=True)["mesh_lost"] == []
    assert role_variables("pi1", {}, check=False)["mesh_lost"] == ["lb1"]


def test_a_relay_whose_key_nobody_knows_is_told_and_an_ordinary_peer_is_not_missed() -> None:
    """A first run with --limit, or in which it did not answer: what is behind other routers would not be reached, and nobody said why."""
    assert role_variables("pi1", {"pi1": KEY, "server1": OTHER})["mesh_lost"] == ["lb1"]
    assert role_variables("server1", {"server1": OTHER})["mesh_lost"] == ["lb1"], "it carries to pi1 and pi2"
    assert role_variables("server1", {"lb1": KEY})["mesh_lost"] == []
    assert role_variables("lb1", {})["mesh_lost"] == [], "all others are reached by it"


def test_one_key_for_two_is_told_with_both_names() -> None:
    assert role_variables("server1", {"lb1": KEY, "pi1": KEY, "pi2": OTHER})["mesh_twice"] == ["lb1", "pi1"]


def keys_of(said: dict[str, str], known: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """Which agents are left out for another's key, and the keys that are told."""
    own = yaml.safe_load((ROLE / "vars/main.yml").read_text())
    values: dict[str, Any] = {"mesh_said_keys": said, "mesh_known_keys": known, "mesh_all_keys": {**known, **said}}
    values["groups"] = {"agent": ["agent1", "pi1", "pi2"]}
    for name in ("mesh_claims", "mesh_keys"):
        values[name] = yaml.safe_load(jinja2.Template(own[name]).render(values))
    return values["mesh_claims"], values["mesh_keys"]


THIRD = "C" * 42 + "A="
CLAIMS: list[tuple[dict[str, str], dict[str, str], list[str], dict[str, str]]] = [
    ({"lb1": KEY, "pi1": OTHER}, {}, [], {"lb1": KEY, "pi1": OTHER}),
    ({"lb1": KEY, "pi1": KEY}, {}, ["pi1"], {"lb1": KEY}),
    ({"lb1": KEY, "pi1": KEY}, {"pi1": OTHER}, ["pi1"], {"lb1": KEY, "pi1": OTHER}),
    ({"pi1": KEY}, {"server2": KEY, "pi1": OTHER}, ["pi1"], {"server2": KEY, "pi1": OTHER}),
    ({"pi1": KEY, "pi2": KEY}, {"pi1": KEY, "pi2": OTHER}, ["pi2"], {"pi1": KEY, "pi2": OTHER}),
    ({"pi1": KEY, "pi2": KEY, "lb1": OTHER}, {}, ["pi1", "pi2"], {"lb1": OTHER}),
    ({"pi1": KEY, "pi2": OTHER, "lb1": KEY}, {"pi1": OTHER}, ["pi1"], {"lb1": KEY, "pi2": OTHER}),
    ({"lb1": KEY, "server1": KEY, "pi1": THIRD}, {}, [], {"lb1": KEY, "server1": KEY, "pi1": THIRD}),
    ({"lb1": KEY, "pi1": KEY}, {"lb1": OTHER, "pi1": KEY}, [], {"lb1": KEY, "pi1": KEY}),
]


@pytest.mark.parametrize(("said", "known", "claims", "told"), CLAIMS)
def test_hostile_hosts_as_in_the_reference_an_agent_with_anothers_key_is_left_out_and_its_key_told_to_nobody(
    said: dict[str, str], known: dict[str, str], claims: list[str], told: dict[str, str]
) -> None:
    assert keys_of(said, known) == (claims, told)


def test_an_agent_is_left_out_before_all_stop_for_a_key_of_two_and_keys_are_remembered_after_it() -> None:
    order = ["See whose key an agent says, and whether it can be told who carries for it", "Nothing more with it"]
    order += ["Every key is one machine's", "Relays are told first", "Then the others", "Servers and load balancers are reached"]
    assert [name for name in names_of("main") if name in order] == order
    told = names_of("told")
    assert told.index("Its key is in force") < told.index(SAYS_MESH_KEY[1])
    assert SAYS_MESH_KEY[1] not in names_of("keys")


def test_a_key_that_two_said_is_remembered_of_neither() -> None:
    plan = plan_of(meshed())[0]
    before = Facts(cluster="quickstart", mesh_keys={"pi1": KEY, "pi2": OTHER})
    assert mesh_facts(about(plan, before), before, {"lb1": THIRD, "server1": THIRD}).mesh_keys == before.mesh_keys
    assert mesh_facts(about(plan, before), before, {"lb1": OTHER}).mesh_keys == {"pi1": KEY, "lb1": OTHER}


def test_keys_are_forgotten_with_the_mesh() -> None:
    """One that is written again makes others."""
    before = Facts(cluster="quickstart", mesh_keys={"server1": KEY})
    assert mesh_facts(about(plan_of(document())[0], before), before, {}).mesh_keys == {}


def test_facts_in_which_two_have_one_key_are_refused() -> None:
    facts = Facts(cluster="quickstart", mesh_keys={"pi1": KEY, "pi2": KEY, "lb1": OTHER})
    assert [message for _, message in misfits(facts, facts_forms())] == ["pi1 and pi2 have the same public key"]


def test_only_those_that_answered_must_be_reached() -> None:
    known = {"lb1": KEY, "server1": OTHER, "server2": OTHER}
    assert role_variables("pi1", known)["mesh_asked"] == ["lb1=10.98.0.1", "server1=10.98.0.3"]


def test_an_agent_asks_one_of_each_site_that_it_meets_through_a_relay() -> None:
    given = inventory_files(plan_of(meshed())[0], Facts(cluster="quickstart"))
    far = {name: given[f"host_vars/{name}.yml"]["mesh_far"] for name in ("server1", "lb1", "agent1", "pi1")}
    assert far["pi1"] == {"agent1": "10.98.0.6", "pi2": "10.98.0.8"}
    assert far["agent1"] == {"pi1": "10.98.0.7", "pi2": "10.98.0.8"}
    assert far["server1"] == far["lb1"] == {}, "nothing of theirs depends on an agent"
    own = yaml.safe_load((ROLE / "vars/main.yml").read_text())
    assert "'in', ansible_play_hosts)" in own["mesh_far_here"], "with --limit others may never have been in it"
    second = yaml.safe_load((ROLE / "tasks/main.yml").read_text())[-1]
    assert second["vars"] == {"mesh_whom": "{{ mesh_far_here }}"}
    assert "groups['silent']" in second["when"], "one that reaches no server is told for itself alone"


@pytest.mark.parametrize("entry", ["keys", "main"])
def test_what_the_inventory_gives_is_what_the_role_takes(entry: str) -> None:
    options = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())["argument_specs"][entry]["options"]
    given = inventory_files(plan_of(meshed())[0], Facts(cluster="quickstart"))
    for name in ("lb1", "server1", "pi1"):
        values = {key: one for key, one in {**given["group_vars/all.yml"], **given[f"host_vars/{name}.yml"]}.items() if key in options}
        assert ArgumentSpecValidator(options).validate(values).error_messages == []


@pytest.mark.parametrize("task", ["keys", "main"])
def test_hostile_hosts_as_in_the_reference_no_private_half_is_read_by_ansible(task: str) -> None:
    text = (ROLE / f"tasks/{task}.yml").read_text()
    assert not re.search(r"slurp|cat [^\n]*key|genkey[^\n]*\|", text)


def said(text: str, task: str = SAYS_MESH_KEY[1], role: str = "mesh") -> Event:
    return Event(kind="ok", host="pi1", task=task, role=role, result={"ansible_facts": {"mesh_public_key": text}})


TEMPLATES = ["#jinja2: variable_start_string:'[%'\n[% lookup('pipe', 'id') %]", "{{ lookup('pipe', 'id') }}"]


@pytest.mark.parametrize("text", [*TEMPLATES, KEY + "\n", KEY[:-1], "A" * 42 + "B=", ""])
def test_hostile_hosts_as_in_the_reference_a_key_that_is_none_is_kept_nowhere(tmp_path: Path, text: str) -> None:
    watcher = watching(tmp_path)
    watcher.see(said(text))
    assert watcher.mesh_keys == {}
    assert not re.fullmatch(MESH_KEY, text)


def test_hostile_hosts_as_in_the_reference_a_key_comes_from_the_task_that_says_it(tmp_path: Path) -> None:
    watcher = watching(tmp_path)
    watcher.see(said(KEY, task="WireGuard can run here"))
    watcher.see(said(KEY, role="machine"))
    assert watcher.mesh_keys == {}
    watcher.see(said(KEY))
    assert watcher.mesh_keys == {"pi1": KEY}


def watching(folder: Path) -> Watcher:
    class Silent:
        def __getattr__(self, _: str) -> Any:
            return lambda *_: None

    return Watcher(Silent(), Log(folder / "log"))


def test_keys_of_members_are_remembered_and_those_of_others_are_not() -> None:
    plan = plan_of(meshed())[0]
    before = Facts(cluster="quickstart", mesh_keys={"gone": KEY, "pi2": OTHER})
    after = mesh_facts(about(plan, before), before, {"pi1": KEY})
    assert after.mesh_keys == {"pi1": KEY, "pi2": OTHER}
    assert json.dumps(dict(after.mesh_keys))


def key_script(folder: Path, *, asked: bool = False, check: bool = False) -> list[str]:
    """The lines that it says, in a folder of the test's, with a `wg` whose keys are words."""
    text = yaml.safe_load((ROLE / "tasks/keys.yml").read_text())[1]["block"][3]["ansible.builtin.shell"]
    values = {"mesh_folder": f"{folder}/mesh", "ansible_check_mode": check, "inventory_hostname": "pi1", "mesh_new_keys": ["pi1"] * asked}
    (folder / "wg").write_text('#!/bin/sh\n[ "$1" = genkey ] && { echo key-$$; exit; }\nsed s/key/public/\n')
    (folder / "wg").chmod(0o755)
    script = jinja2.Template(text).render(values).replace("/etc/stardock", str(folder))
    path = {"PATH": f"{folder}:/usr/bin:/bin"}
    return subprocess.run(["/bin/sh"], input=script, text=True, capture_output=True, check=True, env=path).stdout.split()


def test_a_new_key_of_a_run_that_was_killed_is_dropped_by_a_plain_run_which_says_so(tmp_path: Path) -> None:
    made, public = key_script(tmp_path)
    assert made == "made"
    assert key_script(tmp_path) == [public]
    _, begun = key_script(tmp_path, asked=True)
    assert begun != public
    assert key_script(tmp_path, asked=True) == [begun], "asked for again it is the same: others may know it already"
    assert key_script(tmp_path) == ["dropped", public]
    assert not (tmp_path / "mesh/next.key").exists()
    assert key_script(tmp_path) == [public]


def test_a_check_says_what_would_happen_to_keys_and_writes_nothing(tmp_path: Path) -> None:
    assert key_script(tmp_path, check=True) == ["made"]
    assert not (tmp_path / "mesh").exists()
    _, public = key_script(tmp_path)
    assert key_script(tmp_path, check=True) == [public]
    assert key_script(tmp_path, asked=True, check=True) == ["made", public]
    assert key_script(tmp_path, check=True) == [public], "none was made"
    key_script(tmp_path, asked=True)
    assert key_script(tmp_path, asked=True, check=True) == [public]
    assert key_script(tmp_path, check=True) == ["dropped", public]
    assert (tmp_path / "mesh/next.key").exists()


def test_what_heals_a_new_key_that_some_know_already_is_named() -> None:
    (one,) = [
        each for each in yaml.safe_load((ROLE / "tasks/main.yml").read_text()) if each["name"] == "Nobody would be cut off by a new key"
    ]
    assert "`runner bootstrap --stage mesh`" in one["ansible.builtin.assert"]["fail_msg"]


def test_that_a_key_was_dropped_is_told_at_the_end(tmp_path: Path) -> None:
    watcher = watching(tmp_path)
    result = {"ansible_facts": {"mesh_dropped": "dropped"}}
    watcher.see(Event(kind="ok", host="pi1", task="WireGuard can run here", role="mesh", result=result))
    assert watcher.dropped == set()
    assert SAYS_DROPPED[1] in names_of("keys")
    watcher.see(Event(kind="ok", host="pi1", task=SAYS_DROPPED[1], role="mesh", result=result))
    assert watcher.dropped == {"pi1"}


def test_a_mesh_that_nobody_wants_goes_and_the_folder_that_was_made_first_is_the_last() -> None:
    play = yaml.safe_load((ROOT / "ansible/mesh.yml").read_text())[-1]
    assert play["hosts"] == "all:!mesh:!silent"
    script = yaml.safe_load((ROLE / "tasks/remove.yml").read_text())[0]["block"][2]["ansible.builtin.shell"]
    assert [trace for trace in play["vars"]["mesh_traces"] if trace not in script] == []
    assert {file["path"] for file in mesh_files(plan_of(meshed())[0])} <= set(play["vars"]["mesh_traces"])
    block = yaml.safe_load((ROLE / "tasks/remove.yml").read_text())[0]["block"]
    gone = ["Unit, interface, rules, key and files go", "They are gone"]
    assert [one["name"] for one in block] == ["See whether a cluster lives in it", "None does", *gone]
    script = block[2]["ansible.builtin.shell"]
    files = {file["path"] for file in mesh_files(plan_of(meshed())[0])} | {"/etc/stardock/mesh"}
    assert [path for path in files if path not in script] == []
    assert f"ip link del dev {INTERFACE}\n" in script
    assert f"nft delete table ip {KEEP.TABLE}\n" in script
    assert script.rstrip().splitlines()[-1] == "rm -rf /etc/stardock/mesh"
    subprocess.run(["/bin/sh", "-n"], input=script, text=True, check=True)


STARTS = ("shell", "command", "script", "systemd_service")


@pytest.mark.parametrize("task", ["keys", "told", "program", "reach", "remove"])
def test_whatever_starts_a_program_on_a_machine_ends(task: str) -> None:
    """One that hangs on an agent would hold up all others."""
    listed = yaml.safe_load((ROLE / f"tasks/{task}.yml").read_text())
    tasks = [one for each in listed for one in each.get("block", [each])]
    started = [one for one in tasks if any(f"ansible.builtin.{module}" in one for module in STARTS)]
    assert [one["name"] for one in started if "timeout" not in one and "mv " not in str(one)] == []
    assert started


def names_of(task: str) -> list[str]:
    return [one["name"] for one in yaml.safe_load((ROLE / f"tasks/{task}.yml").read_text())]


def test_a_new_key_that_is_refused_is_not_left_for_the_next_run() -> None:
    """It would be put in force by a run that was not asked for it, while a silent member knows only the old one."""
    refused = "Nobody would be cut off by a new key"
    assert names_of("keys").index("Everybody can be told a new key") < names_of("keys").index("A machine's key"), "none is made at all"
    assert names_of("main").index("A new key that cannot be told is none") < names_of("main").index(refused), "somebody fell silent since"
