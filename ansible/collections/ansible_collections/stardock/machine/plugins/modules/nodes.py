#!/usr/bin/python
"""Ansible module: labels, taints and our own cordons of Kubernetes nodes, through the API (see DOCUMENTATION)."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: nodes
short_description: Keep labels and taints of all nodes as planned, and take back cordons that a killed run left
description:
  - RKE2 gives a node its labels and taints when it registers, and takes none away later; taints of a node that exists are not looked
    at any more (rancher/rke2#7151, #7152). This module changes existing nodes through the API.
  - What it once set is recorded in a ConfigMap, so that it takes away only what it has set itself. It is no annotation of the Node,
    because a kubelet may write annotations of its own Node, and a broken-in one could have a taint taken off that way.
  - A change that somebody else makes at the same moment is not lost, since each patch names the version that was read.
options:
  nodes:
    description: The nodes. One that the API does not know is passed over; it gets what it needs when it registers.
    type: list
    elements: dict
    required: true
    suboptions:
      name: {description: "Its name.", type: str, required: true}
      labels: {description: "Its labels.", type: dict, default: {}}
      taints: {description: "Its taints, KEY=VALUE:EFFECT or KEY:EFFECT.", type: list, elements: str, default: []}
  kubectl:
    description: How kubectl is called, on a server.
    type: list
    elements: str
    required: true
"""
EXAMPLES = r"""
- name: Labels and taints are as planned
  stardock.machine.nodes:
    kubectl: [kubectl, --kubeconfig, /etc/kubernetes/admin.yaml]
    nodes:
      - {name: agent1, labels: {disk: ssd}, taints: ["gpu=only:NoSchedule"]}
"""
RETURN = r"""
nodes: {description: "The nodes that were (or would be) changed.", type: list, returned: always}
"""

NODE = {
    "name": {"type": "str", "required": True},
    "labels": {"type": "dict", "default": {}},
    "taints": {"type": "list", "elements": "str", "default": []},
}

NAMESPACE = "kube-system"
RECORD = "stardock-nodes"
#: On a Node that a run of ours cordoned; the distribution's role sets it together with the cordon.
CORDONED = "stardock.io/cordoned-by"
ATTEMPTS = 5
LONGEST = 1000

Object = dict[str, Any]


class KubectlError(Exception):
    """kubectl failed; in its own words."""


class Kubectl:
    """kubectl on this machine; never through a shell, and bodies never as arguments."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)

    def read(self, *words: str) -> Object:
        """Read an object; an empty one when there is none. Raises KubectlError."""
        said = self._run(["get", *words, "--output", "json", "--ignore-not-found"], "")
        found = json.loads(said) if said.strip() else {}
        return found if isinstance(found, dict) else {}

    def patch(self, kind: str, name: str, body: Object, *words: str) -> None:
        """Merge a patch into an object. Raises KubectlError."""
        self._run(["patch", f"{kind}/{name}", "--type", "merge", "--patch-file", "/dev/stdin", *words], json.dumps(body))

    def create(self, body: Object) -> None:
        """Make an object. Raises KubectlError."""
        self._run(["create", "--filename", "-"], json.dumps(body))

    def _run(self, words: Sequence[str], given: str) -> str:
        done = subprocess.run([*self._command, *words], input=given, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode:
            raise KubectlError(re.sub(r"[^\x20-\x7e]+", " ", done.stderr or done.stdout).strip()[:LONGEST])
        return done.stdout


def taint_of(text: str) -> Object:
    """Read KEY=VALUE:EFFECT or KEY:EFFECT."""
    pair, _, effect = text.rpartition(":")
    key, equals, value = pair.partition("=")
    return {"key": key, **({"value": value} if equals and value else {}), "effect": effect}


def identity(taint: Mapping[str, Any]) -> str:
    """What makes a taint one: Kubernetes allows each key once with each effect."""
    return f"{taint.get('key', '')}:{taint.get('effect', '')}"


def label_changes(found: Mapping[str, str], wanted: Mapping[str, str], ours: Sequence[str]) -> Object:
    """Give the labels of a patch: what differs, and None for what was ours and is not wanted any more."""
    gone = {key: None for key in ours if key not in wanted and key in found}
    return {**gone, **{key: value for key, value in wanted.items() if found.get(key) != value}}


def wanted_taints(found: Sequence[Object], wanted: Sequence[Object], ours: Sequence[str]) -> list[Object]:
    """Give all taints of a node: other people's stay where they are, ours have the wanted value, those that went are gone."""
    by_identity = {identity(taint): taint for taint in wanted}
    kept = [taint for taint in found if identity(taint) in by_identity or identity(taint) not in ours]
    there = {identity(taint) for taint in kept}
    in_place = [_as_wanted(taint, by_identity.get(identity(taint))) for taint in kept]
    return [*in_place, *(taint for name, taint in by_identity.items() if name not in there)]


def _as_wanted(taint: Object, wanted: Object | None) -> Object:
    """Keep a taint as it is, with the moment when it was added, unless its value differs."""
    return taint if wanted is None or taint.get("value", "") == wanted.get("value", "") else wanted


def is_ready(node: Mapping[str, Any]) -> bool:
    """Whether a node serves."""
    conditions = (node.get("status") or {}).get("conditions") or []
    return any(entry.get("type") == "Ready" and entry.get("status") == "True" for entry in conditions)


def node_patch(node: Mapping[str, Any], wanted: Mapping[str, Any], record: Mapping[str, Any]) -> Object:
    """Give the patch that brings a node to what is planned; empty when nothing differs."""
    metadata, spec = node["metadata"], node.get("spec") or {}
    labels = label_changes(metadata.get("labels") or {}, wanted["labels"], record.get("labels", ()))
    before = spec.get("taints") or []
    after = wanted_taints(before, [taint_of(text) for text in wanted["taints"]], record.get("taints", ()))
    left = CORDONED in (metadata.get("annotations") or {}) and is_ready(node)
    meta = {**({"labels": labels} if labels else {}), **({"annotations": {CORDONED: None}} if left else {})}
    own = {**({"taints": after or None} if after != before else {}), **({"unschedulable": None} if left else {})}
    return {**({"metadata": meta} if meta else {}), **({"spec": own} if own else {})}


def names_of(wanted: Mapping[str, Any]) -> Object:
    """Give what is recorded of a node: the keys of its labels, and of its taints with their effects."""
    return {"labels": sorted(wanted["labels"]), "taints": sorted(identity(taint_of(text)) for text in wanted["taints"])}


def both(one: Mapping[str, Any], other: Mapping[str, Any]) -> Object:
    """Put two records together."""
    return {kind: sorted({*one.get(kind, ()), *other.get(kind, ())}) for kind in ("labels", "taints")}


def is_record(value: Any) -> bool:
    """Whether somebody else's hand left of a record what can be read."""
    return isinstance(value, dict) and all(
        isinstance(names, list) and all(isinstance(name, str) for name in names) for names in value.values()
    )


class Records:
    """Which labels and taints are ours, by node: a ConfigMap."""

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl
        self._found = kubectl.read("configmap", RECORD, "--namespace", NAMESPACE)
        self._data: dict[str, str] = self._found.get("data") or {}

    def of(self, node: str) -> Object:
        """Give a node's record; an empty one when there is none that can be read."""
        try:
            value = json.loads(self._data.get(node, "{}"))
        except ValueError:
            return {}
        return value if is_record(value) else {}

    def write(self, records: Mapping[str, Object]) -> None:
        """Write the records of these nodes where they differ; an empty one goes. Raises KubectlError."""
        texts = {node: json.dumps(record) if any(record.values()) else None for node, record in records.items()}
        changed = {node: text for node, text in texts.items() if self._data.get(node) != text}
        if not changed:
            return
        if self._found:
            self._kubectl.patch("configmap", RECORD, {"data": changed}, "--namespace", NAMESPACE)
        else:
            meta = {"name": RECORD, "namespace": NAMESPACE}
            self._found = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": changed}
            self._kubectl.create({**self._found, "data": {node: text for node, text in changed.items() if text}})
        self._data = {node: text for node, text in {**self._data, **changed}.items() if text is not None}


def apply(kubectl: Kubectl, node: Object, wanted: Mapping[str, Any], record: Mapping[str, Any]) -> None:
    """Patch a node; read it again when somebody was quicker. Raises KubectlError."""
    for attempt in range(1, ATTEMPTS + 1):
        patch = node_patch(node, wanted, record)
        if not patch:
            return
        version = {"resourceVersion": node["metadata"]["resourceVersion"]}
        try:
            kubectl.patch("node", wanted["name"], {**patch, "metadata": {**patch.get("metadata", {}), **version}})
        except KubectlError as error:
            if attempt == ATTEMPTS or "the object has been modified" not in str(error):
                raise KubectlError(f"{wanted['name']}: {error}") from error
            node = kubectl.read("node", wanted["name"])
        else:
            return


def difference(name: str, node: Mapping[str, Any], patch: Mapping[str, Any]) -> Object:
    """Make what `--diff` shows for a node."""
    head = {"before_header": f"node {name}", "after_header": f"node {name}"}
    labels = (patch.get("metadata") or {}).get("labels") or {}
    found = node["metadata"].get("labels") or {}
    before = [f"label {key}={found[key]}" for key in sorted(labels) if key in found]
    after = [f"label {key}={labels[key]}" for key in sorted(labels) if labels[key] is not None]
    if "taints" in (patch.get("spec") or {}):
        before += [f"taint {text}" for text in _shown((node.get("spec") or {}).get("taints"))]
        after += [f"taint {text}" for text in _shown(patch["spec"]["taints"])]
    if "unschedulable" in (patch.get("spec") or {}):
        before.append("cordoned by a run of ours that was killed")
    return {**head, "before": "".join(f"{line}\n" for line in before), "after": "".join(f"{line}\n" for line in after)}


def _shown(taints: Sequence[Mapping[str, Any]] | None) -> Iterator[str]:
    for taint in taints or ():
        value = f"={taint['value']}" if taint.get("value") else ""
        yield f"{taint.get('key')}{value}:{taint.get('effect')}"


def main() -> None:
    """Compare, patch what differs, remember what is ours: a name is recorded before it is set, and forgotten after it was taken away."""
    options = {
        "nodes": {"type": "list", "elements": "dict", "options": NODE, "required": True},
        "kubectl": {"type": "list", "elements": "str", "required": True},
    }
    module = AnsibleModule(argument_spec=options, supports_check_mode=True)
    kubectl = Kubectl(module.params["kubectl"])
    try:
        found = {node["metadata"]["name"]: node for node in kubectl.read("nodes").get("items", [])}
        wanted = {one["name"]: one for one in module.params["nodes"] if one["name"] in found}
        records = Records(kubectl)
        patches = {name: node_patch(found[name], one, records.of(name)) for name, one in wanted.items()}
        changed = {name: patch for name, patch in patches.items() if patch}
        diff = [difference(name, found[name], patch) for name, patch in changed.items()]
        if not module.check_mode:
            before = {name: records.of(name) for name in wanted}
            records.write({name: both(before[name], names_of(one)) for name, one in wanted.items()})
            for name in changed:
                apply(kubectl, found[name], wanted[name], before[name])
            records.write({name: names_of(one) for name, one in wanted.items()})
    except (KubectlError, ValueError) as error:
        module.fail_json(msg=f"the nodes' labels and taints could not be set: {error}")
    module.exit_json(changed=bool(changed), diff=diff, nodes=sorted(changed))


if __name__ == "__main__":
    main()
