"""`runner prove` against the emulated PVE, with exactly the token that `runner proxmox-role --prove` makes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stardock.estate.role import commands
from stardock.prove.plans import role_plan
from stardock.prove.role import proof_grants
from stardock.prove.scope import IDS, POOL, ROLES, Scope, parse_ids
from tests.contract import pveum
from tests.contract.deploy.estate import EmulatedEstate, emulated_estate


class Dhcp(dict[str, str]):
    """An address for whoever asks."""

    def __missing__(self, mac: str) -> str:
        """The same for the same MAC."""
        return f"192.168.1.{int(mac[-2:], 16) % 200 + 20}"


def take_proof_role(estate: EmulatedEstate) -> None:
    """From now on be whom it makes; and have the pool."""
    scope = Scope(ROLES, POOL, *parse_ids(IDS))
    plan = role_plan(estate.file, scope)
    lines = [f"pveum pool add {POOL} || true", *commands(plan, "stardock-prove@pve", proof_grants(plan, scope))]
    estate.token = pveum.run(lines, estate.pve.granted)
    estate.exported = {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}  # no test asks a publisher


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[EmulatedEstate]:
    """The quick start's file, nothing of it deployed, a bridge with DHCP."""
    with emulated_estate(tmp_path) as estate:
        estate.guests.addresses = Dhcp(estate.guests.addresses)
        take_proof_role(estate)
        estate.pve.lab("reset")
        yield estate


def stranger(estate: EmulatedEstate) -> set[str]:
    """VMs and files of somebody else's that each have all signs of a proof's but one; what `leavings` then gives."""
    create = {"memory": 128, "name": "prove-0-agent", "tags": "stardock;prove-0"}
    for vm_id, pool in ((99010, POOL), (500, POOL)):
        estate.pve.do("POST", "/nodes/pve1/qemu", vmid=vm_id, pool=pool, **create)
    estate.pve.snippet("pve1", "prove-0.prove-0-agent.user.yaml", "theirs")
    estate.pve.lab("reset")
    return leavings(estate)


def leavings(estate: EmulatedEstate) -> set[str]:
    """VM ids, and files on datastores that have a proof's name."""
    stores = estate.folder.parent / "lab/pve"
    files = {path.name for kind in ("import", "snippets") for path in stores.glob(f"pve*/local/{kind}/*")}
    return {*map(str, estate.vms()), *files}
