"""Who this machine is: its node name and address."""

from __future__ import annotations

import socket

from .config import Config
from .journal import FatalError
from .node import Identity
from .release import VERSION

DOCUMENTATION_ADDRESS = "192.0.2.1"  # never contacted: connecting a UDP socket only picks the route


def identity(config: Config) -> Identity:
    """Read node-name, node-ip, node-label and node-taint, with the host name and the default route's address behind them."""
    name = config.text("node-name", socket.gethostname()).lower()
    address, *further = config.items("node-ip") or (_routed_address(),)
    return Identity(name, address, VERSION, config.items("node-label"), config.items("node-taint"), tuple(further))


def _routed_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect((DOCUMENTATION_ADDRESS, 9))
        except OSError as error:
            raise FatalError(f"no default route to learn the node's address from; set node-ip ({error})") from error
        return str(sock.getsockname()[0])
