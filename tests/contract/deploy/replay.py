"""What was asked of one emulated PVE is asked of another, by somebody who may do less."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from requests import Session

from lab.patience import patient
from stardock.estate.role import commands
from stardock.estate.token import default_user
from stardock.model.plan import Plan
from tests.contract import pveum
from tests.contract.estate import USUAL, Answer, Estate, estate
from tests.diskimages import qcow2

Data = dict[str, Any]

#: Each datastore its own path, so that a privilege that is missing on one is not there by another.
STORAGES = {"images": "dir", "uploads": "dir", "ceph": "rbd", "data": "lvmthin"}
#: What is uploaded.
IMAGE = qcow2()


@dataclass(frozen=True)
class Recorded:
    """What was asked from the first command to the last, and for which plans: the first, and the one after the edit."""

    requests: list[Data]
    plans: tuple[Plan, ...]


def furnish(pve: Estate) -> None:
    """What an administrator made before."""
    for pool in ("lab", "other"):
        pve.granted("POST", "/pools", {"poolid": pool})
    pve.granted("POST", "/cluster/mapping/pci", {"id": "gpu", "map": "node=pve1,path=0000:01:00.0,id=10de:2204"})


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
            furnish(pve)
            first, second = (list(commands(plan, default_user(plan.cluster))) for plan in recorded.plans)
            token = pveum.run(first, pve.granted)
            pveum.again(second, pve.granted)
            yield cls(recorded, pve, replace(pve, token=token, session=Session()))

    def take_away(self, path: str, privilege: str) -> None:
        """On that path alone: in place of each role there, one that has all but that privilege."""
        known = {role["roleid"]: role["privs"].split(",") for role in self.pve.get("/access/roles")}
        for entry in [entry for entry in self.pve.get("/access/acl") if entry["path"] == path]:
            role, less = entry["roleid"], f"{entry['roleid']}-less"
            given = {"path": path, "users": entry["ugid"], "propagate": str(entry["propagate"])}
            self.pve.granted("POST", "/access/roles", {"roleid": less, "privs": ",".join(set(known[role]) - {privilege})})
            self.pve.granted("PUT", "/access/acl", given | {"roles": role, "delete": "1"})
            self.pve.granted("PUT", "/access/acl", given | {"roles": less})

    def first_refusal(self) -> str:
        """Ask everything in its order; what was refused first, in Proxmox's words; empty: nothing."""
        for request in self.recorded.requests:
            if "/tasks/" in request["path"]:
                continue  # of tasks that were others
            refusal = self._again(request)
            if refusal:
                return refusal
        return ""

    def _again(self, request: Data) -> str:
        parameters = {name: value for name, value in request["parameters"].items() if f"/{value}" not in unquote(request["path"])}
        self._upload(str(parameters.get("cicustom", "")))
        answer = self._ask(request["method"], request["path"], parameters)
        if answer.status == HTTPStatus.FORBIDDEN:
            return answer.reason
        return self._finish(answer.data) if str(answer.data).startswith("UPID:") else ""

    def _ask(self, method: str, path: str, parameters: Data) -> Answer:
        if not path.endswith("/upload"):
            return self.user.ask(method, path, **parameters)
        url = f"{self.pve.settings.endpoint}/api2/json{path}"
        named = {"filename": (parameters.pop("filename"), IMAGE)}
        answer = self.user.session.post(url, data=parameters, files=named, timeout=patient(30))
        return Answer(answer.status_code, answer.reason, answer.json()["data"])

    def _upload(self, custom: str) -> None:
        """What SFTP would have brought."""
        for part in filter(None, custom.split(",")):
            self.pve.snippet("pve1", part.rpartition("/")[2], "x")

    def _finish(self, upid: str) -> str:
        """Wait for a task; a refusal inside of it."""
        ended = self.user.wait(upid).status
        return ended if "Permission check failed" in ended else ""
