"""The lab's power switches: `python -m lab.machines.power ENDPOINT list | start NAME | stop NAME | address NAME`.

Runs inside of the lab's network with its environment, and goes through the emulated PVE's API as anybody would, so that PVE knows.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from lab.patience import patient

_TIMEOUT = 60.0


class PowerError(Exception):
    """PVE refused, or has no such VM."""


class Api:
    """As much of the API as switches need. TLS is verified: SSL_CERT_FILE names the lab's authority."""

    def __init__(self, endpoint: str, token: str) -> None:
        self._base = f"{endpoint}/api2/json"
        self._headers = {"Authorization": f"PVEAPIToken={token}"}

    def call(self, method: str, path: str) -> Any:
        """The `data` of an answer; raises PowerError with PVE's own words."""
        request = Request(self._base + path, method=method, headers=self._headers)  # noqa: S310 -- https, from the lab's settings
        try:
            with urlopen(request, timeout=patient(_TIMEOUT)) as response:  # noqa: S310
                return json.load(response)["data"]
        except HTTPError as error:
            raise PowerError(f"{method} {path}: {error.code} {error.reason}") from error
        except URLError as error:
            raise PowerError(f"{self._base}: {error.reason}") from error

    def vms(self) -> list[dict[str, Any]]:
        """All VMs, by id, as the PVE nodes that are on say now: the list of the whole cluster is seconds old."""
        nodes = [str(one["node"]) for one in self.call("GET", "/nodes") if one["status"] == "online"]
        found = [{**vm, "node": node} for node in nodes for vm in self.call("GET", f"/nodes/{node}/qemu")]
        return sorted(found, key=lambda vm: int(vm["vmid"]))

    def vm(self, name: str) -> dict[str, Any]:
        """The VM of that name."""
        known = {str(vm["name"]): vm for vm in self.vms()}
        if name not in known:
            raise PowerError(f"the lab has no VM {name}; it has {', '.join(known) or 'none'}")
        return known[name]

    def switch(self, name: str, verb: str) -> None:
        """Starts or stops a VM, and waits until PVE has."""
        vm = self.vm(name)
        task = self.call("POST", f"{_path(vm)}/status/{verb}")
        deadline = time.monotonic() + patient(_TIMEOUT)
        while (state := self.call("GET", f"/nodes/{vm['node']}/tasks/{task}/status"))["status"] == "running":
            if time.monotonic() > deadline:
                raise PowerError(f"PVE has not finished to {verb} {name} within {patient(_TIMEOUT):g} s")
            time.sleep(0.05)
        if state.get("exitstatus") != "OK":
            raise PowerError(f"PVE could not {verb} {name}: {state.get('exitstatus')}")

    def address(self, name: str) -> str:
        """The first IPv4 address that the guest agent tells, loopback aside."""
        found = self.call("GET", f"{_path(self.vm(name))}/agent/network-get-interfaces")["result"]
        addresses = [entry["ip-address"] for one in found if one["name"] != "lo" for entry in one.get("ip-addresses", [])]
        return str(next(iter(sorted(addresses, key=lambda address: ":" in address)), ""))


def _path(vm: dict[str, Any]) -> str:
    return f"/nodes/{vm['node']}/qemu/{vm['vmid']}"


def _run(api: Api, verb: str, name: str) -> str:
    if verb == "list":
        return "".join(f"{vm['vmid']:>6}  {vm['name']:24}  {vm['node']:12}  {vm['status']}\n" for vm in api.vms())
    if verb == "address":
        return api.address(name) + "\n"
    api.switch(name, verb)
    return ""


def main() -> int:
    """Prints what was asked for; 1 with a message on standard error."""
    endpoint, verb, *names = sys.argv[1:]
    try:
        sys.stdout.write(_run(Api(endpoint, os.environ["PROXMOX_VE_API_TOKEN"]), verb, *(names or [""])))
    except PowerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
