"""Labels, taints and options that end a kubelet or an API server: refused with the line, or taken the way that works."""

from __future__ import annotations

import pytest

from stardock.bundle import kubernetes
from stardock.plan.build import build
from tests.unit.spec.conftest import Load, Problems, example

pytestmark = pytest.mark.unit

VERSION = "version: v1.36.5+rke2r1"
AGENTS = "role: agent\n"


def quickstart(agents: str = "", options: str = "") -> str:
    """The quick start, its agents' pool and the options with something more."""
    text = example("quickstart", (AGENTS, f"{AGENTS}{agents}"))
    return text.replace(VERSION, f"{VERSION}\n  options:\n{options}") if options else text


@pytest.mark.proves("reality D21", "case 01-node-role-label")
def test_the_role_of_a_worker_is_taken_and_comes_through_the_api_alone(load: Load) -> None:
    spec = load(
        quickstart('    labels: {node-role.kubernetes.io/worker: "true", disk: ssd}\n', "    node-label: [kubernetes.io/role=worker]\n")
    )
    plan, _ = build(spec, None, "cluster.yaml")
    node = kubernetes.node(plan, plan.machine("agent1"))
    assert node["labels"] == {"kubernetes.io/role": "worker", "disk": "ssd", "node-role.kubernetes.io/worker": "true"}
    assert kubernetes.registration(node) == {"node-label": ["disk=ssd"]}


@pytest.mark.proves("reality D21", "case 01-node-role-label")
def test_what_ends_a_kubelet_is_refused_at_its_line(problems: Problems) -> None:
    labels = '    labels:\n      disk: ssd\n      node-role.kubernetes.io/etcd: "true"\n'
    taints = "    taints:\n      - gpu=a:NoSchedule\n      - gpu=b:NoSchedule\n"
    arguments = "    kubelet-arg:\n      - max-pods=50\n      - node-labels=node-role.kubernetes.io/worker=true\n"
    text = quickstart(labels + taints, f"{arguments}    node-taint:\n      - gpu=c:NoSchedule\n")
    lines = text.splitlines()

    def line(part: str) -> int:
        return next(number for number, found in enumerate(lines, 1) if part in found)

    found = {(problem.line, problem.path): problem.message for problem in problems(text)}
    assert found == {
        (line("node-labels="), "distribution.options.kubelet-arg[1]"): "a kubelet ends on a label that it may not give itself: "
        "node-role.kubernetes.io/worker",
        (
            line("kubernetes.io/etcd"),
            "pools[2].labels.node-role.kubernetes.io/etcd",
        ): "RKE2 gives `node-role.kubernetes.io/etcd` to its servers itself, and takes a node that bears it for one of them",
        (line("gpu=a"), "pools[2].taints[0]"): "a node cannot have both `gpu=c:NoSchedule` and `gpu=a:NoSchedule`: one key, one effect, "
        "one value, or its kubelet ends",
        (line("gpu=b"), "pools[2].taints[1]"): "a node cannot have both `gpu=c:NoSchedule` and `gpu=b:NoSchedule`: one key, one effect, "
        "one value, or its kubelet ends",
    }


@pytest.mark.proves("reality D21")
@pytest.mark.parametrize("label", ["a..b/c: x", "UPPER/a: x", "a/: x", f"{'a' * 64}: x", f"a: {'b' * 64}", "a/b/c: x"])
def test_what_is_no_label_is_refused(label: str, problems: Problems) -> None:
    (problem,) = problems(quickstart(f"    labels: {{{label}}}\n"))
    assert problem.path == "pools[2].labels"
    assert "not a label of Kubernetes" in problem.message


@pytest.mark.proves("reality D20")
@pytest.mark.proves("reality D19")
def test_what_ends_an_api_server_is_refused_at_its_line(problems: Problems) -> None:
    text = quickstart(options="    kube-apiserver-arg:\n      - v=2\n      - anonymous-auth=true\n").replace(
        VERSION, "version: v1.33.1+rke2r1"
    )
    number = text.splitlines().index("      - anonymous-auth=true") + 1
    found = [(problem.line, problem.path) for problem in problems(text)]
    assert found == [(number - 4, "distribution.version"), (number, "distribution.options.kube-apiserver-arg[1]")]


def test_a_value_that_is_no_list_has_no_item(problems: Problems) -> None:
    (problem,) = problems(quickstart(options="    kubelet-arg: node-ip=192.0.2.1\n"))
    assert problem.path == "distribution.options.kubelet-arg"


@pytest.mark.proves("reality D27")
def test_taints_that_kubernetes_gives_and_takes_by_itself_are_refused_at_their_line(problems: Problems) -> None:
    taint = "node.kubernetes.io/not-ready:NoSchedule"
    found = problems(quickstart(f"    taints: [{taint}]\n", f"    node-taint: [{taint}]\n"))
    message = "Kubernetes gives and takes `node.kubernetes.io/not-ready` by itself, as the node's condition is"
    assert {problem.path: problem.message for problem in found} == {
        "distribution.options.node-taint[0]": message,
        "pools[2].taints[0]": message,
    }
    assert all(problem.cure == "write a key of your own, for example dedicated=storage:NoSchedule" for problem in found)
