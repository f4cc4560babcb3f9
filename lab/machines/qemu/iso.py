"""The cloud-init drive as PVE makes it at each start: an ISO by the same genisoimage line (qemu-server, Cloudinit.pm)."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.commands import run
from lab.errors import LabError
from lab.machines.hypervisor import Seed

#: Label, and the name of each document, by PVE's `citype`.
_FORMS = {
    "nocloud": ("cidata", "user-data", "network-config", "meta-data", "vendor-data"),
    "configdrive2": (
        *("config-2", "openstack/latest/user_data", "openstack/content/0000"),
        *("openstack/latest/meta_data.json", "openstack/latest/vendor_data.json"),
    ),
}


def contents(config: Mapping[str, Any], seed: Seed) -> tuple[str, dict[str, bytes]]:
    """Label and files of the drive; vendor-data is always there, empty where nobody gave any. Raises LabError for opennebula."""
    kind = str(config.get("citype", "nocloud"))
    if kind not in _FORMS:
        raise LabError(f"citype: {kind}: the lab makes {' and '.join(_FORMS)} only")
    label, *names = _FORMS[kind]
    return label, dict(zip(names, (seed.user, seed.network, seed.meta, seed.vendor or b""), strict=True))


def write_iso(config: Mapping[str, Any], seed: Seed, target: Path) -> None:
    """The drive's image at `target` (0600: a seed may hold password hashes). Raises LabError."""
    label, files = contents(config, seed)
    target.unlink(missing_ok=True)
    target.touch(mode=0o600)
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            file = Path(folder, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        run(["genisoimage", "-quiet", "-iso-level", "3", "-J", "-R", "-V", label, "-o", str(target), folder])
