"""Backends of cluster.yaml under both engines: the state goes there and nowhere else, is read back, and is held by one run at a time."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from lab.patience import patient
from stardock.errors import EngineError, RefusedError
from stardock.model.cluster_files import ClusterFiles
from stardock.plan.state import configuration, state_of
from stardock.terraform.engine import Engine
from stardock.terraform.state import pull, refuse_left_behind
from stardock.workspace.state import EncryptedStateError, VmPlace, existing_vms, existing_vms_in
from tests.contract.state import servers
from tests.contract.state.servers import Store
from tests.engines import EACH, TOFU

pytestmark = pytest.mark.contract

ENCRYPTION = """
key_provider "pbkdf2" "k" { passphrase = "a passphrase of some length" }
method "aes_gcm" "m" { keys = key_provider.pbkdf2.k }
state { method = method.aes_gcm.m }
"""


@pytest.fixture(scope="module", params=["postgres", "s3", "http"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    with getattr(servers, request.param)() as made:
        yield made


def stack(engine: str, store: Store, folder: Path, cluster: str) -> Engine:
    """A stack with one resource, its state where `state:` says."""
    settings = {key: value for key, value in store.settings.items() if key != "backend"}
    state = state_of(cluster, store.settings["backend"], settings)
    document = {
        "terraform": {"backend": {state.backend: configuration(state, beside=str(folder.parent))}},
        "resource": {"terraform_data": {"one": {"input": cluster}}},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cdk.tf.json").write_text(json.dumps(document))
    return Engine(engine, folder, os.environ | store.environment | {"TF_CLI_CONFIG_FILE": "/dev/null"})


@pytest.mark.proves("feature terraform", "feature state in PostgreSQL, S3 and HTTP")
@EACH
def test_the_state_lies_in_the_backend_and_is_read_back_from_it(engine: str, store: Store, tmp_path: Path) -> None:
    cluster = f"{Path(engine).name}-one"
    driven = stack(engine, store, tmp_path / "stack", cluster)
    driven.init()
    with driven.saved_plan() as plan:
        driven.apply(plan)
    state = state_of(cluster, store.settings["backend"], {key: value for key, value in store.settings.items() if key != "backend"})
    read = json.loads(pull(engine, state, ClusterFiles(tmp_path / "cluster.yaml"), driven.environ))
    assert read["resources"][0]["instances"][0]["attributes"]["input"]["value"] == cluster
    assert not list(tmp_path.rglob("*.tfstate.backup"))
    secrets = [value for name, value in store.environment.items() if name not in {"TF_HTTP_USERNAME", "AWS_ACCESS_KEY_ID"}]
    written = [path.read_text(errors="replace") for path in (tmp_path / "stack").rglob("*") if path.is_file()]
    assert not [secret for secret in secrets for text in written if f'"{secret}"' in text]


@pytest.mark.proves("feature state in PostgreSQL, S3 and HTTP")
@EACH
def test_a_state_that_another_run_holds_is_left_alone_with_the_way_to_free_it(engine: str, tmp_path: Path) -> None:
    with servers.http() as store:
        driven = stack(engine, store, tmp_path / "stack", "held")
        driven.init()
        store.held["/x"] = servers.holder("ada@elsewhere")
        with pytest.raises(EngineError, match="state lock") as caught, driven.saved_plan():
            pass
        assert f"cd {tmp_path}/stack" in (caught.value.cure or "")
        assert "force-unlock 11111111-2222-3333-4444-555555555555" in (caught.value.cure or "")


def test_a_lock_file_in_s3_holds_the_state(tmp_path: Path) -> None:
    with servers.s3() as store:
        driven = stack(str(TOFU), store, tmp_path / "stack", "held")
        driven.init()
        held = f"{store.settings['endpoints']['s3']}/states/held.tfstate.tflock"
        requests.put(held, data=servers.holder("ada@elsewhere"), timeout=patient(30)).raise_for_status()
        with pytest.raises(EngineError, match="state lock") as caught, driven.saved_plan():
            pass
        assert "force-unlock 11111111" in (caught.value.cure or "")


def test_a_state_that_tofu_encrypted_is_read_through_tofu_and_never_taken_for_an_empty_one(tmp_path: Path) -> None:
    """The file tells nothing; the engine does, with the key of its environment."""
    key = (
        'key_provider "pbkdf2" "k" { passphrase = "a passphrase of some length" }\nmethod "aes_gcm" "m" { keys = key_provider.pbkdf2.k }\n'
    )
    environment = {"TF_ENCRYPTION": key + "state { method = method.aes_gcm.m }", "TF_CLI_CONFIG_FILE": "/dev/null"}
    (tmp_path / "stack").mkdir()
    block = {"terraform": {"backend": {"local": {"path": "../cluster.tfstate"}}}, "resource": {"terraform_data": {"one": {"input": 1}}}}
    (tmp_path / "stack/cdk.tf.json").write_text(json.dumps(block))
    driven = Engine(str(TOFU), tmp_path / "stack", os.environ | environment)
    driven.init()
    with driven.saved_plan() as plan:
        driven.apply(plan)
    with pytest.raises(EncryptedStateError):
        existing_vms(tmp_path / "cluster.tfstate")
    read = pull(str(TOFU), state_of("x", "local", {}), ClusterFiles(tmp_path / "cluster.yaml"), driven.environ)
    assert json.loads(read)["resources"][0]["name"] == "one"


@EACH
def test_a_changed_backend_is_told_with_the_command_that_takes_the_state_along(engine: str, tmp_path: Path) -> None:
    with servers.http() as one, servers.http() as other:
        stack(engine, one, tmp_path / "stack", "moved").init()
        driven = stack(engine, other, tmp_path / "stack", "moved")
        with pytest.raises(EngineError) as caught:
            driven.init()
        assert f"(cd {tmp_path}/stack && {Path(engine).name} init -migrate-state)" in (caught.value.cure or "")


VM = {
    "mode": "managed",
    "type": "proxmox_virtual_environment_vm",
    "name": "server1",
    "provider": 'provider["registry.example/bpg/proxmox"]',
    "instances": [{"schema_version": 0, "attributes": {"node_name": "pve1", "vm_id": 210}}],
}


@EACH
def test_the_commands_that_move_a_local_state_move_it(engine: str, tmp_path: Path) -> None:
    files = ClusterFiles(tmp_path / "cluster.yaml")
    files.state.write_text(
        json.dumps({"version": 4, "terraform_version": "1.9.0", "serial": 7, "lineage": "x", "outputs": {}, "resources": [VM]})
    )
    with servers.http() as store:
        driven = stack(engine, store, tmp_path / "stack", "moved")
        state = state_of("moved", "http", {key: value for key, value in store.settings.items() if key != "backend"})
        with pytest.raises(RefusedError) as caught:
            refuse_left_behind(files, state, driven)
        path = f"{Path(engine).parent}:/usr/bin:/bin"
        subprocess.run(["sh", "-c", caught.value.cure or ""], env=dict(driven.environ) | {"PATH": path}, check=True, capture_output=True)
        assert existing_vms_in(pull(engine, state, files, driven.environ)) == {"server1": VmPlace("pve1", 210)}
        refuse_left_behind(files, state, driven)


def test_a_state_that_cannot_be_reached_is_told_in_the_backends_own_words(tmp_path: Path) -> None:
    with servers.http() as store:
        state = state_of("x", "http", {key: value for key, value in store.settings.items() if key != "backend"})
        with pytest.raises(EngineError, match="HTTP remote state endpoint requires auth"):
            pull(str(TOFU), state, ClusterFiles(tmp_path / "cluster.yaml"), os.environ)
