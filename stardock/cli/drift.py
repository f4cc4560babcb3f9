"""`runner drift`: compare Proxmox with the plan, show, change nothing. Exit code 2 when something differs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stardock.cli.told import FILE, brief, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stardock.drift.finding import Finding
    from stardock.drift.scene import Scene
    from stardock.workspace.workspace import Workspace

#: As `terraform plan -detailed-exitcode` and `diff` have it.
DRIFT = 2


@click.command()
@FILE
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="json: docs/drift.md.")
@click.option("--ssh", is_flag=True, help="Read the content of snippets over SFTP, too; the API tells only their size.")
@click.pass_context
def drift(ctx: click.Context, file: Path | None, form: str, ssh: bool) -> None:
    """Show what differs on Proxmox from the plan, also where the engine does not look.

    Reads through the API and changes nothing. Exit code 0: all is as planned; 2: something is not.
    """
    from stardock.drift.checks import run  # noqa: PLC0415 -- what follows takes a second; not for --help
    from stardock.workspace.files import find_cluster_file  # noqa: PLC0415
    from stardock.workspace.workspace import open_workspace, refuse_to_move  # noqa: PLC0415

    where = open_workspace(find_cluster_file(file))
    refuse_to_move(where)
    scene = _scene(where, ssh=ssh)
    findings = run(scene)
    if form == "json":
        click.echo(json.dumps(document(scene, findings), indent=2))
    else:
        _show(scene, findings)
    if findings:
        ctx.exit(DRIFT)


def _scene(where: Workspace, *, ssh: bool) -> Scene:
    import os  # noqa: PLC0415

    from stardock.drift.contents import with_contents  # noqa: PLC0415
    from stardock.drift.look import ANSWER_SECONDS, look  # noqa: PLC0415
    from stardock.estate.connection import Estate  # noqa: PLC0415

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
    for what, why in scene.unread.items():
        say(f"not read: {what}: {brief(why)}", err=True)
    if not scene.contents:
        say("contents of snippets were not read, only their sizes: the API has no way to them; --ssh reads them over SFTP", err=True)
    machines = len(scene.plan.machines)
    same = f"{machines} machine{'' if machines == 1 else 's'} as planned"
    say(f"{len(findings)} difference{'' if len(findings) == 1 else 's'}" if findings else same)
