"""`runner version`: what works together here; for bug reports, and for a team that wants the same everywhere."""

from __future__ import annotations

import json
from typing import Any

import click

from stardock.cli.told import say


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def version(form: str) -> None:
    """Print the versions of Stardock, of the Terraform provider, of the engine, and the Kubernetes of new clusters.

    `runner plan` shows the Kubernetes of a cluster that exists.
    """
    found = versions()
    if form == "json":
        click.echo(json.dumps(found, indent=2))
        return
    engine, kubernetes = found["engine"], found["kubernetes"]
    say(f"Stardock {found['stardock']}")
    say(f"provider {found['provider']['source']} {found['provider']['version']}")
    say(
        f"engine {engine['program']} {engine['version'] or 'of no known version'}"
        if engine
        else "engine: neither tofu nor terraform is on PATH"
    )
    say(f"Kubernetes {kubernetes['distribution']} {kubernetes['version']}, where a new cluster names none")


def versions() -> dict[str, Any]:
    """The same as plain data; `engine` is None where there is none."""
    import os  # noqa: PLC0415 -- what follows is not for --help
    from importlib import metadata  # noqa: PLC0415

    from stardock.distributions import DEFAULT  # noqa: PLC0415
    from stardock.doctor.tools import engine_version  # noqa: PLC0415
    from stardock.errors import ConditionError  # noqa: PLC0415
    from stardock.plan.views.contract import FORMAT  # noqa: PLC0415
    from stardock.shipped import ROOT  # noqa: PLC0415
    from stardock.terraform.synth import find_engine  # noqa: PLC0415

    (pinned,) = json.loads((ROOT / "cdktf.json").read_text(encoding="utf-8"))["terraformProviders"]
    source, _, number = pinned.partition("@")
    try:
        program = find_engine(os.environ)
        engine = {"program": program, "version": engine_version(program)}
    except ConditionError:
        engine = None
    return {
        "format": FORMAT,
        "stardock": metadata.version("stardock"),
        "provider": {"source": source, "version": number},
        "engine": engine,
        "kubernetes": {"distribution": DEFAULT.name, "version": DEFAULT.default_version},
    }
