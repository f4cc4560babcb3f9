"""Words of RKE2's logs to causes; the lines are as those programs write them."""

from __future__ import annotations

import pytest

from stardock.distributions.causes import find_cause
from stardock.distributions.rke2 import RKE2

pytestmark = [pytest.mark.unit, pytest.mark.proves("reality D26")]

SEEN = {
    "Waiting to retrieve agent configuration; server is not ready: Node password rejected, duplicate hostname or contents of "
    "'/etc/rancher/node/password' may not match server node-passwd entry": "another machine under this node's name",
    "\"command failed\" err=\"failed to validate kubelet flags: unknown 'kubernetes.io' or 'k8s.io' labels specified with "
    '--node-labels: [node-role.kubernetes.io/worker]\\n--node-labels in the"': "the label node-role.kubernetes.io/worker",
    'level=fatal msg="ETCD join failed: duplicate node name found"': "from before the disk was lost",
    '{"level":"error","error":"the member has been permanently removed from the cluster"}': "was taken out of etcd",
    "etcdserver: too many learner members in cluster": "another server is joining",
    'msg="starting kubernetes: preparing server: bootstrap data already found and encrypted with different token"': "not this cluster's",
    "anonymous: Forbidden: --anonymous-auth flag cannot be set when anonymous field is configured": "`anonymous-auth`",
    "Error: authentication-config file and oidc-* flags are mutually exclusive": "`oidc-*`",
    'no kind "AuthenticationConfiguration" is registered for version "apiserver.config.k8s.io/v1" in scheme "k8s.io/apiserver"': (
        "does not know AuthenticationConfiguration of apiserver.config.k8s.io/v1"
    ),
    "Error: unknown flag: --no-such-flag": "--no-such-flag is no flag",
    "F1121 invalid argument: unrecognized feature gate: NoSuchGate": "NoSuchGate is no feature gate",
    'level=fatal msg="invalid kernel parameter value vm.overcommit_memory=0 - expected 1"': "vm.overcommit_memory=0 - expected 1",
    'level=fatal msg="missing required: user: unknown user etcd"': "user and the group etcd",
    'listen tcp 0.0.0.0:6443: bind: address already in use"': "port 6443 is taken",
    "listen tcp :9345: bind: address already in use": "port 9345 is taken",
    "write /var/lib/rancher/rke2/agent/x: no space left on device": "a disk is full",
    "[Errno 28] No space left on device: '/etc/rancher/rke2/.stardock-x'": "a disk is full",
    "[Errno 30] Read-only file system: '/etc/rancher/rke2/.stardock-x'": "takes no writes: /etc/rancher/rke2/.stardock-x",
    "Failed to restart rke2-agent.service: Unit rke2-agent.service is masked.": "rke2-agent.service is masked there",
    "Failed to enable unit: Unit file /etc/systemd/system/rke2-server.service is masked.": "rke2-server.service is masked there",
    "etcdserver: mvcc: database space exceeded": "quota",
    "x509: certificate has expired or is not yet valid": "this machine's time",
    "x509: certificate is valid for 10.43.0.1, 127.0.0.1, 192.168.1.50, not 192.168.1.40": "not for 192.168.1.40",
    "x509: certificate signed by unknown authority": "another cluster",
    'failed to pull and unpack image "docker.io/rancher/x:v1": dial tcp: i/o timeout': "image cannot be pulled: docker.io/rancher/x:v1",
    'failed to get CA certs: Get "https://192.0.2.9:9345/cacerts": connect: connection refused': "connection refused",
    "http://192.0.2.8/x.gz: Request failed: HTTP Error 500: Internal": "of http://192.0.2.8/x.gz failed: Request failed: HTTP",
    "https://192.0.2.8/k3s: Request failed: <urlopen error [Errno 101] Network is unreachable>": "failed: Request failed: <urlopen error",
    "running with swap on is not supported, please disable swap or set --fail-swap-on flag to false": "with `fail-swap-on`",
    "type=AVC msg=audit(1): avc:  denied  { read } for pid=1": "SELinux",
    "critical configuration value mismatch between servers: ClusterIPRanges": "ClusterIPRanges",
    "NetworkReady=false reason:NetworkPluginNotReady message: cni plugin not initialized": "no network plugin",
    "rafthttp: rejecting connections: etcdserver: no leader": "too few of its members",
    "cluster cannot be downgraded (current version: 3.6.16 is lower than determined cluster version: 3.7).": "newer etcd",
}


@pytest.mark.parametrize(("line", "words"), SEEN.items())
def test_words_of_a_log_become_a_cause_with_its_cure_and_line(line: str, words: str) -> None:
    cause = find_cause(RKE2, f"I1121 nothing\n{line}\nI1121 nothing more\n")
    assert cause is not None
    assert words in cause.words
    assert cause.cure
    assert cause.line
    assert "nothing" not in cause.line


def test_the_root_comes_before_what_follows_from_it() -> None:
    cause = find_cause(RKE2, "cni plugin not initialized\nx509: certificate signed by unknown authority\nno space left on device\n")
    assert cause is not None
    assert cause.words == "a disk is full"


def test_logs_that_name_nothing_known_have_no_cause() -> None:
    assert find_cause(RKE2, 'level=info msg="Starting rke2 server"\n') is None
    assert find_cause(RKE2, "") is None


def test_hostile_logs_are_stripped_bounded_and_never_a_template() -> None:
    cause = find_cause(
        RKE2, "\x1b]0;owned\x07" + "A" * 5000 + " {0} {{ 7*7 }} listen tcp :{1}:80: bind: address already in use \u202e" + "B" * 5000
    )
    assert cause is not None
    assert cause.words == "port 80 is taken by another program"
    assert len(cause.line) <= 240
    assert cause.line.isprintable()
    assert cause.line.isascii()


def test_a_million_lines_take_no_time() -> None:
    assert find_cause(RKE2, "oidc-" * 50_000 + "\n" + "failed to get CA certs: " * 20_000) is None
