"""A mirror of packages is switched to at first boot, where it answers; and what runs then is sound shell."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stardock.firstboot.mirror import switch_script
from stardock.firstboot.user import user_data
from stardock.systems import Mirror, system
from tests.machines import machine

pytestmark = pytest.mark.unit

URL = "https://mirror.example/copy"


def server(name: str, **changes: Any) -> Any:
    return machine("server1", "server", 12, system_name=name, **changes)


def mirror_of(name: str) -> Mirror:
    found = system(name).mirror(server(name, mirror=URL))
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["microos", "leapmicro", "debian", "ubuntu"])
def test_a_repository_mirror_is_asked_before_the_old_ones_are_disabled(tmp_path: Path, name: str) -> None:
    """The rendered script runs over a folder; python3 and zypper are stubs, the first says whether the mirror answers."""
    mirror = mirror_of(name)
    below = tuple(replace(file, path=f"{tmp_path}/{file.path.rsplit('/', 1)[-1]}") for file in mirror.files)
    stub = f'#!/bin/sh\necho "$0 $*" >>{tmp_path}/calls\n[ "${{0##*/}}" != python3 ] || exec test -e {tmp_path}/answers\n'
    for program in ("python3", "zypper", "sleep"):
        (tmp_path / program).write_text(stub)
        (tmp_path / program).chmod(0o755)
    command = ["sh", "-euc", switch_script(replace(mirror, files=below)), "stardock-mirror", mirror.check]
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}

    silent = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert silent.returncode == 0
    assert "does not answer: the system's own repositories stay" in silent.stderr
    assert not any(Path(file.path).exists() for file in below)
    assert "zypper" not in (tmp_path / "calls").read_text()

    (tmp_path / "answers").touch()
    assert subprocess.run(command, env=environment, check=False).returncode == 0
    assert [Path(file.path).read_text() for file in below] == [file.content for file in below]
    assert ("modifyrepo --disable --all" in (tmp_path / "calls").read_text()) == (name in {"microos", "leapmicro"})


def test_a_mirror_is_switched_to_once_before_packages_and_only_where_it_is_wished() -> None:
    words = next(command for command in user_data(server("microos", mirror=URL))["bootcmd"] if isinstance(command, list))
    assert words[:3] == ["cloud-init-per", "once", "stardock-mirror"]
    assert words[-1] == f"{URL}/tumbleweed/repo/oss/repodata/repomd.xml"
    assert "bootcmd" not in user_data(server("microos"))
    assert user_data(server("debian", mirror=URL))["apt"] == {"preserve_sources_list": True}


@pytest.mark.parametrize("name", ["microos", "leapmicro", "debian", "ubuntu"])
def test_what_runs_at_first_boot_passes_shellcheck(name: str) -> None:
    subject = server(name, mirror=URL)
    own = system(name)
    scripts = [switch_script(mirror_of(name)), *own.first_commands(subject), *own.last_commands(subject)]
    for script in scripts:
        done = subprocess.run(["shellcheck", "--shell", "sh", "-"], input=script, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
