"""What `runner kured` prints."""

from __future__ import annotations

from pathlib import Path

import click

from stardock.addons import kured as files
from stardock.workspace.files import find_cluster_file
from stardock.workspace.workspace import open_workspace
from stardock.yamltext import yaml_text


def kured(file: Path | None, form: str) -> None:
    """Print kured in that form, and what the plan warns of."""
    plan = open_workspace(find_cluster_file(file)).plan
    make = {"values": files.values, "argocd": files.argocd_application}[form]
    click.echo(f"# kured: chart {files.chart_version(plan)} of {files.REPOSITORY}")
    click.echo(yaml_text(make(plan)), nl=False)
    for warning in plan.warnings:
        if "kured" in warning:
            click.echo(f"warning: {warning}", err=True)
