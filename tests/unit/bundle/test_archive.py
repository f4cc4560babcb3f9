"""A bundle as a tar: the same bytes, no secret; and what anybody may have put into one before it came here."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from stardock.bundle import archive, write_bundle
from stardock.bundle.archive import Entry, packed, read_bundle, write_entries
from stardock.errors import InputErrors
from tests.plans import quickstart_plan
from tests.unit.bundle.test_bundle import FACTS, tree

pytestmark = pytest.mark.unit

TOP = "quickstart.bundle"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    write_bundle(quickstart_plan(), FACTS, tmp_path / "made")
    return tmp_path / "made"


@pytest.mark.proves("feature bundle")
def test_a_tar_holds_the_same_files_and_the_same_bytes_come_of_the_same_bundle(directory: Path, tmp_path: Path) -> None:
    tar = packed(read_bundle(directory), TOP)
    os.utime(directory / "README.md", (1, 1))
    (directory / "known_hosts").chmod(0o600)
    assert packed(read_bundle(directory), TOP) == tar
    (tmp_path / "x.tar").write_bytes(tar)
    assert read_bundle(tmp_path / "x.tar") == read_bundle(directory)
    write_entries(read_bundle(tmp_path / "x.tar"), tmp_path / "again")
    assert tree(tmp_path / "again") == tree(directory)


def test_modes_are_kept_as_far_as_they_mean_anything(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(packed({"project/a": Entry(b"", program=True), "project/b": Entry(b"")}, TOP))
    write_entries(read_bundle(tmp_path / "x.tar"), tmp_path / "out")
    assert [(tmp_path / "out/project" / name).stat().st_mode & 0o7777 for name in ("a", "b")] == [0o755, 0o644]


def test_the_tar_is_one_that_gnu_tar_reads_with_names_of_nobody(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(packed(read_bundle(directory), TOP))
    subprocess.run(["tar", "--extract", "--file", "x.tar"], cwd=tmp_path, check=True)
    assert tree(tmp_path / TOP) == tree(directory)
    with tarfile.open(tmp_path / "x.tar") as tar:
        assert {(one.uid, one.gid, one.uname, one.gname, one.mtime) for one in tar} == {(0, 0, "", "", 315_532_800)}


def test_what_lies_beside_a_bundles_parts_is_not_packed(directory: Path) -> None:
    (directory / "secrets.yaml").write_text("stardock_token: sesame")
    (directory / "artifacts").mkdir()
    (directory / "artifacts/x").write_text("sesame")
    assert b"sesame" not in packed(read_bundle(directory), TOP)


def member(name: str, data: bytes = b"", **how: object) -> tuple[tarfile.TarInfo, bytes]:
    made = tarfile.TarInfo(name)
    made.size = len(data)
    for key, value in how.items():
        setattr(made, key, value)
    return made, data


def tar_of(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for made, data in members:
            tar.addfile(made, io.BytesIO(data))
    return out.getvalue()


def folder(name: str) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, type=tarfile.DIRTYPE)


def link(name: str, to: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, type=kind, linkname=to)


def _sparse() -> bytes:
    return tar_of(
        member("t/project/a", b"x", pax_headers={"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "9" * 9})
    )


def _endless_headers() -> bytes:
    header = tarfile.TarInfo("x")
    header.type = tarfile.XHDTYPE
    header.size = 0
    return header.tobuf(tarfile.USTAR_FORMAT) * 3000


HOSTILE: dict[str, Callable[[], bytes]] = {
    "a name that leads out": lambda: tar_of(member("t/project/../../../x", b"x")),
    "an absolute name": lambda: tar_of(member("/etc/x", b"x")),
    "dots at the top": lambda: tar_of(member("../project/x", b"x")),
    "a symbolic link": lambda: tar_of(link("t/project/x", "/etc/passwd")),
    "a folder that is a link": lambda: tar_of(link("t/project", "/etc"), member("t/project/x", b"x")),
    "a hard link": lambda: tar_of(link("t/project/x", "/etc/passwd", tarfile.LNKTYPE)),
    "a device": lambda: tar_of(member("t/project/x", type=tarfile.CHRTYPE, devmajor=1, devminor=5)),
    "a pipe": lambda: tar_of(member("t/project/x", type=tarfile.FIFOTYPE)),
    "a contiguous file": lambda: tar_of(member("t/project/x", type=tarfile.CONTTYPE)),
    "a sparse file": _sparse,
    "setuid": lambda: tar_of(member("t/project/x", b"x", mode=0o4755)),
    "a part that no bundle has": lambda: tar_of(member("t/secrets.yaml", b"x")),
    "no folder": lambda: tar_of(member("README.md", b"x")),
    "two folders": lambda: tar_of(member("t/README.md", b"x"), member("u/README.md", b"x")),
    "a file below a file": lambda: tar_of(member("t/project/a", b"x"), member("t/project/a/b", b"y")),
    "a name twice": lambda: tar_of(member("t/README.md", b"x"), member("t/README.md", b"y")),
    "a backslash": lambda: tar_of(member("t/project/..\\x", b"x")),
    "an escape sequence": lambda: tar_of(member("t/project/\x1b[2Jx", b"x")),
    "a newline": lambda: tar_of(member("t/project/a\nb", b"x")),
    "a hidden file": lambda: tar_of(member("t/project/.git", b"x")),
    "depth": lambda: tar_of(member("t/project/" + "a/" * 40 + "x", b"x")),
    "headers without end": _endless_headers,
    "cut off": lambda: tar_of(member("t/README.md", b"x" * 9000))[:4096],
    "compressed": lambda: b"\x1f\x8b\x08\x00" + b"\0" * 600,
    "no tar": lambda: b"PK\x03\x04" * 300,
    "a size below zero": lambda: tar_of(member("t/README.md", b"x")).replace(b"00000000001\0", b"\xff" * 12, 1),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_tar_is_refused_in_words_and_nothing_of_it_is_written(case: str, tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(HOSTILE[case]())
    with pytest.raises(InputErrors) as caught:
        read_bundle(tmp_path / "x.tar")
    (problem,) = caught.value.problems
    assert problem.message.isprintable()
    assert problem.cure
    assert [path.name for path in tmp_path.iterdir()] == ["x.tar"]


def test_a_tar_of_nothing_and_one_of_folders_alone_hold_no_files(tmp_path: Path) -> None:
    for made in (tar_of(), tar_of(folder("t"), folder("t/project"))):
        (tmp_path / "x.tar").write_bytes(made)
        assert read_bundle(tmp_path / "x.tar") == {}


@pytest.mark.parametrize(("bound", "value"), [("MOST_FILES", 3), ("MOST_BYTES", 30_000)])
def test_size_is_bounded_before_anything_is_read(bound: str, value: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.tar").write_bytes(tar_of(*(member(f"t/project/x{number}", b"x" * 9000) for number in range(4))))
    monkeypatch.setattr(archive, bound, value)
    with pytest.raises(InputErrors):
        read_bundle(tmp_path / "x.tar")
    with tarfile.open(tmp_path / "x.tar") as tar:
        tar.extractall(tmp_path / "out", filter="data")
    with pytest.raises(InputErrors):
        read_bundle(tmp_path / "out/t")


def test_what_a_member_says_of_its_size_is_bounded_by_what_is_there(tmp_path: Path) -> None:
    huge = tarfile.TarInfo("t/README.md")
    huge.size = 1 << 40
    (tmp_path / "x.tar").write_bytes(huge.tobuf(tarfile.GNU_FORMAT) + b"x" * 1024)
    with pytest.raises(InputErrors):
        read_bundle(tmp_path / "x.tar")


@pytest.mark.parametrize("what", ["a link to a file", "a link to a folder", "a pipe"])
def test_a_directory_with_a_link_or_a_pipe_is_refused(directory: Path, what: str) -> None:
    (directory / "project/roles/reachable").rename(directory / "moved")
    if what == "a pipe":
        os.mkfifo(directory / "project/roles/reachable")
    else:
        (directory / "project/roles/reachable").symlink_to("/etc/passwd" if what == "a link to a file" else "/etc")
    with pytest.raises(InputErrors, match="1 problem"):
        read_bundle(directory)


@pytest.mark.parametrize("kind", ["nothing", "a pipe"])
def test_what_is_no_file_at_all_is_said(kind: str, tmp_path: Path) -> None:
    if kind == "a pipe":
        os.mkfifo(tmp_path / "x.tar")
    with pytest.raises(InputErrors):
        read_bundle(tmp_path / "x.tar")
