"""/nodes/{node}/storage/{storage}: what lies on a storage, downloads, uploads, deletion."""

from __future__ import annotations

from typing import Any

from lab.pve.access.volumes import is_readable, require_access
from lab.pve.diskimages import check
from lab.pve.errors import TaskError, failed
from lab.pve.images import download, verify, write
from lab.pve.routes.handler import Request, Routes
from lab.pve.storage import LOCAL_PATH
from lab.pve.tasks import Log

_STORAGE = "/nodes/{node}/storage/{storage}"


def listed(request: Request) -> list[dict[str, Any]]:
    """GET content: a list, never null."""
    volumes = request.estate.storages.listed(request["node"], request["storage"], request.get("content"))
    owner = request.get("vmid")
    volumes = [volume for volume in volumes if is_readable(request.rights, volume["volid"])]
    return [volume for volume in volumes if owner is None or volume.get("vmid") == int(owner)]


def _volume(request: Request) -> dict[str, Any]:
    volid = request["volume"] if ":" in request["volume"] else f"{request['storage']}:{request['volume']}"
    request.estate.storages.get(request["node"], request["storage"])
    found = request.estate.storages.volume(request["node"], volid)
    if found is None:
        raise failed(f"volume '{volid}' does not exist")
    return found


def volume(request: Request) -> dict[str, Any]:
    """GET content/{volume}."""
    found = _volume(request)
    require_access(request.rights, found["volid"])
    path = f"{LOCAL_PATH}/{found['volid'].partition(':')[2]}"
    return {"path": path, "format": found["format"], "size": found["size"], "used": found["size"]}


def delete(request: Request) -> str:
    """DELETE content/{volume}: a task."""
    request.rights.require(f"/storage/{request['storage']}", "Datastore.Allocate")
    found = _volume(request)

    def work(log: Log) -> None:
        if found["content"] == "images":
            with request.estate.state as state:
                for vm in state.vms.values():
                    vm.disks.pop(found["volid"], None)
        else:
            _unlink(request, found["volid"])
        log(f"Removed volume '{found['volid']}'")

    return request.task("imgdel", request["storage"], work)


def _unlink(request: Request, volid: str) -> None:
    try:
        request.estate.storages.file(request["node"], volid).unlink()
    except FileNotFoundError:
        raise TaskError(f"volume '{volid}' does not exist") from None


def download_url(request: Request) -> str:
    """POST download-url: a task that fetches nothing, see `images`."""
    place = request.estate.storages.place(request["node"], request["storage"], request["content"], request["filename"])
    return request.task("download", request["filename"], lambda log: download(request.estate.state, place, request.parameters, log))


def upload(request: Request) -> str:
    """POST upload: a task."""
    place = request.estate.storages.place(request["node"], request["storage"], request["content"], request["filename"])

    def work(log: Log) -> None:
        verify(request.upload, request.parameters, log)
        if request["content"] == "import":
            check(f"/var/tmp/pveupload-{request['filename']}", request.upload)
        write(place, request.upload)
        log("finished file import successfully")

    return request.task("imgcopy", "", work)


ROUTES: Routes = {
    ("GET", f"{_STORAGE}/content"): listed,
    ("GET", f"{_STORAGE}/content/{{volume}}"): volume,
    ("DELETE", f"{_STORAGE}/content/{{volume}}"): delete,
    ("POST", f"{_STORAGE}/download-url"): download_url,
    ("POST", f"{_STORAGE}/upload"): upload,
}
