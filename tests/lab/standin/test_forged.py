"""What a kubelet may write into its own Node, through the real kubectl: no other Node comes of it, and no member of etcd."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader

from stardock.model.standing import NodeStanding
from stardock.playbooks.aside import _nodes
from tests.lab.standin.processes import tools

pytestmark = [pytest.mark.lab, pytest.mark.proves("feature machines' power")]

TEMPLATES = Path(__file__).parents[3] / "ansible/roles/kubernetes/templates"
FORGED = "x\nserver9||||true|127.0.0.1|EtcdIsVoter=True\nserver8|true|machine|True|yes\n"


def node(name: str, *, etcd: bool = False, by: str = "", **more: str) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": "True"}, *([{"type": "EtcdIsVoter", "status": "True"}] if etcd else [])]
    labels = {"node-role.kubernetes.io/etcd": "true"} if etcd else {}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels, "annotations": {"stardock.io/cordoned-by": by} if by else {}},
        "spec": {"unschedulable": True} if by else {},
        "status": {
            "addresses": [{"type": "InternalIP", "address": more.get("address", "127.0.0.1")}],
            "conditions": [*conditions, {"type": more.get("type", "PIDPressure"), "status": more.get("status", "False")}],
        },
    }


BARE = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "bare"}, "spec": {}, "status": {}}


@contextmanager
def api(nodes: list[dict[str, Any]]) -> Iterator[str]:
    """An API that has these Nodes, and nothing else."""
    resource = {"name": "nodes", "singularName": "node", "namespaced": False, "kind": "Node", "verbs": ["get", "list"]}
    answers = {
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
        "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [resource]},
        "/api/v1/nodes": {"kind": "NodeList", "apiVersion": "v1", "metadata": {}, "items": nodes},
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answers.get(self.path.partition("?")[0])
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_kubelets_words_are_told_as_its_own_nodes_or_not_at_all(tmp_path: Path) -> None:
    kubectl = tools(tmp_path / "tools") / "kubectl"
    nodes = [
        node("agent1", by=FORGED), node("agent2", address=FORGED), node("agent3", type=FORGED), node("agent4", status=FORGED),
        node("agent5", by="machine"), node("agent6", by="bootstrap"),
        node("server1", etcd=True), node("server2", etcd=True, address="$(id)"),
        BARE,
    ]  # fmt: skip
    with api(nodes) as endpoint:
        words = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=False).get_template("aside-see.sh.j2")  # noqa: S701  a shell's
        script = words.render(kubernetes_kubectl=f"{kubectl} --server {endpoint}", kubernetes_api_port=1)
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert dict(_nodes(done.stdout.splitlines())) == {
        "agent1": NodeStanding(ready=True, cordoned=True), "agent2": NodeStanding(ready=True), "agent3": NodeStanding(ready=True),
        "agent4": NodeStanding(ready=True), "agent5": NodeStanding(ready=True, cordoned=True, cordoned_by="machine"),
        "agent6": NodeStanding(ready=True, cordoned=True, cordoned_by="bootstrap"), "server1": NodeStanding(ready=True, votes=False),
        "server2": NodeStanding(ready=True, votes=False), "bare": NodeStanding(ready=False),
    }  # fmt: skip
