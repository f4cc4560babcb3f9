"""May the token do what this plan needs?"""

from __future__ import annotations

from collections.abc import Iterator

from stardock.doctor.finding import Finding, among, ok, problem, warning
from stardock.doctor.scene import Scene
from stardock.estate import role
from stardock.plan.privileges import needed

NAME = "privileges"


def privileges(scene: Scene) -> Iterator[Finding]:
    """By path: what is missing, and the commands that give it."""
    fine, who = True, role.Who(scene.user, scene.token)
    for path, wanted in needed(scene.plan).items():
        answer = scene.asked.permissions[path]
        missing = wanted - frozenset((answer.value or {}).get(path, {}))
        if answer.refused:
            fine = False
            yield warning(NAME, path, f"{scene.user} may not ask: {answer.refused}", "runner proxmox-role")
        elif missing:
            fine = False
            yield problem(NAME, path, f"{scene.user} lacks {', '.join(sorted(missing))}", role.cure(scene.plan, who, path, missing))
    if fine:
        yield ok(NAME, scene.user, f"has what this plan needs on {among(needed(scene.plan))}")
