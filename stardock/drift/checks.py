"""All checks, in the order in which their findings are told."""

from __future__ import annotations

from stardock.drift import disks, files, labels, nics, place, size
from stardock.drift.finding import Finding
from stardock.drift.scene import Scene

CHECKS = (place.check, size.check, disks.check, nics.check, files.check, labels.check)


def run(scene: Scene) -> tuple[Finding, ...]:
    """Judge one scene: machines in plan order, each with everything that is otherwise."""
    found = [finding for check in CHECKS for finding in check(scene)]
    order = {machine.name: number for number, machine in enumerate(scene.plan.machines)}
    return tuple(sorted(found, key=lambda finding: order.get(finding.subject, len(order))))
