"""`runner init`: a first cluster.yaml, from options, or from questions where there is a terminal."""

from __future__ import annotations

from pathlib import Path

import click

from stardock.cli.told import FILE

#: The public key that is taken where none is named: beside the file.
KEY = "id_ed25519.pub"
SINGLE, HA = "single", "ha"


@click.command()
@FILE
@click.option(
    "--shape", type=click.Choice([SINGLE, HA]), default=SINGLE, show_default=True, help="ha: load balancers, three servers, an agent."
)
@click.option("--name", default="", metavar="NAME", help="Name of the cluster; never changes.")
@click.option(
    "--node", "nodes", multiple=True, metavar="NAME=ADDRESS", help="A PVE host; may be given again. The first one's API is asked."
)
@click.option(
    "--address", default="", metavar="ADDRESS/PREFIX", help="Of the server, by default DHCP; of shape ha the virtual one: needed."
)
@click.option("--gateway", default="", metavar="ADDRESS", help="Of the machines, and their DNS server; with --address.")
@click.option("--bridge", default="vmbr0", show_default=True, metavar="BRIDGE", help="Bridge of the PVE hosts that machines are on.")
@click.option("--key", type=click.Path(path_type=Path), metavar="FILE", help=f"Your public SSH key. [default: {KEY} beside the file]")
def init(
    *,
    file: Path | None,
    shape: str,
    name: str,
    nodes: tuple[str, ...],
    address: str,
    gateway: str,
    bridge: str,
    key: Path | None,
) -> None:
    """Write a first cluster.yaml, commented; never over one that is there.

    On a terminal it asks for what no option says; elsewhere it says what is missing. Changes nothing on Proxmox and asks it nothing.
    """
    from stardock.cli import init_view  # noqa: PLC0415 -- its work is not for --help

    said = {"--name": name, "--node": " ".join(nodes)} | ({"--address": address, "--gateway": gateway} if shape == HA or address else {})
    init_view.init(file, said, bridge, key=key, beside=KEY, ha=shape == HA)
