"""What `runner drift` found: lines, or a document for programs."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from stardock.cli.told import brief, say
from stardock.doctor.finding import among
from stardock.drift.checks import run
from stardock.drift.contents import with_contents
from stardock.drift.finding import Finding
from stardock.drift.look import ANSWER_SECONDS, look
from stardock.drift.scene import Scene
from stardock.estate.configs import UNREAD_CURE
from stardock.estate.connection import Estate
from stardock.fold import fold
from stardock.workspace.files import find_cluster_file
from stardock.workspace.workspace import Workspace, open_workspace, refuse_to_move

#: As `terraform plan -detailed-exitcode` and `diff` have it.
DRIFT = 2
#: Nothing differs that could be looked at, and not all could (`stardock.errors.ConditionError`).
UNKNOWN = 4


def drift(file: Path | None, form: str, *, ssh: bool) -> int:
    """Look and show; the exit code."""
    where = open_workspace(find_cluster_file(file))
    refuse_to_move(where)
    scene = _scene(where, ssh=ssh)
    findings = run(scene)
    if form == "json":
        click.echo(json.dumps(document(scene, findings), indent=2))
    else:
        _show(scene, findings)
    if findings:
        return DRIFT
    return UNKNOWN if scene.unread else 0


def _scene(where: Workspace, *, ssh: bool) -> Scene:
    estate = Estate.from_environment(where.plan.proxmox, seconds=ANSWER_SECONDS)
    scene = look(estate, where.plan)
    return with_contents(estate, scene, where.files.spec.resolve().parent, os.environ) if ssh else scene


def document(scene: Scene, findings: Sequence[Finding]) -> dict[str, Any]:
    """The findings for a program: docs/drift.md."""
    rows = [
        {
            "kind": one.kind,
            "subject": one.subject,
            "field": one.field,
            "wanted": one.wanted,
            "found": one.found,
            "hidden": one.hidden,
            "cure": one.cure,
        }
        for one in findings
    ]
    contents = "read" if scene.contents else "not read"
    return {"format": 1, "cluster": scene.plan.cluster, "findings": rows, "snippet_contents": contents, "unread": dict(scene.unread)}


def _show(scene: Scene, findings: Sequence[Finding]) -> None:
    for subject in dict.fromkeys(one.subject for one in findings):
        say(subject)
        for one in (one for one in findings if one.subject == subject):
            engine = " (no plan of the engine shows this)" if one.hidden else ""
            say(f"  {brief(one.field)}: {brief(one.found)}; planned: {brief(one.wanted)}{engine}")
            say(f"    {one.cure}")
    _show_unread(scene)
    if not scene.contents:
        say("contents of snippets were not read, only their sizes: the API has no way to them; --ssh reads them over SFTP", err=True)
    say(_verdict(scene, len(findings)))


def _show_unread(scene: Scene) -> None:
    """One line a reason: a PVE node that is off keeps all its VMs and datastores back."""
    for why in dict.fromkeys(scene.unread.values()):
        say(f"not read: {among(what for what, reason in scene.unread.items() if reason == why)}: {brief(why)}", err=True)
    if scene.unread:
        say(f"  {UNREAD_CURE}", err=True)


def _verdict(scene: Scene, differences: int) -> str:
    unseen = scene.unseen()
    seen = len(scene.plan.machines) - len(unseen)
    same = f"{seen} machine{'' if seen == 1 else 's'} as planned{', as far as could be read' if scene.unread else ''}"
    told = f"{differences} difference{'' if differences == 1 else 's'}" if differences else same
    return f"{told}; {fold(unseen)} {'was' if len(unseen) == 1 else 'were'} not looked at" if unseen else told
