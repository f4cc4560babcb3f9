"""`runner schema`: what cluster.yaml may hold."""

from __future__ import annotations

import json

import click


@click.command()
@click.option("--format", "form", type=click.Choice(["json", "markdown"]), default="json", help="JSON schema, or a page for people.")
def schema(form: str) -> None:
    """Print the JSON schema of cluster.yaml, for editors; or its reference page (docs/cluster-yaml.md)."""
    from stardock.spec.reference import json_schema, page  # noqa: PLC0415 -- its work is not for --help

    if form == "markdown":
        click.echo(page(), nl=False)
        return
    click.echo(json.dumps(json_schema(), indent=2))
