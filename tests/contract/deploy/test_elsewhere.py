"""`runner deploy` with its state in PostgreSQL and with hooks, under terraform where it is there: the others run tofu and a local state."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.contract.deploy.estate import EmulatedEstate
from tests.contract.deploy.test_deploy import MACHINES
from tests.contract.state.servers import postgres
from tests.engines import other_engine

pytestmark = pytest.mark.contract

#: A hook that fails until somebody lets it pass.
HOOK = 'test -e let-pass && echo "$STARDOCK_CLUSTER is there" && env > got'


@pytest.mark.proves("feature hooks")
def test_with_the_state_elsewhere_deploy_repeats_refuses_a_lost_lock_and_stops_at_a_hook(estate: EmulatedEstate) -> None:
    engine = str(other_engine())
    estate.data |= {"state": {"backend": "pg"}, "hooks": {"after_deploy": HOOK}}
    estate.write()
    with postgres() as store:

        def run(*arguments: str) -> tuple[int, str]:
            return estate.run(*arguments, **store.environment, TERRAFORM_BINARY_NAME=engine)

        _deploy_until_the_hook_passes(run, estate)
        assert not list(estate.folder.rglob("*.tfstate.backup"))
        assert not (estate.folder / "cluster.tfstate").exists()
        _lose_the_lock(run, estate)


def _deploy_until_the_hook_passes(run: Callable[..., tuple[int, str]], estate: EmulatedEstate) -> None:
    code, output = run("deploy")
    assert code == 6, output
    assert "the hook after_deploy ended with 1" in output
    assert set(estate.vms()) == MACHINES
    (estate.folder / "let-pass").touch()
    code, output = run("deploy")
    assert code == 0, output
    assert "nothing to change" in output
    assert "| quickstart is there" in output
    got = (estate.folder / "got").read_text()
    assert "PROXMOX_VE_API_TOKEN" not in got
    assert "PG_CONN_STR" not in got


def _lose_the_lock(run: Callable[..., tuple[int, str]], estate: EmulatedEstate) -> None:
    (estate.folder / "cluster.lock").unlink()
    estate.data["pools"][0]["vm_id_start"] = 300
    estate.write()
    code, output = run("plan")
    assert "the state in pg was not asked whether machines exist" in output
    code, output = run("deploy")
    assert code == 5, output
    assert "machines exist (the state in pg)" in output
    assert "lb1 is VM 200 on pve1 and would be VM 300 on pve1" in output
    assert not (estate.folder / "cluster.lock").exists()
