"""A server that carries the virtual address and has to restart: in which order it hands the address over, restarts, may have it again."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature VIP on servers by keepalived")]

ROLES = Path(__file__).parents[3] / "ansible/roles"
TASKS = ROLES / "kubernetes/tasks"
STARTS = "Start"
#: Every service runs, but for one that was told to stop; whoever changes one is written down.
SYSTEMCTL = """#!/bin/sh
case " $* " in
*" show "*) state=active; for word; do test ! -e "{folder}/$word.stopped" || state=inactive; done
  printf 'LoadState=loaded\\nActiveState=%s\\nUnitFileState=enabled\\nFragmentPath=/x\\n' $state ;;
*" is-enabled "*) echo enabled ;;
*" is-active "*) ;;
*) echo "$*" >>{folder}/calls; if test "$1" = stop; then touch "{folder}/$2.stopped"; fi ;;
esac
"""


def turn() -> list[dict[str, Any]]:
    """Of a server's turn, what is about its start and the virtual address, in its order."""
    every = yaml.safe_load((TASKS / "main.yml").read_text())
    mine = [task for task in every if task["name"] == STARTS or "keepalived" in json.dumps(task)]
    return [{"ansible.builtin.import_tasks": str(TASKS / "start.yml")} if task["name"] == STARTS else task for task in mine]


def restarted(folder: Path, *, restarts: bool = True, carries: bool = True, heirs: bool = True, **variables: Any) -> list[str]:
    """What server1's systemd was told to change, in its order."""
    (folder / "systemctl").write_text(SYSTEMCTL.format(folder=folder))
    (folder / "ip").write_text(f"#!/bin/sh\n{'echo 2: ens18 inet 192.0.2.40/24' if carries else ':'}\n")
    for name in ("systemctl", "ip"):
        (folder / name).chmod(0o755)
    hosts = {name: {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"} for name in ("server1", "server2")}
    (folder / "hosts.json").write_text(json.dumps({"server": {"hosts": hosts}}))
    given = {
        "kubernetes_type": "server", "kubernetes_restarts": restarts,
        "kubernetes_service": "rke2-server.service", "kubernetes_name": "rke2",
        "kubernetes_pending": ["rke2"] if restarts else [], "kubernetes_foreseen": [],
        "kubernetes_api_port": 6443, "keepalived_vip": "192.0.2.40", "keepalived_interface": "ens18", "keepalived_asks": "api",
        "keepalived_questions": "true" if heirs else "false", **variables,
    }  # fmt: skip
    (folder / "given.json").write_text(json.dumps({key: value for key, value in given.items() if value is not None}))
    (folder / "play.json").write_text(json.dumps([{"hosts": "server1", "gather_facts": False, "tasks": turn()}]))
    command = ["ansible-playbook", "-i", str(folder / "hosts.json"), "-e", f"@{folder / 'given.json'}", str(folder / "play.json")]
    environment = {**os.environ, "ANSIBLE_ROLES_PATH": str(ROLES), "PATH": f"{folder}:{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return (folder / "calls").read_text().splitlines() if (folder / "calls").exists() else []


RESTART = "--no-block restart rke2-server.service"


def test_the_address_is_handed_over_before_the_restart_and_may_come_back_after_it(tmp_path: Path) -> None:
    assert restarted(tmp_path) == ["stop keepalived.service", RESTART, "start keepalived.service"]


@pytest.mark.parametrize(
    "other",
    [{"carries": False}, {"heirs": False}, {"keepalived_vip": None}, {"restarts": False}],
    ids=["elsewhere", "no heir", "none", "no restart"],
)
def test_it_stays_where_it_is_of_no_use(tmp_path: Path, other: dict[str, Any]) -> None:
    assert "stop keepalived.service" not in restarted(tmp_path, **other)
