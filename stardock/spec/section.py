"""What all sections of cluster.yaml have in common: frozen, no unknown keys; and how a rule of ours is told to a person."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

#: The error type of all rules that carry their own words (and, in the context, a cure).
RULE = "stardock_rule"


class Section(BaseModel):
    """One mapping of cluster.yaml. Frozen: what was read is never changed, only planned from."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False, hide_input_in_errors=True)


def broken(message: str, cure: str | None = None) -> PydanticCustomError:
    """The error to raise in a validator: `message` names the limit and the given value, `cure` says what to write instead."""
    return PydanticCustomError(RULE, "{message}", {"message": message, "cure": cure})
