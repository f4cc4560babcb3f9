"""Add-ons themselves, as `tools/setup addons` built them: charts as archives, images as a tarball, and a cluster that finds them.

What is in upstream's images: metallb controller/Dockerfile and speaker/Dockerfile, metrics-server Dockerfile, cert-manager
hack/containers (on distroless' nonroot), system-upgrade-controller package/Dockerfile, rancher/kubectl Dockerfile. Releases are
those of the Go modules.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from lab.cache import cache_root
from lab.commands import run
from lab.standin.oci import Image, Link, pack
from tests.lab.cluster import Cluster
from tests.waiting import until

#: Those whose charts lie in their modules' sources.
CHARTS = ("metallb", "cert-manager", "metrics-server")
CONTROLLER = "system-upgrade-controller"
_MODULES = {
    "metallb": "go.universe.tf/metallb",
    "cert-manager": "github.com/cert-manager/cert-manager",
    "metrics-server": "sigs.k8s.io/metrics-server",
    CONTROLLER: "github.com/rancher/system-upgrade-controller",
}
_TOOLS = cache_root() / "tools"
_SOURCES = Path(__file__).parents[2] / "tools"
_CERT_MANAGER = ("controller", "webhook", "cainjector", "startupapicheck")
_ROOT, _NOBODY, _NONROOT = "0", "65534", "65532"

#: Services are answered by agents alone: one of them is killed, and the API lives on.
_SOURCE = """\
cluster: %s
distribution: {name: rke2, version: v1.36.5+rke2r1}
proxmox:
  endpoint: https://192.168.1.10:8006
  nodes: [{name: pve1, address: 192.168.1.10}]
image: {system: debian}
ssh: {keys: [id_ed25519.pub], private_key: id_ed25519}
network:
  server: [{name: ens18, bridge: vmbr0, static: {base: 192.168.1.0, offset: 50, prefix: 24, gateway: 192.168.1.1}, dns: [192.168.1.1]}]
  agent: [{name: ens18, bridge: vmbr0, static: {base: 192.168.1.0, offset: 60, prefix: 24, gateway: 192.168.1.1}, dns: [192.168.1.1]}]
pools:
  - name: servers
    role: server
    machines: [server1]
    memory: 4GiB
    disk: 40GiB
    labels: {node.kubernetes.io/exclude-from-external-load-balancers: "true"}
  - {name: agents, role: agent, machines: [agent1, agent2], memory: 4GiB, disk: 40GiB, labels: {egress: "true"}}
protect: false
addons:
  metrics_server: {enabled: false} # that of the distribution: the lab's has none
"""


@contextmanager
def cluster_of(name: str, folder: Path, images: Path) -> Iterator[Cluster]:
    """A server and two agents that find these images, bootstrapped without an add-on; what is wished is written behind its cluster.yaml."""
    source = folder / "cluster.yaml"
    source.write_text(_SOURCE % name)
    with Cluster(name, source, "real").deployed() as cluster:
        cluster.add_images("addons", images)
        cluster.bootstrap()
        yield cluster


def told(cluster: Cluster, *words: str) -> str:
    """What kubectl prints; empty where it fails."""
    return cluster.kubectl(*words, check=False).stdout.strip()


def state(cluster: Cluster, namespace: str) -> str:
    """What somebody would look at who asks why a pod does not run."""
    return told(cluster, "-n", namespace, "get", "pods,events,helmcharts", "-o", "wide") + told(cluster, "-n", "kube-system", "get", "pods")


def available(cluster: Cluster, namespace: str, deployment: str, replicas: int = 1) -> None:
    """Waits until so many of a Deployment's pods serve."""
    asked = ("-n", namespace, "get", "deployment", deployment, "-o", "jsonpath={.status.availableReplicas}")
    until(lambda: told(cluster, *asked) == str(replicas), f"{deployment} to be available", 180, lambda: state(cluster, namespace))


def release(name: str) -> str:
    """The release of an add-on that is built, like v0.16.1."""
    found = re.search(rf"(?m)^\s*(?:require )?{re.escape(_MODULES[name])} (v\S+)", (_SOURCES / name / "go.mod").read_text())
    assert found, f"tools/{name}/go.mod"
    return found[1]


def pack_charts(folder: Path) -> dict[str, Path]:
    """Name of an add-on -> its chart below `folder`, as `helm package` packs it."""
    return {name: _packed(name, folder / name) for name in CHARTS}


def _packed(name: str, folder: Path) -> Path:
    """In cert-manager's sources the chart has no version: its makers set it when they release."""
    own = [f"HELM_{kind}_HOME={folder.parent / '.helm'}" for kind in ("CACHE", "CONFIG", "DATA")]
    versions = [f"--version={release(name)}", f"--app-version={release(name)}"] if name == "cert-manager" else []
    helm, chart = _TOOLS / "helm/current/bin/helm", _TOOLS / name / "current/bin/chart"
    run(["env", *own, str(helm), "package", str(chart), f"--destination={folder}", *versions])
    (archive,) = folder.glob("*.tgz")
    return archive


def image_archive(*names: str) -> Path:
    """The tarball of the images of these add-ons, made once for each set of programs."""
    programs = {name: (_TOOLS / name / "current/bin").resolve(strict=True) for name in names}
    key = hashlib.sha256((Path(__file__).read_text() + str(programs)).encode()).hexdigest()[:16]
    folder = cache_root() / "images" / f"addons-{key}"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "images.tar"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            pack(target.with_suffix(".new"), (image for name, folder in programs.items() for image in _IMAGES[name](folder)))
            target.with_suffix(".new").replace(target)
    return target


def _metallb(programs: Path) -> Iterator[Image]:
    for name in ("controller", "speaker"):
        yield Image((f"quay.io/metallb/{name}:{release('metallb')}",), {f"/{name}": programs / name}, (f"/{name}",), _ROOT)


def _cert_manager(programs: Path) -> Iterator[Image]:
    starts = {name: f"/app/cmd/{name}/{name}" for name in _CERT_MANAGER}
    files: dict[str, Path | str | Link] = {"/cert-manager": programs / "cert-manager"}
    files |= {path: Link("/cert-manager") for path in starts.values()}
    for name, path in starts.items():
        yield Image((f"quay.io/jetstack/cert-manager-{name}:{release('cert-manager')}",), files, (path,), _NONROOT)


def _metrics_server(programs: Path) -> Iterator[Image]:
    named = f"registry.k8s.io/metrics-server/metrics-server:{release('metrics-server')}"
    yield Image((named,), {"/metrics-server": programs / "metrics-server"}, ("/metrics-server",), _NOBODY)


def _system_upgrades(programs: Path) -> Iterator[Image]:
    """With what its Jobs drain by: job.go's defaultKubectlImage, in which here is the lab's own kubectl."""
    name = CONTROLLER
    yield Image((f"docker.io/rancher/{name}:{release(name)}",), {f"/bin/{name}": programs / name}, (f"/bin/{name}",), _NOBODY)
    kubectl = {"/bin/kubectl": _TOOLS / "kubernetes/current/bin/kubectl"}
    yield Image(("docker.io/rancher/kubectl:v1.30.3",), kubectl, ("/bin/kubectl",), "1000")


_IMAGES: Mapping[str, Callable[[Path], Iterator[Image]]] = {
    "metallb": _metallb,
    "cert-manager": _cert_manager,
    "metrics-server": _metrics_server,
    CONTROLLER: _system_upgrades,
}
