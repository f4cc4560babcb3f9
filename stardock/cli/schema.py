"""`runner schema`: what cluster.yaml may hold."""

from __future__ import annotations

import json

import click


@click.command()
@click.option("--format", "form", type=click.Choice(["json", "markdown"]), default="json", help="JSON schema, or a page for people.")
def schema(form: str) -> None:
    """Print the JSON schema of cluster.yaml, for editors; or its reference page (docs/cluster-yaml.md)."""
    if form == "markdown":
        from stardock.spec.reference import page  # noqa: PLC0415  pydantic takes a tenth of a second

        click.echo(page(), nl=False)
        return
    from stardock.spec import schema as of_cluster_yaml  # noqa: PLC0415  see above

    click.echo(json.dumps(of_cluster_yaml(), indent=2))
