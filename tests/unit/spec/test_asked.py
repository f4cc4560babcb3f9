"""There is no default operating system: it is asked for, and what stands stays what it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stardock.errors import InputErrors, Problem
from stardock.spec import load_spec
from stardock.systems import SYSTEMS
from stardock.workspace.lock import load_lock
from tests.plans import PUBLIC_KEY, ROOT, document, plan_of

pytestmark = pytest.mark.unit

CHOICE = "there are debian, ubuntu, microos, leapmicro, flatcar, of which tests boot debian (docs/systems.md)"
CLUSTER = f"""\
cluster: quickstart
proxmox: {{endpoint: "https://192.0.2.1:8006", nodes: [pve1]}}
ssh: {{keys: ["{PUBLIC_KEY}"]}}
pools:
  - {{name: servers, role: server, machines: [server1, server2, server3]}}
"""


def told(file: Path, text: str = CLUSTER) -> Problem:
    file.write_text(text)
    with pytest.raises(InputErrors) as caught:
        load_spec(file)
    (problem,) = caught.value.problems
    return problem


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cluster.yaml"


@pytest.mark.parametrize("image", ["", "image: {checksum_url: 'https://example.org/SHA512SUMS'}\n"])
def test_image_system_is_asked_for_with_the_systems_there_are_and_which_of_them_tests_boot(file: Path, image: str) -> None:
    problem = told(file, CLUSTER + image)
    assert problem.path == "image.system"
    assert problem.message == "no operating system is named (`image.system`), and there is no default"
    assert problem.cure == f"add `{'system: debian` to `image' if image else 'image: {system: debian}'}`; {CHOICE}"


def test_the_message_names_what_the_lock_says_of_machines_that_stand_and_its_line_keeps_them(file: Path) -> None:
    former = (ROOT / "tests/former/quickstart.lock").read_text().replace('"system": "debian"', '"system": "ubuntu"')
    file.with_suffix(".lock").write_text(former.replace('"release": "12",', ""))
    problem = told(file)
    assert problem.message.endswith("; by the lock agent1, lb1, lb2, server1 and 2 more with ubuntu exist")
    assert problem.cure == f"add `image: {{system: ubuntu}}`, which keeps what exists; {CHOICE}"
    data = document()
    data["image"] = {"system": "ubuntu"}
    plan, _ = plan_of(data, load_lock(file.with_suffix(".lock")))
    assert [change.field for change in plan.replacements if change.field.startswith("image.system")] == []


def test_machines_of_pools_with_an_image_of_their_own_and_removed_ones_are_not_counted(file: Path) -> None:
    former = json.loads((ROOT / "tests/former/quickstart.lock").read_text())
    for name in ("server1", "server2"):
        former["machines"][name]["record"]["image"]["system"] = "microos"
    former["machines"]["server3"]["retired"] = True
    for name in ("lb1", "lb2", "agent1"):
        former["machines"][name]["record"]["pool"] = "others"
    file.with_suffix(".lock").write_text(json.dumps(former))
    others = "  - {name: others, role: agent, machines: [agent1], image: {system: debian}}\n"
    assert "by the lock server1, server2 with microos exist" in told(file, CLUSTER + others).message


@pytest.mark.parametrize("lock", ["", "[]", '{"machines": 7}', '{"machines": {"a": {"record": {"image": {"system": ["x"]}}}}}', "\x00\xff"])
def test_a_lock_that_is_none_does_not_hide_the_question(file: Path, lock: str) -> None:
    file.with_suffix(".lock").write_text(lock)
    assert CHOICE in (told(file).cure or "")


def test_nothing_is_asked_where_every_pool_has_an_image_of_its_own(file: Path) -> None:
    file.write_text(CLUSTER.replace("server3]}", "server3], image: {system: microos}}"))
    spec = load_spec(file)
    assert [spec.image_of(pool).system for pool in spec.pools] == ["microos"]


@pytest.mark.parametrize("place", ["", "  "])
@pytest.mark.parametrize("name", ["tumbleweed", "Tumbleweed", "leap", "opensuse", "kubic", "coreos"])
def test_tumbleweed_and_others_that_are_not_offered_are_refused_in_words(file: Path, name: str, place: str) -> None:
    image = f"image: {{system: {name}}}\n"
    problem = told(
        file, CLUSTER + image if not place else CLUSTER.replace("server3]}", f"server3], {image.strip()}}}") + "image: {system: debian}\n"
    )
    assert f"`{name}` is not offered: " in problem.message
    assert any(f"`system: {system}`" in (problem.cure or "") for system in SYSTEMS)
    assert (problem.path or "").endswith("image.system")


@pytest.mark.parametrize(
    "pools", ["5", "word", "[3, {name: [a], role: server, image: {system: debian}}]", "[3, {name: {a: b}, image: {system: debian}}]"]
)
def test_pools_that_are_no_pools_are_told_beside_the_missing_system(file: Path, pools: str) -> None:
    file.with_suffix(".lock").write_text((ROOT / "tests/former/quickstart.lock").read_text())
    file.write_text(f"cluster: quickstart\npools: {pools}\n")
    with pytest.raises(InputErrors) as caught:
        load_spec(file)
    paths = [problem.path for problem in caught.value.problems]
    assert "image.system" in paths
    assert any(path.startswith("pools") for path in paths if path)
