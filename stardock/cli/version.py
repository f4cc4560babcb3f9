"""`runner version`: what works together here; for bug reports, and for a team that wants the same everywhere."""

from __future__ import annotations

import json

import click

from stardock.cli.told import say


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def version(form: str) -> None:
    """Print the versions of Stardock, of the Terraform provider, of the engine, and the Kubernetes of new clusters.

    `runner plan` shows the Kubernetes of a cluster that exists.
    """
    from stardock.cli.version_view import versions  # noqa: PLC0415 -- its work is not for --help

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
