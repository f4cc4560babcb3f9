"""Clients of storage that nodes mount volumes with: packages, and units that must run.

Source: longhorn/longhorn, deploy/prerequisite (longhorn-iscsi-installation.yaml, longhorn-nfs-installation.yaml); flatcar.org, "Configuring
iSCSI": the daemon is in the image and does not run; NFS needs nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ClientName = Literal["iscsi", "nfs"]


@dataclass(frozen=True, slots=True)
class Client:
    """One of them on one family of systems."""

    packages: tuple[str, ...] = ()
    units: tuple[str, ...] = ()


_DAEMON = ("iscsid.service",)
APT: Mapping[ClientName, Client] = {"iscsi": Client(("open-iscsi",), _DAEMON), "nfs": Client(("nfs-common",))}
SUSE: Mapping[ClientName, Client] = {"iscsi": Client(("open-iscsi",), _DAEMON), "nfs": Client(("nfs-client",))}
FLATCAR: Mapping[ClientName, Client] = {"iscsi": Client((), _DAEMON), "nfs": Client()}
