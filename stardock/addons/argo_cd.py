"""Argo CD, and one Application of a folder of a Git repository: what is in there is installed, kept and deleted by it.

Values: argoproj/argo-helm, charts/argo-cd/values.yaml (10.1.1): `configs.ssh.extraHosts` are further known hosts. Repository as a
Secret with the label `argocd.argoproj.io/secret-type: repository`: argo-cd, docs/operator-manual/declarative-setup.md.
"""

from __future__ import annotations

from typing import Any

from stardock.addons.charts import Chart, helm_chart, merged
from stardock.addons.git import Git
from stardock.addons.releases import Release, fit, pinned, series_of
from stardock.addons.secrets import Sources, files_with, secret
from stardock.model.addons import Addon, Wish
from stardock.model.plan import Plan

RELEASES = (Release("10.1.1", "v3.4.4", (1, 25), None),)
REPOSITORY = "https://argoproj.github.io/argo-helm"
CHART, NAME = "argo-cd", "argo-cd"
NAMESPACE = "argocd"
_ROOT = "root"
_REPOSITORY = {"argocd.argoproj.io/secret-type": "repository"}


def addon(plan: Plan, wish: Wish, git: Git | None) -> Addon:
    """What cluster.yaml's `addons.argo_cd` comes to."""
    series, sources = series_of(plan.distribution.version), Sources()
    version = wish.version or pinned(RELEASES, series).chart
    chart = Chart(name=CHART, release=NAME, repository=REPOSITORY, version=version, namespace=NAMESPACE)
    hosts = {"configs": {"ssh": {"extraHosts": git.known_hosts}}} if git and git.known_hosts else {}
    both = merged(hosts, wish.values)
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    private = (_secret(git, sources),) if git and git.is_private else ()
    return Addon(
        name=NAME,
        version=version,
        source=chart.source(wish),
        namespace=NAMESPACE,
        values=both,
        files={
            **files_with(NAME, (namespace,), private, (helm_chart(chart, both, wish),)),
            **({f"{NAME}-root": (_application(git),)} if git else {}),
        },
        fits=fit("Argo CD", RELEASES, series, wish.version),
        secrets=sources.marks,
    )


def _secret(git: Git, sources: Sources) -> dict[str, Any]:
    by_key = {"sshPrivateKey": sources.mark(git.key_source)} if git.key_source else {}
    by_password = {"username": str(git.user), "password": sources.mark(git.password_source)} if git.password_source else {}
    return secret(f"stardock-{_ROOT}", NAMESPACE, {"type": "git", "url": git.url, **by_key, **by_password}, _REPOSITORY)


def _application(git: Git) -> dict[str, Any]:
    """It has no finalizer: taken out of the file, Argo CD goes, and what it installed stays."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": _ROOT, "namespace": NAMESPACE},
        "spec": {
            "project": "default",
            "source": {"repoURL": git.url, "targetRevision": git.revision, "path": git.path},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"},
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
        },
    }
