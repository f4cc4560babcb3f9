"""Reading commands and dry runs leave every byte as it was; in a folder that cannot be written the others say so, and fail with words."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from stardock.cli import main
from stardock.workspace.lock import save_lock
from stardock.workspace.workspace import open_workspace
from tests.plans import PUBLIC_KEY
from tests.starbase import checkout
from tests.unit.cli.test_bootstrap_command import observe, written

pytestmark = pytest.mark.unit

#: Nobody listens there: what asks Proxmox fails at once, and has written nothing by then.
NOWHERE = "https://127.0.0.1:1"
TOKEN = "root@pam!x=11111111-2222-3333-4444-555555555555"

READING = (
    "plan",
    "plan --format json",
    "plan --addresses",
    "plan --windows",
    "plan --capacity --read",
    "plan --if-lost",
    "rebalance",
    "proxmox-role",
    "proxmox-role --format json",
    "kured",
    "image list",
    "image pin --dry-run",
    "drift",
    "runs",
    "prove --dry-run",
    "prove --clean",
    "prove --clean --dry-run",
    "prove --report",
    "proxmox-role --prove",
    "machine status",
    "machine start server1 --dry-run",
    "machine stop server1 --dry-run",
    "machine reset server1 --dry-run",
    "machine console server1 --seconds 0",
    "doctor",
    "lock accept server1 --dry-run",
    "lock forget server2 --dry-run",
    "lock memory --dry-run",
    "deploy --dry-run",
    "deploy --dry-run --replace server1",
    "discover --dry-run",
    "bootstrap --dry-run",
    "bootstrap --dry-run --check",
    "bootstrap --check --stage machines --timeout 1",
)
WRITING = (
    "lock accept server1",
    "lock forget server2",
    "image pin",
    "bundle",
    "bootstrap --stage machines --timeout 1",
    "discover",
)


#: They read no cluster file, make other files than a cluster's, or are tried further down.
OTHERS = {"init", "version", "schema", "lab", "import"}


def test_every_command_is_tried() -> None:
    assert {words.split()[0] for words in (*READING, *WRITING)} | OTHERS == set(main.COMMANDS)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A cluster with all its files: server1 waits to be accepted, server2 was removed, an image is to be pinned."""
    path = written(tmp_path)
    image = tmp_path / "debian.qcow2"
    image.write_bytes(b"QFI\xfb" + (3).to_bytes(4) + bytes(16) + (1 << 30).to_bytes(8) + bytes(4000))
    text = path.read_text().replace("https://192.168.1.10:8006", NOWHERE).replace("[server1]", "[server1, server2]")
    text = text.replace("{system: debian}", f"{{system: debian, checksum: 'sha512:{'a' * 128}'}}")
    path.write_text(text)
    save_lock(path.with_suffix(".lock"), open_workspace(path).lock)
    path.write_text(text.replace(", server2]", "]") + "remove: [server2]\n")
    save_lock(path.with_suffix(".lock"), open_workspace(path).lock)
    pool = "{name: others, role: agent, count: 0, pattern: 'a{n}', image: {system: debian, file: debian.qcow2}}"
    path.write_text(
        path.read_text().replace("machines: [server1]", "machines: [{name: server1, vm_id: 777}]").replace("40GiB}]", f"40GiB}}, {pool}]")
    )
    observe(path)
    return path


def run(file: Path, words: str) -> Result:
    arguments = [*words.split(), "-f", str(file)]
    nobody = {"HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": "127.0.0.1"}
    return CliRunner().invoke(main.runner, arguments, env={"STARDOCK_LOCK": "write", "PROXMOX_VE_API_TOKEN": TOKEN, "CI": "", **nobody})


def bytes_of(folder: Path) -> dict[str, tuple[Any, ...]]:
    """Everything that lies there: content, mode, and when it was last written."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        found[str(path)] = (status.st_mode, status.st_mtime_ns, status.st_ino, path.read_bytes() if path.is_file() else b"")
    return found


@pytest.mark.proves("hostile 20")
@pytest.mark.parametrize("words", READING)
def test_reading_commands_and_dry_runs_leave_every_byte_as_it_was(file: Path, words: str) -> None:
    before, outside = bytes_of(file.parent), set(Path(tempfile.gettempdir()).glob("stardock-*"))
    done = run(file, words)
    left = set(Path(tempfile.gettempdir()).glob("stardock-check-*")) - outside
    for folder in left:
        assert "--check" in words
        assert [path.name for path in folder.iterdir()] == ["cluster.log"], "of a check that failed, its log"
        (folder / "cluster.log").unlink()
        folder.rmdir()
    assert done.exit_code in (0, 2, 4), done.output
    assert bytes_of(file.parent) == before


@pytest.mark.parametrize("words", READING)
def test_reading_commands_and_dry_runs_make_no_lock_where_there_is_none(tmp_path: Path, words: str) -> None:
    file = written(tmp_path)
    file.write_text(file.read_text().replace("https://192.168.1.10:8006", NOWHERE))
    done = run(file, words.replace("--check ", "--accept-new-host-keys --check "))
    assert done.exit_code != 70, done.output
    assert [path.name for path in tmp_path.iterdir()] == ["cluster.yaml"]


def test_an_import_that_is_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    folder = checkout(tmp_path / "starbase")
    before = bytes_of(tmp_path)
    done = CliRunner().invoke(main.runner, ["import", "starbase", str(folder), "-f", str(tmp_path / "cluster.yaml"), "--dry-run"])
    assert done.exit_code in (0, 3), done.output
    assert bytes_of(tmp_path) == before


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    """The cluster's folder on a file system that is mounted read-only; root, too, is told so."""
    real_open, real_mkdir, folder = os.open, os.mkdir, str(file.parent)

    def refuse(path: Any) -> None:
        if str(path).startswith(folder):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    def opened(path: Any, flags: int, *arguments: Any, **named: Any) -> int:
        if flags & (os.O_CREAT | os.O_WRONLY | os.O_RDWR):
            refuse(path)
        return real_open(path, flags, *arguments, **named)

    def made(path: Any, *arguments: Any, **named: Any) -> None:
        refuse(path)
        real_mkdir(path, *arguments, **named)

    monkeypatch.setattr(os, "open", opened)
    monkeypatch.setattr(os, "mkdir", made)


@pytest.mark.proves("hostile 20")
@pytest.mark.usefixtures("read_only")
@pytest.mark.parametrize("words", WRITING)
def test_a_read_only_folder_is_a_condition_with_a_cure_to_every_command_that_writes(file: Path, words: str) -> None:
    before = bytes_of(file.parent)
    done = run(file, words)
    assert done.exit_code == 4, done.output
    assert bytes_of(file.parent) == before
    if words != "discover":  # Proxmox is asked first
        assert "cannot be written: Read-only file system" in done.stderr
        assert "put cluster.yaml where files can be written" in done.stderr


@pytest.mark.proves("hostile 20")
@pytest.mark.usefixtures("read_only")
@pytest.mark.parametrize("words", [words for words in READING if not words.startswith("bootstrap --check")])
def test_a_read_only_folder_is_nothing_to_a_command_that_reads(file: Path, words: str) -> None:
    done = run(file, words)
    assert done.exit_code in (0, 2, 4), done.output
    assert "Read-only" not in done.output


@pytest.mark.proves("hostile 20")
def test_no_folder_for_temporary_files_is_a_condition_with_a_cure(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp', '/']")

    monkeypatch.setattr(tempfile, "mkdtemp", none)
    done = run(file, "bootstrap --check --stage machines")
    assert done.exit_code == 4
    assert "no folder for temporary files can be written" in done.stderr
    assert "export TMPDIR=FOLDER" in done.stderr


@pytest.mark.proves("hostile 20")
@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EMFILE])
def test_what_the_system_refuses_is_never_called_a_fault_of_stardocks(file: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), "/somewhere")

    monkeypatch.setattr("stardock.workspace.workspace.load_spec", fail)
    done = run(file, "plan")
    assert done.exit_code == 4
    assert f"error: /somewhere: {os.strerror(number)}" in done.stderr
    assert "fault of Stardock's" not in done.stderr


@pytest.mark.proves("hostile 20")
@pytest.mark.parametrize(
    "line",
    [
        'cloud_init: {user_data: {write_files: [{path: /etc/x, content: "a\\0b"}]}}',
        'hooks: {before_deploy: ["a\\0b"]}',
        'cloud_init: {users: [{name: ops, keys: ["id\\0.pub"]}]}',
        '"x-a\\0b": 1',
    ],
)
def test_a_nul_in_a_text_is_refused_with_line_and_cure(file: Path, line: str) -> None:
    file.write_text(file.read_text() + line + "\n")
    done = run(file, "plan")
    assert done.exit_code == 3, done.output
    assert f"cluster.yaml:{file.read_text().count(chr(10))}:" in done.stderr
    assert "fault of Stardock's" not in done.stderr


@pytest.mark.proves("hostile 9")
def test_a_symbolic_link_to_cluster_yaml_is_the_same_cluster(file: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    link = tmp_path_factory.mktemp("elsewhere") / "prod.yaml"
    link.symlink_to(file)
    (file.parent / "id.pub").write_text(PUBLIC_KEY)
    file.write_text(file.read_text().replace(f"'{PUBLIC_KEY}'", "id.pub"))
    assert run(link, "plan --format json").stdout == run(file, "plan --format json").stdout
    assert run(link, "lock forget server2").exit_code == 0
    assert [path.name for path in link.parent.iterdir()] == ["prod.yaml"]
    assert "server2" not in file.with_suffix(".lock").read_text()
