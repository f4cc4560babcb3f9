"""Flux by its community's chart, a GitRepository and one Kustomization of a folder in it.

Values: fluxcd-community/helm-charts, charts/flux2/values.yaml (2.18.3). Objects and keys of the Secret: fluxcd/source-controller,
docs/spec/v1/gitrepositories.md; fluxcd/kustomize-controller, docs/spec/v1/kustomizations.md.
"""

from __future__ import annotations

from typing import Any

from stardock.addons.charts import Chart, helm_chart, merged
from stardock.addons.git import Git
from stardock.addons.releases import Release, fit, pinned, series_of
from stardock.addons.secrets import Sources, files_with, secret
from stardock.model.addons import Addon, Wish
from stardock.model.plan import Plan

RELEASES = (Release("2.18.3", "v2.8.5", (1, 30), None),)
REPOSITORY = "https://fluxcd-community.github.io/helm-charts"
CHART, NAME = "flux2", "flux2"
NAMESPACE = "flux-system"
_ROOT = "root"
#: Its CRDs are templates of the chart (charts/flux2/templates/*.crds.yaml): uninstalled, they would take everybody's objects along.
_OURS = {"crds": {"annotations": {"helm.sh/resource-policy": "keep"}}}


def addon(plan: Plan, wish: Wish, git: Git | None, interval: str) -> Addon:
    """What cluster.yaml's `addons.flux` comes to."""
    series, sources = series_of(plan.distribution.version), Sources()
    version = wish.version or pinned(RELEASES, series).chart
    chart = Chart(name=CHART, release=NAME, repository=REPOSITORY, version=version, namespace=NAMESPACE)
    both = merged(_OURS, wish.values)
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
            **({f"{NAME}-root": tuple(_objects(git, interval))} if git else {}),
        },
        fits=fit("Flux", RELEASES, series, wish.version),
        secrets=sources.marks,
    )


def _secret(git: Git, sources: Sources) -> dict[str, Any]:
    if git.key_source:
        return secret(f"stardock-{_ROOT}", NAMESPACE, {"identity": sources.mark(git.key_source), "known_hosts": str(git.known_hosts)})
    return secret(f"stardock-{_ROOT}", NAMESPACE, {"username": str(git.user), "password": sources.mark(str(git.password_source))})


def _objects(git: Git, interval: str) -> list[dict[str, Any]]:
    """Taken out of the file, Flux goes, and what it installed stays; otherwise `prune` would delete it all."""
    metadata = {"name": _ROOT, "namespace": NAMESPACE}
    reads = {"secretRef": {"name": f"stardock-{_ROOT}"}} if git.is_private else {}
    repository = {"interval": interval, "url": git.url, "ref": {"branch": git.revision}, **reads}
    source = {"kind": "GitRepository", "name": _ROOT}
    folder = {"interval": interval, "path": git.path, "prune": True, "deletionPolicy": "Orphan", "sourceRef": source}
    return [
        {"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "metadata": metadata, "spec": repository},
        {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": metadata, "spec": folder},
    ]
