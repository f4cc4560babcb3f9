"""How PVE and QEMU treat a disk: caching, discard, threads, backups, limits. Every flag changes in place (PVE::QemuServer::Drive)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from stardock.spec.section import Section, broken
from stardock.spec.units import Count, Flag, between

#: Whole numbers are what the provider (0.111.1) reads back; PVE takes fractions of MB too.
Megabytes = Annotated[Count, between(1, 1_000_000, "limit (MB/s)", "200")]
Operations = Annotated[Count, between(1, 100_000_000, "limit (operations/s)", "5000")]
#: Caches past which QEMU opens the image directly, as Linux' native AIO wants it.
DIRECT = ("none", "directsync")


class DiskLimits(Section):
    """What a disk may take at most, in PVE's own words. `_max` is a burst above the limit beside it."""

    mbps_rd: Megabytes | None = Field(default=None, description="MB read a second")
    mbps_rd_max: Megabytes | None = Field(default=None, description="the same in a burst")
    mbps_wr: Megabytes | None = Field(default=None, description="MB written a second")
    mbps_wr_max: Megabytes | None = Field(default=None, description="the same in a burst")
    iops_rd: Operations | None = Field(default=None, description="reads a second")
    iops_rd_max: Operations | None = Field(default=None, description="the same in a burst")
    iops_wr: Operations | None = Field(default=None, description="writes a second")
    iops_wr_max: Operations | None = Field(default=None, description="the same in a burst")

    @model_validator(mode="after")
    def _bursts_above_their_limits(self) -> DiskLimits:
        """QEMU starts with no other ones (util/throttle.c, throttle_is_valid)."""
        for name in ("mbps_rd", "mbps_wr", "iops_rd", "iops_wr"):
            limit, burst = getattr(self, name), getattr(self, f"{name}_max")
            if burst is not None and (limit is None or burst < limit):
                message = f"the burst `{name}_max: {burst}` is not above a limit `{name}`"
                raise broken(message, f"write `{name}: {limit or burst}` with a larger `{name}_max`, or delete `{name}_max`")
        return self


class DiskFlags(Section):
    """Flags of PVE for a disk of a VM. It takes `backup`, `replicate` and `limits` at once, the others at its next power cycle."""

    aio: Literal["io_uring", "native", "threads"] = Field(default="io_uring", description="how QEMU does input and output")
    backup: Flag = Field(default=True, description="backups of the VM hold this disk")
    cache: Literal["none", "writethrough", "writeback", "unsafe", "directsync"] = Field(
        default="none", description="the PVE node's cache; `unsafe` and `writeback` may lose what etcd thinks is written"
    )
    discard: Flag = Field(default=True, description="what the guest trims is given back to the datastore")
    iothread: Flag = Field(default=True, description="a thread of its own")
    replicate: Flag = Field(default=True, description="replication jobs of PVE take this disk")
    ssd: Flag | None = Field(default=None, description="the guest sees an SSD; default: true on `scsi0`; not for virtio disks")
    limits: DiskLimits = Field(default=DiskLimits(), description="speed at most")

    @model_validator(mode="after")
    def _native_is_direct(self) -> DiskFlags:
        """Linux' native AIO needs O_DIRECT (PVE::QemuServer::Drive, aio_cmdline_option); QEMU does not start without."""
        if self.aio == "native" and self.cache not in DIRECT:
            message = f"`aio: native` needs a cache of none or directsync, not {self.cache}"
            raise broken(message, f"write `aio: threads`, or `cache: {DIRECT[0]}`")
        return self
