"""The administrator's kubeconfig: a server's words are copied only where they can be nothing but a CA, a certificate and a key."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

pytestmark = pytest.mark.unit

ANSIBLE = Path(__file__).parents[3] / "ansible"
CLUSTER = {"server": "https://127.0.0.1:6443", "certificate-authority-data": "Q0E="}
USER = {"client-certificate-data": "Q0VSVA==", "client-key-data": "S0VZ"}


def fetched(tmp_path: Path, cluster: dict[str, Any], user: dict[str, Any]) -> tuple[str, dict[str, Any] | None]:
    """What Ansible said, and the kubeconfig on the controller."""
    theirs = {"clusters": [{"name": "default", "cluster": cluster}], "users": [{"name": "default", "user": user}]}
    (tmp_path / "rke2.yaml").write_text(json.dumps(theirs))
    here = {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}
    paths = {"kubeconfig_source": str(tmp_path / "rke2.yaml"), "kubeconfig_path": str(tmp_path / "ours")}
    known = {**here, **paths, "kubeconfig_cluster": "demo", "kubeconfig_server": "https://10.0.0.9:6443"}
    (tmp_path / "hosts.json").write_text(json.dumps({"all": {"hosts": {"server1": known}}}))
    (tmp_path / "play.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "roles": ["kubeconfig"]}]))
    environment = {**os.environ, "ANSIBLE_ROLES_PATH": str(ANSIBLE / "roles")}
    command = ["ansible-playbook", "-i", str(tmp_path / "hosts.json"), str(tmp_path / "play.json")]
    done = subprocess.run(command, cwd=ANSIBLE, env=environment, capture_output=True, text=True, check=False)
    ours = tmp_path / "ours"
    return done.stdout + done.stderr, YAML(typ="safe").load(ours.read_text()) if ours.exists() else None


def test_nothing_but_ca_certificate_and_key_is_taken_from_a_server(tmp_path: Path) -> None:
    odd = {"insecure-skip-tls-verify": True, "proxy-url": "http://evil"}
    said, ours = fetched(tmp_path, {**CLUSTER, **odd}, {**USER, "exec": {"command": "evil"}, "token": "x"})
    assert ours is not None, said
    assert ours["users"] == [{"name": "demo", "user": USER}]
    assert ours["clusters"] == [{"name": "demo", "cluster": {**CLUSTER, "server": "https://10.0.0.9:6443"}}]
    assert ours["current-context"] == "demo"


@pytest.mark.parametrize("key", [{"client-key-data": "$(evil)"}, {"client-key-data": {"a": "b"}}, {}], ids=["text", "map", "none"])
def test_what_is_none_is_refused_in_words_and_not_shown(tmp_path: Path, key: dict[str, Any]) -> None:
    said, ours = fetched(tmp_path, CLUSTER, {"client-certificate-data": "Q0VSVA==", **key})
    assert ours is None
    assert "server1 has no admin kubeconfig with a CA, a certificate and a key" in said
    assert "Q0VSVA" not in said
