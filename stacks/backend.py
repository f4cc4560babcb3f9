"""The backend block for any backend.

Not cdktf's own classes: PgBackend and ConsulBackend demand a credential, S3Backend does not know `use_lockfile`, and there is none for
kubernetes (cdktf 0.21, cdktn 0.24).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from cdktf import TerraformBackend
from constructs import Construct


class Backend(TerraformBackend):
    """`terraform.backend.KIND` with these settings."""

    def __init__(self, scope: Construct, kind: str, settings: Mapping[str, Any]) -> None:
        super().__init__(scope, "backend", kind)
        self._settings = dict(settings)

    def _synthesize_attributes(self) -> dict[str, Any]:  # called by the library
        return self._settings

    def get_remote_state_data_source(self, scope: Construct, name: str, from_stack: str) -> NoReturn:
        """Not asked for: no stack of ours reads another's state."""
        raise NotImplementedError
