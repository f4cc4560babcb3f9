"""A file of another tool is told as what it is: one problem, and none for each key that a cluster.yaml would have."""

from __future__ import annotations

# ruff: noqa: E501  a table: a row is a line
import pytest

from tests.unit.spec.conftest import Problems, example, only

pytestmark = pytest.mark.unit

FILES = {
    "a file of Terraform's": ('cluster = "home"\nnodes = ["pve1"]\n', '# mine\nvariable "x" {\n  type = string\n}\n', "hosts = {\n  a = { cores = 2 }\n}\n"),
    "an inventory of Ansible's": (
        "all:\n  hosts:\n    server1: {ansible_host: 192.0.2.1}\n",
        "[kube_control_plane]\nserver1 ansible_host=192.0.2.1\n",
        "kube_node:\n  hosts: {agent1: }\n",
    ),
    "a playbook of Ansible's": ("- hosts: all\n  roles: [rke2]\n",),
    "an object of k0sctl.k0sproject.io/v1beta1, Cluster": ("apiVersion: k0sctl.k0sproject.io/v1beta1\nkind: Cluster\nspec: {hosts: []}\n",),
    "Talos' machine configuration": ("version: v1alpha1\nmachine: {type: worker}\ncluster: {id: x}\n",),
    "a file of Docker Compose": ("services: {web: {image: nginx}}\n",),
    "RKE2's config.yaml": ("token: hunter2\ncni: cilium\ntls-san: [192.0.2.1]\n",),
    "user-data of cloud-init": ("#cloud-config\npackage_update: true\n",),
    "a state of Terraform's": ('{"version": 4, "terraform_version": "1.9.0", "lineage": "x", "resources": []}',),
    "a lock, which lies beside its cluster.yaml": ('{"cluster": "c", "distribution_version": "v1.36.5+rke2r1", "machines": {}}',),
}  # fmt: skip


@pytest.mark.parametrize(("what", "text"), [(what, text) for what, texts in FILES.items() for text in texts])
def test_a_file_of_another_tool_is_one_problem_and_says_what_writes_a_first_cluster_yaml(problems: Problems, what: str, text: str) -> None:
    told = only(problems(text))
    assert told.message == f"this is {what}, not a cluster.yaml"
    assert "`runner init -f FILE` writes a first one" in str(told.cure)
    assert "hunter2" not in told.message + str(told.cure)


@pytest.mark.parametrize("line", ["cluster = c", "services: {a: {}}", "all: {hosts: {}}", "apiVersion: v1\nkind: Cluster"])
def test_a_cluster_yaml_with_a_line_of_another_tool_is_none_of_its_files(problems: Problems, line: str) -> None:
    text = example("single", ("cluster: single\n", f"{line}\n" if "=" in line else f"cluster: single\n{line}\n"))
    assert not [one for one in problems(text) if "not a cluster.yaml" in one.message]
