"""`runner plan --addresses`: what each range has given, what comes next, and the room behind it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from stardock.cli.main import runner
from stardock.model.lock import Lock
from stardock.plan.views.worksheet import Range, ranges
from tests.plans import PUBLIC_KEY, ROOT, document, plan_of, spec_of
from tests.unit.plan.clusters import pool

pytestmark = pytest.mark.unit


def sheet(data: dict[str, Any], lock: Lock | None = None) -> tuple[Range, ...]:
    return ranges(spec_of(data), plan_of(data, lock)[1])


def short(one: Range) -> tuple[str, str, int, str | None, int, str]:
    return one.role, one.first, len(one.used), one.following, one.room, one.until


def test_the_worksheet_of_the_quick_start() -> None:
    assert [short(one) for one in sheet(document())] == [
        ("loadbalancer", "192.168.1.41", 2, "192.168.1.43", 7, "server1 (192.168.1.50)"),
        ("server", "192.168.1.50", 3, "192.168.1.53", 7, "agent1 (192.168.1.60)"),
        ("agent", "192.168.1.60", 1, "192.168.1.61", 194, "the end of 192.168.1.0/24"),
    ]


def test_the_next_address_is_what_the_next_machine_really_gets() -> None:
    data = document()
    data["network"]["agent"][0]["ipv6"] = {"static": {"base": "fd00::", "offset": 7}}
    _, lock = plan_of(data)
    pool(data, "agent")["machines"] = ["agent2"]
    data["remove"] = ["agent1"]
    expected = [one.following for one in sheet(data, lock) if one.role == "agent"]
    _, lock = plan_of(data, lock)
    pool(data, "agent")["machines"] = ["agent2", "agent3"]
    plan, _ = plan_of(data, lock)
    nic = plan.machine("agent3").interfaces[0]
    assert expected == [nic.address, nic.ipv6.address if nic.ipv6 else None] == ["192.168.1.62", "fd00::9"]


def test_a_removed_name_counts_as_given_until_it_is_forgotten() -> None:
    data = document()
    _, lock = plan_of(data)
    pool(data, "agent")["machines"] = ["agent2"]
    data["remove"] = ["agent1"]
    agents = sheet(data, lock)[2]
    assert agents.used == (("agent1", "192.168.1.60"), ("agent2", "192.168.1.61"))


def test_a_range_that_is_full_has_no_next_address() -> None:
    data = document()
    data["network"]["agent"][0]["static"] |= {"base": "10.1.0.0", "offset": 1, "prefix": 30, "gateway": "10.1.0.2"}
    assert short(sheet(data)[2]) == ("agent", "10.1.0.1", 1, None, 0, "the gateway (10.1.0.2)")
    del data["network"]["agent"][0]["static"]["gateway"]
    assert short(sheet(data)[2])[3:] == ("10.1.0.2", 1, "the end of 10.1.0.0/30")
    pool(data, "agent")["machines"] = ["agent1", "agent2"]
    assert short(sheet(data)[2])[3:] == (None, 0, "the end of 10.1.0.0/30")


def test_a_pool_with_interfaces_of_its_own_has_a_range_of_its_own() -> None:
    data = document()
    own = {"name": "more", "role": "agent", "machines": ["m1"], "vm_id_start": 300}
    data["pools"].append({**own, "interfaces": [{"static": {"base": "10.1.0.0", "offset": 9}}]})
    found = sheet(data)[-1]
    assert (found.pool, found.used, found.following) == ("more", (("m1", "10.1.0.9"),), "10.1.0.10")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cluster.yaml"
    text = (ROOT / "examples/quickstart/cluster.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace("id_ed25519.pub", f'"{PUBLIC_KEY}"'))
    return path


def test_runner_plan_prints_the_address_plan_like_the_worksheet(file: Path) -> None:
    result = CliRunner().invoke(runner, ["plan", "-f", str(file), "--addresses"])
    assert result.exit_code == 0, result.output
    row = next(row for row in result.stdout.splitlines() if "loadbalancers" in row)
    assert row.split()[:8] == ["loadbalancers", "ens18", "192.168.1.0/24", "192.168.1.41", "2", "192.168.1.42", "192.168.1.43", "7"]
    assert "Taken besides: the VIP 192.168.1.40, the gateway 192.168.1.1, the PVE node pve1 192.168.1.10" in result.stdout
    assert sorted(path.name for path in file.parent.iterdir()) == ["cluster.yaml"]


def test_the_address_plan_in_json(file: Path) -> None:
    result = CliRunner().invoke(runner, ["plan", "-f", str(file), "--addresses", "--format", "json"])
    document = json.loads(result.stdout)
    assert document["cluster"] == "quickstart"
    assert document["ranges"][1] == {
        "role": "server",
        "pool": None,
        "interface": "ens18",
        "network": "192.168.1.0/24",
        "first": "192.168.1.50",
        "used": [{"machine": f"server{n}", "address": f"192.168.1.{49 + n}"} for n in (1, 2, 3)],
        "next": "192.168.1.53",
        "room": 7,
        "until": "agent1 (192.168.1.60)",
    }


def test_the_address_plan_is_asked_for_alone(file: Path) -> None:
    result = CliRunner().invoke(runner, ["plan", "-f", str(file), "--addresses", "--capacity"])
    assert result.exit_code == 2
    assert "--addresses and --windows each go alone" in result.stderr
