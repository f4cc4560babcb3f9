"""What PVE's API accepts: every request is checked before a handler sees it.

Two sources, one checker. `official` reads Proxmox's published schema when STARDOCK_PVE_SCHEMA names such a file (it is third-party
data and no part of this project); `own` is a table of the supported routes, written from the facts. `GET /lab/status` says which.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from lab.pve.schema.model import Schema
from lab.pve.schema.official import official_schema
from lab.pve.schema.own import own_schema

__all__ = ["SCHEMA_VARIABLE", "Schema", "load_schema", "official_schema", "own_schema"]

#: The environment variable that names the official schema.
SCHEMA_VARIABLE = "STARDOCK_PVE_SCHEMA"

#: Read once by a process that serves many.
_official = cache(official_schema)


def load_schema() -> Schema:
    """The official schema when the environment names one, the project's own tables otherwise. Raises OSError when the file is missing."""
    named = os.environ.get(SCHEMA_VARIABLE)
    return _official(Path(named)) if named else own_schema()
