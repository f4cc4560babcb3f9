"""What PVE nodes last told the cluster of their VMs: /cluster/resources and pools show that, and not what is.

pvestatd writes every ten seconds (PVE::Service::pvestatd, `$updatetime`); name, status and template come from there
(PVE::API2Tools::extract_vm_stats), so that a new VM has no name and the status `unknown` at first. Node, tags and pool are always fresh.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

ROUND_SECONDS = 10.0


@dataclass(slots=True)
class Pvestatd:
    """`look` gives what is, by VM id. `held`: a test said that no round comes any more."""

    look: Callable[[], Mapping[int, Mapping[str, Any]]]
    held: bool = False
    _told: Mapping[int, Mapping[str, Any]] | None = None
    _when: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def told(self, vm_id: int) -> Mapping[str, Any]:
        """What is shown of a VM: `name`, `status`, `template`."""
        with self._lock:
            if self._told is None or (not self.held and time.monotonic() - self._when >= ROUND_SECONDS):
                self._round()
            return (self._told or {}).get(vm_id, {"status": "unknown"})

    def run(self) -> None:
        """A round now."""
        with self._lock:
            self._round()

    def _round(self) -> None:
        self._told, self._when = self.look(), time.monotonic()
