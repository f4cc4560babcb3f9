"""PVE reads 1 MiB of a snippet: what would be larger is refused by the plan, with the file that makes it so."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.errors import InputErrors
from stardock.firstboot import documents
from stardock.plan.rules.snippets import MOST_BYTES
from tests.plans import plan_of
from tests.unit.plan.clusters import cluster, pool

pytestmark = pytest.mark.unit


def files(*sizes: int, text: str = "x") -> list[dict[str, Any]]:
    return [{"path": f"/srv/{number}", "content": text * size} for number, size in enumerate(sizes)]


@pytest.mark.proves("reality A3")
@pytest.mark.parametrize("system", ["debian", "flatcar"])
def test_a_machine_whose_user_data_pve_would_not_read_is_refused_with_the_file_that_is_large(system: str) -> None:
    data = cluster(["pve1"], server=["s1", "s2"])
    data["image"]["system"] = system
    data["cloud_init"] = {"user_data": {"write_files": files(*[60_000] * 17)}}
    pool(data, "server")["cloud_init"] = {"user_data": {"write_files": [{"path": "/srv/large", "content": "y" * 65_000}]}}
    with pytest.raises(InputErrors) as caught:
        plan_of(data)
    (problem,) = caught.value.problems
    assert problem.path == "pools[0].cloud_init.user_data.write_files[0].path"
    assert "s1's user snippet would have 10" in problem.message
    assert problem.message.endswith("and PVE reads 1048576 at most; `/srv/large` is the largest part, with 65000")
    assert "`runcmd`" in (problem.cure or "")


@pytest.mark.proves("reality A3")
def test_what_fits_is_planned_to_the_byte() -> None:
    def size(extra: int) -> int:
        data = cluster(["pve1"], server=["s1"])
        data["cloud_init"] = {"user_data": {"write_files": files(*[60_000] * 16, extra // 2, extra - extra // 2)}}
        return len(documents("test", plan_of(data)[0].machine("s1")).user.encode())

    room = MOST_BYTES - size(2) + 2
    assert size(room) == MOST_BYTES
    with pytest.raises(InputErrors):
        size(room + 1)
