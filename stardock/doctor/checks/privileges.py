"""May the token do what this plan needs?"""

from __future__ import annotations

from collections.abc import Iterator

from stardock.doctor.finding import Finding, among, ok, problem, warning
from stardock.doctor.scene import Scene
from stardock.estate import role
from stardock.plan.views.privileges import LOCAL_ZONE, needed

NAME = "privileges"
LOCAL = f"/sdn/zones/{LOCAL_ZONE}"


def privileges(scene: Scene) -> Iterator[Finding]:
    """By path: what is missing, and the commands that give it."""
    fine, who = True, role.Who(scene.user, scene.token)
    for path, wanted in needed(scene.plan).items():
        if _is_vnet(scene, path):
            continue
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


def _is_vnet(scene: Scene, path: str) -> bool:
    """A vnet's privileges are those on its own zone; where cluster.yaml lacks it, the check of bridges tells that."""
    name = path.removeprefix(f"{LOCAL}/").partition("/")[0]
    listed = [item for answer in scene.asked.networks.values() for item in answer.value or ()]
    return path.startswith(LOCAL) and any(item.get("iface") == name and item.get("type") == "vnet" for item in listed)
