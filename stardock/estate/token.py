"""The API token: from the environment, where the provider takes it too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from stardock.errors import ConditionError

VARIABLE = "PROXMOX_VE_API_TOKEN"

#: USER@REALM!TOKENID=SECRET, as `pveum user token add` prints its parts (PVE::AccessControl; the secret is a UUID, 36 characters).
_SHAPE = re.compile(r"(?P<user>[^\s@!=]+@[^\s@!=]+)!(?P<name>[^\s!=]+)=(?P<secret>[0-9A-Za-z-]{32,})")

#: The name of our tokens, and of the user that has it where cluster.yaml's name is known.
TOKEN = "stardock"  # noqa: S105  a name
#: In place of a cluster's name: whose token a proof has.
PROOF = "prove"


def default_user(cluster: str) -> str:
    """One user a cluster, so that what the one may do is not what the other may do."""
    return f"stardock-{cluster}@pve"


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token in its three parts; the secret never shows in a repr."""

    user: str
    name: str
    secret: str = field(repr=False)


def api_token(environ: Mapping[str, str], cluster: str = "") -> ApiToken:
    """Read the token from the environment. Raises ConditionError when it is missing or has another shape; never shows it.

    `cluster` is whose token it is, for the line to copy; empty where that is not known.
    """
    text = environ.get(VARIABLE, "").strip()
    if not text:
        raise ConditionError(f"{VARIABLE} is not set: Proxmox needs an API token", cure=_cure(cluster))
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise ConditionError(f"{VARIABLE} does not have the shape USER@REALM!TOKENID=UUID", cure=_cure(cluster))
    return ApiToken(match["user"], match["name"], match["secret"])


def _cure(cluster: str) -> str:
    user = default_user(cluster) if cluster else "USER@REALM"
    prints = f"runner proxmox-role{' --prove' if cluster == PROOF else ''}"
    return (
        f"{prints} prints the commands that make one, for root on a PVE node; the last, pveum user token add ..., prints SECRET\n"
        f"then here: export {VARIABLE}='{user}!{TOKEN}=SECRET'"
    )
