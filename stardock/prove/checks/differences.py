"""Drift: nothing on what was just deployed, each difference that is planted through the API, and nothing again after a deploy."""

from __future__ import annotations

from stardock.drift.checks import run
from stardock.drift.finding import Finding
from stardock.drift.look import look
from stardock.estate.configs import change_config
from stardock.prove.bench import Bench, FailedError
from stardock.prove.check import Check

#: Option of a VM -> value that no plan of the proof's has; and the kind of finding that must tell it. Never tags, name or pool: after a
#: kill in between, the clean-up goes by them.
PLANTED: dict[str, tuple[str | int, str]] = {
    "cores": (2, "size"),
    "description": ("planted", "description"),
    "onboot": (0, "startup"),
    "startup": ("order=9", "startup"),
    "vga": ("std", "option"),
}


def nothing(bench: Bench) -> str:
    """As it was deployed."""
    found = _found(bench)
    if found:
        raise FailedError("; ".join(f"{one.kind} {one.field}: {one.found}, planned {one.wanted}" for one in found))
    return "nothing differs"


def planted(bench: Bench) -> str:
    """All at once: each is told by its kind."""
    config = {option: value for option, (value, _) in PLANTED.items()}
    vm = bench.vm("agent")
    change_config(bench.estate, vm, config)
    missing = sorted({kind for _, kind in PLANTED.values()} - {one.kind for one in _found(bench)})
    if missing:
        raise FailedError(f"planted through the API and not found: {', '.join(missing)}")
    return f"{len(PLANTED)} planted, of {len({kind for _, kind in PLANTED.values()})} kinds, all found"


def healed(bench: Bench) -> str:
    """What an engine can bring back is back; what no plan has is taken out by hand here."""
    change_config(bench.estate, bench.vm("agent"), {"delete": "vga"})
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
