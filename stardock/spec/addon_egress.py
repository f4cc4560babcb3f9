"""Ways out of the cluster that stay, by cilium's egress gateway."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from stardock.spec.addon_values import ObjectName
from stardock.spec.pools import parse_labels
from stardock.spec.section import Section, broken
from stardock.spec.units import Form, Name, as_schema, shown


def parse_destination(value: object) -> str:
    """A network, or one address."""
    try:
        return str(ip_network(str(value).strip()))
    except ValueError:
        raise broken(f"{shown(value)} is not a network", "write for example 203.0.113.0/24") from None


Destination = Annotated[str, BeforeValidator(parse_destination), as_schema("string", examples=["203.0.113.0/24"])]
#: The name is a part of a label of nodes, behind `egress-`.
WayName = Annotated[str, Form(r"[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?", "a name of a way out: a-z, 0-9 and -, at most 50", "partner")]


class Egress(Section):
    """Pods that leave the cluster through the nodes of a pool, with the address of one of these."""

    name: WayName = Field(description="name of the policy")
    pods: Annotated[dict[str, str], Field(min_length=1), AfterValidator(parse_labels)] = Field(description="labels of the pods")
    namespace: ObjectName | None = Field(default=None, description="their namespace; default: all")
    pool: Name = Field(description="the pool whose nodes they leave through")
    destinations: tuple[Destination, ...] = Field(
        default=("0.0.0.0/0",), description="networks outside of the cluster for which that holds", min_length=1
    )
