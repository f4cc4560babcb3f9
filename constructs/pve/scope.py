"""Scopes that leave no trace in Terraform's names.

A call into cdktf is a round trip to Node, and `override_logical_id` would be one a resource. Ids of constructs are unique within a scope,
and Terraform's names only within a type: so each type gets a scope of its own.
"""

from __future__ import annotations

from constructs import Construct

#: cdktf leaves this id out of the names that it makes, and takes what remains as it is when that is a single id (cdktf 0.21, makeUniqueId).
HIDDEN = "Default"


def unnamed(scope: Construct) -> Construct:
    """A scope in which a resource's Terraform name is its construct's id."""
    return Construct(scope, HIDDEN)
