"""The role that `runner proxmox-role` prints is enough for everything, and with any one privilege less it is not.

The real commands with the real provider run once with exactly that role; what they asked is then asked again, a privilege less each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from requests import Session

from stardock.errors import ConditionError, EngineError
from stardock.estate.role import commands, default_user
from stardock.plan.model import Plan
from stardock.plan.privileges import needed
from stardock.workspace import open_workspace
from tests.contract import pveum
from tests.contract.deploy.estate import emulated_estate
from tests.contract.estate import USUAL, Estate, estate
from tests.plans import document, plan_of

pytestmark = pytest.mark.contract

#: Each datastore its own path, so that a privilege that is missing on one is not there by another.
STORAGES = {"images": "dir"}


def edited(data: dict[str, Any]) -> dict[str, Any]:
    """One server on a VLAN, its image on a datastore of its own."""
    single = document("single")
    single["proxmox"] = data["proxmox"] | {"nodes": data["proxmox"]["nodes"][:1], "datastores": {"images": "images"}}
    single["network"] = {"server": [{"name": "ens18", "bridge": "vmbr0", "vlan": 7}]}
    return single


EVERY = [(path, name) for path, names in needed(plan_of(edited(document()))[0]).items() for name in sorted(names)]


@dataclass(frozen=True)
class Recorded:
    """What was asked from the first command to the last, and for which plan."""

    requests: list[dict[str, Any]]
    plan: Plan


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Deploy (apply and discover), deploy again, doctor, destroy: each by the real program, with exactly the role."""
    with emulated_estate(tmp_path_factory.mktemp("role"), STORAGES) as estate:
        estate.data = edited(estate.data)
        estate.write()
        estate.take_role()
        estate.pve.lab("reset")
        estate.deploy()
        assert "nothing to change" in estate.deploy()
        code, output = estate.run("doctor")
        assert code == 0, output
        assert "has what this plan needs" in output
        estate.engine("destroy", "-auto-approve", "-no-color")
        assert estate.vms() == {}
        return Recorded(estate.pve.lab("requests"), open_workspace(estate.file).plan)


def test_apply_discover_doctor_and_destroy_pass_with_exactly_the_printed_role(recorded: Recorded) -> None:
    refused = [request for request in recorded.requests if request["status"] == HTTPStatus.FORBIDDEN]
    assert refused == []
    assert {"POST", "GET", "PUT", "DELETE"} == {request["method"] for request in recorded.requests}


def test_asked_again_with_the_whole_role_nothing_is_refused(recorded: Recorded, tmp_path: Path) -> None:
    with Replay.of(recorded, tmp_path) as replay:
        assert replay.first_refusal() == ""


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
    with emulated_estate(tmp_path, STORAGES) as estate:
        estate.data = edited(estate.data)
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


@dataclass
class Replay:
    """A fresh estate, whose one user has the role, and what it is to be asked."""

    recorded: Recorded
    pve: Estate
    user: Estate  # the same, asked as that user

    @classmethod
    @contextmanager
    def of(cls, recorded: Recorded, directory: Path) -> Iterator[Replay]:
        """Serve it."""
        with estate(directory, storages=USUAL | STORAGES) as pve:
            token = pveum.run(commands(recorded.plan, default_user(recorded.plan)), pve.granted)
            yield cls(recorded, pve, replace(pve, token=token, session=Session()))

    def take_away(self, path: str, privilege: str) -> None:
        """Take a privilege out of every role that the user has on that path; each role here is on paths of one kind."""
        roles = {entry["roleid"] for entry in self.pve.get("/access/acl") if entry["path"] == path}
        known = {role["roleid"]: role["privs"].split(",") for role in self.pve.get("/access/roles")}
        for role in roles:
            left = [name for name in known[role] if name != privilege]
            self.pve.granted("PUT", f"/access/roles/{role}", {"privs": ",".join(left)})

    def first_refusal(self) -> str:
        """Ask everything in its order; what was refused first, in Proxmox's words; empty: nothing."""
        for request in self.recorded.requests:
            if "/tasks/" in request["path"]:
                continue  # of tasks that were others
            refusal = self._again(request)
            if refusal:
                return refusal
        return ""

    def _again(self, request: dict[str, Any]) -> str:
        parameters = {name: value for name, value in request["parameters"].items() if f"/{value}" not in unquote(request["path"])}
        self._upload(str(parameters.get("cicustom", "")))
        answer = self.user.ask(request["method"], request["path"], **parameters)
        if answer.status == HTTPStatus.FORBIDDEN:
            return answer.reason
        return self._finish(answer.data) if str(answer.data).startswith("UPID:") else ""

    def _upload(self, custom: str) -> None:
        """What SFTP would have brought."""
        for part in filter(None, custom.split(",")):
            self.pve.snippet("pve1", part.rpartition("/")[2], "x")

    def _finish(self, upid: str) -> str:
        """Wait for a task; a refusal inside of it."""
        ended = self.user.wait(upid).status
        return ended if "Permission check failed" in ended else ""
