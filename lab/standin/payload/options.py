"""Keys that RKE2 looks at before it starts anything, and ends with an error.

Facts of rke2: pkg/cli/cmds/root.go (validateCloudProvider), pkg/rke2/rke2_linux.go, pkg/podtemplate/config.go; of k3s: pkg/util.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from .config import Config
from .journal import FatalError

EXECUTOR = "Error: failed to initialize executor: "
RESOURCES = {"control-plane-resource-requests": "request", "control-plane-resource-limits": "limit"}


def check(config: Config) -> None:
    """Raises FatalError."""
    cloud = config.text("cloud-provider-name") or config.text("cloud-provider-config")
    if cloud and config.text("node-external-ip"):
        raise FatalError("Error: can't set node-external-ip while using cloud provider")
    if config.text("cloud-provider-config") and not config.text("cloud-provider-name"):
        raise FatalError(f"{EXECUTOR}--cloud-provider-config requires --cloud-provider-name to be provided")
    for key, kind in RESOURCES.items():
        for text in ",".join(config.items(key)).split(","):
            if text and "=" not in text:
                words = f"incorrectly formatted control plane resource {kind} specified: {text}"
                raise FatalError(f"{EXECUTOR}failed to parse pod template config: {words}")
    for key in ("node-ip", "node-external-ip"):
        _addresses(key, config.items(key))
    for key in ("cluster-cidr", "service-cidr"):
        _networks(key, config.items(key))


def _addresses(key: str, values: Sequence[str]) -> None:
    for value in values:
        try:
            ip_address(value)
        except ValueError as error:
            raise FatalError(f"Error: invalid {key}: invalid ip format '{value}'") from error


def _networks(key: str, values: Sequence[str]) -> None:
    for value in values:
        try:
            ip_network(value, strict=False)
        except ValueError as error:
            raise FatalError(f"Error: invalid {key} {value}: invalid CIDR address: {value}") from error
