"""What RKE2 and k3s read on each kind of machine of six clusters, whole, as golden files; each key is one of that release's."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stardock.bundle.inventory import inventory_files
from stardock.bundle.text import yaml_text
from stardock.distributions import Kubernetes, distribution
from stardock.model.facts import Facts
from stardock.model.plan import Plan
from stardock.plan.build import build
from stardock.spec import load_spec
from tests.plans import ROOT

pytestmark = [
    pytest.mark.unit,
    pytest.mark.proves(
        "feature RKE2's configuration", "feature network of pods", "feature files of the API server", "feature what nodes keep"
    ),
]

GOLDEN = ROOT / "tests/unit/bundle/golden/clusters"
CLUSTERS = sorted(path.name for path in GOLDEN.iterdir())
#: Where Kubernetes reads, and what a profile asks of the kernel.
READ = ("/etc/rancher/", "/var/lib/rancher/", "/etc/sysctl.d/90-stardock-", "/etc/systemd/journald")


@cache
def planned(cluster: str) -> tuple[Plan, dict[str, Any]]:
    spec = load_spec(GOLDEN / cluster / "cluster.yaml")
    plan = build(spec, None, "cluster.yaml")[0]
    return plan, inventory_files(plan, Facts(cluster=plan.cluster))


def kinds(cluster: str) -> list[str]:
    """The founder, a server that joins, an agent."""
    plan, _ = planned(cluster)
    return [*(machine.name for machine in plan.of_role("server")[:2]), *(machine.name for machine in plan.of_role("agent")[:1])]


def configuration(cluster: str, name: str) -> dict[str, Any]:
    """config.yaml and what is beside it, as one."""
    plan, inventory = planned(cluster)
    host = inventory[f"host_vars/{name}.yml"]
    joins = {"server": host["kubernetes_join_address"]} if name != plan.founder else {}
    return {**host["kubernetes_config"], **joins, **host["kubernetes_registration"]}


def text_of(cluster: str, name: str) -> str:
    """Path and content of each file that is there."""
    plan, inventory = planned(cluster)
    host, everybody = inventory[f"host_vars/{name}.yml"], inventory["group_vars/all.yml"]
    serves = plan.machine(name).role == "server"
    files = [*host["machine_files"], *(everybody["kubernetes_server_files"] if serves else ())]
    folder = everybody["kubernetes_config_dir"]
    found = {f"{folder}/config.yaml": yaml_text(configuration(cluster, name))}
    if serves:
        found[f"{folder}/authentication.yaml"] = yaml_text(everybody["kubernetes_authentication"])
    found |= {file["path"]: file["content"] for file in files if "content" in file and file["path"].startswith(READ)}
    return "".join(f"### {path}\n{content.rstrip()}\n" for path, content in sorted(found.items()))


@pytest.mark.parametrize(("cluster", "name"), [(cluster, name) for cluster in CLUSTERS for name in kinds(cluster)])
def test_what_each_kind_of_machine_reads_is_the_golden_file(cluster: str, name: str) -> None:
    path: Path = GOLDEN / cluster / f"{name}.txt"
    assert text_of(cluster, name) == path.read_text(), f"if it is meant: write it into {path.relative_to(ROOT)}"


def own(cluster: str) -> tuple[Kubernetes, str]:
    plan, _ = planned(cluster)
    return distribution(plan.distribution.name), plan.distribution.version


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_every_key_is_one_of_its_release_for_its_role(cluster: str) -> None:
    kubernetes, version = own(cluster)
    known = kubernetes.keys.known()
    for name in kinds(cluster):
        text = (GOLDEN / cluster / f"{name}.txt").read_text()
        (config,) = [part for part in text.split("### ") if part.startswith(f"{kubernetes.config_dir}/config.yaml\n")]
        written: dict[str, Any] = YAML(typ="safe").load(config.partition("\n")[2])
        role = planned(cluster)[0].machine(name).role[0]
        assert [key for key in written if key not in known or role not in known[key].roles] == []
        users = {key: value for key, value in written.items() if key not in kubernetes.keys.owned}
        assert list(kubernetes.keys.faults(users, version)) == []


def test_no_golden_file_is_of_nobody() -> None:
    there = {path for path in GOLDEN.rglob("*") if path.is_file()}
    assert there == {
        GOLDEN / cluster / name for cluster in CLUSTERS for name in ("cluster.yaml", *(f"{kind}.txt" for kind in kinds(cluster)))
    }
