"""Files of private keys, as cluster.yaml names them: the key itself is never in it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from stardock.spec.mistakes import cures
from stardock.spec.section import broken
from stardock.spec.tree import TEMPLATE
from stardock.spec.units import shown

#: What stands in the first line of every private key, and in no public one.
MARK = "PRIVATE KEY-----"
HERE = (
    "this is a private key itself, and cluster.yaml is committed",
    "delete it, and name its file, outside of the repository; if it was committed, make a new key and take the old one out everywhere",
)


def parse_key_file(value: str) -> str:
    """The name of a file with a private key: not the key, and not its public half."""
    if MARK in value:
        raise broken(*HERE)
    if value.startswith(("ssh-", "ecdsa-", "sk-")) and " AAAA" in value:
        raise broken("this is a public key, and the file of a private one belongs here", "write the file's name, for example id_ed25519")
    if cures.FILLED_IN.search(value):
        raise broken(TEMPLATE, cures.ITSELF)
    if value.endswith(".pub"):
        raise broken(f"{shown(value)} is the public half of a key", f"write {value.removesuffix('.pub')}, the private half")
    return value


KeyFile = Annotated[str, Field(min_length=1), AfterValidator(parse_key_file)]
