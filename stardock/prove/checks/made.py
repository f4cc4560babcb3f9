"""Machines and their images come to be, and a second deploy finds nothing to do."""

from __future__ import annotations

from stardock.estate.removal import volumes_on
from stardock.model.machine import Image
from stardock.prove.bench import Bench, FailedError
from stardock.prove.check import Check
from stardock.prove.things import Volume, things


def machines(bench: Bench) -> str:
    """From nothing to machines whose addresses and host keys are known."""
    bench.deploy()
    return f"{len(bench.plan.machines)} machines made by the engine and found by the guest agent"


def files(bench: Bench) -> str:
    """Every file that the plan names is listed by its datastore."""
    wanted = [one for one in things(bench.plan) if isinstance(one, Volume)]
    there = {place: volumes_on(bench.estate, *place) for place in {(one.pve_node, one.datastore) for one in wanted}}
    missing = [one.volume for one in wanted if one.volume not in there[one.pve_node, one.datastore]]
    if missing:
        raise FailedError(f"not listed: {', '.join(missing)}")
    images = sorted({placed.image.file_name: placed.image for placed in bench.plan.images}.items())
    told = ", ".join(f"{name} ({_verified(image)})" for name, image in images)
    return f"{told}; {sum(one.what == 'snippet' for one in wanted)} first-boot files; all are listed"


def _verified(image: Image) -> str:
    """What Proxmox compared it with while it fetched it."""
    return image.checksum or "not verified: its publisher moves it, and nobody pinned a checksum"


def pool(bench: Bench) -> str:
    """Each VM is in the pool, with its tags."""
    for machine in bench.plan.machines:
        vm = bench.vm(machine.role)
        if vm.pool != bench.scope.pool or not vm.belongs_to(bench.scope.cluster):
            raise FailedError(f"the {machine.role} is in pool {vm.pool or '(none)'} with tags {', '.join(sorted(vm.tags))}")
    return "each is in the pool and carries its tags"


def again(bench: Bench) -> str:
    """A second deploy plans nothing."""
    planned = bench.planned()
    if planned:
        raise FailedError(f"a second deploy would: {'; '.join(planned)}")
    return "the engine's plan is empty"


CHECKS = (
    Check("machines are made", machines, needed=True),
    Check("images and first-boot files are there", files),
    Check("pool and tags", pool),
    Check("a second deploy plans nothing", again),
)
