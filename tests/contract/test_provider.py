"""The real provider against the emulated PVE, with hand-written JSON: what the stacks rest on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.engine import Engine, engine
from tests.contract.estate import NODES, Estate, estate

pytestmark = [pytest.mark.contract, pytest.mark.one_life("provider")]

NIC_KEYS = ("bridge", "disconnected", "enabled", "firewall", "mac_address", "model", "mtu", "queues", "rate_limit", "trunks", "vlan_id")
VM = "proxmox_virtual_environment_vm"
FILE = "proxmox_virtual_environment_file"


def provider(pve: Estate) -> dict[str, Any]:
    """The provider's block: nodes' addresses are given, so that it asks the API for none."""
    nodes = [{"name": name, "address": "127.0.0.1", "port": port} for name, port in pve.ssh_ports.items()]
    return {"endpoint": pve.settings.endpoint, "ssh": {"agent": False, "node": nodes}}


def snippet(node: str, name: str, text: str) -> dict[str, Any]:
    """An uploaded text."""
    source = {"data": text, "file_name": name}
    return {"content_type": "snippets", "datastore_id": "local", "node_name": node, "upload_mode": "sftp", "source_raw": source}


def machine(index: int, node: str, **options: Any) -> dict[str, Any]:
    """A VM with most of what the provider can say: EFI, TPM, two NICs, agent, literal snippet ids."""
    name = f"vm{index}"
    nics = [{"bridge": "vmbr0", "vlan_id": 10, "mac_address": f"BC:24:11:00:00:0{index}"}, {"bridge": "vmbr0", "mtu": 9000}]
    nics[1]["mac_address"] = f"BC:24:11:00:01:0{index}"
    return {
        "name": name, "node_name": node, "vm_id": 200 + index, "description": "made by a test", "tags": ["b", "a"], "bios": "ovmf",
        "machine": "q35", "scsi_hardware": "virtio-scsi-single", "stop_on_destroy": True, "on_boot": True, "serial_device": {},
        "agent": {"enabled": True, "timeout": "2m", "wait_for_ip": {"disabled": True}}, "operating_system": {"type": "l26"},
        "cpu": {"cores": 2, "type": "x86-64-v2-AES"}, "memory": {"dedicated": 4096, "floating": 0},
        "efi_disk": {"datastore_id": "local-lvm", "type": "4m"}, "tpm_state": {"datastore_id": "local-lvm", "version": "v2.0"},
        "disk": [{"datastore_id": "local-lvm", "interface": "scsi0", "size": 20, "discard": "on", "iothread": True, "ssd": True,
                  "import_from": f"${{proxmox_download_file.image-{node}.id}}"}],
        "initialization": {"datastore_id": "local-lvm", "interface": "ide2",
                           **{f"{kind}_data_file_id": f"local:snippets/{name}-{kind}.yaml" for kind in ("user", "network", "meta")}},
        "network_device": [{key: nic.get(key) for key in NIC_KEYS} for nic in nics],
        "startup": {"order": 10, "up_delay": 30, "down_delay": 60},
        "depends_on": [f"{FILE}.{name}-{kind}" for kind in ("user", "network", "meta")],
    } | options  # fmt: skip


def stack(pve: Estate, *, text: str = "#cloud-config\n", **options: Any) -> dict[str, Any]:
    """Three VMs on three nodes, each with an image and three snippets."""
    image = {"content_type": "import", "datastore_id": "local", "file_name": "debian.qcow2", "url": "https://images.example/debian.qcow2",
             "checksum": "a" * 128, "checksum_algorithm": "sha512", "overwrite": False}  # fmt: skip
    texts = {"user": text, "network": "version: 2\n", "meta": "instance-id: test\n"}
    return {
        "terraform": {"required_providers": {"proxmox": {"source": "bpg/proxmox"}}},
        "provider": {"proxmox": provider(pve)},
        "resource": {
            "proxmox_download_file": {f"image-{node}": image | {"node_name": node} for node in NODES},
            FILE: {
                f"vm{index}-{kind}": snippet(node, f"vm{index}-{kind}.yaml", content)
                for index, node in enumerate(NODES)
                for kind, content in texts.items()
            },
            VM: {f"vm{index}": machine(index, node, **options) for index, node in enumerate(NODES)},
        },
    }


def write(made: Engine, content: dict[str, Any]) -> None:
    """Writes the stack."""
    (made.folder / "main.tf.json").write_text(json.dumps(content))


@pytest.fixture(scope="module")
def pve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """One emulated PVE with sshds, on which these tests build in their order."""
    with estate(tmp_path_factory.mktemp("pve"), ssh=True) as made:
        yield made


@pytest.fixture(scope="module")
def applied(pve: Estate, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Three VMs, applied."""
    made = engine(pve, tmp_path_factory.mktemp("stack"))
    write(made, stack(pve))
    made.init()
    made.apply()
    return made


@pytest.mark.only_looks
def test_apply_makes_running_vms_with_their_snippets_and_every_request_was_accepted(pve: Estate, applied: Engine) -> None:
    assert {vm: one["status"] for vm, one in pve.lab("status")["vms"].items()} == {"200": "running", "201": "running", "202": "running"}
    refused = {key for key in pve.lab("status")["requests"] if not key.endswith(" 200")}
    assert refused == set()
    snippets = {node: sorted(path.name for path in (pve.directory / f"pve/{node}/local/snippets").iterdir()) for node in NODES}
    assert snippets["pve1"] == ["vm0-meta.yaml", "vm0-network.yaml", "vm0-user.yaml"]
    assert snippets["pve2"] == ["vm1-meta.yaml", "vm1-network.yaml", "vm1-user.yaml"]


@pytest.mark.only_looks
def test_the_second_plan_is_clean(applied: Engine) -> None:
    assert applied.plan() == []


def test_memory_and_disk_change_in_place(pve: Estate, applied: Engine) -> None:
    content = stack(pve, memory={"dedicated": 6144, "floating": 0})
    for one in content["resource"][VM].values():
        one["disk"][0]["size"] = 30
    write(applied, content)
    assert {change.actions for change in applied.plan()} == {("update",)}
    applied.apply()
    config = pve.get("/nodes/pve1/qemu/200/config")
    assert (config["memory"], "size=30G" in config["scsi0"]) == ("6144", True)
    assert applied.plan() == []


def test_a_changed_snippet_touches_no_vm(pve: Estate, applied: Engine) -> None:
    before = {vm: pve.get(f"/nodes/{node}/qemu/{vm}/config") for vm, node in zip((200, 201, 202), NODES, strict=True)}
    content = stack(pve, text="#cloud-config\npackages: [htop]\n", memory={"dedicated": 6144, "floating": 0})
    for one in content["resource"][VM].values():
        one["disk"][0]["size"] = 30
    write(applied, content)
    assert {change.address for change in applied.plan()} == {f"{FILE}.vm{index}-user" for index in range(3)}
    applied.apply()
    assert (pve.directory / "pve/pve1/local/snippets/vm0-user.yaml").read_text() == "#cloud-config\npackages: [htop]\n"
    assert before == {vm: pve.get(f"/nodes/{node}/qemu/{vm}/config") for vm, node in zip((200, 201, 202), NODES, strict=True)}


def test_drift_behind_the_back_is_seen_and_repaired(pve: Estate, applied: Engine) -> None:
    pve.lab("config", vm_id=201, set={"memory": "1024"})
    pve.lab("kill", vm_id=202)
    assert {(change.address, change.actions) for change in applied.plan()} == {(f"{VM}.vm1", ("update",)), (f"{VM}.vm2", ("update",))}
    applied.apply()
    assert applied.plan() == []
    assert pve.get("/nodes/pve3/qemu/202/status/current")["status"] == "running"


def test_a_protected_vm_ends_up_stopped_and_the_destroy_fails(pve: Estate, applied: Engine) -> None:
    """Why PVE's own protection is no protection (design, invariant 2)."""
    assert pve.ask("PUT", "/nodes/pve1/qemu/200/config", protection=1).status == 200
    said = applied.run("destroy", "-auto-approve", f"-target={VM}.vm0", fails=True)
    assert "protection mode enabled" in said
    assert pve.get("/nodes/pve1/qemu/200/status/current")["status"] == "stopped"
    assert pve.ask("PUT", "/nodes/pve1/qemu/200/config", protection=0).status == 200


def test_destroy_leaves_nothing(pve: Estate, applied: Engine) -> None:
    applied.run("destroy", "-auto-approve")
    assert pve.get("/cluster/resources", type_="vm") == []
    left: list[Path] = [path for node in NODES for path in (pve.directory / f"pve/{node}/local").rglob("*") if path.is_file()]
    assert left == []


def test_an_untrusted_certificate_is_refused(pve: Estate, tmp_path: Path) -> None:
    made = engine(pve, tmp_path)
    made.environment.pop("SSL_CERT_FILE")
    write(made, {**stack(pve), "resource": {"proxmox_download_file": stack(pve)["resource"]["proxmox_download_file"]}})
    made.init()
    assert "certificate signed by unknown authority" in made.apply(fails=True)
