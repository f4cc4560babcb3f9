"""A server and an agent that are nodes for real: what pods, Services and the kubelet do, on machines with two networks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.settings import Network
from lab.standin import build_release
from stardock.bundle.cni import network_files
from tests.lab.hosts import KUBECTL, Host, boot, machines
from tests.lab.standin.processes import VERSION, until
from tests.plans import document, plan_of

pytestmark = [pytest.mark.lab, pytest.mark.nodes, pytest.mark.one_life("nodes"), pytest.mark.slow]
#: by each machine's second NIC: what `node-ip` chooses
SERVER, AGENT = "10.68.0.11", "10.68.0.21"
SERVER_6, AGENT_6 = "fd00:68::11", "fd00:68::21"
MANIFESTS = "/var/lib/rancher/rke2/server/manifests"
DNS = """\
apiVersion: helm.cattle.io/v1
kind: HelmChartConfig
metadata: {name: rke2-coredns, namespace: kube-system}
spec:
  valuesContent: |
    clusterDomain: lab.example
"""
DUAL = "cluster-cidr: 10.42.0.0/16,fd00:42::/56\nservice-cidr: 10.43.0.0/16,fd00:43::/112\n"
WEB = Path(__file__).parents[2] / "tools/demo-web.yaml"
ASKED = 200


def network() -> bytes:
    """What Stardock writes for canal, which takes the default route's interface where none is given."""
    data = document() | {"cni": {"interface": "ens19"}}
    for role in ("server", "agent"):
        data["network"][role].append({"name": "ens19", "bridge": "vmbr1", "dhcp": True})
    *_, file = network_files(plan_of(data)[0])
    return file["content"].encode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    networks = [Network("vmbr0", "10.67.0.1/24"), Network("vmbr1", "10.68.0.1/24")]
    with machines(tmp_path_factory.mktemp("nodes"), networks, "real") as folder:
        yield folder


@pytest.fixture(scope="module")
def tarball(folder: Path) -> Path:
    return build_release(folder / "release", VERSION)


@pytest.fixture(scope="module")
def server(folder: Path, tarball: Path) -> Host:
    host = boot(folder, 1, "server1", ["10.67.0.11", f"{SERVER},{SERVER_6}"], gateway="10.67.0.1")
    host.install(tarball, f"token: secret\nnode-ip: {SERVER},{SERVER_6}\nnode-label: [tier=first]\n{DUAL}")
    host.output(f"mkdir -p -m 700 /var/lib/rancher/rke2/server && mkdir -p {MANIFESTS}")
    host.output(f"cat > {MANIFESTS}/stardock-cni.yaml", network())
    host.output("systemctl enable --now rke2-server")
    return host


@pytest.fixture(scope="module")
def agent(folder: Path, tarball: Path, server: Host) -> Host:
    host = boot(folder, 2, "agent1", ["10.67.0.21", f"{AGENT},{AGENT_6}"], gateway="10.67.0.1")
    host.install(tarball, f"token: secret\nserver: https://{SERVER}:9345\nnode-ip: {AGENT},{AGENT_6}\n")
    host.output("systemctl enable --now rke2-agent")
    until("both are Ready", lambda: server.answers(f"{KUBECTL} wait --for=condition=Ready node/server1 node/agent1 --timeout=4s"), 60)
    return host


@pytest.fixture(scope="module")
def pods(server: Host, agent: Host) -> dict[str, tuple[str, str]]:
    """Machine -> name and address of the pod there."""
    server.output(f"{KUBECTL} apply -f -", WEB.read_bytes())
    server.output(f"{KUBECTL} rollout status deployment/web --timeout=90s")
    form = "{range .items[*]}{.spec.nodeName} {.metadata.name} {.status.podIP}{'\\n'}{end}"
    lines = server.output(f'{KUBECTL} get pods -l app=web -o jsonpath="{form}"').splitlines()
    return {node: (name, address) for node, name, address in map(str.split, lines)}


def received(host: Host, nic: str) -> int:
    """Packets that this NIC has taken in."""
    return int(host.output(f"cat /sys/class/net/{nic}/statistics/rx_packets"))


@pytest.mark.proves("feature nodes that run pods")
def test_a_deployment_of_two_is_answered_through_a_service_on_every_node(server: Host, pods: dict[str, tuple[str, str]]) -> None:
    assert set(pods) == {"server1", "agent1"}
    for address in (SERVER, AGENT):
        answers = {server.output(f"curl -sS --retry 5 --retry-connrefused http://{address}:30080") for _ in range(20)}
        assert answers == {name for name, _ in pods.values()}


@pytest.mark.proves("feature nodes that run pods", "feature network of pods")
def test_pods_reach_each_other_across_machines_by_the_interface_that_was_chosen(
    server: Host, agent: Host, pods: dict[str, tuple[str, str]]
) -> None:
    here, there = pods["server1"][0], pods["agent1"][1]
    before = {nic: received(agent, nic) for nic in ("ens18", "ens19")}
    many = " ".join(map(str, range(ASKED)))
    server.output(f"{KUBECTL} exec {here} -- sh -c 'for i in {many}; do wget -q -O /dev/null http://{there}:8080 || exit 1; done'")
    came = {nic: received(agent, nic) - count for nic, count in before.items()}
    assert came["ens19"] > 4 * ASKED  # a connection is some packets each way
    assert came["ens18"] < ASKED  # our own ssh


@pytest.mark.proves("feature nodes that run pods")
def test_pods_of_a_dual_stack_cluster_reach_each_other_by_ipv6(server: Host, pods: dict[str, tuple[str, str]]) -> None:
    (here, _), (there, _) = pods["server1"], pods["agent1"]
    addresses = server.output(f"{KUBECTL} get pod {there} -o jsonpath='{{.status.podIPs[*].ip}}'").split()
    assert [":" in address for address in addresses] == [False, True]
    asked = f"{KUBECTL} exec {here} -- wget -q -O - http://[{addresses[1]}]:8080"
    until("it answers", lambda: server.run(asked) == (0, f"{there}\n"), 30)


def test_a_pod_finds_a_service_by_its_name(server: Host, pods: dict[str, tuple[str, str]]) -> None:
    answer = server.output(f"{KUBECTL} exec {pods['agent1'][0]} -- wget -q -O - http://web.default.svc.cluster.local")
    assert answer in {name for name, _ in pods.values()}


def test_logs_and_exec_come_through_the_kubelets_verified_certificate(server: Host, agent: Host) -> None:
    arguments = server.output("pgrep -a kube-apiserver")
    assert "--kubelet-certificate-authority=" in arguments
    told = f"{KUBECTL} -n kube-system logs kube-apiserver-server1"  # once the kubelet has shown its static pod to the API
    until("the API server's log is told", lambda: f"Version: {VERSION}" in server.run(told)[1], 60)
    agent.output("cd /var/lib/rancher/rke2/agent && cp serving-kubelet.crt /root/right.crt && cp client-kubelet.crt serving-kubelet.crt")
    agent.output("cp /var/lib/rancher/rke2/agent/serving-kubelet.key /root/right.key")
    agent.output("cd /var/lib/rancher/rke2/agent && cp client-kubelet.key serving-kubelet.key && pkill -x kubelet; sleep 1")
    flannel = f"{KUBECTL} -n kube-system logs $({KUBECTL} -n kube-system get pods --field-selector spec.nodeName=agent1 -o name | head -1)"
    until("another certificate is refused", lambda: "x509" in server.run(flannel)[1], 60)
    agent.output("cd /var/lib/rancher/rke2/agent && cp /root/right.crt serving-kubelet.crt && cp /root/right.key serving-kubelet.key")
    agent.output("pkill -x kubelet; sleep 1")
    until("its own is taken", lambda: server.answers(flannel), 60)


@pytest.mark.proves("feature nodes that run pods")
def test_a_helmchartconfig_in_the_manifests_folder_changes_the_release_of_a_chart(server: Host, agent: Host) -> None:
    server.output(f"cat > {MANIFESTS}/own.yaml", DNS.encode())
    domain = f"{KUBECTL} -n kube-system get configmap rke2-coredns -o jsonpath='{{.data.Corefile}}'"
    assert "cluster.local" in server.output(domain)
    until("the release has other values", lambda: "kubernetes lab.example" in server.run(domain)[1], 60)
    server.output(f"rm {MANIFESTS}/own.yaml && {KUBECTL} -n kube-system delete helmchartconfig rke2-coredns")
    until("the chart's own are back", lambda: "kubernetes cluster.local" in server.run(domain)[1], 60)


def test_nodes_report_the_release_their_labels_and_the_address_that_was_chosen(server: Host, agent: Host) -> None:
    text = server.output(f"{KUBECTL} get nodes -o wide --show-labels --no-headers")
    for name, address in (("server1", SERVER), ("agent1", AGENT)):
        assert re.search(rf"^{name} +Ready .*{re.escape(VERSION)} +{re.escape(address)} ", text, re.MULTILINE)
    assert "tier=first" in text


@pytest.mark.proves("feature nodes that run pods")
def test_static_pods_live_on_while_the_service_restarts(server: Host, agent: Host) -> None:
    before = server.output("pgrep -x etcd")
    server.output("systemctl restart rke2-server")
    assert server.output("pgrep -x etcd") == before
    assert server.output(f"{KUBECTL} get --raw /readyz") == "ok"


def test_an_image_that_no_registry_has_is_told_by_the_pods_events(server: Host, agent: Host) -> None:
    server.output(f"{KUBECTL} run absent --image=docker.io/library/absent:1 --restart=Never")
    told = f"{KUBECTL} get events --field-selector involvedObject.name=absent"
    until("the pull fails", lambda: "Failed to pull image" in server.run(told)[1], 60)
    server.output(f"{KUBECTL} delete pod absent --now")


@pytest.mark.proves("feature nodes that run pods")
def test_a_kubelet_that_refuses_an_argument_says_so_in_its_log_and_is_started_again(agent: Host) -> None:
    agent.output("mkdir -p /etc/rancher/rke2/config.yaml.d")
    agent.output("cat > /etc/rancher/rke2/config.yaml.d/50-x.yaml", b"kubelet-arg: [no-such-flag=1]\n")
    agent.run("systemctl restart --no-block rke2-agent")
    log = "/var/lib/rancher/rke2/agent/logs/kubelet.log"
    until("it tells why", lambda: agent.answers(f"grep -q 'unknown flag: --no-such-flag' {log}"), 60)
    until("the journal has RKE2's words", lambda: "Kubelet exited: exit status 1" in agent.run("journalctl -u rke2-agent")[1], 60)
    agent.output("rm /etc/rancher/rke2/config.yaml.d/50-x.yaml && systemctl restart rke2-agent")


def test_killall_leaves_no_container_no_mount_and_no_link(agent: Host) -> None:
    agent.output("/usr/local/bin/rke2-killall.sh")
    assert not agent.answers("pgrep -f 'containerd|kubelet|flanneld|httpd'")
    assert not agent.answers("grep -E '/run/k3s|/var/lib/kubelet' /proc/mounts")
    assert not agent.answers("ip link show cni0 || ip link show flannel.1")
