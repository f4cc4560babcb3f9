"""`kubelet`: what nodes keep for themselves."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from stardock.spec.section import Section, broken
from stardock.spec.units import Count, Flag, HostMebibytes, between

_MOST_CPU = 100_000


class Kubelet(Section):
    """Memory and processor time that no pod gets, and when pods are evicted. Without it a node gives pods all that it has."""

    reserve: Flag = Field(default=False, description="servers and agents keep a part for themselves, by their size (docs/hardware.md)")
    reserved_cpu: Annotated[Count, between(1, _MOST_CPU, "reserved_cpu", "250")] | None = Field(
        default=None, description="thousandths of a core that each keeps, whatever its size"
    )
    reserved_memory: HostMebibytes | None = Field(default=None, description="what each keeps, whatever its size")
    evict_below: HostMebibytes = Field(default=100, description="free memory below which pods are evicted")

    @model_validator(mode="after")
    def _numbers_need_the_switch(self) -> Kubelet:
        said = sorted(self.model_fields_set - {"reserve"})
        if said and not self.reserve:
            raise broken(f"`{said[0]}` says how much, and `reserve` does not say that anything is kept", "add `reserve: true`")
        return self
