"""Machines and their images come to be, and a second deploy finds nothing to do."""

from __future__ import annotations

from stardock.estate.removal import volumes_on
from stardock.prove.bench import Bench, FailedError, NotPossibleError
from stardock.prove.check import Check
from stardock.prove.things import Volume, things


def machines(bench: Bench) -> str:
    """From nothing to machines whose addresses and host keys are known."""
    bench.pin()
    bench.deploy()
    return f"{len(bench.plan.machines)} machines made by the engine and found by the guest agent"


def files(bench: Bench) -> str:
    """Every file that the plan names is listed by its datastore."""
    wanted = [one for one in things(bench.plan) if isinstance(one, Volume)]
    there = {place: volumes_on(bench.estate, *place) for place in {(one.pve_node, one.datastore) for one in wanted}}
    missing = [one.volume for one in wanted if one.volume not in there[one.pve_node, one.datastore]]
    if missing:
        raise FailedError(f"not listed: {', '.join(missing)}")
    counts = [sum(one.what == what for one in wanted) for what in ("image", "snippet")]
    return f"{counts[0]} image{'' if counts[0] == 1 else 's'} and {counts[1]} first-boot files; all are listed"


def verified(bench: Bench) -> str:
    """Proxmox compared the image with its publisher's checksum while it fetched it, and refuses another (PVE::API2::Storage::Status)."""
    images = sorted({placed.image.file_name: placed.image.checksum for placed in bench.plan.images}.items())
    if lacking := [name for name, checksum in images if not checksum]:
        why = bench.kept.get("not pinned", "nobody looked for its checksum")
        raise NotPossibleError(f"{', '.join(lacking)} was taken as it came: {why}")
    return f"fetched, and compared by Proxmox with its publisher's checksum: {', '.join(f'{name} {checksum}' for name, checksum in images)}"


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
    Check("the image is its publisher's", verified),
    Check("pool and tags", pool),
    Check("a second deploy plans nothing", again),
)
