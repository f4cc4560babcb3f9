"""The stand-in for k3s: real etcd, real kube-apiserver behind one port that is the supervisor's too."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

import pytest

from tests.lab.standin.processes import AGENT_TOKEN, TOKEN, Lab, Machine, until

pytestmark = [pytest.mark.lab, pytest.mark.one_life("stand-in k3s"), pytest.mark.slow]
VERSION = "v1.36.5+k3s1"
SERVERS = ("server1", "server2", "server3")
Cluster = dict[str, Machine]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("k3s"), VERSION)
    yield lab
    lab.close()


@pytest.fixture(scope="module")
def cluster(lab: Lab) -> Cluster:
    """A server that founds, and an agent."""
    machines = {"server1": lab.machine("server1", 11), "agent1": lab.machine("agent1", 21)}
    opened = machines["server1"].root / "auth.yaml"
    opened.parent.mkdir(parents=True, exist_ok=True)
    conditions = [{"path": "/livez"}, {"path": "/readyz"}]
    content = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthenticationConfiguration"}
    opened.write_text(json.dumps({**content, "anonymous": {"enabled": True, "conditions": conditions}}))
    serve(machines["server1"], kube_apiserver_arg=[f"authentication-config={opened}"])
    machines["agent1"].configure(token=AGENT_TOKEN, server=machines["server1"].url)
    machines["agent1"].start("agent")
    return machines


def serve(machine: Machine, **more: object) -> None:
    machine.configure(token=TOKEN, agent_token=AGENT_TOKEN, cluster_init=True, **more)
    machine.start("server")


@pytest.mark.proves("feature k3s")
def test_a_server_founds_and_an_agent_joins_at_the_api_s_port(cluster: Cluster) -> None:
    server = cluster["server1"]
    for name in cluster:
        until(f"{name} is Ready", lambda name=name: server.condition(name, "Ready") == "True", 60, cluster)  # type: ignore[misc]
    until("it votes", lambda: server.condition("server1", "EtcdIsVoter") == "True", 30, cluster)
    node = server.nodes()["agent1"]
    assert node["status"]["nodeInfo"]["kubeletVersion"] == VERSION
    assert node["metadata"]["annotations"]["k3s.io/hostname"] == "agent1"
    secrets = server.kubectl("get", "secrets", "--namespace=kube-system", "--output=name").split()
    assert {f"secret/{name}.node-password.k3s" for name in cluster} <= set(secrets)


@pytest.mark.only_looks
@pytest.mark.parametrize(("path", "user", "status"), [
    ("/cacerts", "", 200), ("/ping", "", 200), ("/v1-k3s/readyz", "", 403), ("/v1-k3s/readyz", f"node:{AGENT_TOKEN}", 200),
    ("/v1-k3s/readyz", "node:wrong", 401), ("/v1-k3s/server-bootstrap", f"node:{AGENT_TOKEN}", 403), ("/v1-rke2/readyz", "", 401),
    ("/v1-k3s/nothing", f"server:{TOKEN}", 404), ("/readyz", "", 200), ("/livez", "", 200), ("/version", "", 401), ("/api", "", 401),
])  # fmt: skip
def test_one_port_answers_for_the_supervisor_and_for_the_api(lab: Lab, cluster: Cluster, path: str, user: str, status: int) -> None:
    assert lab.curl(f"{cluster['server1'].url}{path}", *(["-u", user] if user else []))[0] == status


def shown(stem: Path) -> list[str]:
    """curl's words for a client certificate."""
    return ["--cert", f"{stem}.crt", "--key", f"{stem}.key"]


@pytest.mark.proves("feature k3s")
def test_the_api_knows_who_asks_by_certificate_or_token_and_nobody_by_a_header_of_their_own(lab: Lab, cluster: Cluster) -> None:
    server = cluster["server1"]
    whoami = json.loads(server.kubectl("auth", "whoami", "--output=json"))["status"]["userInfo"]
    assert (whoami["username"], "system:masters" in whoami["groups"]) == ("system:admin", True)
    nodes = f"{server.url}/api/v1/nodes"
    claimed = ("-H", "X-Remote-User: system:admin", "-H", "X-Remote-Group: system:masters")
    assert lab.curl(nodes, *claimed)[0] == 401
    kubelet = shown(server.data / "agent/client-kubelet")
    assert lab.curl(f"{nodes}/server1", *kubelet)[0] == 200
    assert lab.curl(f"{server.url}/api/v1/namespaces/kube-system/secrets", *kubelet, *claimed)[0] == 403, "a kubelet stays one"
    drops = ("-H", "Connection: X-Remote-User, X-Remote-Group")
    assert lab.curl(f"{nodes}/server1", *kubelet, "--http1.1", *drops)[0] == 200, "whoever has names drop on the way is who they are"
    assert lab.curl(f"{server.url}/readyz", *shown(server.data / "server/tls/etcd/client"))[0] == 401, "another authority's is nobody's"
    server.kubectl("create", "serviceaccount", "someone")
    token = server.kubectl("create", "token", "someone").strip()
    assert lab.curl(f"{server.url}/version", "-H", f"Authorization: Bearer {token}")[0] == 200
    assert lab.curl(f"{nodes}", "-H", f"Authorization: Bearer {token}")[0] == 403


def test_a_watch_tells_at_once_what_happens(cluster: Cluster) -> None:
    """While it stays open: a front that keeps what it has until the answer ends would tell nothing."""
    server, told = cluster["server1"], SimpleQueue[str]()
    watch = server.begin_kubectl("get", "configmaps", "--watch-only", "--output=name")
    reader = Thread(target=lambda: deque(map(told.put, watch.stdout or ()), maxlen=0))
    reader.start()
    try:
        numbers = count(1)

        def begun() -> bool:
            """Of what was there before it began, it tells nothing."""
            server.kubectl("create", "configmap", f"before-{next(numbers)}")
            return not told.empty()

        until("the watch has begun", begun, 30, cluster)
        server.kubectl("create", "configmap", "seen")
        until("a change is told", lambda: not told.empty() and told.get() == "configmap/seen\n", 10, cluster)
        assert watch.poll() is None, "and it goes on"
    finally:
        watch.kill()
        reader.join()


@pytest.mark.proves("feature k3s")
def test_components_speak_in_the_journal_and_one_that_ends_ends_the_service(cluster: Cluster) -> None:
    server = cluster["server1"]
    assert "Running kube-apiserver" in server.log()
    assert '"Kubelet version"' in server.log()
    server.stop()
    serve(server, kube_apiserver_arg=["no-such-flag=1"])
    until("it says so and ends", lambda: 'level=fatal msg="apiserver exited: exit status' in server.log(), 30, cluster)
    assert "unknown flag: --no-such-flag" in server.log()
    server.stop()
    serve(server, kubelet_arg=["no-such-flag=1"])
    until(
        "so does a kubelet",
        lambda: "kubelet exited: failed to parse kubelet flag: unknown flag: --no-such-flag" in server.log(),
        60,
        cluster,
    )
    server.stop()
    serve(server)
    until("it is back", server.ready, 60, cluster)


def test_what_rke2_is_told_is_unknown_and_a_first_server_that_is_not_told_to_found_etcd_is_refused(lab: Lab) -> None:
    other = lab.machine("server9", 19)
    other.configure(token=TOKEN, cluster_init=True, cni="canal")
    code, words = other.run("server")
    assert (code, "unknown key 'cni'" in words) == (1, True)
    other.configure(token=TOKEN)
    code, words = other.run("server")
    assert (code, "without cluster-init and server the data are in SQLite" in words) == (1, True)
    other.configure(token=TOKEN, cluster_init=True, flannel_backend="ipsec")
    code, words = other.run("server")
    assert (code, "Cannot configure unknown flannel backend 'ipsec'" in words) == (1, True)
    other.close()


@pytest.mark.proves("feature k3s")
def test_two_servers_join_and_the_founder_may_die(lab: Lab, cluster: Cluster) -> None:
    machines = {name: lab.machine(name, number) for name, number in (("server2", 12), ("server3", 13))}
    for machine in machines.values():
        serve(machine, server=cluster["server1"].url)
    every = {**cluster, **machines}
    for name, machine in machines.items():
        until(f"{name} votes", lambda name=name: cluster["server1"].condition(name, "EtcdIsVoter") == "True", 90, every)  # type: ignore[misc]
        until(f"{name} is ready", machine.ready, 60, every)
    form = "{.endpoints[*].addresses[0]}:{.ports[0].port}"
    told = cluster["server1"].kubectl("get", "endpointslice", "kubernetes", f"--output=jsonpath={form}")
    assert told == f"{' '.join(every[name].address for name in SERVERS)}:6443", "where pods find the API"
    known = cluster["agent1"].data / "agent/etc/k3s-agent-load-balancer.json"
    until("the agent knows them", lambda: all(machine.address in known.read_text() for machine in machines.values()), 60, every)
    cluster["server1"].kill()
    last = machines["server2"].beat("agent1")
    until("the agent beats at another server", lambda: machines["server2"].beat("agent1") not in ("", last), 40, every)
    cluster["server1"].start("server")
    until("the founder is back", cluster["server1"].ready, 60, every)


def test_a_snapshot_is_saved_by_the_running_server_and_the_program_brings_kubectl(cluster: Cluster) -> None:
    server = cluster["server1"]
    code, words = server.run("etcd-snapshot", "save", "--name", "before-v1.37")
    (file,) = (server.data / "server/db/snapshots").iterdir()
    assert (code, f"Snapshot {file.name} saved." in words, file.name.startswith("before-v1.37-server1-")) == (0, True, True)
    assert server.run("kubectl", "get", "nodes", "--output=name")[1].split() == [
        "node/agent1",
        "node/server1",
        "node/server2",
        "node/server3",
    ]
    link = server.root / "kubectl"
    link.symlink_to(server.program)
    code, words = server.run_as(link, "version", "--client")
    assert (code, "Client Version" in words) == (0, True)
    assert Path(server.data / "data/current").readlink().parent == server.data / "data"
    assert server.run("--version")[1].startswith(f"k3s version {VERSION} (")
