"""PVE pools: whether one is there."""

from __future__ import annotations

from proxmoxer.core import ResourceException

from stardock.estate.connection import Estate
from stardock.estate.refusals import Forbidden


def is_there(estate: Estate, pool: str) -> bool:
    """Whether the pool exists and the token may see it (PVE::API2::Pool: Pool.Audit)."""
    try:
        estate.read(lambda api: api.pools.get(poolid=pool))
    except (Forbidden, ResourceException):
        return False
    return True
