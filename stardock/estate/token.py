"""The API token: from the environment, where the provider takes it too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from stardock.errors import ConditionError

VARIABLE = "PROXMOX_VE_API_TOKEN"

#: USER@REALM!TOKENID=SECRET, as `pveum user token add` prints its parts (PVE::AccessControl; the secret is a UUID, 36 characters).
_SHAPE = re.compile(r"(?P<user>[^\s@!=]+@[^\s@!=]+)!(?P<name>[^\s!=]+)=(?P<secret>[0-9A-Za-z-]{32,})")

_CURE = f"""\
runner proxmox-role prints the commands that make one, for root on a PVE node; the last is pveum user token add ...
then here: export {VARIABLE}='USER@REALM!stardock=THE-SECRET-IT-PRINTS'"""


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token in its three parts; the secret never shows in a repr."""

    user: str
    name: str
    secret: str = field(repr=False)


def api_token(environ: Mapping[str, str]) -> ApiToken:
    """Read the token from the environment. Raises ConditionError when it is missing or has another shape; never shows it."""
    text = environ.get(VARIABLE, "").strip()
    if not text:
        raise ConditionError(f"{VARIABLE} is not set: Proxmox needs an API token", cure=_CURE)
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise ConditionError(f"{VARIABLE} does not have the shape USER@REALM!TOKENID=UUID", cure=_CURE)
    return ApiToken(match["user"], match["name"], match["secret"])
