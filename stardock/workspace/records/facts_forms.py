"""What the facts may hold: they were told by machines, and what anybody wrote into the file since is no more than that."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import AfterValidator

from stardock.distributions import DISTRIBUTIONS
from stardock.distributions.founding import is_setting
from stardock.model.facts import MESH_KEY, Facts, Founded, MachineFacts
from stardock.spec.distribution import Version
from stardock.spec.interface import InterfaceName
from stardock.spec.ip import Address
from stardock.spec.section import broken
from stardock.spec.units import Form, MachineName, Name, shown
from stardock.workspace.records.forms import Adapters, Forms, adapters

#: As ssh keeps them (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT): no marker, no second line, no comment.
HostKey = Annotated[
    str, Form(r"[a-z][a-z0-9-]{1,40}(@openssh\.com)? AAAA[A-Za-z0-9+/]{1,5000}={0,3}", "an SSH host key", "ssh-ed25519 AAAA...")
]
#: 32 bytes in base64 (wg(8), `wg pubkey`): the last digit before the sign has four bits of them.
MeshKey = Annotated[str, Form(MESH_KEY, "a public key of WireGuard", "32 bytes in base64")]
Authority = Annotated[str, Form(r"[0-9a-f]{64}", "a sha256: 64 hexadecimal digits", "e3b0c442...")]


def parse_settings(value: Mapping[str, str]) -> Mapping[str, str]:
    """What a cluster was founded with."""
    wrong = [f"{key}: {text}" for key, text in value.items() if not any(is_setting(each, key, text) for each in DISTRIBUTIONS.values())]
    if wrong:
        raise broken(f"{shown(wrong[0])} is no value of a setting")
    return value


def parse_mesh_keys(value: Mapping[str, str]) -> Mapping[str, str]:
    """Each is one machine's: whoever has another's would get its packets."""
    twice = sorted(name for name, key in value.items() if list(value.values()).count(key) > 1)
    if twice:
        raise broken(f"{' and '.join(twice)} have the same public key")
    return value


MeshKeys = Annotated[dict[MachineName, MeshKey], AfterValidator(parse_mesh_keys)]
Settings = Annotated[dict[str, str], AfterValidator(parse_settings)]


FACTS: Forms = {
    Facts: {
        "cluster": Name,
        "machines": dict[MachineName, Any],
        "unknown": tuple[MachineName, ...],
        "mesh_keys": MeshKeys,
    },
    MachineFacts: {"addresses": dict[InterfaceName, tuple[Address, ...]], "host_keys": tuple[HostKey, ...]},
    Founded: {
        "ca_sha256": Authority,
        "servers": dict[MachineName, tuple[HostKey, ...]],
        "versions": dict[MachineName, Version],
        "settings": Settings,
    },
}


@cache
def facts_forms() -> Adapters:
    """The forms of the facts, ready to be asked."""
    return adapters(FACTS)
