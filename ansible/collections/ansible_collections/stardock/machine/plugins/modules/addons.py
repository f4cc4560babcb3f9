#!/usr/bin/python
"""Ansible module: delete what former add-ons became in the cluster, and wait until it is gone (see DOCUMENTATION)."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: addons
short_description: Delete what add-ons became that are not wished any more, and wait for it
description:
  - A manifest that is taken away from the folder of RKE2 or k3s deletes nothing; the deploy controller keeps an Addon of each file in
    kube-system, with the kinds of the objects that it applied (k3s, pkg/deploy/controller.go, GVKAnnotation). This module asks the API
    for these, so that it needs no memory of its own, and a run that was killed goes on.
  - Objects are known by the label C(stardock.io/addon). All but HelmCharts go first, while the programs that look after them still run.
    A HelmChart is gone when its Job has uninstalled the chart (k3s-io/helm-controller, pkg/controllers/chart/chart.go, OnRemove).
  - First its Addon forgets the sum of its file, since the deploy controller passes over a file whose sum it knows. So an add-on that is
    wished again after a run that was killed is applied again. C(settled) waits, before that, until nothing that is wished terminates.
  - What is wished in another file now is never deleted, though it has the former name's label until a server has looked at the new file.
    One that another owner applied last is not deleted, though it has our label; somebody copied it.
    Each object goes by its name, and only while it is the one that was looked at (its uid).
  - Namespaces, CustomResourceDefinitions and volumes stay, since what others keep in them would go with them.
options:
  wished:
    description: Names of files, without prefix and ending, that are wished.
    type: list
    elements: str
    required: true
  objects:
    description: What is in the wished files, whose group is empty for the core's. Without a namespace it is in C(default), or in none.
    type: list
    elements: dict
    required: true
    suboptions:
      group: {description: Group of its API., type: str, required: true}
      kind: {description: Its kind., type: str, required: true}
      namespace: {description: "Its namespace, as its file says.", type: str, required: true}
      name: {description: Its name., type: str, required: true}
  prefix:
    description: How their Addons' names begin.
    type: str
    required: true
  settled:
    description: Delete nothing, and wait until nothing that is wished is being deleted.
    type: bool
    default: false
  timeout:
    description: Seconds until all must be gone.
    type: int
    default: 300
  kubectl:
    description: How kubectl is called, on a server.
    type: list
    elements: str
    required: true
"""
EXAMPLES = r"""
- name: Add-ons that are not wished any more are gone
  stardock.machine.addons:
    kubectl: [kubectl, --kubeconfig, /etc/kubernetes/admin.yaml]
    prefix: stardock-addon-
    wished: [kured]
    objects: [{group: helm.cattle.io, kind: HelmChart, namespace: kube-system, name: kured}]
"""
RETURN = r"""
addons: {description: "The add-ons that were (or would be) deleted.", type: list, returned: always}
"""

NAMESPACE = "kube-system"
LABEL = "stardock.io/addon"
ADDONS = "addons.v1.k3s.cattle.io"
KINDS = "addon.k3s.cattle.io/gvks"
HELM = ("HelmChart.v1.helm.cattle.io", "HelmChartConfig.v1.helm.cattle.io")
#: By whom an object was applied last (rancher/wrangler, pkg/apply/desiredset_apply.go, LabelName).
OWNER = "objectset.rio.cattle.io/owner-name"
KEPT = frozenset({"Namespace", "CustomResourceDefinition", "PersistentVolume", "PersistentVolumeClaim"})
KIND = re.compile(r"([a-z0-9.-]*)/(v[a-z0-9]+), Kind=([A-Za-z0-9]+)")
NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")
PAUSE = 1.0
LONGEST = 1000

Object = dict[str, Any]


class KubectlError(Exception):
    """kubectl failed; in its own words."""


class Kubectl:
    """kubectl on this machine; never through a shell."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._plurals: dict[str, dict[str, str]] = {}

    def items(self, kind: str, *words: str) -> list[Object]:
        """List objects; none where the API does not know the kind. Raises KubectlError."""
        try:
            found = json.loads(self.run("get", kind, *words, "--output", "json", "--ignore-not-found") or "{}")
        except KubectlError as error:
            if "doesn't have a resource type" in str(error) or "could not find the requested resource" in str(error):
                return []
            raise
        return found.get("items", []) if isinstance(found, dict) else []

    def delete(self, kind: str, one: Mapping[str, Any]) -> None:
        """Delete this object and no other of its name, which only a raw request can say (kubectl, pkg/rawhttp). Raises KubectlError."""
        wanted = {"propagationPolicy": "Background", "preconditions": {"uid": one["metadata"]["uid"]}}
        options = json.dumps({"apiVersion": "v1", "kind": "DeleteOptions", **wanted})
        try:
            self.run("delete", "--raw", self._path(kind, one["metadata"]), "--filename", "-", given=options)
        except KubectlError as error:
            if "(NotFound)" not in str(error) and "(Conflict)" not in str(error):  # gone, or another one: the next look tells
                raise

    def _path(self, kind: str, metadata: Mapping[str, Any]) -> str:
        name, version, group = split(kind)
        base = f"/apis/{group}/{version}" if group else f"/api/{version}"
        if base not in self._plurals:
            found = json.loads(self.run("get", "--raw", base))["resources"]
            self._plurals[base] = {each["kind"]: each["name"] for each in found if "/" not in each["name"]}
        where = ["namespaces", metadata["namespace"]] if metadata.get("namespace") else []
        return "/".join((base, *where, self._plurals[base][name], quote(metadata["name"], safe=":")))

    def run(self, *words: str, given: str = "") -> str:
        """Run it, and give what it said. Raises KubectlError."""
        done = subprocess.run([*self._command, *words], input=given, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode:
            raise KubectlError(plain(done.stderr or done.stdout))
        return done.stdout


def split(kind: str) -> tuple[str, str, str]:
    """Kind, version and group of a kind as kubectl takes it."""
    name, _, rest = kind.partition(".")
    version, _, group = rest.partition(".")
    return name, version, group


def plain(text: str) -> str:
    """One line of a text that a machine said."""
    return re.sub(r"[^\x20-\x7e]+", " ", text).strip()[:LONGEST]


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

    def holds(self, kind: str, one: Mapping[str, Any]) -> bool:
        """Whether an object with its label is to go with it: it is wished nowhere, and nobody else applied it since."""
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
        found[name] = Former(name, whole, tuple(goes), tuple(called for kind, called in kinds if kind in KEPT), wished, whole)
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


def called(kind: str, one: Mapping[str, Any]) -> str:
    """Name an object for people."""
    metadata = one["metadata"]
    return " ".join((kind.partition(".")[0], "/".join(part for part in (metadata.get("namespace"), metadata["name"]) if part)))


def delete(kubectl: Kubectl, addons: Sequence[Former], *, charts: bool, until: float) -> None:
    """Delete the charts of add-ons, or all else of them, and wait. Raises KubectlError, also when time is up: with the cause."""
    wanted = [(one, [kind for kind in one.kinds if (kind in HELM) == charts]) for one in addons]
    while left := [found for one, kinds in wanted for found in objects(kubectl, one, kinds)]:
        if time.monotonic() >= until:
            raise KubectlError("; ".join(cause(kubectl, *found) for found in left))
        fresh = [found for found in left if "deletionTimestamp" not in found[1]["metadata"]]
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
    for one in addons:
        if one.addon:
            forget(kubectl, one.addon)
    delete(kubectl, addons, charts=False, until=until)
    delete(kubectl, addons, charts=True, until=until)
    for one in addons:
        if one.addon:
            kubectl.run("delete", ADDONS, one.addon, "--namespace", NAMESPACE, "--ignore-not-found")


def wait(module: AnsibleModule, kubectl: Kubectl, wished: Wished) -> None:
    """End the module after what `settled` says; in check mode nothing is deleted, so nothing is waited for."""
    try:
        if not module.check_mode:
            settle(kubectl, module.params["prefix"], wished, module.params["timeout"])
    except (KubectlError, ValueError) as error:
        module.fail_json(
            msg=f"what is wished is still being deleted, and would not come back: {error}. The next bootstrap goes on with it."
        )
    module.exit_json(changed=False, diff=[], addons=[])


def main() -> None:
    """Find, delete, wait."""
    identity = {key: {"type": "str", "required": True} for key in ("group", "kind", "namespace", "name")}
    options = {
        "wished": {"type": "list", "elements": "str", "required": True},
        "objects": {"type": "list", "elements": "dict", "required": True, "options": identity},
        "prefix": {"type": "str", "required": True},
        "settled": {"type": "bool", "default": False},
        "timeout": {"type": "int", "default": 300},
        "kubectl": {"type": "list", "elements": "str", "required": True},
    }
    module = AnsibleModule(argument_spec=options, supports_check_mode=True)
    given, kubectl = module.params, Kubectl(module.params["kubectl"])
    wished = Wished(given["wished"], given["objects"])
    if given["settled"]:
        wait(module, kubectl, wished)
    names: list[str] = []
    try:
        found = former(kubectl, given["prefix"], wished)
        names = [one.name for one in found]
        diff = [difference(kubectl, one) for one in found]
        if not module.check_mode:
            withdraw(kubectl, found, given["timeout"])
    except (KubectlError, ValueError) as error:
        what = f"add-ons that are not wished any more are still in the cluster ({', '.join(names)})" if names else "no add-on was looked at"
        module.fail_json(msg=f"{what}: {error}. The next bootstrap goes on with it.")
    module.exit_json(changed=bool(found), diff=diff, addons=names)


if __name__ == "__main__":
    main()
