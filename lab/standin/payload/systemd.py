"""Telling systemd that the service is up (Type=notify)."""

from __future__ import annotations

import os
import socket


def ready() -> None:
    """Send READY=1 to systemd; nothing happens when it did not start us."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.connect("\0" + address[1:] if address.startswith("@") else address)
        sock.sendall(b"READY=1")
