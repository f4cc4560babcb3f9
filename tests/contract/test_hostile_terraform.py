"""Hostile texts through synth and through each engine's own evaluation of the JSON: every one arrives as it is.

What stands in the JSON is given to the engine as one output value, so that it evaluates all of it and says what came of it; of what has
no value before an apply (an image's id) the walk takes no notice.
"""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lab.patience import patient
from stardock.firstboot import documents, password_variables
from stardock.model.file_names import image_file
from stardock.model.labels import description, tags
from stardock.model.machine import Machine
from stardock.model.plan import Plan
from stardock.workspace.workspace import open_workspace
from tests import hostile_texts
from tests.contract.engine import MIRROR
from tests.engines import chosen_engine, other_engine
from tests.synth.running import Synthesized, synthesize

pytestmark = pytest.mark.contract

HASH = "$6$salt$hash"
KEY = "what the key's file holds"
#: What has a value only once it is made, or takes no expression.
_NOT_EVALUATED = frozenset({"depends_on", "lifecycle", "import_from", "provider", "alias"})
#: What of ours may be live.
_OURS = re.compile(
    r'var\.password_hash_[a-z0-9_]+|null|""|(file|pathexpand|file\(pathexpand)\("[^"${]*"\)+|proxmox_[a-z_]+\.[A-Za-z0-9_-]+\.id'
)


def evaluated(engine: Path, folder: Path, made: Synthesized) -> dict[str, Any]:
    """Resources and providers of a synthesized stack, as the engine evaluates them."""
    whole = {key: _without(made.json[key]) for key in ("resource", "provider")}
    outputs = {"all": {"value": whole, "sensitive": True}, "machines": made.json["output"]["machines"]}
    variables = made.json.get("variable", {})
    (folder / "main.tf.json").write_text(json.dumps({"variable": variables, "output": outputs}))
    environ = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        **{f"TF_VAR_{name}": HASH for name in variables},
        "TF_CLI_CONFIG_FILE": str(MIRROR),
        "CHECKPOINT_DISABLE": "1",
    }
    _run(engine, folder, environ, "apply", "-auto-approve", "-input=false", "-no-color")  # of no provider: nothing to install by an init
    found = {name: one["value"] for name, one in json.loads(_run(engine, folder, environ, "output", "-json")).items()}
    return {**found["all"], "machines": found["machines"]}


def _run(engine: Path, folder: Path, environ: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [str(engine), *arguments], cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=patient(60)
    )
    assert done.returncode == 0, "\n".join(line[:300] for line in done.stderr.splitlines())
    return done.stdout


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without(item) for key, item in value.items() if key not in _NOT_EVALUATED}
    return [_without(item) for item in value] if isinstance(value, list) else value


def strings(value: Any) -> Iterator[str]:
    """Every text in some JSON, keys too."""
    if isinstance(value, str):
        yield value
    for item in [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(item)


def live(text: str) -> list[str]:
    """What an engine would evaluate in a text, up to its closing brace; the engine's own escapes apart."""
    return re.findall(r"[$%]\{(?:[^}\"]|\"[^\"]*\")*\}?", text.replace("$${", "").replace("%%{", ""))


def check_machine(plan: Plan, machine: Machine, vm: Mapping[str, Any]) -> None:
    """All texts of one VM."""
    assert (vm["name"], vm["description"]) == (machine.hostname, description(plan.cluster, machine))
    assert vm["tags"] == sorted(tags(plan.cluster, machine))
    assert vm.get("pool_id") == machine.pve_pool
    assert vm["cpu"]["type"] == machine.cpu_type
    assert [disk["datastore_id"] for disk in vm["disk"]] == [machine.disk_datastore, *(disk.datastore for disk in machine.data_disks)]
    assert [disk["serial"] for disk in vm["disk"][1:]] == [disk.name for disk in machine.data_disks]
    assert [(one["mapping"], one.get("mdev")) for one in vm.get("hostpci", ())] == [(one.mapping, one.mdev) for one in machine.devices]
    assert [(nic["bridge"], nic["mac_address"]) for nic in vm["network_device"]] == [(nic.bridge, nic.mac) for nic in machine.interfaces]


def check_snippets(plan: Plan, machine: Machine, snippets: Mapping[str, Any]) -> None:
    """The three documents of one VM."""
    written = documents(plan.cluster, machine)
    user = "".join(HASH if variable else text for text, variable in written.user_parts())
    assert user.count(HASH) == len(password_variables(machine))
    found = {kind: snippets[f"{machine.name}-{kind}"]["source_raw"]["data"] for kind in ("user", "network", "meta")}
    assert found == {"user": user, "network": written.network, "meta": written.meta}


def check_images(plan: Plan, resources: Mapping[str, Any]) -> None:
    """Where images come from and what they are called."""
    fetched = {
        (one["url"], one["file_name"], one["datastore_id"], one.get("checksum", "")) for one in resources["proxmox_download_file"].values()
    }
    sources = [one["source_file"] for one in resources["proxmox_virtual_environment_file"].values() if "source_file" in one]
    uploaded = {source["file_name"]: source["path"] for source in sources}
    for image in {placed.image for placed in plan.images}:
        name = image_file(plan.cluster, image.file_name)
        if image.file is None:
            assert (image.url, name, image.datastore, (image.checksum or "").partition(":")[2]) in fetched
        else:
            assert uploaded[name] == f"../../../{image.file}"


def check_providers(plan: Plan, providers: list[dict[str, Any]]) -> None:
    """The way to Proxmox."""
    assert {one["endpoint"] for one in providers} == {plan.proxmox.endpoint}
    assert {(one["ssh"]["username"], one["ssh"]["socks5_server"]) for one in providers} <= {
        (user, plan.proxmox.socks5) for user in (plan.proxmox.ssh_user, *(node.ssh_user for node in plan.proxmox.nodes))
    }
    assert {one["ssh"]["private_key"] for one in providers} == {KEY}


def plan_of_hostile(folder: Path, name: str) -> tuple[Synthesized, Plan]:
    """The hostile text in every place that takes it; the files that it names are there."""
    ((_, data, planted),) = hostile_texts.hostile_documents(folder, folder / "canary", [name])
    assert planted
    proxmox = data["proxmox"]
    for said, key in ((proxmox["ssh"], "private_key"), (proxmox["nodes"][0], "ssh_private_key"), (data["pools"][2]["image"], "file")):
        said[key] = said[key].removeprefix("~") or "key"  # a folder, and the home of somebody
    path = hostile_texts.write(data, folder)
    for key in (proxmox["ssh"]["private_key"], *(node["ssh_private_key"] for node in proxmox["nodes"] if "ssh_private_key" in node)):
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_text(KEY)
    return synthesize(path), open_workspace(path).plan


@pytest.mark.proves("hostile 13")
@pytest.mark.parametrize("name", hostile_texts.HOSTILE)
def test_every_text_of_the_users_arrives_literally_whatever_it_says(name: str, tmp_path: Path) -> None:
    made, plan = plan_of_hostile(tmp_path, name)
    assert not [found for text in strings(made.json) for found in live(text) if not _OURS.fullmatch(found[2:-1])]
    both = any(word in name for word in ("terraform", "token", "dollars"))
    for number, engine in enumerate(dict.fromkeys((chosen_engine(), other_engine()) if both else (chosen_engine(),))):
        folder = tmp_path / f"cdktf.out/stacks/evaluated{number}"
        folder.mkdir()
        found = evaluated(engine, folder, made)
        resources = found["resource"]
        for machine in plan.machines:
            check_machine(plan, machine, resources["proxmox_virtual_environment_vm"][machine.name])
            check_snippets(plan, machine, resources["proxmox_virtual_environment_file"])
        check_images(plan, resources)
        check_providers(plan, found["provider"]["proxmox"])
        assert found["machines"]["server1"]["pve_node"] == plan.machine("server1").pve_node
    assert not (tmp_path / "canary").exists()


def test_the_text_that_stands_for_a_number_is_one_of_cdktfs_tokens() -> None:
    (top,) = struct.unpack(">H", struct.pack(">d", float(hostile_texts.HOSTILE["token of a number"]))[:2])
    assert top == 0xFDFF
