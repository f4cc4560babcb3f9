"""`runner kured`: reboots of the machines that run Kubernetes, for those who install kured themselves: by Helm or ArgoCD."""

from __future__ import annotations

from pathlib import Path

import click

from stardock.cli.told import FILE


@click.command()
@FILE
@click.option(
    "--format",
    "form",
    type=click.Choice(["values", "argocd"]),
    default="values",
    show_default=True,
    help="Values of the chart, or an ArgoCD Application.",
)
def kured(file: Path | None, form: str) -> None:
    """Print kured with the hours of `maintenance`, and the values of `addons.kured`; writes nothing. `addons: {kured: {}}` installs it.

    Hand `values` to `helm upgrade --install kured kured --repo URL --version VERSION -n kube-system -f -` (both stand in the first line).
    """
    from stardock.cli import kured_view  # noqa: PLC0415 -- its work is not for --help

    kured_view.kured(file, form)
