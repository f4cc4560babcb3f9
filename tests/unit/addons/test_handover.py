"""Argo CD, Flux and the Pulumi operator: each with one root, and credentials that are in the cluster alone."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.yamltext import yaml_text
from tests.plans import document, spec_of
from tests.unit.addons.planning import inventory, manifests, planned, values
from tests.unit.addons.test_addons import GOLDEN

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature hand-over")]

OPEN = {"url": "https://git.example.org/team/cluster.git", "path": "clusters/home"}
BY_PASSWORD = {**OPEN, "user": "robot", "password_from": {"env": "GIT_TOKEN"}}
BY_KEY = {
    "url": "ssh://git@git.example.org/team/cluster.git",
    "key_from": {"file": "deploy_key"},
    "known_hosts": "git.example.org ssh-ed25519 AAAA\n",
}
TOKEN = {"token_from": {"env": "PULUMI_ACCESS_TOKEN"}}
NAMES = {"argo_cd": "argo-cd", "flux": "flux2", "pulumi": "pulumi-kubernetes-operator"}


def wanted(name: str, git: dict[str, Any]) -> dict[str, Any]:
    """One of the three with that repository."""
    return {name: {"stack": {"name": "team/cluster/home", "git": git, **TOKEN}} if name == "pulumi" else {"git": git}}


@pytest.mark.parametrize("name", NAMES)
def test_each_is_written_as_it_was(name: str) -> None:
    text = yaml_text(manifests(planned(wanted(name, BY_PASSWORD))))
    golden = GOLDEN / f"{name}.yaml"
    assert text == golden.read_text(), f"if that is meant, write it into {golden}"


@pytest.mark.parametrize("name", NAMES)
def test_without_a_root_it_is_the_chart_alone(name: str) -> None:
    files = manifests(planned({name: {}}))
    assert list(files) == [NAMES[name]]
    assert [one["kind"] for one in files[NAMES[name]]] == ["Namespace", "HelmChart"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("git", "sources"), [(OPEN, set()), (BY_PASSWORD, {"env:GIT_TOKEN"}), (BY_KEY, {"file:deploy_key"})])
def test_who_reads_the_repository_is_named_by_a_source(name: str, git: dict[str, Any], sources: set[str]) -> None:
    own = {"env:PULUMI_ACCESS_TOKEN"} if name == "pulumi" else set()
    plan = planned(wanted(name, git))
    assert plan.addon_secret_sources == sources | own
    files = inventory(plan)["group_vars/server.yml"]["kubernetes_secret_addons"]
    assert {fill["source"] for file in files for fill in file["fills"]} == sources | own
    kinds = [one["kind"] for objects in manifests(plan).values() for one in objects]
    assert kinds.count("Secret") == len(sources | own)


@pytest.mark.parametrize("name", NAMES)
def test_every_source_is_looked_for_where_cluster_yaml_says(name: str) -> None:
    from stardock.spec.secret_sources import secret_places  # noqa: PLC0415

    places = list(secret_places(spec_of(document() | {"addons": wanted(name, BY_KEY)})))
    assert {place.keys[1] for place in places} == {name}
    assert {place.keys[-1] for place in places} == {"key_from", *(["token_from"] if name == "pulumi" else [])}


def test_argo_cd_knows_the_hosts_keys() -> None:
    plan = planned(wanted("argo_cd", BY_KEY))
    assert values(plan, "argo-cd") == {"configs": {"ssh": {"extraHosts": BY_KEY["known_hosts"]}}}
    secret = next(one for one in manifests(plan)["argo-cd-secrets"] if one["kind"] == "Secret")
    assert secret["metadata"]["labels"]["argocd.argoproj.io/secret-type"] == "repository"
    assert set(secret["stringData"]) == {"type", "url", "sshPrivateKey"}


def test_flux_reads_with_the_key_and_the_hosts_keys_as_often_as_asked() -> None:
    plan = planned({"flux": {"git": BY_KEY, "interval": "1h"}})
    repository, folder = manifests(plan)["flux2-root"]
    assert (repository["spec"]["interval"], folder["spec"]["interval"]) == ("1h", "1h")
    secret = next(one for one in manifests(plan)["flux2-secrets"] if one["kind"] == "Secret")
    assert (secret["metadata"]["name"], set(secret["stringData"])) == (repository["spec"]["secretRef"]["name"], {"identity", "known_hosts"})


def test_without_flux_what_others_made_of_its_kinds_stays() -> None:
    """The chart's CRDs are templates: uninstalled, they would take every Kustomization and HelmRelease of the cluster along."""
    annotations = values(planned({"flux": {}}), "flux2")["crds"]["annotations"]
    assert annotations == {"helm.sh/resource-policy": "keep"}


def test_the_pulumi_operator_and_what_fetches_the_program_know_the_hosts_keys() -> None:
    """Both speak SSH by go-git, which knows no host of itself (plumbing/transport/ssh/auth_method.go, SSH_KNOWN_HOSTS)."""
    plan = planned(wanted("pulumi", BY_KEY))
    (hosts,) = [one for objects in manifests(plan).values() for one in objects if one["kind"] == "ConfigMap"]
    assert hosts["data"] == {"known_hosts": BY_KEY["known_hosts"]}
    told = values(plan, "pulumi-kubernetes-operator")
    (stack,) = [one for one in manifests(plan)["pulumi-kubernetes-operator-root"] if one["kind"] == "Stack"]
    pod = stack["spec"]["workspaceTemplate"]["spec"]["podTemplate"]["spec"]
    (fetch,) = pod["initContainers"]
    assert fetch["name"] == "fetch"
    for environment, volumes, mounts in (
        (told["extraEnv"], told["extraVolumes"], told["extraVolumeMounts"]),
        (fetch["env"], pod["volumes"], fetch["volumeMounts"]),
    ):
        assert environment == [{"name": "SSH_KNOWN_HOSTS", "value": f"{mounts[0]['mountPath']}/known_hosts"}]
        assert volumes == [{"name": mounts[0]["name"], "configMap": {"name": hosts["metadata"]["name"]}}]


def test_without_ssh_pulumi_is_told_of_no_hosts() -> None:
    plan = planned(wanted("pulumi", BY_PASSWORD))
    assert values(plan, "pulumi-kubernetes-operator") == {}
    assert "workspaceTemplate" not in manifests(plan)["pulumi-kubernetes-operator-root"][-1]["spec"]


def test_pulumis_account_may_what_its_program_does_and_know_the_operator() -> None:
    account, *bindings, stack = manifests(planned(wanted("pulumi", BY_KEY)))["pulumi-kubernetes-operator-root"]
    assert [one["roleRef"]["name"] for one in bindings] == ["cluster-admin", "system:auth-delegator"]
    assert stack["spec"]["serviceAccountName"] == account["metadata"]["name"]
    assert set(stack["spec"]["gitAuth"]) == {"sshAuth"}
