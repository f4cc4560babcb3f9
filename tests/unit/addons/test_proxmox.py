"""Add-ons that ask Proxmox: the token's secret in a Secret, the labels by which nodes are found, and the role that is printed for them."""

from __future__ import annotations

import importlib.util
import json
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from stardock.cli.main import runner
from stardock.yamltext import yaml_text
from tests.plans import ROOT, document
from tests.unit.addons.planning import inventory, manifests, planned, problem, values
from tests.unit.addons.test_addons import GOLDEN

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature storage add-ons")]

TOKEN = {"token_id": "kubernetes@pve!csi", "token_secret_from": {"env": "CSI_SECRET"}}
CSI: dict[str, Any] = {**TOKEN, "region": "home", "classes": [{"name": "fast", "datastore": "nvme", "filesystem": "xfs", "default": True}]}
CLOUD: dict[str, Any] = {"token_id": "kubernetes@pve!ccm", "token_secret_from": {"file": "ccm"}, "region": "home"}


@pytest.mark.parametrize(("name", "wanted"), [("proxmox_csi", CSI), ("proxmox_cloud", CLOUD)])
def test_each_is_written_as_it_was(name: str, wanted: dict[str, Any]) -> None:
    text = yaml_text(manifests(planned({name: wanted})))
    golden = GOLDEN / f"{name}.yaml"
    assert text == golden.read_text(), f"if that is meant, write it into {golden}"


def test_the_secret_has_proxmoxs_address_and_a_mark_in_the_place_of_the_tokens_secret() -> None:
    plan = planned({"proxmox_csi": CSI})
    (file,) = inventory(plan)["group_vars/server.yml"]["kubernetes_secret_addons"]
    ((mark, source),) = [(fill["mark"], fill["source"]) for fill in file["fills"]]
    secret = next(one for one in manifests(plan)["proxmox-csi-plugin-secrets"] if one["kind"] == "Secret")
    (cluster,) = yaml.safe_load(secret["stringData"]["config.yaml"])["clusters"]
    assert (source, cluster["token_secret"], cluster["token_id"]) == ("env:CSI_SECRET", mark, "kubernetes@pve!csi")
    assert (cluster["url"], cluster["region"]) == ("https://192.168.1.10:8006/api2/json", "home")
    assert "token_secret" not in json.dumps(values(plan, "proxmox-csi-plugin"))


@pytest.mark.parametrize("text", ['a"b: {x}\n#', "plain", "ü\u2028\t\\", "-----BEGIN x-----\nAAAA\n-----END x-----\n", "StardockSecret0x"])
def test_what_fills_the_mark_is_a_text_of_yaml_inside_of_a_text_of_yaml(text: str) -> None:
    plan = planned({"proxmox_csi": CSI})
    (file,) = inventory(plan)["group_vars/server.yml"]["kubernetes_secret_addons"]
    filled = the_filter().content(file, [{"source": "env:CSI_SECRET", "content": text}])
    secret = next(one for one in yaml.safe_load_all(filled) if one["kind"] == "Secret")
    assert yaml.safe_load(secret["stringData"]["config.yaml"])["clusters"][0]["token_secret"] == text.removesuffix("\n")


def the_filter() -> Any:
    """What Ansible fills files with."""
    path = ROOT / "ansible/collections/ansible_collections/stardock/machine/plugins/filter/secret_files.py"
    spec = importlib.util.spec_from_file_location("secret_files", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("name", "wanted"), [("proxmox_csi", CSI), ("proxmox_cloud", CLOUD)])
def test_every_node_has_the_labels_of_its_place_and_load_balancers_have_none(name: str, wanted: dict[str, Any]) -> None:
    plan = planned({name: wanted})
    hosts = inventory(plan)
    for machine in plan.machines:
        node = hosts[f"host_vars/{machine.name}.yml"].get("kubernetes_node", {"labels": {}})
        region, zone = (node["labels"].get(f"topology.kubernetes.io/{word}") for word in ("region", "zone"))
        assert (region, zone) == (("home", machine.pve_node) if machine.role != "loadbalancer" else (None, None))


def test_a_pools_own_label_wins() -> None:
    data = document()
    data["pools"][2]["labels"] = {"topology.kubernetes.io/zone": "attic"}
    plan = planned({"proxmox_csi": CSI}, pools=data["pools"])
    assert inventory(plan)["host_vars/agent1.yml"]["kubernetes_node"]["labels"]["topology.kubernetes.io/zone"] == "attic"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("rke2", {"disable-cloud-controller": True, "cloud-provider-name": "external"}),
        ("k3s", {"disable-cloud-controller": True, "kubelet-arg": ["max-pods=60", "cloud-provider=external"]}),
    ],
)
def test_with_proxmoxs_cloud_controller_the_distributions_own_is_off_and_kubelets_wait(name: str, options: dict[str, Any]) -> None:
    written = {"kubelet-arg": ["max-pods=60"]} if name == "k3s" else {}
    plan = planned({"proxmox_cloud": CLOUD}, distribution={"name": name, "options": written})
    assert plan.distribution.options == options


def test_a_pool_whose_own_arguments_hide_the_clusters_is_refused() -> None:
    data = document()
    data["pools"][2]["options"] = {"kubelet-arg": ["max-pods=60"]}
    found = problem({"proxmox_cloud": CLOUD}, distribution={"name": "k3s"}, pools=data["pools"])
    assert (found.path, found.cure) == ("pools[2].options.kubelet-arg", "add cloud-provider=external to it")


def test_an_argument_with_commas_is_one_argument() -> None:
    written = {"kubelet-arg": "eviction-hard=memory.available<5%,nodefs.available<10%"}
    plan = planned({"proxmox_cloud": CLOUD}, distribution={"name": "k3s", "options": written})
    assert plan.distribution.options["kubelet-arg"] == [written["kubelet-arg"], "cloud-provider=external"]


def test_a_host_that_is_no_vm_would_wait_for_ever() -> None:
    hosts = [{"name": "shelf", "role": "agent", "address": "192.168.1.99", "system": "debian"}]
    found = problem({"proxmox_cloud": CLOUD}, hosts=hosts)
    assert (found.path, "shelf is no VM" in found.message) == ("addons.proxmox_cloud", True)


def test_one_proxmox_has_one_name() -> None:
    found = problem({"proxmox_csi": CSI, "proxmox_cloud": {**CLOUD, "region": "away"}})
    assert (found.path, found.cure) == ("addons.proxmox_cloud.region", "write `region: home`")


def test_pods_must_know_where_proxmox_is() -> None:
    estate = {key: value for key, value in document()["proxmox"].items() if key != "endpoint"}
    found = problem({"proxmox_csi": CSI}, proxmox=estate)
    assert (found.path, "cluster.yaml does not say it" in found.message) == ("addons.proxmox_csi", True)


def test_the_printed_role_gives_each_token_what_it_needs_and_no_more(tmp_path: Any) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text(yaml.safe_dump(document() | {"addons": {"proxmox_csi": CSI, "proxmox_cloud": CLOUD}}))
    told = CliRunner().invoke(runner, ["proxmox-role", "-f", str(file)]).output
    lines = [line for line in told.splitlines() if "kubernetes@pve" in line and not line.startswith("#")]
    name = "stardock-quickstart"
    assert lines == [
        "pveum user add kubernetes@pve || true",
        f"pveum acl modify /vms --users kubernetes@pve --roles {name}-csi-vms --propagate 1",
        f"pveum acl modify /storage/nvme --users kubernetes@pve --roles {name}-csi-disks --propagate 1",
        "pveum user token add kubernetes@pve csi --privsep 0",
        "pveum user add kubernetes@pve || true",
        f"pveum acl modify /vms --users kubernetes@pve --roles {name}-cloud-vms --propagate 1",
        f"pveum acl modify /nodes --users kubernetes@pve --roles {name}-cloud-nodes --propagate 1",
        "pveum user token add kubernetes@pve ccm --privsep 0",
    ]
    assert f'pveum role add {name}-csi-vms --privs "VM.Audit VM.Config.Disk"' in told
    document_ = json.loads(CliRunner().invoke(runner, ["proxmox-role", "-f", str(file), "--format", "json"]).output)
    assert [one["addon"] for one in document_["addons"]] == ["proxmox-csi-plugin", "proxmox-cloud-controller-manager"]
