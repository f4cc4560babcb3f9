"""The backend block for any backend.

Not cdktf's own classes: PgBackend and ConsulBackend demand a credential, S3Backend does not know `use_lockfile`, and there is none for
kubernetes (cdktf 0.21, cdktn 0.24).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from cdktf import TerraformBackend
from constructs import Construct

from pve.template import literal
from stardock.errors import ConditionError


def plain(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the settings back where nothing in them is more than its text; raises ConditionError.

    OpenTofu evaluates them, Terraform takes them as they are: what is escaped for one is another text to the other.
    """
    for text in _texts(dict(settings)):
        if literal(text) != text:
            raise ConditionError(
                f"an engine may evaluate {text!r}, where the state lies", cure="give the file, folder or setting another name"
            )
    return settings


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts([*value, *value.values()])
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


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
