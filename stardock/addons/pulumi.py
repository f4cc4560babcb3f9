"""The Pulumi operator, and one Stack whose program it keeps applied, from a folder of a Git repository.

Values: pulumi/pulumi-kubernetes-operator, deploy/helm/pulumi-operator/values.yaml (2.9.0). Stack, and the account that its
workspace needs: docs/stacks.md, examples/git-source/stack.yaml. The program may do everything in the cluster: the account is bound to
cluster-admin, and to system:auth-delegator, by which the workspace knows the operator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stardock.addons.charts import Chart, helm_chart, merged
from stardock.addons.git import Git
from stardock.addons.releases import Release, fit, pinned, series_of
from stardock.addons.secrets import Objects, Sources, files_with, secret
from stardock.model.addons import Addon, Wish
from stardock.model.plan import Plan

RELEASES = (Release("2.9.0", "v2.9.0", (1, 25), None),)
REPOSITORY = "oci://ghcr.io/pulumi/helm-charts/pulumi-kubernetes-operator"
NAME = "pulumi-kubernetes-operator"
NAMESPACE = "pulumi-kubernetes-operator"
_ROOT = "root"
_TOKEN, _GIT = "stardock-pulumi-token", "stardock-pulumi-git"
_ACCOUNT = "stardock-pulumi"
_HOSTS = "stardock-pulumi-known-hosts"
_FILE = "known_hosts"
_FOLDER = "/etc/stardock-pulumi"
_RIGHTS = "rbac.authorization.k8s.io"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """ORGANIZATION/PROJECT/STACK, its program, and the token for Pulumi's backend (`env:NAME` or `file:PATH`)."""

    name: str
    git: Git
    token_source: str


def addon(plan: Plan, wish: Wish, stack: Stack | None) -> Addon:
    """What cluster.yaml's `addons.pulumi` comes to."""
    series, sources = series_of(plan.distribution.version), Sources()
    version = wish.version or pinned(RELEASES, series).chart
    chart = Chart(name=REPOSITORY, release=NAME, repository="", version=version, namespace=NAMESPACE)
    both = merged(_knows(stack.git) if stack else {}, wish.values)
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    secrets = tuple(_secrets(stack, sources)) if stack else ()
    return Addon(
        name=NAME,
        version=version,
        source=chart.source(wish),
        namespace=NAMESPACE,
        values=both,
        files={
            **files_with(NAME, (namespace, *_hosts(stack)), secrets, (helm_chart(chart, both, wish),)),
            **({f"{NAME}-root": (*_account(), _stack(stack))} if stack else {}),
        },
        fits=fit("the Pulumi operator", RELEASES, series, wish.version),
        secrets=sources.marks,
    )


def _secrets(stack: Stack, sources: Sources) -> Objects:
    token = secret(_TOKEN, NAMESPACE, {"accessToken": sources.mark(stack.token_source)})
    git = stack.git
    if git.key_source:
        return token, secret(_GIT, NAMESPACE, {"sshPrivateKey": sources.mark(git.key_source)})
    if git.password_source:
        return token, secret(_GIT, NAMESPACE, {"userName": str(git.user), "password": sources.mark(git.password_source)})
    return (token,)


def _account() -> tuple[dict[str, Any], ...]:
    subjects = [{"kind": "ServiceAccount", "name": _ACCOUNT, "namespace": NAMESPACE}]
    bindings = (
        {
            "apiVersion": f"{_RIGHTS}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": f"{_ACCOUNT}-{role.rpartition(':')[2]}"},
            "roleRef": {"apiGroup": _RIGHTS, "kind": "ClusterRole", "name": role},
            "subjects": subjects,
        }
        for role in ("cluster-admin", "system:auth-delegator")
    )
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": _ACCOUNT, "namespace": NAMESPACE}}, *bindings


def _stack(stack: Stack) -> dict[str, Any]:
    git = stack.git
    return {
        "apiVersion": "pulumi.com/v1",
        "kind": "Stack",
        "metadata": {"name": _ROOT, "namespace": NAMESPACE},
        "spec": {
            "serviceAccountName": _ACCOUNT,
            "stack": stack.name,
            "projectRepo": git.url,
            "branch": git.revision,
            **({"repoDir": git.path} if git.path != "." else {}),
            **({"gitAuth": _git_auth(git)} if git.is_private else {}),
            **_workspace(git),
            "envRefs": {"PULUMI_ACCESS_TOKEN": _reference(_TOKEN, "accessToken")},
        },
    }


def _git_auth(git: Git) -> dict[str, Any]:
    if git.key_source:
        return {"sshAuth": {"sshPrivateKey": _reference(_GIT, "sshPrivateKey")}}
    return {"basicAuth": {"userName": _reference(_GIT, "userName"), "password": _reference(_GIT, "password")}}


def _reference(name: str, key: str) -> dict[str, Any]:
    return {"type": "Secret", "secret": {"name": name, "key": key}}


def _hosts(stack: Stack | None) -> Objects:
    """The keys of the repository's host, where it is asked by SSH: the operator refuses one that it does not know."""
    if stack is None or stack.git.known_hosts is None:
        return ()
    metadata = {"name": _HOSTS, "namespace": NAMESPACE}
    return ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {_FILE: stack.git.known_hosts}},)


def _volume() -> dict[str, Any]:
    return {"name": "known-hosts", "configMap": {"name": _HOSTS}}


def _mount() -> dict[str, Any]:
    return {"name": "known-hosts", "mountPath": _FOLDER, "readOnly": True}


def _told() -> dict[str, str]:
    """By which go-git finds them (go-git/go-git, plumbing/transport/ssh/auth_method.go, `getDefaultKnownHostsFiles`)."""
    return {"name": "SSH_KNOWN_HOSTS", "value": f"{_FOLDER}/{_FILE}"}


def _knows(git: Git) -> dict[str, Any]:
    """Values of the chart: the operator itself looks for commits."""
    if git.known_hosts is None:
        return {}
    return {"extraEnv": [_told()], "extraVolumes": [_volume()], "extraVolumeMounts": [_mount()]}


def _workspace(git: Git) -> dict[str, Any]:
    """The container that fetches the program (operator/internal/controller/auto/workspace_controller.go, `newStatefulSet`)."""
    if git.known_hosts is None:
        return {}
    fetch = {"name": "fetch", "env": [_told()], "volumeMounts": [_mount()]}
    pod = {"volumes": [_volume()], "initContainers": [fetch], "containers": [{"name": "pulumi"}]}
    return {"workspaceTemplate": {"spec": {"podTemplate": {"spec": pod}}}}
