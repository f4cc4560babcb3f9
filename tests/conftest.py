"""What holds for every layer: what the machine cannot run is skipped with its reason, and the report says what was compared with what."""

from __future__ import annotations

import os

import pytest

ROOT_LAYERS = ("lab", "contract")


def pytest_report_header() -> str:
    """Which description of the Proxmox API the emulated PVE is checked against."""
    if os.environ.get("STARDOCK_PVE_SCHEMA"):
        return "emulated PVE: strict by the official schema and by its own tables"
    return "emulated PVE: strict by its own tables (STARDOCK_PVE_SCHEMA names no official schema)"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Namespaces, mounts and sshd want root; CI has it."""
    if os.geteuid() == 0:
        return
    for item in items:
        for layer in ROOT_LAYERS:
            if item.get_closest_marker(layer):
                item.add_marker(pytest.mark.skip(reason=f"the layer {layer} makes namespaces and mounts: run it as root"))
