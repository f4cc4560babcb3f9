"""What a kubelet says no to before it does anything, and its log: agent/logs/kubelet.log with RKE2, the unit's journal with k3s.

Sources: Kubernetes, cmd/kubelet/app/options/options.go (ValidateKubeletFlags), staging/src/k8s.io/kubelet/pkg/apis/well_known_labels.go,
pkg/util/taints; rke2, pkg/executor/staticpod (Kubelet: started again every 5 s, `Kubelet exited`), pkg/cli/defaults (its log file);
k3s, pkg/daemons/executor/embed.go (the service ends with its kubelet).
"""

from __future__ import annotations

import json
import re
import time
from importlib.resources import files

from . import arguments, networks, profile, reservations, selinux
from .authentication import Version
from .config import Config
from .flavor import OURS
from .journal import FatalError, log, pass_on
from .klog import klog
from .paths import Paths
from .release import VERSION

PREFIXES = ("kubelet.kubernetes.io", "node.kubernetes.io")
ALLOWED = (
    "beta.kubernetes.io/arch", "beta.kubernetes.io/instance-type", "beta.kubernetes.io/os", "failure-domain.beta.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone", "kubernetes.io/arch", "kubernetes.io/hostname", "kubernetes.io/os",
    "node.kubernetes.io/instance-type", "topology.kubernetes.io/region", "topology.kubernetes.io/zone",
)  # fmt: skip
FLAGS_OF_MINOR = 36  # where the table of flags is from
RESERVED = ("kubernetes.io", "k8s.io")
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
NAME = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)")
DOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
DOMAIN_LENGTH = 253


class Kubelet:
    """This machine's kubelet, as far as its log and its refusals go."""

    def __init__(self, paths: Paths, config: Config) -> None:
        self._file = paths.logs / "kubelet.log"
        self._containerd = paths.agent / "containerd/containerd.log"
        self._paths = paths
        self._config = config
        self._pods_run: bool | None = None

    def start(self) -> bool:
        """Whether it stays up; otherwise it has said why in its log, and the journal that it exited. Raises FatalError as a part."""
        self._containerd.parent.mkdir(parents=True, exist_ok=True)
        with self._containerd.open("a") as file:
            file.write(
                f'time="{time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}" level=info msg="starting containerd" version=stand-in\n'
            )
        refusal = refused(self._config)
        unfit = reservations.refusal(self._config) or profile.kernel_refusal(self._paths, self._config)
        if refusal:
            self.say("E", "run.go:72", "command failed", err=refusal)
        if not refusal:
            self.say("I", "server.go:529", "Kubelet version", kubeletVersion=VERSION)
        if not refusal and unfit:
            self.say("E", "kubelet.go:1703", "Failed to start ContainerManager", err=unfit)
        if (refusal or unfit) and not OURS.static_pods:
            raise FatalError(f"kubelet exited: {refusal or unfit}")
        if refusal or unfit:
            log("error", "Kubelet exited: exit status 1")
        return not (refusal or unfit)

    def runs_pods(self) -> bool:
        """Whether containers start at all."""
        if self._pods_run is None:
            self._pods_run = selinux.lets_pods_run(self._paths, self._config)
        if not self._pods_run:
            words = "failed to set process label: label system_u:system_r:rke2_service_t is not known to the kernel"
            self.say("E", "pod_workers.go:1324", "Error syncing pod, skipping", err=words)
        return self._pods_run

    def trouble(self) -> str:
        """Why the Node is not Ready; nothing when it is."""
        return "" if networks.installed(self._paths) else networks.NOT_READY

    def say(self, severity: str, source: str, message: str, **values: str) -> None:
        """Append one line in klog's shape; `severity` is I, W or E."""
        line = klog(severity, source, message, values)
        if not OURS.static_pods:
            pass_on(line)
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a") as file:
            file.write(f"{line}\n")


def refused(config: Config) -> str:
    """Why a kubelet ends with these flags, labels and taints; nothing when it does not.

    `kubelet-arg` replaces what RKE2 makes of `node-label`.
    """
    given = {flag.replace("_", "-"): value for flag, value in arguments.named(config.items("kubelet-arg")).items()}
    unknown = sorted(set(given) - known_flags(Version.of(VERSION)))
    if unknown:
        return f"failed to parse kubelet flag: unknown flag: --{unknown[0]}"
    labels = given.get("node-labels", ",".join(config.items("node-label")))
    taints = given.get("register-with-taints", ",".join(config.items("node-taint")))
    malformed = next((text for text in labels.split(",") if text and "=" not in text), "")
    if malformed:
        return _unparsable("node-labels", labels, f"malformed pair, expect string=string: {malformed}")
    wrong = next((words for text in taints.split(",") if text and (words := _wrong_taint(text))), "")
    if wrong:
        return _unparsable("register-with-taints", taints, wrong)
    return _wrong_labels(dict(_pair(text) for text in labels.split(",") if text))


def known_flags(version: Version) -> set[str]:
    """What a kubelet of this version takes, with those that the distribution keeps for itself."""
    table = json.loads(files(__package__).joinpath("kubelet-flags.json").read_text())
    older = table["older"] if version.minor < FLAGS_OF_MINOR else []
    return {*table["kubelet"], *table.get(OURS.name, ()), *older}


def is_kubelet_label(key: str) -> bool:
    """Whether a kubelet may give its own Node this label of Kubernetes' namespaces."""
    return key in ALLOWED or any(_within(_domain(key), prefix) for prefix in PREFIXES)


def _wrong_labels(labels: dict[str, str]) -> str:
    unknown = sorted(key for key in labels if any(_within(_domain(key), name) for name in RESERVED) and not is_kubelet_label(key))
    if unknown:
        return (
            "failed to validate kubelet flags: "
            f"unknown 'kubernetes.io' or 'k8s.io' labels specified with --node-labels: [{' '.join(unknown)}]\n"
            f"--node-labels in the 'kubernetes.io' namespace must begin with an allowed prefix ({', '.join(PREFIXES)}) "
            f"or be in the specifically allowed set ({', '.join(ALLOWED)})"
        )
    invalid = [f"'{key}' - name part must consist of alphanumeric characters" for key in labels if not _is_name(key)]
    invalid += [f"'{value}' - a valid label must be an empty string or consist of alphanumeric characters" for value in labels.values()
                if value and not NAME.fullmatch(value)]  # fmt: skip
    return f"failed to validate kubelet flags: invalid node labels: {'; '.join(invalid)}" if invalid else ""


def _wrong_taint(text: str) -> str:
    pair, colon, effect = text.rpartition(":")
    if not colon or not _is_name(_pair(pair)[0]):
        return f"invalid taint spec: {text}"
    return "" if effect in EFFECTS else f"invalid taint effect: {effect}, unsupported taint effect"


def _unparsable(flag: str, value: str, words: str) -> str:
    return f'failed to parse kubelet flag: invalid argument "{value}" for "--{flag}" flag: {words}'


def _is_name(key: str) -> bool:
    domain, slash, name = key.rpartition("/")
    return bool(NAME.fullmatch(name)) and (not slash or (len(domain) <= DOMAIN_LENGTH and bool(DOMAIN.fullmatch(domain))))


def _domain(key: str) -> str:
    return key.partition("/")[0] if "/" in key else ""


def _within(domain: str, parent: str) -> bool:
    return domain == parent or domain.endswith(f".{parent}")


def _pair(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return key, value
