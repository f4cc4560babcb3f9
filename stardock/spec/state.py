"""`state`: where Terraform's state lies. Its further settings differ by backend: see `stardock.spec.backends`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from stardock.spec.backends import BACKENDS
from stardock.spec.section import Section

BackendName = Literal["local", "s3", "http", "pg", "gcs", "azurerm", "consul", "kubernetes"]


def _known_settings(schema: dict[str, Any]) -> None:
    """For editors: every backend's settings; which belong together is told when the file is read."""
    for name, backend in BACKENDS.items():
        for key in backend.keys:
            of = schema["properties"].setdefault(key, {"title": key, "description": ""})
            of["description"] = f"{of['description']}, {name}".removeprefix(", ")
    schema["additionalProperties"] = False


class State(Section):
    """Terraform's state: beside cluster.yaml, or where a team shares it. Credentials come from the environment only."""

    # Other keys are the backend's own: `stardock.spec.rules.state` looks at them, since they differ by backend.
    model_config = ConfigDict(extra="allow", json_schema_extra=_known_settings)

    backend: BackendName = Field(
        default="local", description="`local` is the file X.tfstate beside X.yaml; others have settings of their own"
    )

    @property
    def settings(self) -> dict[str, Any]:
        """What stands beside `backend`."""
        return dict(self.model_extra or {})
