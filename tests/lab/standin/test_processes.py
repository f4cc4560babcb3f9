"""Real etcd, real kube-apiserver, three servers and an agent: what a deployer may rely on, in the order in which it happens."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import stat
from collections.abc import Iterator

import pytest

from tests.lab.standin.processes import AGENT_TOKEN, NETWORK, TOKEN, VERSION, Lab, Machine, until

pytestmark = [pytest.mark.lab, pytest.mark.one_life("stand-in"), pytest.mark.slow]
Cluster = dict[str, Machine]


def serve(machine: Machine, **more: object) -> None:
    machine.configure(token=TOKEN, agent_token=AGENT_TOKEN, **more)
    machine.start("server")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("standin"))
    yield lab
    lab.close()


@pytest.fixture(scope="module")
def cluster(lab: Lab) -> Cluster:
    """The founder is up; server2 and server3 then join at the same time; the agent has only the agent token."""
    names = {"server1": 11, "server2": 12, "server3": 13, "agent1": 21}
    machines = {name: lab.machine(name, number) for name, number in names.items()}
    founder = machines["server1"]
    serve(founder, tls_san=["api.lab.test"], node_taint=["CriticalAddonsOnly=true:NoExecute"])
    until("the founder is ready", founder.ready, 60, machines)
    for name in ("server2", "server3"):
        serve(machines[name], server=f"https://{founder.address}:9345")
    machines["agent1"].configure(token=AGENT_TOKEN, server=f"https://{founder.address}:9345", node_label=["pool=one"])
    machines["agent1"].start("agent")
    until("the agent is Ready", lambda: founder.condition("agent1", "Ready") == "True", 60, machines)
    for name in ("server2", "server3"):
        until(f"{name} is ready", machines[name].ready, 90, machines)
        until(f"{name} votes", lambda name=name: founder.condition(name, "EtcdIsVoter") == "True", 30, machines)  # type: ignore[misc]
    return machines


@pytest.mark.only_looks
def test_two_joiners_at_once_both_become_voters(cluster: Cluster) -> None:
    """That the second learner waits, tests/unit/standin/test_membership.py shows: whether the two meet is a matter of milliseconds."""
    assert [cluster["server1"].condition(name, "EtcdIsVoter") for name in ("server1", "server2", "server3")] == ["True"] * 3


@pytest.mark.proves("feature labels and taints")
@pytest.mark.only_looks
def test_nodes_carry_roles_labels_taints_addresses_and_the_version(cluster: Cluster) -> None:
    until("not-ready taints are gone", lambda: all("not-ready" not in str(node["spec"]) for node in cluster["server2"].nodes().values()))
    nodes = cluster["server2"].nodes()
    assert sorted(nodes) == sorted(cluster)
    for name, node in nodes.items():
        roles = {label for label in node["metadata"]["labels"] if label.startswith("node-role")}
        assert roles == ({"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/etcd"} if name != "agent1" else set())
        assert node["metadata"]["labels"]["kubernetes.io/hostname"] == name
        assert {"type": "InternalIP", "address": cluster[name].address} in node["status"]["addresses"]
        assert node["status"]["nodeInfo"]["kubeletVersion"] == VERSION
    assert nodes["agent1"]["metadata"]["labels"]["pool"] == "one"
    assert nodes["server1"]["spec"]["taints"] == [{"key": "CriticalAddonsOnly", "value": "true", "effect": "NoExecute"}]
    assert nodes["server1"]["metadata"]["annotations"]["etcd.rke2.cattle.io/node-name"].startswith("server1-")


@pytest.mark.only_looks
def test_the_files_are_where_the_real_one_puts_them(cluster: Cluster) -> None:
    server = cluster["server1"].data / "server"
    kubeconfig = cluster["server1"].root / "etc/rancher/rke2/rke2.yaml"
    assert stat.S_IMODE(kubeconfig.stat().st_mode) == 0o600
    assert "https://127.0.0.1:6443" in kubeconfig.read_text()
    assert (server / "node-token").read_text().startswith("K10")
    assert stat.S_IMODE((server / "token").stat().st_mode) == 0o600
    assert (server / "db/etcd/member/wal").is_dir()
    assert TOKEN not in cluster["server1"].log()


@pytest.mark.only_looks
@pytest.mark.proves("reality D29")
def test_folders_have_the_modes_that_rke2_gives_them(cluster: Cluster) -> None:
    data = cluster["server1"].data
    modes = {name: stat.S_IMODE((data / name).stat().st_mode) for name in ("", "agent", "agent/logs", "server")}
    assert modes == {"": 0o755, "agent": 0o750, "agent/logs": 0o750, "server": 0o700}


def test_a_snapshot_is_saved_on_a_server_and_holds_etcd_s_checksum(cluster: Cluster) -> None:
    server = cluster["server1"]
    code, words = server.run("etcd-snapshot", "save", "--name", "before-v1.37")
    (file,) = (server.data / "server/db/snapshots").iterdir()
    content = file.read_bytes()
    assert (code, f"Snapshot {file.name} saved." in words) == (0, True)
    assert re.fullmatch(r"before-v1\.37-server1-[0-9]{10}", file.name)
    assert hashlib.sha256(content[:-32]).digest() == content[-32:]  # what etcdutl looks at before it restores
    code, words = cluster["agent1"].run("etcd-snapshot", "save")
    assert (code, "server/token: no such file or directory" in words) == (1, True)


@pytest.mark.only_looks
@pytest.mark.parametrize(("path", "user", "status"), [
    ("/cacerts", "", 200), ("/ping", "", 200), ("/v1-rke2/readyz", "", 403), ("/v1-rke2/readyz", f"node:{AGENT_TOKEN}", 200),
    ("/v1-rke2/readyz", f"node:{TOKEN}", 401), ("/v1-rke2/readyz", "node:wrong", 401), ("/v1-rke2/server-bootstrap", "", 403),
    ("/v1-rke2/server-bootstrap", f"node:{AGENT_TOKEN}", 403), ("/v1-rke2/server-bootstrap", f"server:{TOKEN}", 200),
    ("/nothing", f"server:{TOKEN}", 404),
])  # fmt: skip
def test_9345_answers_whom_it_should(lab: Lab, cluster: Cluster, path: str, user: str, status: int) -> None:
    url = f"https://{cluster['server2'].address}:9345{path}"
    assert lab.curl(url, *(["-u", user] if user else []))[0] == status


def test_anonymous_readyz_is_401_until_a_file_opens_it(lab: Lab, cluster: Cluster) -> None:
    server, url = cluster["server3"], f"https://{cluster['server3'].address}:6443"
    assert lab.curl(f"{url}/readyz")[0] == 401
    file = server.root / "auth.yaml"
    conditions = [{"path": "/livez"}, {"path": "/readyz"}]
    content = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthenticationConfiguration"}
    file.write_text(json.dumps({**content, "anonymous": {"enabled": True, "conditions": conditions}}))
    server.stop()
    serve(server, server=f"https://{NETWORK}.250:9345", kube_apiserver_arg=[f"authentication-config={file}"])
    until("server3 is back, whatever server: says", lambda: lab.curl(f"{url}/readyz")[0] == 200, 60, cluster)
    assert lab.curl(f"{url}/healthz")[0] == 401


def apiserver_log(machine: Machine) -> str:
    """What the API server's containers said, the last one at the end."""
    folders = (machine.root / "var/log/pods").glob(f"kube-system_kube-apiserver-{machine.name}_*/kube-apiserver")
    return "".join(file.read_text() for folder in folders for file in sorted(folder.glob("*.log"), key=lambda file: int(file.stem)))


@pytest.mark.only_looks
@pytest.mark.proves("reality D26")
def test_the_logs_of_static_pods_and_kubelet_lie_where_the_real_ones_do_and_not_in_the_journal(cluster: Cluster) -> None:
    server = cluster["server1"]
    (folder,) = (server.root / "var/log/pods").glob("kube-system_etcd-server1_*")
    assert re.fullmatch(r"kube-system_etcd-server1_[0-9a-f]{32}", folder.name)
    assert (folder / "etcd/0.log").is_file()
    line = apiserver_log(server).splitlines()[0]
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z stderr F ", line)
    assert re.match(r'I\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ \S+\] "Kubelet version"', (server.data / "agent/logs/kubelet.log").read_text())
    assert (server.data / "agent/containerd/containerd.log").is_file()
    assert all(line.startswith("time=") for line in server.log().splitlines())


@pytest.mark.proves("reality D19", "reality D20", "reality D26")
def test_an_api_server_that_cannot_take_its_options_says_so_in_its_pod_s_log_only(lab: Lab, cluster: Cluster) -> None:
    server, file = cluster["server3"], cluster["server3"].root / "auth.yaml"
    opened = f"authentication-config={file}"
    old = 'no kind \\"AuthenticationConfiguration\\" is registered for version \\"apiserver.config.k8s.io/v1\\"'
    for program, more, words in (
        (
            lab.program,
            ["oidc-issuer-url=https://id.test", "oidc-client-id=x"],
            "authentication-config file and oidc-* flags are",
        ),
        (lab.program, ["anonymous-auth=false"], "--anonymous-auth flag cannot be set when anonymous field is configured"),
        (lab.release("v1.33.3+rke2r1"), [], old),
    ):
        server.stop()
        server.program = program
        serve(server, kube_apiserver_arg=[opened, *more])
        until(f"the API server has said {words}", lambda words=words: words in apiserver_log(server), 60, cluster)  # type: ignore[misc]
        assert words not in server.log()
        assert 'msg="Waiting for API server to become available"' in server.log()
    server.stop()
    server.program = lab.program
    serve(server, kube_apiserver_arg=[opened])
    until("it is back without", server.ready, 60, cluster)
    assert old not in apiserver_log(server)  # another manifest, another folder: the old one goes


@pytest.mark.proves("reality D23", "reality D24", "reality D28")
def test_an_existing_server_is_not_compared_and_with_cni_none_new_nodes_wait_for_the_user_s(lab: Lab, cluster: Cluster) -> None:
    server, agent = cluster["server3"], lab.machine("agent4", 24)
    server.stop()
    server.program = lab.release("v1.37.1+rke2r1")
    serve(server, cluster_cidr="10.99.0.0/16", cni="none")
    until("it is up with another cluster-cidr", server.ready, 60, cluster)
    until("its Node tells the version", lambda: server.nodes()["server3"]["status"]["nodeInfo"]["kubeletVersion"] == "v1.37.1+rke2r1", 20)
    agent.configure(token=AGENT_TOKEN, server=f"https://{server.address}:9345")
    agent.start("agent")
    until("the agent is registered", lambda: server.condition("agent4", "Ready") == "False", 30, {"agent4": agent})
    conditions = server.nodes()["agent4"]["status"]["conditions"]
    assert "cni plugin not initialized" in next(entry["message"] for entry in conditions if entry["type"] == "Ready")
    network = agent.root / "etc/cni/net.d/10-own.conflist"
    network.parent.mkdir(parents=True)
    network.write_text("{}")
    until("it is Ready with the user's CNI", lambda: server.condition("agent4", "Ready") == "True", 30, {"agent4": agent})
    agent.close()
    server.stop()
    server.program = lab.program
    serve(server)
    until("server3 is as it was", server.ready, 60, cluster)


@pytest.mark.proves("reality D25")
def test_a_cis_machine_without_user_and_kernel_settings_is_refused_and_starts_with_them(lab: Lab, cluster: Cluster) -> None:
    agent, server = lab.machine("agent5", 25), cluster["server1"]
    kernel = {"vm/overcommit_memory": 0, "vm/panic_on_oom": 0, "kernel/panic": 0, "kernel/panic_on_oops": 1}
    keys = {"kernel/keys/root_maxkeys": 1000000, "kernel/keys/root_maxbytes": 25000000}
    for name, value in {**kernel, **keys}.items():
        (agent.root / "proc/sys" / name).parent.mkdir(parents=True, exist_ok=True)
        (agent.root / "proc/sys" / name).write_text(f"{value}\n")
    agent.configure(token=AGENT_TOKEN, server=f"https://{server.address}:9345", profile="cis")
    code, words = agent.run("agent")
    assert (code, "invalid kernel parameter value kernel.panic=0 - expected 10" in words) == (1, True)
    assert "invalid kernel parameter value vm.overcommit_memory=0 - expected 1" in words
    (agent.root / "proc/sys/vm/overcommit_memory").write_text("1\n")
    (agent.root / "proc/sys/kernel/panic").write_text("10\n")
    code, words = agent.run("server")
    assert (code, "missing required: user: unknown user etcd" in words) == (1, True)
    agent.start("agent")
    until("it is Ready", lambda: server.condition("agent5", "Ready") == "True", 30, {"agent5": agent})
    agent.close()


@pytest.mark.proves("reality D21", "reality D26", "reality D27")
def test_a_label_that_a_kubelet_may_not_set_ends_it_and_only_its_log_says_why(lab: Lab, cluster: Cluster) -> None:
    agent, server = lab.machine("agent3", 23), cluster["server1"]
    settings = {"token": AGENT_TOKEN, "server": f"https://{server.address}:9345"}
    agent.configure(**settings, node_label=["node-role.kubernetes.io/worker=true"])
    agent.start("agent")
    until("it is started again and again", lambda: agent.log().count("Kubelet exited: exit status 1") > 1, 30, {"agent3": agent})
    words = "unknown 'kubernetes.io' or 'k8s.io' labels specified with --node-labels: [node-role.kubernetes.io/worker]"
    assert words in (agent.data / "agent/logs/kubelet.log").read_text()
    assert words not in agent.log()
    assert "agent3" not in server.nodes()
    agent.stop()
    agent.configure(**settings, node_label=["a=1"], node_taint=["t=1:NoSchedule"])
    agent.start("agent")
    until("it is registered", lambda: server.condition("agent3", "Ready") == "True", 30, {"agent3": agent})
    agent.stop()
    agent.configure(**settings, node_label=["b=2"], node_taint=["u=1:NoSchedule"])
    agent.start("agent")
    until("its new label is there", lambda: server.nodes()["agent3"]["metadata"]["labels"].get("b") == "2", 30, {"agent3": agent})
    node = server.nodes()["agent3"]
    # Until it is Ready again it may have the taint of that condition, too.
    taints = [taint["key"] for taint in node["spec"]["taints"] if not taint["key"].startswith("node.kubernetes.io/")]
    assert (node["metadata"]["labels"]["a"], taints) == ("1", ["t"])
    agent.close()


@pytest.mark.proves("reality D23")
def test_a_wrong_token_or_another_network_keeps_a_joiner_out_and_says_so(lab: Lab, cluster: Cluster) -> None:
    wrong = lab.machine("server9", 19)
    wrong.configure(token="wrong", agent_token=AGENT_TOKEN, server=f"https://{cluster['server1'].address}:9345")
    wrong.start("server")
    until("it says so again and again", lambda: wrong.log().count("server-bootstrap: 401 Unauthorized") > 1, 30, {"server9": wrong})
    wrong.configure(token=f"K10{'0' * 64}::server:{TOKEN}", server=f"https://{cluster['server1'].address}:9345")
    until("it refuses another CA", lambda: "does not match the Cluster CA" in wrong.log(), 30, {"server9": wrong})
    url = f"https://{cluster['server1'].address}:9345"
    wrong.configure(token=TOKEN, agent_token=AGENT_TOKEN, server=url, cluster_cidr="10.99.0.0/16")
    words = "failed to validate server configuration: critical configuration value mismatch between servers"
    until("it refuses other networks", lambda: words in wrong.log(), 30, {"server9": wrong})
    assert 'level=warning msg="critical configuration mismatched: cluster-cidr"' in wrong.log()
    wrong.close()
    assert "server9" not in cluster["server1"].nodes()


def test_an_agent_with_the_servers_token_is_refused_where_agents_have_one_of_their_own(lab: Lab, cluster: Cluster) -> None:
    agent = lab.machine("agent6", 26)
    agent.configure(token=TOKEN, server=f"https://{cluster['server1'].address}:9345")
    agent.start("agent")
    words = "server is not ready: failed to retrieve configuration from server: https://10.66.0.11:9345/v1-rke2/config: 401 Unauthorized"
    until("it says so again and again", lambda: agent.log().count(words) > 1, 30, {"agent6": agent})
    agent.close()


def test_the_full_token_lets_an_agent_in(lab: Lab, cluster: Cluster) -> None:
    full = (cluster["server1"].data / "server/agent-token").read_text().strip()
    agent = lab.machine("agent2", 22)
    agent.configure(token=full, server=f"https://{cluster['server2'].address}:9345")
    agent.start("agent")
    until("agent2 is Ready", lambda: cluster["server1"].condition("agent2", "Ready") == "True", 30, {"agent2": agent})
    agent.close()


def test_the_founder_s_death_does_not_stop_the_rest(cluster: Cluster) -> None:
    founder, other = cluster["server1"], cluster["server2"]
    founder.kill()
    until("a survivor lists nodes", other.nodes, 30, cluster)
    until("EtcdIsVoter tells", lambda: other.condition("server1", "EtcdIsVoter") == "False", 30, cluster)
    last = other.beat("agent1")
    until(
        "the agent, which joined through the founder, beats at another server", lambda: other.beat("agent1") not in ("", last), 30, cluster
    )
    agent, ups = cluster["agent1"], cluster["agent1"].log().count("up and running")
    agent.stop()
    agent.start("agent")
    until("it starts without the server that it joined at", lambda: agent.log().count("up and running") > ups, 40, cluster)
    serve(founder)  # without `server:`, and yet it founds nothing: there is data
    until("the founder is back", lambda: founder.ready() and founder.condition("server1", "Ready") == "True", 60, cluster)
    until("it votes", lambda: other.condition("server1", "EtcdIsVoter") == "True", 30, cluster)


def test_all_killed_at_once_come_back_with_their_data(cluster: Cluster) -> None:
    cluster["server1"].kubectl("create", "configmap", "kept", "--from-literal=a=b")
    last = cluster["server1"].beat("agent1")
    for machine in cluster.values():
        machine.kill()
    for name in ("server1", "server2", "server3"):
        cluster[name].start("server")
    cluster["agent1"].start("agent")
    until("all are ready", lambda: all(cluster[name].ready() for name in ("server1", "server2", "server3")), 60, cluster)
    assert "kept" in cluster["server3"].kubectl("get", "configmap", "kept")
    until("the agent beats", lambda: cluster["server2"].beat("agent1") not in ("", last), 30, cluster)
    until("the agent is Ready", lambda: cluster["server2"].condition("agent1", "Ready") == "True", 30, cluster)


def test_a_rebuilt_server_is_refused_until_its_node_is_deleted(cluster: Cluster) -> None:
    """The name that etcd still holds; deleting the Node removes the member."""
    rebuilt, other = cluster["server2"], cluster["server1"]
    rebuilt.kill()
    rebuilt.data.rename(rebuilt.data.with_name("old"))
    serve(rebuilt, server=f"https://{other.address}:9345")
    until("it is refused", lambda: "ETCD join failed: duplicate node name found" in rebuilt.log(), 30, cluster)
    other.kubectl("delete", "node", "server2", "--timeout=30s")
    until("it is in again", lambda: rebuilt.ready() and other.condition("server2", "EtcdIsVoter") == "True", 90, cluster)


@pytest.mark.proves("reality D22")
def test_a_rebuilt_agent_is_refused_by_its_node_password_until_its_node_is_deleted(cluster: Cluster) -> None:
    agent, server = cluster["agent1"], cluster["server1"]
    agent.kill()
    shutil.rmtree(agent.data)
    shutil.rmtree(agent.root / "etc/rancher/node")
    agent.start("agent")
    words = "server is not ready: Node password rejected, duplicate hostname or contents of "
    until("it is refused again and again", lambda: agent.log().count(words) > 1, 30, cluster)
    assert server.condition("agent1", "Ready") == "True"  # of the old machine: silence takes 40 s to show
    server.kubectl("delete", "node", "agent1")
    until("it is in again", lambda: server.condition("agent1", "Ready") == "True", 40, cluster)


def test_a_joiner_killed_while_joining_finds_its_way_in(lab: Lab, cluster: Cluster) -> None:
    joiner, other = lab.machine("server4", 14), cluster["server1"]
    serve(joiner, server=f"https://{other.address}:9345")
    until("its etcd was started", lambda: "Starting etcd to join cluster" in joiner.log(), 30, {"server4": joiner})
    joiner.kill()
    joiner.start("server")
    machines = {**cluster, "server4": joiner}
    until("it is in", lambda: joiner.ready() and other.condition("server4", "EtcdIsVoter") == "True", 90, machines)
