"""What add-ons became in a cluster: finding it, waiting for it, deleting it (the module `addons` says when)."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.stardock.machine.plugins.module_utils.kubectl import Kubectl, KubectlError, Object, called, plain, split
from ansible_collections.stardock.machine.plugins.module_utils.releases import SECRET, left, memory, release_of, remembered
from ansible_collections.stardock.machine.plugins.module_utils.volumes import VOLUMES, secrets_of

NAMESPACE = "kube-system"
LABEL = "stardock.io/addon"
ADDONS = "addons.v1.k3s.cattle.io"
KINDS = "addon.k3s.cattle.io/gvks"
HELM = ("HelmChart.v1.helm.cattle.io", "HelmChartConfig.v1.helm.cattle.io")
#: By whom an object was applied last (rancher/wrangler, pkg/apply/desiredset_apply.go, LabelName).
OWNER = "objectset.rio.cattle.io/owner-name"
KEPT = frozenset({"Namespace", "CustomResourceDefinition", "PersistentVolume", "PersistentVolumeClaim"})
#: On a Secret that stays as long as a volume names it (rancher/wrangler, pkg/apply/desiredset_process.go, `shouldPrune`).
STAYS = "objectset.rio.cattle.io/prune"
KIND = re.compile(r"([a-z0-9.-]*)/(v[a-z0-9]+), Kind=([A-Za-z0-9]+)")
NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")
PAUSE = 1.0


class Wished:
    """What is wished: the names of files, and the objects in them."""

    def __init__(self, files: Sequence[str], objects: Sequence[Mapping[str, str]]) -> None:
        self.files = frozenset(files)
        self._places: dict[tuple[str, str, str], set[str]] = {}
        for one in objects:
            self._places.setdefault((one["group"], one["kind"], one["name"]), set()).add(one["namespace"] or "default")

    def has(self, kind: str, one: Mapping[str, Any]) -> bool:
        """Whether a live object is among them, whichever file it came from. One without a namespace may have one in its file."""
        name, _, group = split(kind)
        places = self._places.get((group, name, one["metadata"]["name"]), set())
        return bool(places) and one["metadata"].get("namespace", "") in {*places, ""}


@dataclass(frozen=True)
class Former:
    """An add-on that is to go: its name, its Addon (None: the Addon is gone already), and kinds that kubectl knows."""

    name: str
    addon: str | None
    kinds: tuple[str, ...]
    kept: tuple[str, ...]
    wished: Wished
    owner: str
    releases: tuple[str, ...] = ()  # of its charts, from a run before

    def holds(self, kind: str, one: Mapping[str, Any]) -> bool:
        """Whether an object with its label is to go with it: it is wished nowhere, nobody else applied it since, and no volume needs it."""
        if kind == SECRET and (one["metadata"].get("labels") or {}).get(STAYS) == "false":
            return False  # `unneeded` looks after it
        owner = (one["metadata"].get("annotations") or {}).get(OWNER, self.owner)
        return bool(owner == self.owner) and not self.wished.has(kind, one)

    @property
    def selector(self) -> str:
        """By what its objects are found."""
        return f"{LABEL}={self.name}"


def kinds_of(text: str) -> Iterator[tuple[str, str]]:
    """Read what the deploy controller remembers: (kind, kind as kubectl takes it). What is none is passed over."""
    for group, version, kind in (found.groups() for part in text.split(";") if (found := KIND.fullmatch(part))):
        yield kind, f"{kind}.{version}.{group}"


def former(kubectl: Kubectl, prefix: str, wished: Wished) -> list[Former]:
    """Find the add-ons that are in the cluster and not wished. Raises KubectlError."""
    found: dict[str, Former] = {}
    for addon in kubectl.items(ADDONS, "--namespace", NAMESPACE):
        whole = addon["metadata"]["name"]
        name = whole.removeprefix(prefix)
        if whole == name or name in wished.files or not NAME.fullmatch(name):
            continue
        kinds = list(kinds_of((addon["metadata"].get("annotations") or {}).get(KINDS, "")))
        goes = dict.fromkeys([*(called for kind, called in kinds if kind not in KEPT), *HELM])
        kept = tuple(called for kind, called in kinds if kind in KEPT)
        found[name] = Former(name, whole, tuple(goes), kept, wished, whole, remembered(addon))
    for kind in HELM:
        for one in kubectl.items(kind, "--all-namespaces", "--selector", LABEL):
            name = one["metadata"]["labels"][LABEL]
            late = Former(name, None, HELM, (), wished, prefix + name)
            if name not in wished.files and NAME.fullmatch(name) and late.holds(kind, one):
                found.setdefault(name, late)
    return list(found.values())


def objects(kubectl: Kubectl, one: Former, kinds: Sequence[str]) -> Iterator[tuple[str, Object]]:
    """Find what an add-on became and is not wished elsewhere: (kind, object)."""
    for kind in kinds:
        found = kubectl.items(kind, "--all-namespaces", "--selector", one.selector)
        yield from ((kind, each) for each in found if one.holds(kind, each))


def delete(kubectl: Kubectl, addons: Sequence[Former], *, charts: bool, until: float) -> None:
    """Delete the charts of add-ons, or all else of them, and wait. Raises KubectlError, also when time is up: with the cause."""
    wanted = [(one, [kind for kind in one.kinds if (kind in HELM) == charts]) for one in addons]
    first = True  # asked to go once, however late it is
    while still := [found for one, kinds in wanted for found in objects(kubectl, one, kinds)]:
        fresh = [found for found in still if "deletionTimestamp" not in found[1]["metadata"]]
        if time.monotonic() >= until and not (first and fresh):
            raise KubectlError("; ".join(cause(kubectl, *found) for found in still))
        first = False
        for found in fresh:
            kubectl.delete(*found)
        time.sleep(0 if fresh else PAUSE)


def cause(kubectl: Kubectl, kind: str, one: Mapping[str, Any]) -> str:
    """Say for what an object still waits."""
    metadata = one["metadata"]
    if kind == HELM[0]:
        return f"{called(kind, one)} waits for its Job helm-delete-{metadata['name']}: {job_says(kubectl, metadata)}"
    held = ", ".join(metadata.get("finalizers") or ()) or "nothing that is known"
    return f"{called(kind, one)} is held by {held}"


def job_says(kubectl: Kubectl, metadata: Mapping[str, Any]) -> str:
    """Give what the pods of an uninstalling Job lack, or said last."""
    name, where = f"helm-delete-{metadata['name']}", ("--namespace", metadata.get("namespace", NAMESPACE))
    try:
        pods = kubectl.items("pods", *where, "--selector", f"batch.kubernetes.io/job-name={name}")
        waiting = [state["waiting"] for pod in pods for state in states(pod) if "waiting" in state]
        if waiting:
            return plain(f"{waiting[0].get('reason', '')} {waiting[0].get('message', '')}")
        return plain(kubectl.run("logs", f"job/{name}", *where, "--tail", "3")) if pods else "it has no pod; does helm-controller run?"
    except KubectlError as error:
        return str(error)


def states(pod: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give the state of each container of a pod."""
    yield from (status.get("state") or {} for status in (pod.get("status") or {}).get("containerStatuses") or ())


def difference(kubectl: Kubectl, one: Former) -> Object:
    """Make what `--diff` shows of an add-on."""
    goes = [*(called(*found) for found in objects(kubectl, one, one.kinds)), *([f"Addon {NAMESPACE}/{one.addon}"] if one.addon else [])]
    stays = [f"{called(*found)} (stays)" for found in objects(kubectl, one, one.kept)]
    head = {"before_header": f"add-on {one.name}", "after_header": f"add-on {one.name}"}
    return {**head, "before": "".join(f"{line}\n" for line in (*goes, *stays)), "after": "".join(f"{line}\n" for line in stays)}


def charts_of(kubectl: Kubectl, addons: Sequence[Former]) -> dict[str, list[Object]]:
    """Name of an add-on -> its HelmCharts that go. Raises KubectlError."""
    return {one.name: [chart for _, chart in objects(kubectl, one, HELM[:1])] for one in addons}


def unneeded(kubectl: Kubectl, wished: Wished) -> list[Object]:
    """Find Secrets of volumes that are not wished, and that no volume names any more. Raises KubectlError."""
    found = kubectl.items(SECRET, "--all-namespaces", "--selector", f"{LABEL},{STAYS}=false")
    spare = [one for one in found if not wished.has(SECRET, one)]
    named = secrets_of(kubectl.items(VOLUMES)) if spare else set()
    return [one for one in spare if (one["metadata"]["namespace"], one["metadata"]["name"]) not in named]


def forget(kubectl: Kubectl, addon: str) -> None:
    """Have a file of that name applied, whatever is in it (k3s, pkg/deploy/controller.go, `deploy`). Raises KubectlError."""
    patch = json.dumps({"spec": {"checksum": ""}})
    try:
        kubectl.run("patch", ADDONS, addon, "--namespace", NAMESPACE, "--type", "merge", "--patch", patch)
    except KubectlError as error:
        if "(NotFound)" not in str(error):
            raise


def ending(kubectl: Kubectl, prefix: str, wished: Wished) -> list[tuple[str, Object]]:
    """Find what is wished and is being deleted: a server would patch it, and it would go all the same. Raises KubectlError."""
    addons = [one["metadata"] for one in kubectl.items(ADDONS, "--namespace", NAMESPACE)]
    kinds = {*HELM}
    for one in addons:
        if one["name"].startswith(prefix):
            kinds |= {called for _, called in kinds_of((one.get("annotations") or {}).get(KINDS, ""))}
    found = [(kind, one) for kind in sorted(kinds) for one in kubectl.items(kind, "--all-namespaces", "--selector", LABEL)]
    return [(kind, one) for kind, one in found if "deletionTimestamp" in one["metadata"] and wished.has(kind, one)]


def settle(kubectl: Kubectl, prefix: str, wished: Wished, timeout: int) -> None:
    """Wait until nothing that is wished is being deleted. Raises KubectlError with the cause when time is up."""
    until = time.monotonic() + timeout
    while left := ending(kubectl, prefix, wished):
        if time.monotonic() >= until:
            raise KubectlError("; ".join(cause(kubectl, *found) for found in left))
        time.sleep(PAUSE)


def withdraw(kubectl: Kubectl, addons: Sequence[Former], timeout: int) -> None:
    """Delete what add-ons became, and what the API remembers of them at last. Raises KubectlError."""
    until = time.monotonic() + timeout
    releases = {one.name: remember(kubectl, one, charts) for one, charts in zip(addons, charts_of(kubectl, addons).values(), strict=True)}
    for one in addons:
        if one.addon:
            forget(kubectl, one.addon)
    delete(kubectl, addons, charts=False, until=until)
    delete(kubectl, addons, charts=True, until=until)
    failed = [words for one in addons for words in left(kubectl, releases[one.name])]
    if failed:
        raise KubectlError("; ".join(failed))
    for one in addons:
        if one.addon:
            kubectl.run("delete", ADDONS, one.addon, "--namespace", NAMESPACE, "--ignore-not-found")


def remember(kubectl: Kubectl, one: Former, charts: Sequence[Object]) -> list[str]:
    """Have an Addon name its charts' releases, which nobody names when the charts are gone; give them. Raises KubectlError."""
    releases = [release for release in dict.fromkeys((*one.releases, *map(release_of, charts))) if release]
    if one.addon and set(releases) != set(one.releases):
        kubectl.run("patch", ADDONS, one.addon, "--namespace", NAMESPACE, "--type", "merge", "--patch", memory(releases))
    return releases
