"""`runner kured`: reboots of the machines that run Kubernetes, as files for Helm, ArgoCD, or RKE2 and k3s."""

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
    help="Values of the chart, an ArgoCD Application, or a HelmChart for the cluster's own Helm controller.",
)
def kured(file: Path | None, form: str) -> None:
    """Print kured with the hours of `maintenance`; writes nothing.

    Hand `values` to `helm upgrade --install kured kured --repo URL --version VERSION -n kube-system -f -` (both stand in the first line).
    """
    from stardock.cli import kured_view  # noqa: PLC0415 -- its work is not for --help

    kured_view.kured(file, form)
