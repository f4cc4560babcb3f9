"""The lock on disk: stable bytes, and every way in which it can be wrong."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stardock.errors import InputErrors, RefusedError
from stardock.model.lock import Lock, Pin
from stardock.workspace.lock import VERSION, load_lock, save_lock, to_json
from stardock.workspace.records.document import MAX_VALUES
from tests.plans import PUBLIC_KEY, document, former_lock, plan_of

pytestmark = pytest.mark.unit


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A saved lock of the quick start."""
    path = tmp_path / "cluster.lock"
    save_lock(path, plan_of(document())[1])
    return path


def refused(path: Path) -> tuple[str, int | None, str]:
    """(message, line, cure) of the one problem."""
    with pytest.raises(InputErrors) as caught:
        load_lock(path)
    assert caught.value.exit_code == 3
    assert caught.value.file == str(path)
    (problem,) = caught.value.problems
    return problem.message, problem.line, problem.cure or ""


def edit(path: Path, old: str, new: str, *, nth: int = 1) -> int:
    """Replace the nth occurrence as an editor would; the line of it."""
    parts = path.read_text().split(old)
    before = old.join(parts[:nth])
    path.write_text(before + new + old.join(parts[nth:]))
    return before.count("\n") + 1


def test_the_same_lock_gives_the_same_bytes_and_comes_back_equal(path: Path) -> None:
    lock = load_lock(path)
    assert lock == plan_of(document())[1]
    assert to_json(lock).encode() == path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o644
    assert [file.name for file in path.parent.iterdir()] == ["cluster.lock"]


def test_there_may_be_no_lock(tmp_path: Path) -> None:
    assert load_lock(tmp_path / "cluster.lock") is None


def test_the_lock_holds_no_secret_and_no_source_of_one() -> None:
    data = document()
    data["cloud_init"] = {"users": [{"name": "ops", "keys": [PUBLIC_KEY], "password_hash": {"file": "the-hash"}}]}
    data["ssh"]["private_key"] = "the-private-key"
    text = to_json(plan_of(data)[1])
    assert "the-hash" not in text
    assert "the-private-key" not in text


def test_a_damaged_lock_is_refused_with_line_and_cure(path: Path) -> None:
    text = path.read_text()
    path.write_text(text.replace('"founder": "server1",', '"founder" "server1",'))
    message, line, cure = refused(path)
    assert message.startswith("this is not JSON")
    assert line == text.splitlines().index('  "founder": "server1",') + 1
    assert "git checkout -- cluster.lock" in cure


def test_pins_come_back_equal_and_only_a_lock_with_pins_is_of_version_2(path: Path) -> None:
    lock = former_lock("quickstart")
    save_lock(path, lock)
    assert json.loads(path.read_text())["version"] == 1
    pinned = replace(lock, images={"https://example.org/x.qcow2": Pin(checksum=f"sha256:{'a' * 64}", date="2026-11-21")})
    save_lock(path, pinned)
    assert json.loads(path.read_text())["version"] == 2
    assert load_lock(path) == pinned
    line = edit(path, f"sha256:{'a' * 64}", "sha256:abc")
    assert refused(path)[:2] == ("`sha256:abc` is not a checksum", line)


@pytest.mark.parametrize("size", [0, -1, 10**30])
def test_a_size_of_a_pinned_image_that_cannot_be_is_refused_at_its_line(path: Path, size: int) -> None:
    pin = Pin(checksum=f"sha256:{'a' * 64}", date="2026-11-21", virtual_bytes=7_000_000_000)
    save_lock(path, replace(former_lock("quickstart"), images={"file:x.qcow2": pin}))
    line = edit(path, '"virtual_bytes": 7000000000', f'"virtual_bytes": {size}')
    message, at, _ = refused(path)
    assert ("more than anything counts" if size > 0 else f"{size} is outside of 1 to") in message
    assert at == line


def test_a_long_value_is_not_told_in_full(path: Path) -> None:
    save_lock(path, former_lock("quickstart"))
    edit(path, '"release": "12"', f'"release": "{"x" * 100_000}"')
    assert len(refused(path)[0]) < 200


def test_memory_that_was_read_comes_back_equal_and_only_a_lock_with_it_is_of_version_3(path: Path) -> None:
    lock = replace(former_lock("quickstart"), memory={"pve1": 65536})
    save_lock(path, lock)
    assert json.loads(path.read_text())["version"] == 3
    assert load_lock(path) == lock
    line = edit(path, '"pve1": 65536', '"pve1": 0')
    assert refused(path)[:2] == ("memory (MiB) 0 is outside of 1 to 8796093022208", line)


def test_the_release_comes_back_equal_and_only_a_lock_with_it_is_of_version_4(path: Path) -> None:
    assert json.loads(path.read_text())["version"] == 4
    assert json.loads(path.read_text())["distribution_version"] == "v1.36.5+rke2r1"
    line = edit(path, '"distribution_version": "v1.36.5+rke2r1"', '"distribution_version": "v1.36; reboot"')
    assert refused(path)[:2] == ("version `v1.36; reboot` is not a release of RKE2 (vX.Y.Z+rke2rN) or of k3s (vX.Y.Z+k3sN)", line)


def test_a_plan_keeps_what_the_lock_holds_beside_machines() -> None:
    lock = plan_of(document())[1]
    pins = {"https://example.org/x.qcow2": Pin(checksum=f"sha256:{'a' * 64}", date="2026-11-21")}
    held = replace(lock, images=pins, memory={"pve1": 65536})
    assert plan_of(document(), held)[1] == held


def test_trunks_come_back_equal_and_only_a_lock_with_them_is_of_version_5(path: Path) -> None:
    data = document()
    data["network"]["server"][0]["trunks"] = "10;20;30-4094"
    _, lock = plan_of(data)
    save_lock(path, lock)
    assert json.loads(path.read_text())["version"] == 5
    assert load_lock(path) == lock


@pytest.mark.parametrize("edited", ['"30-20"', '"10;20"', '"4095"', '"20", "10"', '""'])
def test_trunks_that_stardock_writes_otherwise_are_refused_at_their_line(path: Path, edited: str) -> None:
    data = document()
    data["network"]["server"][0]["trunks"] = "10"
    save_lock(path, plan_of(data)[1])
    path.write_text(re.sub(r'("trunks": \[\s*)"10"', rf"\g<1>{edited}", path.read_text(), count=1))
    with pytest.raises(InputErrors) as caught:
        load_lock(path)
    assert all("trunks" in (problem.path or "") and problem.line for problem in caught.value.problems)


def test_a_file_with_a_secret_makes_version_5(path: Path) -> None:
    data = document()
    data["cloud_init"] = {"user_data": {"write_files": [{"path": "/etc/x", "content_from": {"env": "X"}}]}}
    plan, lock = plan_of(data)
    assert {file.mode for machine in plan.machines for file in machine.secret_files} == {"0600"}
    save_lock(path, lock)
    assert json.loads(path.read_text())["version"] == 5
    assert load_lock(path) == lock


def with_files(data: dict[str, Any], *contents: str) -> Lock:
    """The lock of a cluster whose machines all have these files."""
    files = [{"path": f"/etc/own{number}", "content": content} for number, content in enumerate(contents)]
    data["cloud_init"] = {"user_data": {"write_files": files}}
    return plan_of(data)[1]


def test_a_lock_of_texts_with_many_commas_is_read_again(path: Path) -> None:
    lock = with_files(document(), *["," * 60_000 + '\\", "'] * 2)
    save_lock(path, lock)
    assert path.read_text().count(",") > MAX_VALUES
    assert load_lock(path) == lock


def many(lock: Lock, number: int) -> Lock:
    """So many machines, all alike."""
    one = lock.machines["server1"]
    return replace(lock, machines={f"server{n}": one for n in range(number)})


@pytest.mark.parametrize(("number", "size", "largest"), [(300, 60_000, "`files`"), (4_000, 1, "`interfaces`")], ids=["bytes", "values"])
def test_a_lock_that_would_not_be_read_again_is_refused_before_it_is_written_and_says_what_is_large(
    path: Path, number: int, size: int, largest: str
) -> None:
    before = path.read_bytes()
    with pytest.raises(RefusedError, match=f"most of its {number} machines is {largest}") as caught:
        save_lock(path, many(with_files(document(), "x" * size), number))
    assert ("MiB, and 16 are the most" in str(caught.value)) == (size > 1)
    assert "runcmd" in (caught.value.cure or "")
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", ["", "[]", "7", '{"cluster": "quickstart"}', '{"version": true}'])
def test_what_is_no_lock_is_refused(path: Path, text: str) -> None:
    path.write_text(text)
    assert refused(path)[1] == 1


def test_bytes_that_are_no_text_are_refused(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00")
    assert refused(path)[0] == "this is not UTF-8 text"


def test_a_newer_lock_is_refused_with_line_and_cure(path: Path) -> None:
    line = edit(path, '"version": 4', f'"version": {VERSION + 1}')
    assert refused(path) == (
        f"the lock has version {VERSION + 1}; this Stardock knows versions up to {VERSION}",
        line,
        "use the newer Stardock that wrote it",
    )


def test_a_missing_or_wrong_value_is_refused_at_its_line(path: Path) -> None:
    line = edit(path, '"vm_id": 201', '"vm_id": "201"')
    assert refused(path)[:2] == ("`201` is not a whole number", line)
    with pytest.raises(InputErrors) as caught:
        load_lock(path)
    assert caught.value.problems[0].path == "machines.lb2.record.vm_id"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"vm_id": 211', '"vm_id": 210', "server2 and server1 have the same VM id 210"),
        ('"address": "192.168.1.51"', '"address": "192.168.1.50"', "server2 and server1 have the same address 192.168.1.50"),
        ('"address": "192.168.1.51"', '"address": "192.168.1.500"', "`192.168.1.500` is not an IPv4 address"),
        ('"founder": "server1"', '"founder": "server9"', "the founder server9 is not among the machines"),
        ('"name": "server2"', '"name": "server7"', "the record of server2 is that of server7"),
    ],
)
def test_a_lock_edited_into_a_clash_is_refused_with_line_and_cure(path: Path, old: str, new: str, message: str) -> None:
    line = edit(path, old, new)
    found, at, cure = refused(path)
    assert (found, at) == (message, line)
    assert "git checkout -- cluster.lock" in cure


def test_two_machines_with_one_mac_are_refused(path: Path) -> None:
    macs = {name: machine["record"]["interfaces"][0]["mac"] for name, machine in machines(path).items()}
    line = edit(path, macs["server2"], macs["server1"])
    assert refused(path)[:2] == (f"server2 and server1 have the same MAC {macs['server1']}", line)
    edit(path, macs["server1"], "banana", nth=2)
    assert refused(path)[:2] == ("`banana` is not a MAC", line)


def test_two_machines_with_one_place_are_refused(path: Path) -> None:
    line = edit(path, '"ordinal": 1', '"ordinal": 0', nth=2)
    assert refused(path)[:2] == ("server2 and server1 have the same ordinal 0 in pool servers", line)
    edit(path, '"ordinal": 0', '"ordinal": 1', nth=4)  # back again
    line = edit(path, '"place": 1', '"place": 0', nth=2)
    assert refused(path)[:2] == ("server2 and server1 have the same place 0 in role server", line)


def machines(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())["machines"]
    return found
