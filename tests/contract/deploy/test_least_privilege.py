"""The role that `runner proxmox-role` prints is enough for everything, and with any one privilege less it is not.

The real commands with the real provider run once with exactly that role; what they asked is then asked again, a privilege less each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

import pytest

from stardock.errors import ConditionError, EngineError
from stardock.plan.views.privileges import needed
from stardock.workspace.workspace import open_workspace
from tests.contract.deploy.estate import EmulatedEstate, emulated_estate
from tests.contract.deploy.replay import IMAGE, STORAGES, Data, Recorded, Replay, furnish
from tests.plans import document, plan_of

pytestmark = pytest.mark.contract


def edited(data: Data) -> Data:
    """A server on a VLAN under HA; an agent of an uploaded image, in a PVE pool, with a device and a disk of data."""
    single = document("single")
    datastores = {"images": "images", "disks": "ceph", "shared": ["ceph"]}
    single["proxmox"] = data["proxmox"] | {"nodes": data["proxmox"]["nodes"][:1], "datastores": datastores}
    single["network"] = {"server": [{"name": "ens18", "bridge": "vmbr0", "vlan": 7}]}
    agents = {"name": "agents", "role": "agent", "machines": ["agent1"], "vm_id_start": 400, "devices": ["gpu"], "pve_pool": "lab"}
    checksum = f"sha256:{sha256(IMAGE).hexdigest()}"
    agents["image"] = {"system": "debian", "file": "baked.qcow2", "checksum": checksum, "datastore": "uploads"}
    agents["data_disks"] = [{"name": "longhorn", "size": "10GiB", "datastore": "data"}]
    single["pools"] = [single["pools"][0] | {"ha": True}, agents]
    return single


def edited_again(data: Data) -> Data:
    """Once they run: the server no longer under HA, the agent in another PVE pool, and what else changes in place."""
    del data["pools"][0]["ha"]
    data["pools"][1] |= {"pve_pool": "other", "description": "moved", "cores": 4}
    return data


def privileges(data: Data) -> set[tuple[str, str]]:
    """(path, privilege) of all that its plan needs."""
    return {(path, name) for path, names in needed(plan_of(data)[0]).items() for name in names}


EVERY = sorted(privileges(edited(document())) | privileges(edited_again(edited(document()))))


@contextmanager
def furnished(directory: Path) -> Iterator[EmulatedEstate]:
    """The cluster file and all that it names, nothing deployed, nobody's role made."""
    with emulated_estate(directory, STORAGES) as estate:
        furnish(estate.pve)
        (estate.folder / "baked.qcow2").write_bytes(IMAGE)
        estate.data = edited(estate.data)
        estate.write()
        yield estate


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Deploy (apply and discover), again, edit and deploy, a console, doctor, destroy: each by the real program, with exactly the role."""
    with furnished(tmp_path_factory.mktemp("role")) as estate:
        estate.take_role()
        before = open_workspace(estate.file).plan
        estate.pve.lab("reset")
        estate.deploy()
        assert "nothing to change" in estate.deploy()
        edited_again(estate.data)
        estate.write()
        estate.renew_role()
        estate.deploy()
        code, output = estate.run("machine", "console", "server1", "--seconds", "0.1")
        assert code == 0, output
        code, output = estate.run("doctor")
        assert code == 0, output
        assert "has what this plan needs" in output
        estate.engine("destroy", "-auto-approve", "-no-color")
        assert estate.vms() == {}
        administrators = ("/access/roles", "/access/acl", "/access/users")
        asked = [one for one in estate.pve.lab("requests") if not one["path"].startswith(administrators)]
        return Recorded(asked, (before, open_workspace(estate.file).plan))


@pytest.mark.proves("feature least privilege")
def test_apply_discover_doctor_and_destroy_pass_with_exactly_the_printed_role(recorded: Recorded) -> None:
    refused = [request for request in recorded.requests if request["status"] == HTTPStatus.FORBIDDEN]
    assert refused == []
    assert {"POST", "GET", "PUT", "DELETE"} == {request["method"] for request in recorded.requests}


def test_asked_again_with_the_whole_role_nothing_is_refused(recorded: Recorded, tmp_path: Path) -> None:
    with Replay.of(recorded, tmp_path) as replay:
        assert replay.first_refusal() == ""


@pytest.mark.proves("feature least privilege")
@pytest.mark.parametrize(("path", "privilege"), EVERY, ids=[f"{privilege} on {path}" for path, privilege in EVERY])
def test_with_any_one_privilege_less_something_is_refused(recorded: Recorded, tmp_path: Path, path: str, privilege: str) -> None:
    with Replay.of(recorded, tmp_path) as replay:
        replay.take_away(path, privilege)
        refusal = replay.first_refusal()
    assert refusal, f"nothing needs {privilege} on {path}"
    named = privilege in refusal and path in refusal
    # PVE names nothing where it looks for one of several (PVE::RPCEnvironment, `or`): doctor does
    assert named or refusal.endswith("Permission check failed") or (path == "/vms" and privilege in refusal), refusal


def test_a_deploy_with_one_privilege_less_fails_with_its_name_and_doctor_tells_the_cure(tmp_path: Path) -> None:
    with furnished(tmp_path) as estate:
        del estate.data["pools"][1:]
        estate.write()
        estate.take_role(without="VM.Config.Memory")
        code, output = estate.run("deploy", "--timeout", "5")
        assert code == EngineError.exit_code, output
        assert "Permission check failed (/vms/210, VM.Config.Memory)" in " ".join(output.split())
        assert estate.vms() == {}
        code, output = estate.run("doctor")
        assert code == ConditionError.exit_code, output
        assert "stardock-single@pve lacks VM.Config.Memory" in output
        assert "pveum role modify stardock-single-machines --privs" in output
