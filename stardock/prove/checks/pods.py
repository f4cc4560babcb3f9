"""What a cluster is for: a pod runs, and a Service leads to it."""

from __future__ import annotations

import http.client
import ipaddress
from functools import partial
from typing import Any

from stardock.prove.api import Api, reply_of
from stardock.prove.bench import Bench, FailedError, NotPossibleError
from stardock.prove.check import Check
from stardock.prove.checks.cluster import api_of, until

NAME = "stardock-prove"
#: As the registries of cluster.yaml, a proxy, or the internet have it.
IMAGE = "docker.io/library/busybox:1"
WORDS = "proven"
#: Seconds for an image to be pulled and its pod to be Ready, and for a Service to lead there.
POD_SECONDS = 300.0
SERVICE_SECONDS = 60.0
_PODS = "/api/v1/namespaces/default/pods"
_SERVICES = "/api/v1/namespaces/default/services"
_CREATED = (200, 201, 409)
_PORT = 8080
_SECONDS = 5
#: What a kubelet names its container runtime (Kubernetes, CRI: `VersionResponse.runtime_name`).
_RUNTIMES = ("containerd://", "cri-o://", "docker://")

POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": NAME, "labels": {"app": NAME}},
    "spec": {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 1,
        "tolerations": [{"operator": "Exists"}],
        "containers": [
            {
                "name": "web",
                "image": IMAGE,
                "command": ["sh", "-c", f"echo {WORDS} >/tmp/index.html; exec httpd -f -p {_PORT} -h /tmp"],
                "readinessProbe": {"httpGet": {"path": "/", "port": _PORT}, "periodSeconds": 1},
            }
        ],
    },
}
SERVICE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": NAME},
    "spec": {"type": "NodePort", "selector": {"app": NAME}, "ports": [{"port": 80, "targetPort": _PORT}]},
}


def pod(bench: Bench) -> str:
    """One with an image from a registry is Ready."""
    api = api_of(bench)
    _refuse_other_runtimes(api)
    if until(lambda: api.ask("POST", _PODS, POD).status in _CREATED, SERVICE_SECONDS) is None:
        raise FailedError(f"the API takes no pod: {api.ask('POST', _PODS, POD).text[:300]}")
    seconds = until(lambda: _is_ready(api), POD_SECONDS)
    if seconds is None:
        raise FailedError(f"its pod is not Ready after {POD_SECONDS:.0f} s: {_events(api)}")
    return f"a pod of {IMAGE} is Ready, {seconds:.0f} s after it was asked for"


def _refuse_other_runtimes(api: Api) -> None:
    """Nodes that a test pretends run no pods, and say so here."""
    others = sorted({node.runtime for node in api.nodes().values() if not node.runtime.startswith(_RUNTIMES)})
    if others:
        raise NotPossibleError(f"the Nodes' container runtime is {others[0] or 'none'}, which runs no pods")


def _is_ready(api: Api) -> bool:
    told = api.ask("GET", f"{_PODS}/{NAME}").data.get("status") or {}
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in told.get("conditions") or ())


def _events(api: Api) -> str:
    told = api.items(f"/api/v1/namespaces/default/events?fieldSelector=involvedObject.name={NAME}")
    return "; ".join(dict.fromkeys(str(one.get("message"))[:200] for one in told[-5:])) or "no event says why"


def service(bench: Bench) -> str:
    """A Service leads to it, on a port of every Node."""
    api = api_of(bench)
    _refuse_other_runtimes(api)
    if not _is_ready(api):
        raise NotPossibleError("no pod is Ready that it could lead to")
    if api.ask("POST", _SERVICES, SERVICE).status not in _CREATED:
        raise FailedError(f"the API takes no Service: {api.ask('POST', _SERVICES, SERVICE).text[:300]}")
    (told,) = api.ask("GET", f"{_SERVICES}/{NAME}").data["spec"]["ports"]
    port, places = int(told["nodePort"]), _places(bench, api)
    silent = [name for name, address in places.items() if until(partial(_says, address, port), SERVICE_SECONDS) is None]
    if silent:
        raise FailedError(f"its port {port} does not answer at {', '.join(silent)}")
    return f"the pod answers through a Service at {len(places)} Nodes"


def _places(bench: Bench, api: Api) -> dict[str, str]:
    """Of each machine that is a Node, where it says that it is: an address, and nothing else that could stand in a URL."""
    machines = {machine.name for machine in bench.plan.machines}
    places = {name: node.address for name, node in api.nodes().items() if name in machines}
    if wrong := [name for name, address in places.items() if not _is_address(address)]:
        raise FailedError(f"no address is what {', '.join(f'{name} says that it has: {places[name]!r}' for name in wrong)}")
    return places


def _is_address(text: str) -> bool:
    try:
        told = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (told.is_unspecified or told.is_loopback)  # both are this computer


def _says(address: str, port: int) -> bool:
    """By no proxy; who sends us elsewhere does not say it."""
    try:
        return reply_of(http.client.HTTPConnection(address, port, timeout=_SECONDS), "GET", "/").text.strip() == WORDS
    except (OSError, http.client.HTTPException):
        return False


CHECKS = (Check("a pod runs", pod), Check("a Service leads to a pod", service))
