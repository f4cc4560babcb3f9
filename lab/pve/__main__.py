"""`python -m lab.pve`: an emulated PVE without machines, on free ports of the loopback, for trying things by hand.

Prints the environment that a provider needs as `export` lines, then serves until it is ended.
"""

from __future__ import annotations

import argparse
import secrets
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from lab.pve import PowerFlags, access_key, create_app, serving, start_sshd
from lab.pve.sshd import END_WITH_PARENT
from lab.settings import LabSettings, Network, PveNode


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def main() -> None:
    """Runs it."""
    parser = argparse.ArgumentParser(prog="python -m lab.pve", description=__doc__)
    parser.add_argument("--directory", required=True, type=Path, help="where everything is kept")
    parser.add_argument("--nodes", default="pve1,pve2,pve3", help="names of the PVE nodes")
    parser.add_argument("--port", type=int, default=0, help="of the API; 0: a free one")
    options = parser.parse_args()
    names = options.nodes.split(",")
    api, *ssh = free_ports(1 + len(names))
    settings = LabSettings("pve", str(options.directory.absolute()), tuple(PveNode(name, "127.0.0.1") for name in names),
                           (Network("vmbr0", "192.168.1.1/24"),), "none",
                           f"https://127.0.0.1:{options.port or api}")  # fmt: skip
    run(settings, ssh)


def run(settings: LabSettings, ssh: list[int]) -> None:
    """Serves until the process is interrupted; the sshds end with it."""
    token = f"root@pam!stardock={secrets.token_hex(16)}"
    sshds: list[subprocess.Popen[bytes]] = []
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends the sshds, too
    app = create_app(settings, PowerFlags(Path(settings.directory) / "pve" / "power.json"), token)
    try:
        with serving(app, settings):
            sshds += [
                start_sshd(settings, node, port=port, prefix=END_WITH_PARENT) for node, port in zip(settings.pve_nodes, ssh, strict=True)
            ]
            _tell(settings, ssh, token)
            threading.Event().wait()
    except KeyboardInterrupt:
        pass
    finally:
        for process in sshds:
            process.terminate()


def _tell(settings: LabSettings, ssh: list[int], token: str) -> None:
    lines = {
        "SSL_CERT_FILE": f"{settings.directory}/ca.pem",
        "PROXMOX_VE_ENDPOINT": settings.endpoint,
        "PROXMOX_VE_API_TOKEN": f"'{token}'",
        "PROXMOX_VE_SSH_USERNAME": settings.ssh_user,
        "PROXMOX_VE_SSH_PRIVATE_KEY": f'"$(cat {access_key(settings.directory)})"',
    }
    nodes = [f"# {node.name}: ssh on {node.address} port {port}" for node, port in zip(settings.pve_nodes, ssh, strict=True)]
    sys.stdout.write("\n".join([*(f"export {name}={value}" for name, value in lines.items()), *nodes]) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
