"""Parts of the role kubernetes that need no Kubernetes: what is waited for, and images for machines that reach no registry."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stardock.bundle.inventory import inventory_files
from stardock.bundle.kubernetes import facts
from stardock.distributions.authentication import configuration
from stardock.distributions.model import Architecture
from stardock.distributions.rke2 import RKE2
from stardock.model.facts import Facts
from tests.plans import plan_of
from tests.unit.plan.test_hosts import with_hosts

pytestmark = pytest.mark.unit

ANSIBLE = Path(__file__).parents[3] / "ansible"
IMAGES = "rke2-images-core.linux-amd64.tar.zst"


def play(tmp_path: Path, tasks: list[dict[str, Any]], hosts: dict[str, dict[str, Any]]) -> subprocess.CompletedProcess[str]:
    """Run tasks on machines that are this one."""
    here = {**facts(RKE2), "ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}
    (tmp_path / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts, "vars": here}}))
    (tmp_path / "play.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {
        "ANSIBLE_ROLES_PATH": str(ANSIBLE / "roles")
    }
    command = ["ansible-playbook", "-i", str(tmp_path / "hosts.json"), str(tmp_path / "play.json")]
    return subprocess.run(command, cwd=ANSIBLE, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.proves("reality D28", "case 04-cni-none-agents")
def test_without_a_network_plugin_nobody_waits_for_ready_and_agents_least(tmp_path: Path) -> None:
    hosts = {
        f"{kind}-{'some' if network else 'none'}": {"kubernetes_type": kind, "kubernetes_has_network": network}
        for kind in ("server", "agent")
        for network in (True, False)
    }
    tasks = [
        {"ansible.builtin.include_vars": {"file": str(ANSIBLE / "roles/kubernetes/vars/main.yml")}},
        {
            "ansible.builtin.copy": {
                "content": "{{ kubernetes_conditions | to_json }}",
                "dest": f"{tmp_path}/{{{{ inventory_hostname }}}}.json",
            }
        },
    ]
    done = play(tmp_path, tasks, hosts)
    assert done.returncode == 0, done.stdout
    waited = {name: json.loads((tmp_path / f"{name}.json").read_text()) for name in hosts}
    assert waited == {
        "server-none": ["EtcdIsVoter=True"],
        "agent-none": [],
        "server-some": ["EtcdIsVoter=True", "Ready=True"],
        "agent-some": ["Ready=True"],
    }


#: As clusters have it that an older Stardock founded (6a354eb); another byte restarts each of their servers.
FORMER_AUTHENTICATION = """\
# Written by Stardock; the next bootstrap puts it back.
# The load balancers ask whether this server can serve, without being anybody: these two paths and nothing else.
apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
anonymous:
  enabled: true
  conditions:
    - path: /livez
    - path: /readyz
"""


def test_authentication_of_a_cluster_that_exists_keeps_its_bytes_and_what_is_added_is_written(tmp_path: Path) -> None:
    issuer = {"issuer-url": "https://id.example.org", "client-id": "kubernetes"}
    hosts = {
        name: {"kubernetes_type": "server", "kubernetes_authentication": configuration(options, "v1.36.5+rke2r1")}
        for name, options in {
            "plain": {},
            "oidc": {"kube-apiserver-arg": [f"oidc-{key}={value}" for key, value in issuer.items()]},
        }.items()
    }
    hosts["old"] = {"kubernetes_type": "server", "kubernetes_authentication": configuration({}, "v1.33.5+rke2r1")}
    tasks = [
        {"ansible.builtin.include_vars": {"file": str(ANSIBLE / "roles/kubernetes/vars/main.yml")}},
        {
            "ansible.builtin.copy": {
                "content": "{{ kubernetes_authentication_content }}",
                "dest": f"{tmp_path}/{{{{ inventory_hostname }}}}.yaml",
            }
        },
    ]
    done = play(tmp_path, tasks, hosts)
    assert done.returncode == 0, done.stdout
    written = {name: (tmp_path / f"{name}.yaml").read_text() for name in hosts}
    assert written["plain"] == FORMER_AUTHENTICATION
    assert {name: YAML(typ="safe").load(text) for name, text in written.items()} == {
        name: host["kubernetes_authentication"] for name, host in hosts.items()
    }
    assert all(text.startswith("# Written by Stardock") for text in written.values())


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    """A release's folder, with images and a file that is none."""
    folder = tmp_path / "artifacts"
    folder.mkdir()
    (folder / IMAGES).write_text("images")
    (folder / "rke2-images-core.linux-amd64.txt").write_text("a list")
    (folder / "sha256sum-amd64.txt").write_text(f"{hashlib.sha256(b'images').hexdigest()}  {IMAGES}\n")
    return folder


def installed(tmp_path: Path, artifacts: Path) -> subprocess.CompletedProcess[str]:
    """Run the part of the role that brings images."""
    tasks = [{"ansible.builtin.include_role": {"name": "kubernetes", "tasks_from": "images", "rolespec_validate": False}}]
    return play(
        tmp_path,
        tasks,
        {"server1": {"kubernetes_type": "server", "kubernetes_artifacts": str(artifacts), "kubernetes_data_dir": str(tmp_path / "data")}},
    )


@pytest.mark.proves("reality D32")
def test_image_archives_of_an_air_gap_lie_where_rke2_imports_them(tmp_path: Path, artifacts: Path) -> None:
    done = installed(tmp_path, artifacts)
    assert done.returncode == 0, done.stdout
    assert [path.name for path in (tmp_path / "data/agent/images").iterdir()] == [IMAGES]
    assert (tmp_path / "data/agent").stat().st_mode & 0o777 == 0o750


@pytest.mark.proves("reality D32")
@pytest.mark.parametrize("promised", ["0" * 64, ""])
def test_images_that_nobody_promised_are_not_installed(promised: str, tmp_path: Path, artifacts: Path) -> None:
    (artifacts / "sha256sum-amd64.txt").write_text(f"{promised}  {IMAGES}\n" if promised else "")
    done = installed(tmp_path, artifacts)
    assert done.returncode != 0
    assert "promised: not installed" in done.stdout
    assert list((tmp_path / "data/agent/images").iterdir()) == []


@pytest.mark.proves("feature hosts that exist already")
@pytest.mark.parametrize(("processor", "suffix"), [("x86_64", "amd64"), ("aarch64", "arm64")])
def test_a_host_says_which_processor_it_has_and_gets_that_release(processor: str, suffix: str, tmp_path: Path) -> None:
    own = inventory_files(plan_of(with_hosts({}))[0], Facts(cluster="quickstart"))["host_vars/pi1.yml"]
    chosen = {key: value for key, value in own.items() if key in facts(RKE2) or key in ("kubernetes_releases", "kubernetes_url")}
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/uname").write_text(f"#!/bin/sh\necho {processor}\n")
    (tmp_path / "bin/uname").chmod(0o755)
    tasks: list[dict[str, Any]] = [
        {"ansible.builtin.include_role": {"name": "kubernetes", "tasks_from": "see", "rolespec_validate": False, "public": True}},
        {
            "ansible.builtin.copy": {
                "content": "{{ kubernetes_archive }} {{ kubernetes_sums }} {{ kubernetes_url | basename }} {{ kubernetes_image_archives }}",
                "dest": f"{tmp_path}/said",
            }
        },
    ]
    host = {**chosen, "kubernetes_type": "agent", "kubernetes_version": "v1.36.5+rke2r1"}
    host["ansible_shell_executable"] = "/bin/bash"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
        done = play(tmp_path, tasks, {"pi1": host})
    assert done.returncode == 0, done.stdout
    names = [f"rke2.linux-{suffix}.tar.gz", f"sha256sum-{suffix}.txt", f"rke2.linux-{suffix}.tar.gz", f"rke2-images*.linux-{suffix}.tar*"]
    assert (tmp_path / "said").read_text().split() == names


@pytest.mark.proves("feature hosts that exist already")
def test_images_of_another_processor_go_to_hosts_that_have_it(tmp_path: Path, artifacts: Path) -> None:
    arm = IMAGES.replace("amd64", "arm64")
    (artifacts / arm).write_text("arm images")
    (artifacts / "sha256sum-arm64.txt").write_text(f"{hashlib.sha256(b'arm images').hexdigest()}  {arm}\n")
    both: tuple[Architecture, ...] = ("amd64", "arm64")
    files = {name: RKE2.files_for(name) for name in both}
    hosts = {
        f"{name}1": {
            "kubernetes_type": "agent",
            "kubernetes_artifacts": str(artifacts),
            "kubernetes_data_dir": str(tmp_path / name),
            "kubernetes_sums": own.checksums,
            "kubernetes_image_archives": own.images,
            "kubernetes_every_image_archives": [each.images for each in files.values()],
        }
        for name, own in files.items()
    }
    tasks = [{"ansible.builtin.include_role": {"name": "kubernetes", "tasks_from": "images", "rolespec_validate": False}}]
    done = play(tmp_path, tasks, hosts)
    assert done.returncode == 0, done.stdout
    brought = {name: [path.name for path in (tmp_path / name / "agent/images").iterdir()] for name in files}
    assert brought == {"amd64": [IMAGES], "arm64": [arm]}
