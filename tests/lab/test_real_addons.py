"""All add-ons that can run here, in one cluster: what its Services, Certificates and `kubectl top` do with them, added, edited, taken out.

MetalLB, cert-manager, metrics-server and system-upgrade-controller are themselves; a chart and a folder of manifests are one's own.

What asks from outside is the lab's router: it has no route to pods or Services, and finds a Service's address by ARP alone.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from lab.commands import run
from lab.patience import patient
from tests.lab.cluster import Cluster, changed
from tests.lab.real_addons import CHARTS, CONTROLLER, available, cluster_of, image_archive, pack_charts, release, state, told
from tests.lab.test_addons import NOTE, greeting, packed
from tests.waiting import until

pytestmark = [pytest.mark.lab, pytest.mark.nodes, pytest.mark.long, pytest.mark.timeout(2400), pytest.mark.one_life("realaddons")]

WISHED = """\
  metallb:
    archive: %(metallb)s
    pools: [{name: default, addresses: [192.168.1.200-192.168.1.203]}]
  cert_manager:
    archive: %(cert-manager)s
    issuers: [{name: own, self_signed: true}, {name: authority, ca_secret: authority}]
  system_upgrade_controller: {}
  charts:
    - name: metrics-server
      archive: %(metrics-server)s
      namespace: kube-system
      values: {image: {tag: %(tag)s}}
    - {name: greeter, archive: charts/greeter.tgz, namespace: greetings, values: {greeting: hello}}
  manifests: [certificates.yaml, shelf]
"""
SHELF = """\
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: shelf}
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer
"""
#: Names of HelmCharts.
ALL_CHARTS = (*CHARTS, "greeter")
CERTIFICATES = """\
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: authority, namespace: cert-manager}
spec:
  isCA: true
  commonName: authority
  secretName: authority
  privateKey: {algorithm: ECDSA, size: 256}
  issuerRef: {name: own, kind: ClusterIssuer}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: web, namespace: default}
spec:
  secretName: web-tls
  dnsNames: [web.home.arpa]
  issuerRef: {name: authority, kind: ClusterIssuer}
"""
WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      topologySpreadConstraints:
      - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}
      containers:
      - name: web
        image: docker.io/library/busybox:1
        command: [sh, -c, "hostname >/tmp/index.html; exec httpd -f -p 8080 -h /tmp"]
        readinessProbe: {httpGet: {port: 8080, path: /}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
"""
CALLER = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: caller}
spec:
  selector: {matchLabels: {app: caller}}
  template:
    metadata: {labels: {app: caller}}
    spec:
      terminationGracePeriodSeconds: 1
      nodeSelector: {egress: "true"}
      containers: [{name: caller, image: docker.io/library/busybox:1, command: [sleep, "86400"]}]
"""
#: Answers everybody with the address that the call came from.
PARTNER = """
import http.server, sys
class Partner(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.client_address[0].encode())
http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Partner).serve_forever()
"""
ROUTER, PORT = "192.168.1.1", 8097
ADDRESS = "192.168.1.200"
ASKED = 10


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster_of("realaddons", tmp_path_factory.mktemp("realaddons"), image_archive(*CHARTS, CONTROLLER)) as cluster:
        yield cluster


def wished(cluster: Cluster) -> str:
    """What is written into cluster.yaml, with the charts and manifests beside it."""
    charts = pack_charts(cluster.folder / "charts")
    (cluster.folder / "charts/greeter.tgz").write_bytes(packed())
    (cluster.folder / "certificates.yaml").write_text(CERTIFICATES)
    (cluster.folder / "shelf").mkdir()
    (cluster.folder / "shelf/class.yaml").write_text(SHELF)
    (cluster.folder / "shelf/note.yaml").write_text(NOTE)
    paths = {name: str(path.relative_to(cluster.folder)) for name, path in charts.items()}
    return WISHED % {**paths, "tag": release("metrics-server")}


def noted(cluster: Cluster) -> str:
    """What the ConfigMap of one's own says; empty where it is not there."""
    return told(cluster, "-n", "notes", "get", "configmap", "note", "-o", "jsonpath={.data.text}")


def empty(cluster: Cluster, namespace: str) -> bool:
    """Whether nothing runs there."""
    return not cluster.kubectl("-n", namespace, "get", "deployments,daemonsets,pods", "-o", "name").stdout


def answer(cluster: Cluster) -> str:
    """Which pod answers at the Service's address, from outside; empty where none does."""
    return cluster.inside("curl", "--noproxy", "*", "-sS", "-m", "2", f"http://{ADDRESS}", check=False).stdout.strip()


def answers(cluster: Cluster) -> bool:
    """Whether it is answered again and again."""
    return all(answer(cluster).startswith("web-") for _ in range(ASKED))


def announcer(cluster: Cluster) -> str:
    """The machine whose NIC answers for the Service's address by ARP; empty while nobody does."""
    cluster.inside("ip", "neigh", "flush", "to", ADDRESS, check=False)
    answer(cluster)
    found = re.search(r"lladdr (\S+)", cluster.inside("ip", "neigh", "show", "to", ADDRESS).stdout)
    nics = {one["mac"].lower(): machine["name"] for machine in cluster.plan()["machines"] for one in machine["addresses"]}
    return nics[found[1]] if found else ""


def pods(cluster: Cluster, app: str = "web") -> dict[str, str]:
    """Ready pod of the Deployment -> its node."""
    form = "jsonpath={range .items[?(@.status.containerStatuses[0].ready==true)]}{.metadata.name} {.spec.nodeName}{'\\n'}{end}"
    listed = told(cluster, "get", "pods", "-l", f"app={app}", "-o", form).splitlines()
    return dict(line.split() for line in listed)


def moved(cluster: Cluster, app: str) -> None:
    """The Deployment's one pod runs on another node than before."""
    ((before, node),) = pods(cluster, app).items()
    cluster.kubectl("cordon", node)
    cluster.kubectl("delete", "pod", before)
    until(lambda: [where for where in pods(cluster, app).values() if where != node], "a pod on another node", 60)
    until(lambda: before not in pods(cluster, app), "the former pod to be gone", 30)
    assert node not in pods(cluster, app).values()
    cluster.kubectl("uncordon", node)


@contextmanager
def partner(cluster: Cluster) -> Iterator[str]:
    """Somebody outside of the cluster, who knows callers by their addresses; the URL."""
    server = cluster.begin(sys.executable, "-c", PARTNER, ROUTER, str(PORT))
    try:
        yield f"http://{ROUTER}:{PORT}"
    finally:
        server.terminate()
        server.wait(timeout=patient(10))


def called_from(cluster: Cluster, url: str) -> tuple[str, str]:
    """The address that the caller's call comes from, as its partner sees it, and that of the node on which it runs."""
    ((pod, node),) = pods(cluster, "caller").items()
    form = "jsonpath={.status.addresses[?(@.type=='InternalIP')].address}"
    return told(cluster, "exec", pod, "--", "wget", "-q", "-O", "-", url), told(cluster, "get", "node", node, "-o", form)


def secret(cluster: Cluster, key: str, folder: Path) -> Path:
    """A file with what the Certificate's Secret holds."""
    form = f"go-template={{{{index .data {key!r} | base64decode}}}}".replace("'", '"')
    file = folder / key
    file.write_text(cluster.kubectl("get", "secret", "web-tls", "-o", form).stdout)
    return file


@pytest.mark.proves(
    "feature MetalLB, cert-manager, metrics-server", "feature system-upgrade-controller", "feature charts and manifests of one's own"
)
def test_they_are_there_after_one_bootstrap_and_a_second_run_changes_nothing(cluster: Cluster) -> None:
    cluster.file.write_text(cluster.file.read_text() + wished(cluster))
    assert changed(cluster.bootstrap().stdout) == ["addons"]
    available(cluster, "metallb-system", "metallb-controller")
    for name in ("cert-manager", "cert-manager-webhook", "cert-manager-cainjector"):
        available(cluster, "cert-manager", name)
    available(cluster, "kube-system", "metrics-server")
    available(cluster, "system-upgrade", CONTROLLER)
    speakers = ("-n", "metallb-system", "get", "daemonset", "metallb-speaker", "-o", "jsonpath={.status.numberReady}")
    until(lambda: told(cluster, *speakers) == "3", "a speaker on each node", 120, lambda: state(cluster, "metallb-system"))
    jobs = ("-n", "kube-system", "get", "jobs", "-o", "jsonpath={range .items[*]}{.metadata.name}={.status.succeeded} {end}")
    until(lambda: {f"helm-install-{name}=1" for name in ALL_CHARTS} <= set(told(cluster, *jobs).split()), "their Jobs", 120)
    assert told(cluster, "-n", "cert-manager", "get", "jobs", "-o", "name") == "", "its check of itself is deleted where it succeeds"
    assert (greeting(cluster), noted(cluster)) == ("hello", "first")
    assert told(cluster, "get", "storageclass", "shelf", "-o", "name") == "storageclass.storage.k8s.io/shelf"
    assert changed(cluster.bootstrap().stdout) == []


@pytest.mark.proves("feature MetalLB, cert-manager, metrics-server")
def test_a_loadbalancer_address_is_answered_from_outside_by_arp(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(WEB)
    cluster.kubectl("apply", "--filename", str(tmp_path / "web.yaml"))
    given = ("get", "service", "web", "-o", "jsonpath={.status.loadBalancer.ingress[0].ip}")
    until(lambda: told(cluster, *given) == ADDRESS, "an address from the pool", 90)
    until(lambda: answers(cluster), "the Service to answer from outside", 90, lambda: state(cluster, "default"))
    assert announcer(cluster) in {"agent1", "agent2"}


@pytest.mark.proves("feature MetalLB, cert-manager, metrics-server")
def test_it_is_answered_at_the_same_address_after_its_pod_has_moved_to_another_node(cluster: Cluster) -> None:
    moved(cluster, "web")
    until(lambda: answers(cluster), "the Service to answer", 60)


@pytest.mark.proves("feature a way out by a pool")
def test_a_workload_calls_from_an_address_of_the_pool_that_it_is_pinned_to_also_after_it_moved(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "caller.yaml").write_text(CALLER)
    cluster.kubectl("apply", "--filename", str(tmp_path / "caller.yaml"))
    until(lambda: pods(cluster, "caller"), "the caller to run", 60)
    with partner(cluster) as url:
        until(lambda: called_from(cluster, url)[0], "its partner to answer", 30)
        first, node = called_from(cluster, url)
        assert first == node
        moved(cluster, "caller")
        second, other = called_from(cluster, url)
    assert second == other != first
    pool = {one["address"] for machine in cluster.plan()["machines"] if machine["role"] == "agent" for one in machine["addresses"]}
    assert {first, second} <= pool


@pytest.mark.proves("feature MetalLB, cert-manager, metrics-server")
def test_it_is_answered_at_the_same_address_after_the_node_that_announces_it_was_killed(cluster: Cluster) -> None:
    cluster.kubectl("scale", "deployment", "web", "--replicas=3")
    until(
        lambda: set(pods(cluster).values()) == {"server1", "agent1", "agent2"}, "a pod on each node", 60, lambda: state(cluster, "default")
    )
    first = announcer(cluster)
    (other,) = {"agent1", "agent2"} - {first}
    cluster.kill(first)
    until(lambda: answer(cluster).startswith("web-"), "another node to answer", 10)
    until(lambda: answers(cluster), "each request to be answered: the dead node's pod is out of the Service", 120)
    assert announcer(cluster) == other
    cluster.start(first)
    until(lambda: answers(cluster), "the Service to answer", 60)


@pytest.mark.proves("feature MetalLB, cert-manager, metrics-server")
def test_a_certificate_is_issued_by_an_authority_that_was_issued_by_an_issuer_that_signs_itself(cluster: Cluster, tmp_path: Path) -> None:
    for namespace, name in (("cert-manager", "authority"), ("default", "web")):
        cluster.kubectl("-n", namespace, "wait", "--for=condition=Ready", f"certificate/{name}", f"--timeout={patient(120):g}s")
    authority, own, key = (secret(cluster, name, tmp_path) for name in ("ca.crt", "tls.crt", "tls.key"))
    verified = run(["openssl", "verify", "-CAfile", str(authority), "-verify_hostname", "web.home.arpa", str(own)])
    assert verified.strip() == f"{own}: OK"
    public = run(["openssl", "x509", "-in", str(own), "-noout", "-pubkey"])
    assert public == run(["openssl", "pkey", "-in", str(key), "-pubout"])


@pytest.mark.proves("feature MetalLB, cert-manager, metrics-server")
def test_a_certificate_for_nobody_is_refused_by_the_webhook(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(CERTIFICATES.partition("---\n")[2].replace("dnsNames: [web.home.arpa]", "dnsNames: []"))
    refused = cluster.kubectl("apply", "--dry-run=server", "--filename", str(tmp_path / "bad.yaml"), check=False)
    assert 'admission webhook "webhook.cert-manager.io" denied the request' in refused.stderr


@pytest.mark.proves("feature MetalLB, cert-manager, metrics-server")
def test_kubectl_top_knows_the_load_of_each_node_and_of_a_pod(cluster: Cluster) -> None:
    nodes = ("top", "nodes", "--no-headers")
    known = r"(?m)^(\S+) +\d+m +\d+% +[1-9]\d*Mi +\d+%"
    until(
        lambda: re.findall(known, told(cluster, *nodes)) == ["agent1", "agent2", "server1"], "all nodes", 120, lambda: told(cluster, *nodes)
    )
    until(lambda: told(cluster, "top", "pods", "-l", "app=web", "--no-headers"), "pods", 60)


@pytest.mark.proves("feature MetalLB, cert-manager, metrics-server")
def test_values_and_pools_that_are_edited_reach_them_and_the_service_keeps_its_address(cluster: Cluster) -> None:
    cluster.edit(r"192\.168\.1\.203", "192.168.1.207")
    cluster.edit(r"issuers:", "values: {replicaCount: 2}\n    issuers:")
    cluster.edit(r"\{tag: ([^}]+)\}", r"{tag: \1}, replicas: 2")
    cluster.edit("greeting: hello", "greeting: goodbye")
    (cluster.folder / "shelf/note.yaml").write_text(NOTE.replace("first", "second"))
    assert changed(cluster.bootstrap().stdout) == ["addons"]
    available(cluster, "cert-manager", "cert-manager", replicas=2)
    available(cluster, "kube-system", "metrics-server", replicas=2)
    until(lambda: (greeting(cluster), noted(cluster)) == ("goodbye", "second"), "what is one's own", 120)
    pool = ("-n", "metallb-system", "get", "ipaddresspool", "default", "-o", "jsonpath={.spec.addresses[0]}")
    until(lambda: told(cluster, *pool) == "192.168.1.200-192.168.1.207", "the pool", 60)
    assert answers(cluster)
    assert changed(cluster.bootstrap().stdout) == []


@pytest.mark.proves("feature MetalLB, cert-manager, metrics-server")
def test_each_that_is_taken_out_is_deleted_by_the_next_bootstrap_and_certificates_keep_their_secrets(cluster: Cluster) -> None:
    cluster.file.write_text(cluster.file.read_text().partition("  metallb:")[0])
    assert changed(cluster.bootstrap().stdout) == ["addons"]
    assert told(cluster, "-n", "kube-system", "get", "helmcharts", *ALL_CHARTS, "--ignore-not-found") == ""
    for namespace in ("metallb-system", "cert-manager", "system-upgrade"):
        until(partial(empty, cluster, namespace), f"{namespace} to be empty", 60)
    until(lambda: not answer(cluster), "the address to be answered by nobody", 60)
    assert cluster.kubectl("top", "nodes", check=False).returncode
    assert (greeting(cluster), noted(cluster)) == ("", "")
    assert told(cluster, "get", "storageclass", "shelf", "--ignore-not-found", "-o", "name") == ""
    assert "metallb.io" not in told(cluster, "get", "crds", "-o", "name")
    assert "certificates.cert-manager.io" in told(cluster, "get", "crds", "-o", "name")
    assert told(cluster, "get", "secret", "web-tls", "-o", "name") == "secret/web-tls"
    assert changed(cluster.bootstrap().stdout) == []
