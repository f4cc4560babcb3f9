"""Every shape of interface through cloud-init's own renderers of two releases, compared with what was read and found right. Needs root.

`STARDOCK_GOLDEN=write` writes the files anew, to be read before they are committed.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from stardock.firstboot import documents
from stardock.lab.image import image_root
from stardock.lab.mirror import configured_mirror
from tests.lab.newer import newer_cloud_init
from tests.lab.test_cloud_init import Inside
from tests.unit.firstboot.shapes import SHAPES, shaped

pytestmark = pytest.mark.lab

GOLDEN = Path(__file__).parent / "golden"
RENDERERS = ("networkd", "network-manager")

#: cloud-init's own command line, from a folder below /mnt where it is not the image's.
PROGRAMS = {"22.4": ("cloud-init",), "25.1": ("env", "PYTHONPATH=/mnt/newer", "python3", "-m", "cloudinit.cmd.main")}


@pytest.fixture
def inside(tmp_path: Path) -> Inside:
    packages = newer_cloud_init() / "usr/lib/python3/dist-packages"
    subprocess.run(["cp", "-r", str(packages), str(tmp_path / "newer")], check=True)
    return Inside(image_root(configured_mirror()), tmp_path)


def rendered(inside: Inside, release: str, renderer: str, shape: str) -> str:
    """The files that a renderer writes, each under its name; without what differs from run to run."""
    (inside.folder / "network-config").write_text(documents("testing", shaped(shape)).network)
    macs = [f"--mac={nic.name},{nic.mac.lower()}" for nic in SHAPES[shape]]
    options = ["--network-data=/mnt/network-config", "--directory=/mnt/out", "--kind=yaml", "--distro=debian", f"--output-kind={renderer}"]
    done = inside.run(*PROGRAMS[release], "devel", "net-convert", *options, *macs)
    assert done.returncode == 0, done.stderr
    files = sorted(path for path in (inside.folder / "out").rglob("*") if path.is_file())
    return "".join(f"# {path.relative_to(inside.folder / 'out')}\n{squeezed(path.read_text())}\n" for path in files)


def squeezed(text: str) -> str:
    """Without the empty lines that one release writes inside of sections."""
    return re.sub(r"\n+(?!\[)", "\n", re.sub(r"\n+\[", "\n\n[", text))


@pytest.mark.parametrize("release", PROGRAMS)
@pytest.mark.parametrize("renderer", RENDERERS)
def test_every_shape_of_interface_is_rendered_as_it_was_read_and_found_right(inside: Inside, renderer: str, release: str) -> None:
    for shape in SHAPES:
        golden = GOLDEN / f"{renderer}-{release}" / f"{shape}.txt"
        found = rendered(inside, release, renderer, shape)
        if os.environ.get("STARDOCK_GOLDEN") == "write":
            golden.parent.mkdir(parents=True, exist_ok=True)
            golden.write_text(found)
        assert found == golden.read_text(), shape
        subprocess.run(["rm", "-r", str(inside.folder / "out")], check=True)


def test_the_newer_cloud_inits_own_schema_takes_every_network_config(inside: Inside) -> None:
    names = []
    for shape in SHAPES:
        names.append(f"/mnt/{shape}.yaml")
        (inside.folder / f"{shape}.yaml").write_text(documents("testing", shaped(shape)).network)
    check = 'for name in "$@"; do cloud-init schema --schema-type network-config --config-file "$name"; done'
    program = " ".join(PROGRAMS["25.1"])
    done = inside.run("sh", "-euc", check.replace("cloud-init", program), "check", *names)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Valid schema") == len(SHAPES)
