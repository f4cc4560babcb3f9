"""Drift: nothing on what was just deployed, each difference that is planted through the API, and nothing again after a deploy."""

from __future__ import annotations

from stardock.drift.checks import run
from stardock.drift.finding import Finding
from stardock.drift.look import look
from stardock.estate.configs import change_config, configs_of
from stardock.estate.removal import delete_volume
from stardock.prove.bench import Bench, FailedError, NotPossibleError
from stardock.prove.check import Check
from stardock.prove.things import Volume, things

#: Option of a VM -> value that no plan of the proof's has; and the finding that must tell it, by kind and field. Never tags, name or pool,
#: by which the clean-up goes after a kill in between, nor protection, which it could not take away.
PLANTED: dict[str, tuple[str | int, str, str]] = {
    "cores": (2, "size", "cores"),
    "description": ("planted", "description", "description"),
    "onboot": (0, "startup", "onboot"),
    "startup": ("order=9", "startup", "startup"),
    "vga": ("std", "option", "vga"),
    "boot": ("order=net0", "boot", "boot order"),
}
#: And added to the first NIC.
RATE = "rate=100"
_OF_NIC = ("nic", "net0 rate")


def nothing(bench: Bench) -> str:
    """As it was deployed."""
    found = _found(bench)
    if found:
        raise FailedError("; ".join(f"{one.kind} {one.field}: {one.found}, planned {one.wanted}" for one in found))
    return "nothing differs"


def planted(bench: Bench) -> str:
    """All at once, and a first-boot file taken away: each is told by its own finding, and nothing else is."""
    vm = bench.vm("agent")
    config = configs_of(bench.estate, [vm]).found[vm.vm_id]
    bench.kept["boot"] = str(config["boot"])
    change_config(bench.estate, vm, {option: value for option, (value, *_) in PLANTED.items()} | {"net0": f"{config['net0']},{RATE}"})
    bench.kept["planted"] = True  # also where the file can not be taken away
    lost = next(one for one in things(bench.plan) if isinstance(one, Volume) and one.what == "snippet" and "-agent." in one.volume)
    delete_volume(bench.estate, lost.pve_node, lost.datastore, lost.volume)
    wanted = {*((kind, field) for _, kind, field in PLANTED.values()), _OF_NIC, ("snippet", lost.volume)}
    _compare(wanted, {(one.kind, one.field) for one in _found(bench)})
    return f"{len(wanted)} planted, all found, and nothing else"


def _compare(wanted: set[tuple[str, str]], found: set[tuple[str, str]]) -> None:
    missing, more = sorted(wanted - found), sorted(found - wanted)
    words = [
        *(f"planted through the API and not found: {kind} {field}" for kind, field in missing),
        *(f"found and not planted: {kind} {field}" for kind, field in more),
    ]
    if words:
        raise FailedError("; ".join(words))


def healed(bench: Bench) -> str:
    """What an engine can bring back is back; what no engine sees is taken back by hand here."""
    if not bench.kept.get("planted"):
        raise NotPossibleError("nothing was planted that a deploy could take back")
    change_config(bench.estate, bench.vm("agent"), {"delete": "vga", "boot": bench.kept.get("boot", "order=scsi0")})
    bench.deploy()
    return nothing(bench)


def _found(bench: Bench) -> tuple[Finding, ...]:
    scene = look(bench.estate, bench.plan)
    if scene.unread:
        raise FailedError(f"not read: {'; '.join(f'{what}: {why}' for what, why in scene.unread.items())}")
    return run(scene)


CHECKS = (
    Check("drift finds nothing after a deploy", nothing),
    Check("drift finds what is planted", planted),
    Check("a deploy takes planted differences back", healed),
)
