"""Why a Kubernetes does not start: words of its own logs -> the cause in ours, and what to do.

RKE2's API server and etcd are static pods, so their last words lie in /var/log/pods and kubelet's in agent/logs/kubelet.log, not in the
unit's journal (docs.rke2.io, "Where are the RKE2 logs"); k3s says all in its journal. The role `kubernetes` reads them where they are; this
table only matches. The words are of rke2 pkg/cli/cmds/profile_linux.go, k3s pkg/nodepassword, pkg/cluster, pkg/etcd, pkg/clientaccess,
kubernetes cmd/kubelet and staging/src/k8s.io/apiserver, etcd server/etcdserver/errors, containerd. Earlier entries are nearer to the root.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from stardock.distributions.model import Kubernetes, NodeRole

_SHOWN = 240


@dataclass(frozen=True, slots=True)
class Cause:
    """What is wrong, what to do, and the line of the log that says so."""

    words: str
    cure: str
    line: str = ""


#: Pattern -> cause and cure. `{0}` is what the pattern caught, in either; the others are facts of the distribution (`_facts`).
_TABLE: tuple[tuple[str, str, str], ...] = (
    (
        r"[Nn]o space left on device",
        "a disk is full",
        "free some space there (`df -h`), or give the machine a larger `disk`, `runner deploy`",
    ),
    (
        r"[Rr]ead-only file system(?:: '([^']+)')?",
        "a file system there takes no writes: {0}",
        "see why (`findmnt`, `dmesg`: a broken disk is mounted read-only), then mount it for writing, or replace the machine",
    ),
    (
        r"Unit (?:file )?(?:\S*/)?(\S+) is masked",
        "{0} is masked there",
        "unmask it on that machine: systemctl unmask {0}",
    ),
    (
        r"mvcc: database space exceeded",
        "etcd's database has reached its quota and takes no writes",
        "compact and defragment it, then disarm the alarm (etcd.io, Maintenance, Space quota)",
    ),
    (
        r"Node password rejected|unable to verify (?:hash|password) for node",
        "the servers know another machine under this node's name, by its node password",
        "if that machine is gone: kubectl delete node NODE; if it is not, one of the two needs another name",
    ),
    (
        r"unknown 'kubernetes\.io' or 'k8s\.io' labels specified with --node-labels: \[?([^\]\s\\\"]+)",
        "the kubelet may not give itself the label {0}",
        "write it under `labels` of the pool, which sets it through the API; take it out of `options.node-label` and `kubelet-arg`",
    ),
    (
        r"duplicate node name found",
        "etcd still has a member of this name, from before the disk was lost",
        "take it out: kubectl delete node NODE; then run this again",
    ),
    (
        r"(?:member has been permanently removed|the member has been removed) from the cluster",
        "this server was taken out of etcd, and its disk still holds the old member's data",
        "empty it ({uninstall} on that server), then run this again: it joins anew",
    ),
    (
        r"too many learner members in cluster",
        "another server is joining etcd at the same moment",
        "wait until it votes (kubectl get nodes), then run this again; a member that never starts is taken out by deleting its Node",
    ),
    (
        r"cluster cannot be downgraded|found (?:a )?newer etcd (?:data|storage) version|invalid downgrade",
        "the data were written by a newer etcd than this version of {title} brings",
        "go back to the newer `version`, or restore the snapshot that was taken before it",
    ),
    (
        r"found and encrypted with different token|token CA hash does not match|[Ff]ailed to (?:validate|normalize) (?:server )?token",
        "the token is not this cluster's",
        "name the cluster's own secrets file with STARDOCK_SECRETS, then run this again",
    ),
    (
        r"critical configuration (?:value )?mismatch(?:ed)?(?: between servers)?:?\s*([\w.,-]*)",
        "a setting that all servers must share differs from the other servers': {0}",
        "put `distribution.options` back to what the cluster was founded with",
    ),
    (
        r"--anonymous-auth flag cannot be set when anonymous field is configured",
        "`anonymous-auth` and the file that opens /livez and /readyz exclude each other",
        "take `anonymous-auth` out of `options.kube-apiserver-arg`",
    ),
    (
        r"authentication-config[^\n]{0,80}oidc-|oidc-[^\n]{0,80}(?:authentication-config|mutually exclusive)",
        "`oidc-*` and `authentication-config` exclude each other",
        "write the issuer under `jwt:` of an AuthenticationConfiguration instead of `oidc-*` in `options.kube-apiserver-arg`",
    ),
    (
        r"no kind \"?(\w*Configuration)\"? is registered for version \"?([\w./]+?)\"? in",
        "this version of Kubernetes does not know {0} of {1}",
        "write the apiVersion that it has (AuthenticationConfiguration: v1 from 1.34 on, v1beta1 before)",
    ),
    (
        r"strict decoding error: ([^\n\"\\]{1,80})",
        "a configuration file has a field that Kubernetes does not know: {0}",
        "correct the file that `options` name",
    ),
    (
        r"(?:unknown flag: |flag provided but not defined: )(--?[\w-]+)",
        "{0} is no flag of this version's program",
        "take it out of `distribution.options`",
    ),
    (
        r"unrecognized feature gate: (\w+)",
        "{0} is no feature gate of this version",
        "take it out of `distribution.options`",
    ),
    (
        r"invalid kernel parameter value ([\w.]+=-?\d+ - expected -?\d+)",
        "`profile: cis` wants other settings of the kernel: {0}",
        "write them into a file of /etc/sysctl.d (cloud_init.user_data.write_files), `runner bootstrap --stage machines`",
    ),
    (
        r"unknown (?:user|group) (etcd)|missing required: ?(?:user|group): ?(etcd)",
        "`profile: cis` wants the user and the group etcd on every server",
        "useradd --system --no-create-home --shell /sbin/nologin --user-group etcd, on each server, then run this again",
    ),
    (
        r"running with swap on is not supported",
        "the machine has swap, and a kubelet with `fail-swap-on` does not run with it",
        "take `fail-swap-on` out of `options.kubelet-arg` ({title}'s kubelets run with swap), or swapoff --all, and out of /etc/fstab",
    ),
    (
        r"listen tcp[46]? [^\s]*?:(\d+): bind: address already in use",
        "port {0} is taken by another program",
        "see which one (`ss -ltnp`) and stop it",
    ),
    (
        r"certificate has expired or is not yet valid",
        "a certificate is not valid at this machine's time",
        "compare the clocks (`timedatectl` on both machines); an expired one is renewed by a restart of the service",
    ),
    (
        r"x509: certificate is valid for [^\n]{1,200}?, not ([\w.:-]+)",
        "the server's certificate is not for {0}",
        "add it to `tls-san` in `distribution.options`, or join through an address that is there",
    ),
    (
        r"x509: certificate signed by unknown authority",
        "who answers there belongs to another cluster, or its CA was made anew",
        "look at which machine has the join address; a machine with an old cluster's data is emptied by {uninstall}",
    ),
    (
        r"avc:\s+denied",
        "SELinux stopped it",
        "`ausearch -m avc` tells what; {title} needs its policy package on this system (docs/systems.md)",
    ),
    (
        r"(?:[Ff]ailed to pull (?:and unpack )?image|Back-off pulling image|ErrImagePull|ImagePullBackOff)[\s\\\":]*([\w./:@-]+)?",
        "an image cannot be pulled: {0}",
        "does the machine reach the registry? Mirrors go into {registries}, a proxy into {environment}",
    ),
    (
        r"(https?://[^\s\"']+): ((?:HTTP Error|Request failed|Connection failure)[^|\n]{0,99})",
        "the download of {0} failed: {1}",
        "is it there, and reached from there? `distribution.url` names another place, `proxy` a way, STARDOCK_ARTIFACTS a folder here",
    ),
    (
        r"Out of memory: Killed process|OOMKilled|signal: killed",
        "a program was killed, most likely because memory ran out",
        "give the machine more `memory`",
    ),
    (
        r"failed to get CA certs: [^\n]{0,160}?(connection refused|i/o timeout|no route to host|deadline exceeded|no such host)",
        "nobody answers at the address where it joins: {0}",
        "is the founder (or the load balancer) up, and may this machine reach its port {port}?",
    ),
    (
        r"etcdserver: (?:no leader|request timed out|unhealthy cluster)|rejecting connections: etcdserver|context deadline exceeded.*etcd",
        "etcd has no leader: too few of its members are up",
        "bring the other servers back; with three servers two must run",
    ),
    (
        r"cni plugin not initialized|NetworkPluginNotReady",
        "there is no network plugin on the node yet",
        "see its pods (kubectl --namespace kube-system get pods --output wide); with `cni: none` it is yours to install",
    ),
)

_COMPILED = tuple((re.compile(pattern), words, cure) for pattern, words, cure in _TABLE)
_CONTROL = re.compile(r"[^\x20-\x7e\n]+")


def find_cause(kubernetes: Kubernetes, logs: str, role: NodeRole = "server") -> Cause | None:
    """The nearest to the root of the known causes that these logs name; None when they name none. Logs are hostile: nothing is run.

    `role` is the machine's: commands and files differ.
    """
    text = plain(logs)
    for pattern, words, cure in _COMPILED:
        found = pattern.search(text)
        if found:
            caught, facts = [*(group for group in found.groups() if group), "", ""], _facts(kubernetes, role)
            return Cause(words.format(*caught, **facts).rstrip(": "), cure.format(*caught, **facts), _line(text, found.start()))
    return None


def _facts(kubernetes: Kubernetes, role: NodeRole) -> dict[str, str]:
    return {
        "title": kubernetes.title,
        "uninstall": kubernetes.uninstall[role],
        "registries": kubernetes.registries,
        "environment": kubernetes.environment_files[role],
        "port": str(kubernetes.supervisor_port),
    }


def plain(text: str) -> str:
    """Nothing but printable ASCII and line ends: what a terminal or a person could be fooled with goes."""
    return _CONTROL.sub(" ", text)


def _line(text: str, position: int) -> str:
    """The line that holds this position, cut around it."""
    begin, end = text.rfind("\n", 0, position) + 1, text.find("\n", position)
    begin = max(begin, position - _SHOWN // 2)
    return text[begin : min(end if end >= 0 else len(text), begin + _SHOWN)].strip()
