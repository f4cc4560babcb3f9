"""Every shape of interface through cloud-init's own renderers of two releases, compared with what was read and found right. Needs root.

`STARDOCK_GOLDEN=write` writes the files anew, to be read before they are committed.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from lab.machines.image import image_root
from lab.network.mirror import configured_mirror
from stardock.firstboot import documents
from tests.lab.packages import unpacked
from tests.lab.test_cloud_init import CONVERT, SCHEMA, Inside, conversion
from tests.unit.firstboot.shapes import SHAPES, shaped

pytestmark = pytest.mark.lab

GOLDEN = Path(__file__).parent / "golden"
RENDERERS = ("networkd", "network-manager")

#: Where each release's Python modules are, inside of the image.
MODULES = {"22.4": "/usr/lib/python3/dist-packages", "25.1": "/mnt/newer"}


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Inside:
    folder = tmp_path_factory.mktemp("inside")
    packages = unpacked("trixie", "cloud-init") / "usr/lib/python3/dist-packages"
    subprocess.run(["cp", "-r", str(packages), str(folder / "newer")], check=True)
    return Inside(image_root(configured_mirror()), folder)


def rendered(inside: Inside, release: str, renderer: str) -> dict[str, str]:
    """Shape -> the files that a renderer writes, each under its name; without what differs from run to run."""
    outputs = {shape: f"{renderer}-{release}-{shape}" for shape in SHAPES}
    for shape in SHAPES:
        (inside.folder / shape).write_text(documents("testing", shaped(shape)).network)
    arguments = [conversion(shape, out, shaped(shape), renderer) for shape, out in outputs.items()]
    inside.cloud_init(CONVERT, arguments, MODULES[release])
    return {shape: _files(inside.folder / f"out-{out}") for shape, out in outputs.items()}


def _files(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return "".join(f"# {path.relative_to(folder)}\n{squeezed(path.read_text())}\n" for path in files)


def squeezed(text: str) -> str:
    """Without the empty lines that one release writes inside of sections."""
    return re.sub(r"\n+(?!\[)", "\n", re.sub(r"\n+\[", "\n\n[", text))


@pytest.mark.proves("feature network of machines")
@pytest.mark.parametrize("release", MODULES)
@pytest.mark.parametrize("renderer", RENDERERS)
def test_every_shape_of_interface_is_rendered_as_it_was_read_and_found_right(inside: Inside, renderer: str, release: str) -> None:
    for shape, found in rendered(inside, release, renderer).items():
        golden = GOLDEN / f"{renderer}-{release}" / f"{shape}.txt"
        if os.environ.get("STARDOCK_GOLDEN") == "write":
            golden.parent.mkdir(parents=True, exist_ok=True)
            golden.write_text(found)
        assert found == golden.read_text(), shape


def test_the_newer_cloud_inits_own_schema_takes_every_network_config(inside: Inside) -> None:
    for shape in SHAPES:
        (inside.folder / f"{shape}.yaml").write_text(documents("testing", shaped(shape)).network)
    arguments = [f"--schema-type network-config --config-file /mnt/{shape}.yaml" for shape in SHAPES]
    said = inside.cloud_init(SCHEMA, arguments, MODULES["25.1"])
    assert said.count("Valid schema") == len(SHAPES)


def test_the_newer_cloud_inits_own_schema_finds_a_wrong_network_config(inside: Inside) -> None:
    (inside.folder / "wrong.yaml").write_text("version: 1\nconfig: [{type: physical}]\n")
    with pytest.raises(AssertionError, match="name"):
        inside.cloud_init(SCHEMA, ["--schema-type network-config --config-file /mnt/wrong.yaml"], MODULES["25.1"])


#: NetworkManager's own reader and checker of connections; $@: files. Each result stands beside its file.
READ_CONNECTIONS = """
export LD_LIBRARY_PATH=$(dirname /mnt/nm/usr/lib/*/libnm.so.0)
for file in "$@"; do /mnt/nm/usr/bin/nmcli --offline connection modify connection.id ours < "$file" > "$file.read"; done
"""


def connections() -> dict[str, str]:
    """Name -> connection, of all the renderers' outputs that are kept."""
    found = {}
    for golden in sorted(GOLDEN.glob("network-manager-*/*.txt")):
        for part in re.split(r"^# (?=etc/)", golden.read_text(), flags=re.MULTILINE):
            name, _, text = part.partition("\n")
            if name.endswith(".nmconnection"):
                found[f"{golden.parent.name}-{golden.stem}-{Path(name).stem}"] = text
    return found


@pytest.fixture(scope="module")
def nmcli(inside: Inside) -> Inside:
    """Inside, with NetworkManager's command line under /mnt/nm."""
    subprocess.run(["cp", "-r", str(unpacked("bookworm", "network-manager", "libnm0")), str(inside.folder / "nm")], check=True)
    return inside


@pytest.mark.proves("feature network of machines")
def test_networkmanagers_own_parser_takes_every_connection_that_cloud_init_renders(nmcli: Inside) -> None:
    given = connections()
    assert len(given) == 18
    for name, text in given.items():
        (nmcli.folder / name).write_text(text)
    done = nmcli.run("sh", "-euc", READ_CONNECTIONS, "read", *(f"/mnt/{name}" for name in given))
    assert done.returncode == 0, done.stderr
    dual = (nmcli.folder / "network-manager-25.1-dual-cloud-init-ens18.read").read_text()
    for line in ("mtu=9000", "address1=192.168.1.12/24,192.168.1.1", "route1=10.9.0.0/16,192.168.1.254,50"):
        assert f"\n{line}\n" in dual
    for line in ("address1=fd00:10::12/64,fe80::1", "dns=fd00:10::53;", "route1=fd00:9::/48,fd00:10::fe"):
        assert f"\n{line}\n" in dual


def test_networkmanager_refuses_a_name_server_of_a_family_that_is_off_as_we_do(nmcli: Inside) -> None:
    head = "[connection]\nid=x\nuuid=423cdec1-6819-5644-9c8b-90ac66c1cfcb\ntype=ethernet\n[ipv4]\nmethod=auto\n"
    (nmcli.folder / "wrong").write_text(f"{head}[ipv6]\nmethod=disabled\ndns=fd00::1;\n")
    done = nmcli.run("sh", "-euc", READ_CONNECTIONS, "read", "/mnt/wrong")
    assert done.returncode != 0
    assert "ipv6.dns: this property is not allowed for 'method=disabled'" in done.stderr
