"""The stage `addons` on two servers of this test: manifests come, change and go; what they became is asked of the API by one server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from stardock.bundle.addons import addon_variables
from stardock.bundle.kubernetes import facts
from stardock.distributions.rke2 import RKE2
from tests.plans import ROOT, document, plan_of

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature add-ons")]

#: An API with one add-on of before, until it is told to delete the Addon.
KUBECTL = """#!/bin/sh
echo "$*" >>{folder}/calls
case "$*" in
  *"get addons.v1.k3s.cattle.io"*) test -e {folder}/gone || echo '{{"items": [{{"metadata": {{"name": "stardock-addon-old"}}}}]}}' ;;
  *"delete addons.v1.k3s.cattle.io stardock-addon-old"*) touch {folder}/gone ;;
esac
"""


def run(folder: Path, addons: dict[str, Any], *words: str) -> str:
    """What Ansible said."""
    servers = {}
    for name in ("server1", "server2"):
        own = folder / name
        own.mkdir(exist_ok=True)
        (own / "kubectl").write_text(KUBECTL.format(folder=own))
        (own / "kubectl").chmod(0o755)
        (own / "kubeconfig").touch()
        text = json.dumps(addon_variables(plan_of(document() | {"addons": addons})[0])).replace(RKE2.manifests, f"{own}/manifests")
        servers[name] = {**json.loads(text), "kubernetes_client": f"{own}/kubectl", "kubernetes_kubeconfig": f"{own}/kubeconfig"}
    here = {key: value for key, value in facts(RKE2).items() if key not in servers["server1"]}
    here |= {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3", "ansible_become": False}
    first: dict[str, Any] = {"hosts": {"server1": {}}}
    hosts = {"all": {"children": {"server": {"hosts": servers, "vars": here}, "founder": first, "loadbalancer": {"hosts": {}}}}}
    (folder / "hosts.json").write_text(json.dumps(hosts))
    shutil.copy(ROOT / "ansible/addons.yml", folder / "addons.yml")
    text = (folder / "addons.yml").read_text().replace("become: true", "become: false")
    (folder / "addons.yml").write_text(text)
    command = ["ansible-playbook", "-i", str(folder / "hosts.json"), str(folder / "addons.yml"), *words]
    paths = {"ANSIBLE_ROLES_PATH": str(ROOT / "ansible/roles"), "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "ansible/collections")}
    done = subprocess.run(command, env={**os.environ, **paths, "ANSIBLE_NOCOLOR": "1"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def left(folder: Path) -> dict[str, list[str]]:
    return {name: sorted(path.name for path in (folder / name / "manifests").glob("*")) for name in ("server1", "server2")}


def both(*names: str) -> dict[str, list[str]]:
    return dict.fromkeys(("server1", "server2"), sorted(names))


def test_manifests_come_and_go_on_every_server_and_one_asks_the_api(tmp_path: Path) -> None:
    for name in ("server1", "server2"):
        (tmp_path / name / "manifests").mkdir(parents=True)
        for file in ("stardock-addon-old.yaml", "stardock-kured.yaml", "own.yaml", "stardock-cni.yaml"):
            (tmp_path / name / "manifests" / file).touch()
    shown = run(tmp_path, {"kured": {}}, "--check", "--diff")
    assert "add-on old" in shown, shown
    assert left(tmp_path) == both("stardock-addon-old.yaml", "stardock-kured.yaml", "own.yaml", "stardock-cni.yaml")
    run(tmp_path, {"kured": {}})
    assert left(tmp_path) == both("stardock-addon-kured.yaml", "own.yaml", "stardock-cni.yaml")
    assert "delete addons" in (tmp_path / "server1/calls").read_text()
    assert not (tmp_path / "server2/calls").exists()
    again = run(tmp_path, {"kured": {}})
    assert again.count("changed=0") == len(("server1", "server2"))
    run(tmp_path, {})
    assert left(tmp_path) == both("own.yaml", "stardock-cni.yaml")


SMB = {"name": "band", "source": "//nas/band", "user": "k", "password_from": {"env": "SMB_PASSWORD"}}


def test_a_secret_is_on_servers_for_root_alone_and_in_no_output_and_the_second_run_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "contents.json").write_text(
        json.dumps({"stardock_contents": [{"source": "env:SMB_PASSWORD", "content": "geheim: '4711'\n"}]})
    )
    wanted, handed = {"smb_csi": {"classes": [SMB]}}, ("-e", f"@{tmp_path}/contents.json", "--diff", "-v")
    said = run(tmp_path, wanted, *handed)
    file = tmp_path / "server1/manifests/stardock-addon-csi-driver-smb-secrets.yaml"
    (secret,) = yaml.safe_load_all(file.read_text())
    assert secret["stringData"] == {"username": "k", "password": "geheim: '4711'"}
    assert (file.stat().st_mode & 0o777, "4711" in said) == (0o600, False)
    assert run(tmp_path, wanted, *handed).count("changed=0") == len(("server1", "server2"))
    run(tmp_path, {})
    assert left(tmp_path) == both()


def test_without_the_secret_nothing_is_changed(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="The content of env:SMB_PASSWORD was not handed over"):
        run(tmp_path, {"smb_csi": {"classes": [SMB]}})
    assert left(tmp_path) == both()
