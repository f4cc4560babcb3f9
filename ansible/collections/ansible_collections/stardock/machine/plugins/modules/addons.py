#!/usr/bin/python
"""Ansible module: delete what former add-ons became in the cluster, and wait until it is gone (see DOCUMENTATION)."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.stardock.machine.plugins.module_utils.applied import (
    LABEL,
    SECRET,
    Former,
    Wished,
    charts_of,
    difference,
    former,
    settle,
    unneeded,
    withdraw,
)
from ansible_collections.stardock.machine.plugins.module_utils.kubectl import Kubectl, KubectlError, Object, called
from ansible_collections.stardock.machine.plugins.module_utils.releases import others
from ansible_collections.stardock.machine.plugins.module_utils.strangers import strangers
from ansible_collections.stardock.machine.plugins.module_utils.volumes import still_needed, unlike

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
  - C(settled) refuses where a wished object is there already and has not our label, since it would be overwritten, and deleted when its
    file goes. A Namespace is taken as it is; so is what files of C(former) made, before there were labels.
  - What is wished in another file now is never deleted, though it has the former name's label until a server has looked at the new file.
    One that another owner applied last is not deleted, though it has our label; somebody copied it.
    Each object goes by its name, and only while it is the one that was looked at (its uid).
  - A HelmChart whose driver volumes still name is not deleted, nor Longhorn's before somebody confirmed it; then nothing is. When charts
    are gone their releases must be too, since their Jobs succeed also where C(helm uninstall) failed (k3s-io/klipper-helm, entry).
  - A Secret with the label C(objectset.rio.cattle.io/prune=false) goes when no volume names it any more.
  - C(settled) refuses a release of Helm that somebody else installed, since it would be upgraded, and uninstalled later; and a
    StorageClass that is there with other words, which Kubernetes cannot change.
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
      version: {description: Version of its API., type: str, required: true}
      addon: {description: "Its file, as in C(wished).", type: str, required: true}
  former:
    description: Names of files of ours, without ending, that were handed over without a label.
    type: list
    elements: str
    default: []
  classes:
    description: The StorageClasses that are wished, whole, also those that charts make.
    type: list
    elements: dict
    default: []
  releases:
    description: The releases of Helm that wished HelmCharts become.
    type: list
    elements: dict
    default: []
    suboptions:
      namespace: {description: Its namespace., type: str, required: true}
      name: {description: Its name., type: str, required: true}
      addon: {description: "The file of its HelmChart, as in C(wished).", type: str, required: true}
  prefix:
    description: How their Addons' names begin.
    type: str
    required: true
  settled:
    description: Delete nothing; refuse strangers, and wait until nothing that is wished is being deleted.
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
    objects: [{group: helm.cattle.io, version: v1, kind: HelmChart, namespace: kube-system, name: kured, addon: kured}]
"""
RETURN = r"""
addons: {description: "The add-ons that were (or would be) deleted.", type: list, returned: always}
"""


IDENTITY = {key: {"type": "str", "required": True} for key in ("group", "version", "kind", "namespace", "name", "addon")}
RELEASE = {key: {"type": "str", "required": True} for key in ("namespace", "name", "addon")}
OPTIONS = {
    "wished": {"type": "list", "elements": "str", "required": True},
    "objects": {"type": "list", "elements": "dict", "required": True, "options": IDENTITY},
    "classes": {"type": "list", "elements": "dict", "default": []},
    "releases": {"type": "list", "elements": "dict", "default": [], "options": RELEASE},
    "former": {"type": "list", "elements": "str", "default": []},
    "prefix": {"type": "str", "required": True},
    "settled": {"type": "bool", "default": False},
    "timeout": {"type": "int", "default": 300},
    "kubectl": {"type": "list", "elements": "str", "required": True},
}
MOST = 5


def listed(found: list[str]) -> str:
    """Give the first of them."""
    more = f"; and {len(found) - MOST} more" if len(found) > MOST else ""
    return "; ".join(found[:MOST]) + more


OBJECTS = (
    "The cluster has objects of the same kind and name already, which somebody else made: the add-on would overwrite them, and they would"
    " be deleted with it. Delete them, or mark those that it may have by the command behind each: "
)
RELEASES = (
    "Helm has releases of these names, which no add-on made: the cluster would upgrade them to the values of cluster.yaml, and uninstall"
    " them when the add-on goes. Uninstall each, or hand it over by the second command: "
)
CLASSES = (
    "These StorageClasses are there with other words, and Kubernetes never changes them. Write another `name` for what you wish now"
    " (volumes stay), or the former words: "
)


def refusals(kubectl: Kubectl, given: dict[str, list[Object]]) -> list[str]:
    """Say what is there of others, or cannot become what is wished. Raises KubectlError."""
    looked = (
        (OBJECTS, strangers(kubectl, given["objects"], given["former"])),
        (RELEASES, others(kubectl, given["releases"], LABEL)),
        (CLASSES, unlike(kubectl, given["classes"])),
    )
    return [words + listed(found) for words, each in looked if (found := [*each])]


def wait(module: AnsibleModule, kubectl: Kubectl, wished: Wished) -> None:
    """End the module after what `settled` says; in check mode nothing is deleted, so nothing is waited for."""
    given = module.params
    try:
        found = refusals(kubectl, given)
        if not found and not module.check_mode:
            settle(kubectl, given["prefix"], wished, given["timeout"])
    except (KubectlError, ValueError) as error:
        module.fail_json(
            msg=f"what is wished is still being deleted, and would not come back: {error}. The next bootstrap goes on with it."
        )
    if found:
        module.fail_json(msg=f"nothing was handed over. {' '.join(found)}")
    module.exit_json(changed=False, diff=[], addons=[])


def guard(module: AnsibleModule, kubectl: Kubectl, found: list[Former]) -> None:
    """End the module where one of them may not go. Raises KubectlError."""
    charts = [chart for each in charts_of(kubectl, found).values() for chart in each]
    needed = [*still_needed(kubectl, charts)]
    if needed:
        module.fail_json(msg=f"no add-on was deleted: {listed(needed)}.")


def gone(one: Object) -> Object:
    """Make what `--diff` shows of a Secret."""
    head = f"the Secret of volumes {one['metadata']['name']}"
    return {"before_header": head, "after_header": head, "before": f"{called(SECRET, one)}\n", "after": ""}


def main() -> None:
    """Find, delete, wait."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    given, kubectl = module.params, Kubectl(module.params["kubectl"])
    wished = Wished(given["wished"], given["objects"])
    if given["settled"]:
        wait(module, kubectl, wished)
    names: list[str] = []
    try:
        found = former(kubectl, given["prefix"], wished)
        guard(module, kubectl, found)
        names = [one.name for one in found]
        spare = unneeded(kubectl, wished)
        diff = [*(difference(kubectl, one) for one in found), *map(gone, spare)]
        if not module.check_mode:
            withdraw(kubectl, found, given["timeout"])
            for one in spare:
                kubectl.delete(SECRET, one)
    except (KubectlError, ValueError) as error:
        what = f"add-ons that are not wished any more are still in the cluster ({', '.join(names)})" if names else "no add-on was looked at"
        module.fail_json(msg=f"{what}: {error}. The next bootstrap goes on with it.")
    module.exit_json(changed=bool(found or spare), diff=diff, addons=names)


if __name__ == "__main__":
    main()
