"""/access/ticket: the login by password, for what PVE lets root@pam itself do and no token."""

from __future__ import annotations

from typing import Any

from lab.pve.routes.handler import Request, Routes


def create(request: Request) -> dict[str, Any]:
    """POST ticket. Raises PveError (401)."""
    user, realm = request["username"], request.get("realm")
    name = f"{user}@{realm}" if realm else user
    ticket, csrf = request.estate.tickets.login(name, request["password"])
    return {"ticket": ticket, "CSRFPreventionToken": csrf, "username": name, "cap": {}}


ROUTES: Routes = {("POST", "/access/ticket"): create}
