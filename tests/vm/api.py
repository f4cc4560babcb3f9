"""Runs inside of a lab: `python -m tests.vm.api METHOD PATH [KEY=VALUE ...]` asks its emulated PVE, and prints `data` or the refusal."""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request


def main() -> int:
    """1 with PVE's words on standard error."""
    method, path, *pairs = sys.argv[1:]
    parameters = urllib.parse.urlencode(dict(pair.split("=", 1) for pair in pairs)).encode()
    url = f"https://127.0.0.1:8006/api2/json{path}" + (f"?{parameters.decode()}" if method == "GET" and parameters else "")
    body = parameters if method != "GET" else None
    headers = {"Authorization": f"PVEAPIToken={os.environ['PROXMOX_VE_API_TOKEN']}"}
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            sys.stdout.write(json.dumps(json.load(answer)["data"]))
    except urllib.error.HTTPError as error:
        sys.stderr.write(f"{error.code} {error.reason} {error.read().decode()}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
