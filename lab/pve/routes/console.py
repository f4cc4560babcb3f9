"""/nodes/{node}/qemu/{vmid}/termproxy and vncwebsocket: who may have a terminal. What goes through it: `lab.pve.websocket`."""

from __future__ import annotations

from typing import Any

from lab.pve.routes.handler import Request, Routes

_VM = "/nodes/{node}/qemu/{vmid}"


def termproxy(request: Request) -> dict[str, Any]:
    """POST termproxy: begins one; that the VM runs and has such a port is found out by `qm terminal`, later."""
    vm = request.vm()
    terminal = request.estate.consoles.begin(vm.vm_id, request.get("serial") or "", request.user)
    upid = request.task("vncproxy", request["vmid"], terminal.work)
    return {"user": request.user, "ticket": terminal.ticket, "port": terminal.port, "upid": upid}


def vncwebsocket(request: Request) -> dict[str, Any]:
    """GET vncwebsocket: says where the way leads. Raises PveError (401) for a ticket that is not for it."""
    vm = request.vm()
    request.estate.consoles.check(request["vncticket"], request.user, vm.vm_id, int(request["port"]))
    return {"port": request["port"]}


ROUTES: Routes = {("POST", f"{_VM}/termproxy"): termproxy, ("GET", f"{_VM}/vncwebsocket"): vncwebsocket}
