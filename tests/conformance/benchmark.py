"""Judging a cluster by the published CIS benchmark of RKE2: facts of nodes and objects of the API, and trivy's verdict on them.

The benchmark, its commands and its checks are those of the Go module trivy-checks (`tools/cis`). Commands run on the machines as
k8s-node-collector runs them (pkg/collector: shell.go, util.go, collect.go): by `sh -c`, what fails says nothing, and what the kubelet
itself answers at /configz counts before its arguments. Two things are not the collector's: it takes every node of RKE2 for a worker,
because it looks for kubeadm's files; and a dozen commands look where RKE2 has nothing, so `RKE2` has those of RKE2's self-assessment.
"""

from __future__ import annotations

import base64
import json
import re
import shlex
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.cache import cache_root
from lab.commands import run
from tests.lab.cluster import Cluster

PROGRAM = cache_root() / "tools/cis/current/bin/cis"
#: What trivy k8s reads of a cluster (trivy-kubernetes, pkg/k8s/k8s.go, GetClusterResources and GetNamespaceResources).
KINDS = (
    "pods", "replicasets", "replicationcontrollers", "statefulsets", "daemonsets", "cronjobs", "jobs", "deployments", "services",
    "serviceaccounts", "configmaps", "roles", "rolebindings", "networkpolicies", "ingresses", "resourcequotas", "limitranges",
    "clusterroles", "clusterrolebindings",
)  # fmt: skip
#: A workload's own pods are judged by it (pkg/trivyk8s/trivyk8s.go, hasOwner; pkg/k8s/k8s.go, IsBuiltInWorkload).
OWNERS = ("ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Deployment", "CronJob", "Job")
_DATA = "/var/lib/rancher/rke2"
#: docs.rke2.io/security/cis_self_assessment112: for keys whose published command finds nothing.
RKE2 = {
    "etcdDataDirectoryPermissions": f"stat -c %a {_DATA}/server/db/etcd",
    "etcdDataDirectoryOwnership": f"stat -c %U:%G {_DATA}/server/db/etcd",
    "adminConfFilePermissions": f"stat -c %a {_DATA}/server/cred/admin.kubeconfig",
    "adminConfFileOwnership": f"stat -c %U:%G {_DATA}/server/cred/admin.kubeconfig",
    "schedulerConfFilePermissions": f"stat -c %a {_DATA}/server/cred/scheduler.kubeconfig",
    "schedulerConfFileOwnership": f"stat -c %U:%G {_DATA}/server/cred/scheduler.kubeconfig",
    "controllerManagerConfFilePermissions": f"stat -c %a {_DATA}/server/cred/controller.kubeconfig",
    "controllerManagerConfFileOwnership": f"stat -c %U:%G {_DATA}/server/cred/controller.kubeconfig",
    "kubePKIDirectoryFileOwnership": f"stat -c %U:%G {_DATA}/server/tls",
    "kubernetesPKICertificateFilePermissions": f"find {_DATA}/server/tls -name '*.crt' | xargs stat -c %a",
    "kubePKIKeyFilePermissions": f"find {_DATA}/server/tls -name '*.key' | xargs stat -c %a",
    "kubeconfigFileExistsPermissions": f"stat -c %a {_DATA}/agent/kubeproxy.kubeconfig",
    "kubeconfigFileExistsOwnership": f"stat -c %U:%G {_DATA}/agent/kubeproxy.kubeconfig",
    "certificateAuthoritiesFilePermissions": f"stat -c %a {_DATA}/agent/client-ca.crt",
    "certificateAuthoritiesFileOwnership": f"stat -c %U:%G {_DATA}/agent/client-ca.crt",
}
#: where the distribution has its own objects, and how those of the whole cluster begin
NAMESPACES = ("kube-system", "kube-public", "kube-node-lease")
PREFIXES = ("system.", "rke2-", "helm-kube-system-", "cluster-admin", "admin", "edit", "view")
#: A check that says nothing where there is no object of its kind.
SUBJECTS = {"KSV-0038": "NetworkPolicy"}
_FIRST = "awk 'NR==1'"
Values = list[int | str]


@dataclass(frozen=True, slots=True)
class Judged:
    """One control. `status`: PASS, FAIL, by hand (nobody wrote a check), nothing found. `failing`: name of a file -> trivy's words."""

    name: str
    status: str
    failing: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """What one node said: key -> values."""

    node: str
    values: Mapping[str, Values]


def is_distributions(name: str) -> bool:
    """Whether an object, by the name of its file, is RKE2's or Kubernetes' own."""
    _, namespace, own = name.split("_", 2)
    return namespace in NAMESPACES or (not namespace and own.startswith(PREFIXES))


def asked() -> dict[str, Any]:
    """The benchmark, as `tools/cis` tells it."""
    spec: dict[str, Any] = json.loads(run([str(PROGRAM), "spec"], seconds=60))
    return spec


def judge(cluster: Cluster, folder: Path, nodes: Mapping[str, str]) -> dict[str, Judged]:
    """Control -> what became of it. `nodes`: name -> master or worker, as the collector calls servers and agents."""
    spec = asked()
    found = [collected(cluster, spec, name, kind) for name, kind in nodes.items()]
    for one in found:
        info = {key: {"values": values} for key, values in one.values.items()}
        _write(folder, f"NodeInfo_{one.node}", {"apiVersion": "v1", "kind": "NodeInfo", "type": nodes[one.node], "info": info})
    kinds = {_write_object(folder, each) for each in objects(cluster)}
    verdicts: dict[str, dict[str, str]] = defaultdict(dict)
    for line in run([str(PROGRAM), "judge", str(folder)], seconds=300).splitlines():
        verdict = json.loads(line)
        failing = verdicts[verdict["check"]]
        if not verdict["passed"]:
            failing[verdict["file"].removesuffix(".json")] = verdict["words"]
    return {each["id"]: judged(spec, each, verdicts, found, kinds) for each in spec["controls"]}


def judged(
    spec: Mapping[str, Any], control: Mapping[str, Any], verdicts: Mapping[str, Mapping[str, str]], found: Sequence[Found], kinds: set[str]
) -> Judged:
    """`verdicts`: check -> what failed it; a check without an entry saw nothing that it is for."""
    checks = [each["id"] for each in control["checks"] or ()]
    name = " ".join(control["name"].split())
    if not checks:
        return Judged(name, "by hand")
    failing = {file: words for check in checks for file, words in verdicts.get(check, {}).items()}
    if failing:
        return Judged(name, "FAIL", failing)
    wanted = {each["id"] for each in control["commands"] or ()}
    keys = [each["key"] for each in spec["commands"] if each["id"] in wanted]
    empty = bool(keys) and not any(one.values.get(key) for one in found for key in keys)
    blind = any(check not in verdicts or (check in SUBJECTS and SUBJECTS[check] not in kinds) for check in checks)
    return Judged(name, "nothing found" if empty or blind else "PASS")


def objects(cluster: Cluster) -> Iterator[dict[str, Any]]:
    """What trivy reads through the API."""
    for each in json.loads(cluster.kubectl("get", ",".join(KINDS), "--all-namespaces", "--output=json").stdout)["items"]:
        each["metadata"].pop("managedFields", None)
        if not any(owner["kind"] in OWNERS for owner in each["metadata"].get("ownerReferences", ())):
            yield each


def collected(cluster: Cluster, spec: Mapping[str, Any], node: str, kind: str) -> Found:
    """What the commands of a node's kind say on it, and its kubelet."""
    wanted = {one["id"] for control in spec["controls"] for one in control["commands"] or ()}
    commands = {
        each["key"]: each["audit"] for each in spec["commands"] if each["id"] in wanted and (each["nodeType"] == kind or kind == "master")
    }
    places = _places(cluster, node, spec["places"], commands.values())
    values = _values(cluster, node, {key: _placed(audit, places) for key, audit in commands.items()})
    own = _values(cluster, node, {key: RKE2[key] for key in commands if key in RKE2 and not values[key]})
    return Found(node, values | own | _of_kubelet(cluster, spec["kubelet"], node, commands))


def _places(cluster: Cluster, node: str, places: Mapping[str, Any], audits: Any) -> dict[str, str]:
    """`$COMPONENT.KIND` -> the first path that is there, or the first program that runs; else the default, else the first of all."""
    named = sorted({word for audit in audits for word in re.findall(r"\$[a-z]+\.[a-z]+", audit)})
    lists = {word: places[word[1:].split(".")[0]][word.split(".")[1]] for word in named}
    said = _values(cluster, node, {word: _first(word, listed) for word, listed in lists.items()})
    return {word: str(values[0]) if (values := said[word]) else _default(places, word, lists[word]) for word in named}


def _first(word: str, listed: Sequence[str]) -> str:
    if word.endswith(".bins"):
        return "; ".join(f"pgrep -x {shlex.quote(name)} >/dev/null 2>&1 && echo {shlex.quote(name)}" for name in listed) + f" | {_FIRST}"
    return f"for file in {' '.join(listed)}; do [ -e $file ] && echo $file; done | {_FIRST}"


def _default(places: Mapping[str, Any], word: str, listed: Sequence[str]) -> str:
    component, kind = word[1:].split(".")
    return str(places[component].get(f"default{kind.removesuffix('s')}", listed[0]))


def _placed(audit: str, places: Mapping[str, str]) -> str:
    return re.sub(r"\$[a-z]+\.[a-z]+", lambda found: places[found[0]], audit)


def _values(cluster: Cluster, node: str, lines: Mapping[str, str]) -> dict[str, Values]:
    """Each line's values. The script goes in by standard input: commands that look for arguments of processes must not find it."""
    script = "\n".join(
        f"printf '%s\\n' {shlex.quote(f'@@ {key}')}; said=$(sh -c {shlex.quote(line)} 2>&1) && printf '%s\\n' \"$said\""
        for key, line in lines.items()
    )
    text = cluster.ssh(node, f"echo {base64.b64encode(script.encode()).decode()} | base64 -d | sh; true") if lines else ""
    parts = re.split(r"(?m)^@@ (.*)\n", text)[1:]
    return {key: parsed(said) for key, said in zip(parts[::2], parts[1::2], strict=True)}


def parsed(said: str) -> Values:
    """As pkg/collector does: lines are values, numbers are numbers, and a command that found nothing but itself found nothing."""
    joined = said.rstrip("\n").replace("\n", ",").replace("[^\"]\\S*'", "")
    return [int(part) if re.fullmatch(r"-?\d+", part) else part for part in joined.split(",")] if joined else []


def _of_kubelet(cluster: Cluster, mapping: Mapping[str, str], node: str, commands: Mapping[str, str]) -> dict[str, Values]:
    answer = json.loads(cluster.kubectl("get", "--raw", f"/api/v1/nodes/{node}/proxy/configz").stdout)
    found: dict[str, Values] = {}
    for key, path in mapping.items():
        value: Any = answer
        for word in path.rstrip('",').split("."):  # one has a stray quote
            value = value.get(word) if isinstance(value, dict) else None
        if value is not None and key in commands:
            found[key] = [_said(each) for each in (value if isinstance(value, list) else [value])]
    return found


def _said(value: Any) -> int | str:
    return str(value).lower() if isinstance(value, bool) else value if isinstance(value, int) else str(value)


def _write_object(folder: Path, each: dict[str, Any]) -> str:
    """Write it, by a name that tells what it is; returns its kind."""
    metadata = each["metadata"]
    _write(folder, "_".join((each["kind"], metadata.get("namespace", ""), metadata["name"].replace(":", "."))), each)
    return str(each["kind"])


def _write(folder: Path, name: str, content: Mapping[str, Any]) -> None:
    (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
