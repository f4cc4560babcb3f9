"""The login by password of the emulated PVE."""

from __future__ import annotations

import pytest
import requests

from lab.patience import patient
from tests.contract.estate import Estate

pytestmark = pytest.mark.contract


def session(pve: Estate, password: str) -> tuple[requests.Response, requests.Session]:
    """A login of root@pam, and a session with its ticket."""
    made = requests.Session()
    made.trust_env, made.verify = False, pve.session.verify
    answer = made.post(
        f"{pve.settings.endpoint}/api2/json/access/ticket", data={"username": "root@pam", "password": password}, timeout=patient(30)
    )
    if answer.ok:
        data = answer.json()["data"]
        made.cookies.set("PVEAuthCookie", data["ticket"])
        made.headers["CSRFPreventionToken"] = data["CSRFPreventionToken"]
    return answer, made


def test_nobody_logs_in_before_there_is_a_password_nor_with_another(pve: Estate) -> None:
    pve.lab("delay", unauthorized=0)
    assert session(pve, "")[0].status_code == 401
    pve.lab("password", user="root@pam", password="right")
    assert session(pve, "wrong")[0].reason == "authentication failure"


def test_root_with_a_ticket_may_what_no_token_may_and_writes_need_the_csrf_token(pve: Estate) -> None:
    pve.lab("delay", unauthorized=0)
    pve.lab("password", user="root@pam", password="right")
    _, root = session(pve, "right")
    url = f"{pve.settings.endpoint}/api2/json/nodes/pve1/qemu"
    vm = {"vmid": 200, "memory": 1024, "hugepages": "any", "numa": 1}
    assert pve.ask("POST", "/nodes/pve1/qemu", **vm).reason == "only root can set 'hugepages' config"
    assert root.post(url, data=vm, timeout=patient(30)).status_code == 200
    del root.headers["CSRFPreventionToken"]
    assert root.get(url, timeout=patient(30)).status_code == 200
    assert root.post(url, data=vm | {"vmid": 201}, timeout=patient(30)).status_code == 401
    root.cookies.set("PVEAuthCookie", "PVE:root@pam:forged")
    assert root.get(url, timeout=patient(30)).reason == "invalid PVE ticket"
