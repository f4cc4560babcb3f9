"""`journal`: how much of a machine's disk its journal may take."""

from __future__ import annotations

from pydantic import Field

from stardock.spec.section import Section
from stardock.spec.units import HostMebibytes


class Journal(Section):
    """systemd's journal, on every machine."""

    max_use: HostMebibytes | None = Field(default=None, description="what it may take; default: systemd's, 10% of the disk, at most 4GiB")
