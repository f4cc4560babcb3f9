"""`runner kured`: reboots of the machines that run Kubernetes, as files for Helm, ArgoCD or RKE2."""

from __future__ import annotations

from pathlib import Path

import click

from stardock.cli.told import FILE


@click.command()
@FILE
@click.option(
    "--format",
    "form",
    type=click.Choice(["values", "argocd", "helmchart"]),
    default="values",
    show_default=True,
    help="Values of the chart, an ArgoCD Application, or a HelmChart of RKE2's Helm controller.",
)
def kured(file: Path | None, form: str) -> None:
    """Print kured with the hours of `maintenance`; writes nothing.

    Hand `values` to `helm upgrade --install kured kured --repo URL --version VERSION -n kube-system -f -` (both stand in the first line).
    """
    from stardock.addons import kured as files  # noqa: PLC0415 -- ruamel and pydantic: not for --help
    from stardock.workspace.files import find_cluster_file  # noqa: PLC0415
    from stardock.workspace.workspace import open_workspace  # noqa: PLC0415
    from stardock.yamltext import yaml_text  # noqa: PLC0415

    plan = open_workspace(find_cluster_file(file)).plan
    make = {"values": files.values, "argocd": files.argocd_application, "helmchart": files.helm_chart}[form]
    click.echo(f"# kured {files.VERSION}: chart {files.CHART_VERSION} of {files.REPOSITORY}")
    click.echo(yaml_text(make(plan)), nl=False)
    for warning in plan.warnings:
        if "kured" in warning:
            click.echo(f"warning: {warning}", err=True)
