"""An emulated Proxmox VE: its API over TLS, strict and stateful, and one sshd per PVE node with that node's own storage.

What it is like the real one in, and in what not, is in docs/emulated-pve.md.
"""

from __future__ import annotations

from lab.access import access_key, ensure_ssh_key
from lab.pve.app import create_app
from lab.pve.flags import PowerFlags
from lab.pve.keys import ensure_tls
from lab.pve.server import serve, serving
from lab.pve.sshd import start_sshd

__all__ = ["PowerFlags", "access_key", "create_app", "ensure_ssh_key", "ensure_tls", "serve", "serving", "start_sshd"]
