"""Uses an API without a pause: creates a ConfigMap, reads it back, and says of each when it was done and whether it was.

Run inside of a lab: `python prober.py KUBECONFIG SERVER`, until it is told to end.
"""

from __future__ import annotations

import base64
import json
import ssl
import sys
import tempfile
import threading
import time
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

PATH = "/api/v1/namespaces/default/configmaps"
SECONDS = 0.25


def main(kubeconfig: str, server: str) -> None:
    pause = threading.Event()
    parts, context = urlsplit(server), credentials(yaml.safe_load(Path(kubeconfig).read_text()))
    for number in range(1_000_000):
        try:
            use(HTTPSConnection(str(parts.hostname), parts.port or 443, context=context, timeout=5), f"beat-{number}")
            told = f"{time.time()} {number}"
        except (OSError, HTTPException, ValueError) as error:
            told = f"{time.time()} - {type(error).__name__} {error}"
        sys.stdout.write(f"{told}\n")
        sys.stdout.flush()
        pause.wait(SECONDS)


def credentials(config: dict[str, Any]) -> ssl.SSLContext:
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    context = ssl.create_default_context(cadata=decoded(cluster["certificate-authority-data"]))
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(decoded(user["client-certificate-data"]) + decoded(user["client-key-data"]))
        file.flush()
        context.load_cert_chain(file.name)
    return context


def decoded(text: str) -> str:
    return base64.b64decode(text).decode()


def use(connection: HTTPSConnection, name: str) -> None:
    """Raises ValueError where the API says no."""
    try:
        body = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})
        for method, path, content in (("POST", PATH, body), ("GET", f"{PATH}/{name}", None)):
            connection.request(method, path, content, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            said = answer.read()
            if answer.status // 100 != 2:
                raise ValueError(f"{method} {answer.status} {said[:200]!r}")
    finally:
        connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
