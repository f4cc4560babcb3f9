"""A proof's machines, kept, and who may ask about them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stardock.estate.connection import Estate
from stardock.prove import journal
from stardock.prove.checks.answers import values_of
from stardock.prove.clean import ANSWER_SECONDS
from stardock.prove.place import place_of
from stardock.prove.things import Volume
from stardock.workspace.workspace import open_workspace
from tests.contract.deploy.estate import EmulatedEstate, emulated_estate
from tests.contract.prove.conftest import Dhcp, take_proof_role


@contextmanager
def kept(directory: Path) -> Iterator[tuple[Estate, dict[str, str]]]:
    """Make them on an emulated PVE; gives the asker and the values of places."""
    with emulated(directory) as (_, asker, values):
        yield asker, values


@contextmanager
def emulated(directory: Path) -> Iterator[tuple[EmulatedEstate, Estate, dict[str, str]]]:
    """The same with the emulated PVE."""
    with emulated_estate(directory) as estate:
        estate.guests.addresses = Dhcp(estate.guests.addresses)
        take_proof_role(estate)
        code, output = estate.run("prove", "--yes", "--keep", "--check", "machines are made")
        assert code == 0, output
        place = place_of(estate.file)
        plan, written = open_workspace(place.own.spec).plan, journal.read(place.journal)
        assert written is not None
        asker = Estate.from_environment(plan.proxmox, estate.environ(), seconds=ANSWER_SECONDS)
        agent = next(machine for machine in plan.machines if machine.role == "agent")
        files = [one for one in written.things if isinstance(one, Volume)]
        yield estate, asker, values_of(agent, written.scope, files)
