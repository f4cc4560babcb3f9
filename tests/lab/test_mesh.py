"""A mesh over three sites with NAT between them: k3s' real flannel over WireGuard, a site that is cut off and comes back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from pathlib import Path

import pytest
import yaml

from lab.patience import patient
from stardock.model.stages import NAMES
from tests.lab.cluster import ROOT, Cluster, changed
from tests.lab.sites import translate
from tests.waiting import until

pytestmark = [
    pytest.mark.lab,
    pytest.mark.nodes,
    pytest.mark.long,
    pytest.mark.timeout(1500),
    pytest.mark.one_life("mesh"),
    pytest.mark.proves("feature mesh"),
]

SITES = {"lb1": "home", "server1": "home", "agent1": "shed", "agent2": "boat"}
MESH = {"lb1": "10.98.0.1", "server1": "10.98.0.2", "agent1": "10.98.0.3", "agent2": "10.98.0.4"}
NODES = ("server1", "agent1", "agent2")
KEEP = "/usr/bin/python3 /etc/stardock/mesh/keep.py"
RELAY = "192.168.1.41"
#: What of a mesh is on a machine.
LEFT = """test -e /sys/class/net/stardock0 && echo link
test -e /etc/systemd/system/stardock-mesh.service && echo unit
test -e /etc/stardock/mesh/private.key && echo key
nft list table ip stardock_mesh >/dev/null 2>&1 && echo table
true"""

Reached = dict[tuple[str, str], bool]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    file = tmp_path_factory.mktemp("mesh") / "cluster.yaml"
    file.write_text((Path(__file__).parent / "mesh.yaml").read_text())
    with Cluster("mesh", file, "real").deployed() as cluster:
        translate(cluster, RELAY)
        yield cluster


@pytest.fixture(scope="module")
def pods(cluster: Cluster) -> dict[str, tuple[str, str]]:
    """One on each node: its node -> its name and address."""
    containers = next(one for one in yaml.safe_load_all((ROOT / "tools/demo-web.yaml").read_text()) if one["kind"] == "Deployment")
    template = containers["spec"]["template"]
    template["spec"] = {key: value for key, value in template["spec"].items() if key != "topologySpreadConstraints"}
    template["spec"]["tolerations"] = [{"operator": "Exists"}]
    spec = {"selector": {"matchLabels": {"app": "web"}}, "template": template}
    file = cluster.folder / "everywhere.json"
    file.write_text(json.dumps({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "web"}, "spec": spec}))
    cluster.kubectl("apply", "--filename", str(file))
    cluster.kubectl("rollout", "status", "daemonset/web", f"--timeout={patient(120):g}s")
    found = json.loads(cluster.kubectl("get", "pods", "--selector=app=web", "-o", "json").stdout)["items"]
    return {pod["spec"]["nodeName"]: (pod["metadata"]["name"], pod["status"]["podIP"]) for pod in found}


def reach(cluster: Cluster, seconds: float = 2) -> Reached:
    """Who reaches whom in the mesh, with packets of full size."""

    def asked(name: str) -> dict[str, str]:
        others = " ".join(f"{other}={address}" for other, address in MESH.items() if other != name)
        return dict(json.loads(cluster.ssh(name, f"{KEEP} reach {seconds} 1420 {others}")))

    with ThreadPoolExecutor() as pool:
        lost = dict(zip(MESH, pool.map(asked, MESH), strict=True))
    return {(one, other): other not in lost[one] for one, other in permutations(MESH, 2)}


def pods_reach(cluster: Cluster, pods: Mapping[str, tuple[str, str]], nodes: tuple[str, ...] = NODES) -> Reached:
    """Which pods get a page from which; those of `nodes` are asked."""

    def got(pair: tuple[str, str]) -> bool:
        name, address = pods[pair[0]][0], pods[pair[1]][1]
        page = f"timeout 3 wget -q -O - http://{address}:8080"  # Debian's static busybox dies of `wget -T`
        return cluster.kubectl("exec", name, "--", "sh", "-c", page, check=False).returncode == 0

    pairs = [(one, other) for one, other in permutations(NODES, 2) if one in nodes]
    with ThreadPoolExecutor(3) as pool:
        return dict(zip(pairs, pool.map(got, pairs), strict=True))


def told(cluster: Cluster, moment: str, machines: Reached, inside: Reached) -> None:
    """A row a pair, in build/lab/mesh/reached.txt."""
    lines = [f"{moment}:"]
    for kind, found in (("machine", machines), ("pod", inside)):
        lines += [f"  {kind:<7}  {one:<7} -> {other:<7}  {'reached' if yes else 'not reached'}" for (one, other), yes in found.items()]
    with (cluster.folder / "reached.txt").open("a") as file:
        file.write("\n".join(lines) + "\n")


def test_before_the_mesh_sites_do_not_reach_each_other(cluster: Cluster) -> None:
    for name, address in (("agent1", "192.168.1.50"), ("server1", "192.168.7.60"), ("agent2", "192.168.7.60")):
        assert cluster.ssh(name, f"timeout 3 bash -c '</dev/tcp/{address}/22' && echo open", check=False).strip() != "open"


def test_a_mesh_that_is_taken_out_before_anything_is_founded_goes_from_all_machines(cluster: Cluster) -> None:
    """Neither cluster.yaml nor lock knows of it any more: the machines do."""
    cluster.bootstrap("--stage", "machines", "--stage", "mesh")
    assert [cluster.ssh(name, LEFT).split() for name in MESH] == [["link", "unit", "key", "table"]] * len(MESH)
    text = cluster.file.read_text()
    without = yaml.safe_load(text)
    del without["mesh"]
    without["pools"] = [{key: value for key, value in pool.items() if key != "site"} for pool in without["pools"]]
    cluster.file.write_text(json.dumps(without))
    try:
        shown = cluster.bootstrap("--stage", "mesh", "--check").stdout
        assert changed(shown) == ["mesh"], shown
        assert [cluster.ssh(name, LEFT).split() for name in MESH] == [["link", "unit", "key", "table"]] * len(MESH)
        cluster.bootstrap("--stage", "mesh")
        assert [cluster.ssh(name, LEFT) for name in MESH] == [""] * len(MESH)
        again = cluster.bootstrap("--stage", "mesh").stdout
        assert again.count("changed: nothing") == 1, again
    finally:
        cluster.file.write_text(text)


def test_a_cluster_is_founded_over_three_sites_and_the_second_run_changes_nothing(cluster: Cluster) -> None:
    cluster.bootstrap()
    assert {name: one["Ready"] for name, one in cluster.nodes().items()} == dict.fromkeys(NODES, "True")
    again = cluster.bootstrap().stdout
    assert again.count("changed: nothing") == len(NAMES), again


def test_nodes_are_known_by_the_mesh_and_private_keys_stay_where_they_were_made(cluster: Cluster) -> None:
    listed = json.loads(cluster.kubectl("get", "nodes", "-o", "json").stdout)["items"]
    found = {node["metadata"]["name"]: node["status"]["addresses"][0]["address"] for node in listed}
    assert found == {name: MESH[name] for name in NODES}
    for name in MESH:
        mode, key = cluster.ssh(name, "stat -c %a /etc/stardock/mesh/private.key; cat /etc/stardock/mesh/private.key").split()
        assert mode == "600"
        for file in cluster.files():
            assert key.encode() not in file.read_bytes(), file


def test_before_a_cut_all_machines_and_pods_reach_each_other(cluster: Cluster, pods: dict[str, tuple[str, str]]) -> None:
    until(lambda: all(pods_reach(cluster, pods).values()), "pods to reach each other", 60, lambda: str(pods_reach(cluster, pods)))
    machines, inside = reach(cluster, 10), pods_reach(cluster, pods)
    told(cluster, "before", machines, inside)
    assert all(machines.values())
    mtu = cluster.kubectl("exec", pods["agent1"][0], "--", "cat", "/sys/class/net/eth0/mtu").stdout.strip()
    assert mtu == "1370"


def test_the_api_answers_at_other_sites_by_the_mesh_and_the_virtual_address_at_its_own(cluster: Cluster) -> None:
    asked = "curl -sk -m 5 -o /dev/null -w '%{{http_code}}' https://{}:6443/cacerts || true"
    assert cluster.ssh("agent2", asked.format(MESH["lb1"])).strip() == "200"
    assert cluster.ssh("agent2", asked.format(MESH["server1"])).strip() == "200"
    assert cluster.ssh("server1", asked.format("192.168.1.40")).strip() == "200"
    assert cluster.ssh("agent2", asked.format("192.168.1.40")).strip() == "000"


def test_a_site_that_is_cut_off_comes_back_by_itself(cluster: Cluster, pods: dict[str, tuple[str, str]]) -> None:
    translate(cluster, RELAY, cut="vmbr2")
    try:
        machines, inside = reach(cluster), pods_reach(cluster, pods, ("server1", "agent1"))
        told(cluster, "during (the boat is cut off)", machines, inside)
        assert {pair for pair, yes in machines.items() if not yes} == {pair for pair in machines if "agent2" in pair}
        assert {pair for pair, yes in inside.items() if not yes} == {pair for pair in inside if "agent2" in pair}
        until(lambda: cluster.nodes()["agent2"]["Ready"] != "True", "agent2 to count as lost", 90)
    finally:
        translate(cluster, RELAY)
        began = time.monotonic()
    until(lambda: all(reach(cluster, 1).values()), "all machines to reach each other again", 60)
    healed = time.monotonic() - began
    until(lambda: all(pods_reach(cluster, pods).values()), "all pods to reach each other again", 60)
    whole = time.monotonic() - began
    until(lambda: cluster.nodes()["agent2"]["Ready"] == "True", "agent2 to be Ready", 60)
    moment = f"after (machines {healed:.1f} s, pods {whole:.1f} s, Ready {time.monotonic() - began:.1f} s)"
    told(cluster, moment, reach(cluster, 5), pods_reach(cluster, pods))
    assert healed < patient(45)


def test_what_somebody_takes_away_is_put_back_and_flannels_device_stays(cluster: Cluster, pods: dict[str, tuple[str, str]]) -> None:
    device = "cat /sys/class/net/flannel.1/ifindex"
    before = cluster.ssh("agent1", device)
    harms = (
        "ip route del 10.98.0.0/24 dev stardock0",
        "ip address flush dev stardock0",
        "ip link set stardock0 mtu 1500 down",
        "wg set stardock0 peer $(wg show stardock0 peers | head -1) remove",
        "systemctl kill --signal=KILL stardock-mesh-go.service",
        "systemctl restart stardock-mesh.service",
        "systemctl restart systemd-networkd.service",
        "nft delete table ip stardock_mesh",
    )
    for harm in harms:
        cluster.ssh("agent1", harm)
        until(lambda: all(yes for (one, _), yes in reach(cluster, 1).items() if one == "agent1"), f"agent1 after `{harm}`", 40)
        assert cluster.ssh("agent1", device) == before, harm
    until(lambda: "table" in cluster.ssh("agent1", LEFT), "the rules to be back", 30)
    until(lambda: all(pods_reach(cluster, pods).values()), "pods to reach each other", 60)


def test_a_host_that_moves_is_followed(cluster: Cluster) -> None:
    """Another address behind its router, with another port outside: others learn it from its next packet."""
    others = " ".join(f"{name}={address}" for name, address in MESH.items() if name != "agent2")
    move = "ip address del 192.168.8.{}/24 dev ens18; ip address add 192.168.8.{}/24 dev ens18; ip route replace default via 192.168.8.1"
    there, back = move.format(60, 61), move.format(61, 60)
    # SSH may not live through it: what was seen there is read when it is back.
    cluster.ssh("agent2", f"{there}; {KEEP} reach 40 1420 {others} >/root/moved; {back}", check=False)
    until(lambda: all(reach(cluster, 1).values()), "all to reach each other again", 60)
    assert cluster.ssh("agent2", "cat /root/moved").strip() == "{}"


def test_a_key_is_made_anew_and_all_others_are_told(cluster: Cluster, pods: dict[str, tuple[str, str]]) -> None:
    shown = "wg show stardock0 public-key"
    before = {name: cluster.ssh(name, shown) for name in MESH}
    cluster.bootstrap("--stage", "mesh", "--new-mesh-key", "agent1")
    after = {name: cluster.ssh(name, shown) for name in MESH}
    assert [name for name in MESH if before[name] != after[name]] == ["agent1"]
    assert all(reach(cluster, 20).values())
    until(lambda: all(pods_reach(cluster, pods).values()), "pods to reach each other", 60)
    again = cluster.bootstrap("--stage", "mesh").stdout
    assert again.count("changed: nothing") == 1, again


def test_a_new_key_that_a_killed_run_left_is_dropped_by_a_plain_one_which_says_so(cluster: Cluster) -> None:
    """As a run leaves it that is killed before others are told."""
    before = cluster.ssh("agent1", "umask 077; wg genkey >/etc/stardock/mesh/next.key; wg show stardock0 public-key")
    shown = cluster.bootstrap("--stage", "mesh").stdout
    assert "agent1: a run that ended too early had begun a new key in the mesh: dropped" in shown
    assert "runner bootstrap --stage mesh --new-mesh-key agent1" in shown
    assert cluster.ssh("agent1", "wg show stardock0 public-key") == before
    assert "next.key" not in cluster.ssh("agent1", "ls /etc/stardock/mesh")
    assert "dropped" not in cluster.bootstrap("--stage", "mesh").stdout


def test_an_agent_behind_nat_that_reaches_nobody_is_named_and_stops_nobody(cluster: Cluster) -> None:
    translate(cluster, RELAY, cut="vmbr2")
    try:
        partly = cluster.bootstrap("--stage", "mesh", check=False)
    finally:
        translate(cluster, RELAY)
    assert partly.returncode != 0
    assert "agent2 does not reach all others in the mesh" in partly.stderr + partly.stdout
    assert "agent1 does not reach" not in partly.stderr + partly.stdout
    until(lambda: all(reach(cluster, 1).values()), "all to reach each other again", 60)


def test_hostile_hosts_as_in_the_reference_a_key_of_anothers_leaves_the_agent_out_and_stops_nobody(cluster: Cluster) -> None:
    """agent1 claims lb1's key: it says it in the place of its own."""
    stolen = cluster.ssh("lb1", "wg show stardock0 public-key").strip()
    lie = f'#!/bin/sh\\n[ "$1" = pubkey ] && echo {stolen} && exit\\nexec /usr/bin/wg "$@"\\n'
    cluster.ssh("agent1", f"printf '{lie}' >/usr/local/bin/wg && chmod +x /usr/local/bin/wg && systemctl stop stardock-mesh.service")
    try:
        partly = cluster.bootstrap("--stage", "mesh", check=False)
        assert "agent1 says the public key of lb1" in partly.stderr + partly.stdout
        assert cluster.ssh("server1", "wg show stardock0 peers").split().count(stolen) == 1
    finally:
        cluster.ssh("agent1", "rm /usr/local/bin/wg && systemctl start stardock-mesh.service")
    cluster.bootstrap("--stage", "mesh")
    assert all(reach(cluster, 20).values())
