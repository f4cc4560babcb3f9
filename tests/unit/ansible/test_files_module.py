"""The module `stardock.machine.files`, run as Ansible runs it: a program that reads its arguments and prints JSON."""

from __future__ import annotations

import getpass
import grp
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stardock.distributions.rke2 import RKE2

pytestmark = pytest.mark.unit

MODULE = Path(__file__).parents[3] / "ansible/collections/ansible_collections/stardock/machine/plugins/modules/files.py"
OWNER = {"owner": getpass.getuser(), "group": grp.getgrgid(os.getgid()).gr_name}


def own(tmp_path: Path, *files: dict[str, Any], check: bool = False) -> dict[str, Any]:
    """Run the module; its answer."""
    arguments = {"files": [{**OWNER, **file} for file in files], "marks": str(tmp_path / "marks"), "_ansible_check_mode": check}
    given = json.dumps({"ANSIBLE_MODULE_ARGS": {**arguments, "_ansible_diff": True}})
    done = subprocess.run([sys.executable, str(MODULE)], input=given, capture_output=True, text=True, check=False)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_a_file_is_written_with_its_folders_and_the_second_run_changes_nothing(tmp_path: Path) -> None:
    file = {"path": str(tmp_path / "a/b/file"), "content": "one\n", "mode": "0600", "directory_mode": "0700"}
    assert own(tmp_path, file)["changed"]
    assert (tmp_path / "a/b/file").read_text() == "one\n"
    assert ((tmp_path / "a/b/file").stat().st_mode & 0o777, (tmp_path / "a").stat().st_mode & 0o777) == (0o600, 0o700)
    again = own(tmp_path, file)
    assert (again["changed"], again["paths"], again["diff"]) == (False, [], [])


def test_without_an_owner_it_is_whoever_runs_it(tmp_path: Path) -> None:
    file = {"path": str(tmp_path / "file"), "content": "x\n", "mode": "0600", "owner": ""}
    assert own(tmp_path, file)["changed"]
    found = (tmp_path / "file").stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (os.geteuid(), os.getegid(), 0o600)
    assert not own(tmp_path, file)["changed"]


def test_what_somebody_edited_is_put_back(tmp_path: Path) -> None:
    file = {"path": str(tmp_path / "file"), "content": "ours\n"}
    own(tmp_path, file)
    (tmp_path / "file").write_text("theirs\n")
    answer = own(tmp_path, file)
    assert answer["diff"][0]["before"] == "theirs\n"
    assert (tmp_path / "file").read_text() == "ours\n"
    (tmp_path / "file").chmod(0o666)
    assert own(tmp_path, file)["changed"]


def test_a_killed_runs_change_stays_pending_until_it_was_told(tmp_path: Path) -> None:
    file = {"path": str(tmp_path / "file"), "content": "x\n", "applies": "thing"}
    assert own(tmp_path, file)["pending"] == ["thing"]
    again = own(tmp_path, file)
    assert (again["changed"], again["pending"]) == (False, ["thing"])
    (tmp_path / "marks/thing").unlink()
    assert own(tmp_path, file)["pending"] == []


def test_a_file_may_have_several_readers(tmp_path: Path) -> None:
    file = {"path": str(tmp_path / "file"), "content": "x\n", "applies": "systemd,unit-own.service"}
    assert own(tmp_path, file, check=True)["pending"] == ["systemd", "unit-own.service"]
    own(tmp_path, file)
    assert sorted(mark.name for mark in (tmp_path / "marks").iterdir()) == ["systemd", "unit-own.service"]


def test_a_refused_content_leaves_the_old_one_and_says_why(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("good\n")
    answer = own(tmp_path, {"path": str(path), "content": "bad\n", "validate": "grep -q good %s"})
    assert answer["failed"]
    assert "the old one stays" in answer["msg"]
    assert path.read_text() == "good\n"
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".stardock")] == []


def test_check_mode_tells_and_writes_nothing(tmp_path: Path) -> None:
    answer = own(tmp_path, {"path": str(tmp_path / "file"), "content": "x\n", "applies": "thing"}, check=True)
    assert (answer["changed"], answer["pending"]) == (True, ["thing"])
    assert list(tmp_path.iterdir()) == []


def test_keys_in_another_order_are_the_same_keys(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("b\n\na\n")
    (tmp_path / "keys").chmod(0o600)
    file = {"path": str(tmp_path / "keys"), "content": "a\nb\n", "mode": "0600", "unordered": True}
    assert not own(tmp_path, file)["changed"]
    assert own(tmp_path, {**file, "content": "a\n"})["changed"]
    assert (tmp_path / "keys").read_text() == "a\n"


def test_any_link_to_the_same_place_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "zone").write_text("")
    (tmp_path / "link").symlink_to("zone")
    assert not own(tmp_path, {"path": str(tmp_path / "link"), "link": str(tmp_path / "zone")})["changed"]
    assert own(tmp_path, {"path": str(tmp_path / "link"), "link": str(tmp_path / "other")})["changed"]
    assert (tmp_path / "link").readlink() == tmp_path / "other"


def test_files_go_and_are_gone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    gone = {"path": str(tmp_path / "file"), "state": "absent"}
    assert own(tmp_path, gone)["changed"]
    assert not own(tmp_path, gone)["changed"]


CONFIG = """tls-san: [a]
token: hush
"agent-token" : 'hush'
etcd-s3-secret-key: |
  hush

  hush
token-file: /etc/token
etcd-s3-access-key:
- hush
cni: canal
"""


@pytest.mark.parametrize("state", ["present", "absent"])
def test_nor_are_the_values_of_hidden_keys_that_somebody_else_wrote(tmp_path: Path, state: str) -> None:
    (tmp_path / "file").write_text(CONFIG)
    main = YAML(typ="safe").load((MODULE.parents[6] / "roles/kubernetes/vars/main.yml").read_text())["kubernetes_main"]
    assert sorted(main["hidden_keys"]) == sorted(name for name, key in RKE2.keys.known().items() if key.secret)
    content = {"content": "token: hush\ncni: cilium\n"} if state == "present" else {}
    (diff,) = own(tmp_path, {"path": str(tmp_path / "file"), "state": state, "hidden_keys": main["hidden_keys"], **content})["diff"]
    assert "hush" not in diff["before"] + diff["after"]
    assert [line for line in diff["before"].splitlines() if "(secret)" not in line] == [
        "tls-san: [a]",
        "token-file: /etc/token",
        "cni: canal",
    ]
    assert diff["before"].count("(secret)") == 4


def test_a_secret_is_not_in_the_difference(tmp_path: Path) -> None:
    answer = own(tmp_path, {"path": str(tmp_path / "file"), "content": "hush-hush\n", "secret": True})
    assert "hush-hush" not in json.dumps(answer["diff"])


def test_an_owner_that_is_not_there_is_told(tmp_path: Path) -> None:
    answer = own(tmp_path, {"path": str(tmp_path / "file"), "content": "x\n", "owner": "no-such-user"})
    assert "no such owner" in answer["msg"]


@pytest.mark.proves("reality D29")
def test_a_folder_is_made_in_its_mode_and_one_that_is_there_is_closed_again_with_what_it_holds(tmp_path: Path) -> None:
    folder = {"path": str(tmp_path / "rke2/server"), "state": "directory", "mode": "0700"}
    assert own(tmp_path, folder)["changed"]
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("rke2", "rke2/server")] == [0o755, 0o700]
    assert not own(tmp_path, folder)["changed"]
    (tmp_path / "rke2/server/kept").touch()
    (tmp_path / "rke2/server").chmod(0o755)
    assert own(tmp_path, folder, check=True)["diff"][0]["after"] == "a folder, 0700\n"
    assert own(tmp_path, folder)["changed"]
    assert (tmp_path / "rke2/server").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "rke2/server/kept").exists()


def test_a_folder_takes_no_content_and_no_files_place(tmp_path: Path) -> None:
    assert "a folder has no content" in own(tmp_path, {"path": str(tmp_path / "a"), "state": "directory", "content": "x"})["msg"]
    (tmp_path / "file").touch()
    assert own(tmp_path, {"path": str(tmp_path / "file"), "state": "directory"})["failed"]


#: The module where SELinux is on: what libselinux would answer, and a note of each label that is set, with what lay at the path by then.
UNDER_SELINUX = """
import json, os, runpy, stat, sys
from ansible.module_utils.basic import AnsibleModule
def default(self, path, mode=0):
    kind = "l" if stat.S_ISLNK(mode) else "d" if stat.S_ISDIR(mode) else "f"
    return ["system_u", "object_r", f"{kind}_of_{os.path.basename(path)}", "s0"]
def put(self, path, context, changed):
    with open(os.environ["LABELS"], "a") as file:
        file.write(json.dumps([os.path.basename(path), context[2], sorted(os.listdir(os.path.dirname(path)))]) + "\\n")
    return True
AnsibleModule.selinux_enabled = lambda self: True
os.geteuid = lambda: 0
AnsibleModule.selinux_default_context = default
AnsibleModule.set_context_if_different = put
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_under_selinux_a_file_has_its_own_label_before_it_is_in_its_place(tmp_path: Path) -> None:
    files = [
        {**OWNER, "path": str(tmp_path / "new/file"), "content": "x\n"},
        {**OWNER, "path": str(tmp_path / "new/link"), "link": "file"},
    ]
    given = json.dumps({"ANSIBLE_MODULE_ARGS": {"files": files, "marks": str(tmp_path / "marks")}})
    environment = {**os.environ, "LABELS": str(tmp_path / "labels")}
    for _ in range(2):
        command = [sys.executable, "-c", UNDER_SELINUX, str(MODULE)]
        done = subprocess.run(command, input=given, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    folder, file, link = (json.loads(line) for line in (tmp_path / "labels").read_text().splitlines())
    assert folder[:2] == ["new", "d_of_new"]
    assert file[0].startswith(".stardock-")
    assert (file[1], "file" in file[2]) == ("f_of_file", False), "the name is not there yet"
    assert (link[1], "link" in link[2]) == ("l_of_link", False)
