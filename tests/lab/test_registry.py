"""A server that is a node for real, and a registry and a proxy that let nobody in without a password: what its pods run is nowhere else."""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from lab.network.relay_address import RELAY_ADDRESS, RELAY_PORT
from lab.patience import patient
from lab.standin import build_release
from tests.lab import forward_proxy
from tests.lab import registry as registries
from tests.lab.cluster import Cluster, Result, bootstrapped_single, changed
from tests.lab.registry import NAME, PORT, ROUTER, USER, Registry
from tests.waiting import until

pytestmark = [pytest.mark.lab, pytest.mark.nodes, pytest.mark.long, pytest.mark.timeout(1800), pytest.mark.one_life("registry")]

OLD, NEW = "v1.36.4+rke2r1", "v1.36.5+rke2r1"
WRONG = "not-the-password"
VARIABLE = "PULLER_PASSWORD"
IMAGE, PAGE = "docker.io/library/cellar:1", "from the registry\n"
OTHER, OTHER_PAGE = "quay.io/cellar/other:2", "by the wildcard\n"
LATER, LATER_PAGE = "docker.io/library/later:1", "by the proxy\n"
LAST, LAST_PAGE = "docker.io/library/last:1", "without it\n"
WISHED = """\
distribution: {{version: {version}}}
cloud_init: {{packages: []}}
registries:
  mirrors:
    - registry: docker.io
      endpoints: ["https://{address}"]
      rewrite: {{"^library/(.*)": "cache/$1"}}
    - registry: "*"
      endpoints: ["https://{address}"]
  access:
    - registry: {address}
      user: {user}
      password_from: {{env: {variable}}}
      ca: |
{authority}
protect: false
"""
#: seconds between two looks at all processes
EVERY = 0.02
POD = {"terminationGracePeriodSeconds": 0, "automountServiceAccountToken": False}
FILE = "/etc/rancher/rke2/registries.yaml"
SERVICE = "systemctl show --property=MainPID --value rke2-server"
PROXY_PORT, MIRROR_PORT = 3128, 8098
PROXY_VARIABLE, PROXY_PASSWORD = "PROXY_PASSWORD", "p@ss/of-the-proxy"
QUOTED = "p%40ss%2Fof-the-proxy"
MIRROR = f"http://mirror.home.arpa:{MIRROR_PORT}/rke2.linux-amd64.tar.gz"
PROXY = f"""\
proxy:
  http: http://{ROUTER}:{PROXY_PORT}
  user: stardock
  password_from: {{env: {PROXY_VARIABLE}}}
protect: false
"""
PACKAGE = "tree"
#: file of the machine -> its mode
PROXY_FILES = {
    "/etc/default/rke2-server": "600",
    "/etc/stardock/python-with-proxy": "700",
    "/etc/apt/apt.conf.d/52stardock-proxy": "600",
}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return registries.prepared(tmp_path_factory.mktemp("registry"))


@pytest.fixture(scope="module")
def cluster(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """It is told another password than the registry's."""
    authority = "".join(f"        {line}\n" for line in registry.authority.splitlines())
    wished = WISHED.format(version=OLD, address=f"{ROUTER}:{PORT}", user=USER, variable=VARIABLE, authority=authority)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, WRONG)
        patch.setenv(PROXY_VARIABLE, PROXY_PASSWORD)
        single = bootstrapped_single("registry", tmp_path_factory.mktemp("cluster"), wished, "real")
        with single as cluster, registries.served(cluster, registry):
            registry.push(cluster, "cache/cellar:1", PAGE)
            registry.push(cluster, OTHER.removeprefix("quay.io/"), OTHER_PAGE)
            registry.push(cluster, "cache/later:1", LATER_PAGE)
            registry.push(cluster, "cache/last:1", LAST_PAGE)
            yield cluster


@contextmanager
def running(cluster: Cluster, log: Path, port: int, *words: str) -> Iterator[None]:
    """A program in the lab's network, which listens on the router while the block lasts."""
    with log.open("a") as output:
        server = cluster.begin(*words, output=output)
    try:
        asked = ("curl", "-s", "-o", "/dev/null", f"http://{ROUTER}:{port}/")
        until(lambda: server.poll() is not None or cluster.inside(*asked, check=False).returncode == 0, "it to listen", 30, log.read_text)
        assert server.poll() is None, log.read_text()
        yield
    finally:
        server.terminate()
        server.wait(timeout=patient(10))


@pytest.fixture(scope="module")
def proxied(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A proxy that alone knows the names of the registry and of a mirror of the release; what it was asked for."""
    folder = tmp_path_factory.mktemp("proxy")
    log, login = folder / "log", folder / "login"
    login.write_text(f"stardock:{PROXY_PASSWORD}")
    names = (f"{NAME}={ROUTER}", f"mirror.home.arpa={ROUTER}")
    parent = f"{RELAY_ADDRESS}:{RELAY_PORT}"
    mirror = (sys.executable, "-m", "http.server", str(MIRROR_PORT), "--bind", ROUTER, "--directory", str(artifacts(cluster)))
    proxy = (sys.executable, forward_proxy.__file__, f"{ROUTER}:{PROXY_PORT}", str(login), parent, *names)
    with running(cluster, folder / "mirror", MIRROR_PORT, *mirror), running(cluster, log, PROXY_PORT, *proxy):
        log.write_text("")  # of a request without a password
        yield log


def artifacts(cluster: Cluster) -> Path:
    """Where the lab's machines would have the release from, if none is downloaded."""
    return Path(cluster.inside("printenv", "STARDOCK_ARTIFACTS").stdout.strip())


def asked(log: Path) -> set[str]:
    """The hosts that a proxy let somebody reach."""
    requests = [line.split()[1:] for line in log.read_text().splitlines() if line.startswith("200 ")]
    return {urlsplit(f"//{target}" if method == "CONNECT" else target).hostname or "" for method, target in requests}


def restarted(run: Result) -> bool:
    """Whether the server was written to, and nothing but what goes with that: a restart may bring it another certificate."""
    return {"founder"} <= set(changed(run.stdout)) <= {"machines", "founder", "kubeconfig"}


def start(cluster: Cluster, name: str, image: str) -> None:
    pod = {"containers": [{"name": "web", "image": image}], **POD}
    cluster.kubectl("run", name, f"--image={image}", "--overrides", json.dumps({"spec": pod}))


def events(cluster: Cluster, pod: str) -> str:
    return cluster.kubectl("get", "events", f"--field-selector=involvedObject.name={pod}", "-o", "jsonpath={.items[*].message}").stdout


def serves(cluster: Cluster, pod: str, page: str) -> None:
    """The pod runs, and has what its image has in it."""
    phase = ("get", "pod", pod, "-o", "jsonpath={.status.containerStatuses[0].ready}")
    until(lambda: cluster.kubectl(*phase).stdout == "true", f"{pod} to run", 180, lambda: events(cluster, pod))
    assert cluster.kubectl("exec", pod, "--", "wget", "-q", "-O", "-", "http://127.0.0.1:8080").stdout == page


def on_machine(cluster: Cluster, word: str) -> set[str]:
    """The files of the machine that have this word in them."""
    return set(cluster.ssh("server1", f"grep -rlsF -e {word} /etc /var/lib/rancher /var/log /run/k3s /run/log /tmp /root || true").split())


@contextmanager
def no_argument_has(*words: str) -> Iterator[None]:
    """Machines of the lab are containers: whoever runs on one is seen from here, as is all that runs here."""
    found: list[str] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(EVERY):
            for process in (one for one in Path("/proc").iterdir() if one.name.isdigit()):
                with contextlib.suppress(OSError):  # it ended
                    line = (process / "cmdline").read_bytes()
                    found.extend([line.decode(errors="replace")] if any(word.encode() in line for word in words) else [])

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield
    finally:
        watched = watcher.is_alive()
        ended.set()
        watcher.join()
    assert watched, "nobody looked until the end"
    assert not found


@pytest.mark.proves("feature registries")
def test_with_a_wrong_password_the_pull_fails_and_the_pods_event_says_so(cluster: Cluster, registry: Registry) -> None:
    start(cluster, "cellar", IMAGE)
    until(lambda: "401 Unauthorized" in events(cluster, "cellar"), "the event", 90, lambda: events(cluster, "cellar"))
    assert ROUTER in events(cluster, "cellar")
    assert registry.has_answered("HEAD /v2/cache/cellar/manifests/1", " 401 ")
    assert registry.has_answered("?ns=docker.io"), "the mirror is told whose image it is"


@pytest.mark.proves("feature registries")
def test_the_password_is_edited_the_services_restart_and_the_pod_starts(cluster: Cluster, registry: Registry) -> None:
    (cluster.folder / "registry.secret").write_text(f"{registry.password}\n")
    cluster.edit(rf"password_from: \{{env: {VARIABLE}\}}", "password_from: {file: registry.secret}")
    before = cluster.ssh("server1", SERVICE)
    with no_argument_has(registry.password):
        assert restarted(cluster.bootstrap())
    assert cluster.ssh("server1", SERVICE) != before
    serves(cluster, "cellar", PAGE)
    assert registry.has_answered("GET /v2/cache/cellar/blobs/", " 200 ")


@pytest.mark.proves("feature registries")
def test_an_image_of_a_registry_without_an_entry_of_its_own_comes_by_the_wildcard(cluster: Cluster, registry: Registry) -> None:
    start(cluster, "other", OTHER)
    serves(cluster, "other", OTHER_PAGE)
    assert registry.has_answered("GET /v2/cellar/other/manifests/", "?ns=quay.io", " 200 ")


@pytest.mark.proves("feature registries")
def test_the_password_is_in_files_of_root_alone_and_nowhere_else(cluster: Cluster, registry: Registry) -> None:
    own = "/var/lib/rancher/rke2/agent/etc/containerd/config.toml"
    assert on_machine(cluster, registry.password) == {FILE, own}
    assert cluster.ssh("server1", f"stat -c '%a %U %G' {FILE} {own}").splitlines() == ["600 root root"] * 2
    assert on_machine(cluster, WRONG) == set(), "the former one is gone"
    here = [file for file in cluster.files() if registry.password.encode() in file.read_bytes()]
    assert here == [cluster.folder / "registry.secret"]
    journal = cluster.ssh("server1", "journalctl --no-pager")
    assert registry.password not in journal
    assert WRONG not in journal


@pytest.mark.proves("feature registries")
def test_a_second_run_changes_nothing(cluster: Cluster) -> None:
    assert changed(cluster.bootstrap().stdout) == []


@pytest.mark.proves("feature proxy")
def test_a_release_a_package_and_images_come_by_the_proxy_that_alone_knows_where_they_are(cluster: Cluster, proxied: Path) -> None:
    cluster.ssh("server1", "sed -i /Acquire::http::Proxy/d /etc/apt/apt.conf.d/90lab")
    total = hashlib.sha256(build_release(artifacts(cluster), NEW).read_bytes()).hexdigest()
    cluster.edit(r"^distribution: .*$", f"distribution: {{version: {NEW}, url: '{MIRROR}', sha256: {total}}}")
    cluster.edit(r"packages: \[\]", f"packages: [{PACKAGE}]")
    cluster.edit(r"^protect: false\n", PROXY)
    cluster.file.write_text(cluster.file.read_text().replace(f"{ROUTER}:{PORT}", f"{NAME}:{PORT}"))
    with no_argument_has(PROXY_PASSWORD, QUOTED):
        run = cluster.inside("env", "-u", "STARDOCK_ARTIFACTS", "runner", "bootstrap", "-f", str(cluster.file))
    assert restarted(run)
    start(cluster, "later", LATER)
    serves(cluster, "later", LATER_PAGE)
    told = proxied.read_text()
    assert f"200 GET {MIRROR}\n" in told
    assert f"/{PACKAGE}_" in told
    assert f"200 CONNECT {NAME}:{PORT}\n" in told
    assert "\n407 " not in f"\n{told}", "the password came with each request"
    assert NEW in cluster.kubectl("get", "nodes").stdout


@pytest.mark.proves("feature proxy")
def test_machines_pods_and_services_are_reached_without_it_and_pods_are_told_nothing(cluster: Cluster, proxied: Path) -> None:
    cluster.kubectl("expose", "pod", "later", "--port=80", "--target-port=8080")
    service = "/api/v1/namespaces/default/services/http:later:80/proxy/"
    until(lambda: cluster.kubectl("get", "--raw", service, check=False).stdout == LATER_PAGE, "the Service by the API", 60)
    cluster.kubectl("logs", "later")
    for host in asked(proxied):
        assert not host.endswith((".svc", ".local")), host
        with pytest.raises(ValueError, match="does not appear"):
            ipaddress.ip_address(host)
    assert "proxy" not in cluster.kubectl("exec", "later", "--", "cat", "/proc/1/environ").stdout.lower()


@pytest.mark.proves("feature proxy")
def test_its_password_is_in_files_of_root_alone_and_a_second_run_changes_nothing(cluster: Cluster) -> None:
    shown = cluster.ssh("server1", f"stat -c '%n %a %U %G' {' '.join(PROXY_FILES)}").splitlines()
    assert shown == [f"{file} {mode} root root" for file, mode in PROXY_FILES.items()]
    found = cluster.ssh("server1", f"grep -rlsF -e {QUOTED} -e {PROXY_PASSWORD} /etc /var/log || true").split()
    assert set(found) == set(PROXY_FILES)
    for word in (QUOTED, PROXY_PASSWORD):
        assert not [file for file in cluster.files() if word.encode() in file.read_bytes()]
        assert word not in cluster.ssh("server1", "journalctl --no-pager")
    assert changed(cluster.bootstrap().stdout) == []


@pytest.mark.proves("feature proxy")
def test_without_the_key_its_files_go_the_services_restart_and_nobody_asks_it(cluster: Cluster, proxied: Path) -> None:
    before = cluster.ssh("server1", SERVICE)
    text = cluster.file.read_text()
    assert PROXY in text
    cluster.file.write_text(text.replace(PROXY, "protect: false\n").replace(f"{NAME}:{PORT}", f"{ROUTER}:{PORT}"))
    assert restarted(cluster.bootstrap())
    assert cluster.ssh("server1", SERVICE) != before
    assert cluster.ssh("server1", f"ls {' '.join(PROXY_FILES)} 2>/dev/null || true") == ""
    told_containerd = cluster.ssh("server1", "tr '\\0' '\\n' </proc/$(pgrep -o -x containerd)/environ")
    assert "PATH=" in told_containerd
    assert "proxy" not in told_containerd.lower()
    told = proxied.read_text()
    start(cluster, "last", LAST)
    serves(cluster, "last", LAST_PAGE)
    assert proxied.read_text() == told
    assert changed(cluster.bootstrap().stdout) == []


@pytest.mark.proves("feature registries")
def test_without_the_key_the_registry_is_asked_no_more(cluster: Cluster, registry: Registry) -> None:
    head, _, tail = cluster.file.read_text().partition("registries:\n")
    cluster.file.write_text(head + tail[tail.index("protect:") :])
    assert restarted(cluster.bootstrap())
    assert on_machine(cluster, registry.password) == set()
    size = registry.log.stat().st_size
    start(cluster, "absent", "docker.io/library/cellar:none")
    until(lambda: "registry-1.docker.io" in events(cluster, "absent"), "the event", 90, lambda: events(cluster, "absent"))
    assert registry.log.stat().st_size == size
    assert changed(cluster.bootstrap().stdout) == []
