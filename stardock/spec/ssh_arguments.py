"""`ssh.extra_args`: words for ssh, as Ansible takes them, that leave alone who is trusted and what Stardock says itself."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import BeforeValidator

from stardock.spec.section import broken
from stardock.spec.units import as_schema, shown

#: What ssh and sftp both take (OpenSSH 9.2, ssh(1) and sftp(1)); with a value or without.
_PLAIN = re.compile(r"-[46Cv]+")
_VALUED = ("-c", "-o", "-J")
_OPTION = re.compile(r"([A-Za-z0-9]+)(?:=|\s+)(.*\S)", re.DOTALL)

_TRUST = "machines are known by their host keys, which are checked"
_SHARED = "Ansible shares connections by paths of its own"
_AGENT = "no machine gets your agent, your screen or your tickets"
#: Option in small letters -> why it is not for here, and what is instead.
_RESERVED: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(
        (
            *("stricthostkeychecking", "userknownhostsfile", "globalknownhostsfile", "knownhostscommand", "verifyhostkeydns"),
            *("nohostauthenticationforlocalhost", "hostkeyalias", "updatehostkeys", "checkhostip", "revokedhostkeys"),
            *("gssapikeyexchange", "gssapitrustdns"),  # a key exchange of Kerberos checks no host key (Debian's openssh, gssapi.patch)
        ),
        (_TRUST, "delete it; `runner bootstrap --accept-new-host-keys` takes keys of machines that nobody knows yet"),
    ),
    **dict.fromkeys(("controlpath", "controlmaster", "controlpersist"), (_SHARED, "delete it")),
    **dict.fromkeys(("forwardagent", "forwardx11", "forwardx11trusted", "gssapidelegatecredentials"), (_AGENT, "delete it")),
    **dict.fromkeys(("localcommand", "permitlocalcommand", "remotecommand", "include"), ("it is for a person's own sessions", "delete it")),
    "user": ("it is a key of its own", "write `user:` under `ssh`"),
    "port": ("it is a key of its own", "write `port:` under `ssh`"),
    "identityfile": ("it is a key of its own", "write `private_key:` under `ssh`"),
}
_EXAMPLE = 'write for example "-o Compression=yes -4"'


def parse_arguments(value: object) -> str:
    """The text of arguments; `broken` for what would end a check, or is told elsewhere."""
    if not isinstance(value, str) or not value.strip():
        raise broken(f"{shown(value)} is no text of arguments for ssh", _EXAMPLE)
    try:
        words = shlex.split(value)
    except ValueError:
        raise broken(f"{shown(value)} has a quote without its other half", _EXAMPLE) from None
    for option in _options(words):
        _check(option)
    return value


def _options(words: list[str]) -> Iterator[str]:
    """What is given to `-o`; every other word must be an argument that is known."""
    rest = iter(words)
    for word in rest:
        flag, joined = word[:2], word[2:]
        if flag in _VALUED:
            given = joined or next(rest, "")
            if not given or given.startswith("-"):
                raise broken(f"{shown(flag)} needs a value behind it", _EXAMPLE)
            if flag == "-o":
                yield given
        elif not _PLAIN.fullmatch(word):
            raise broken(f"{shown(word)} is not taken here: only -4, -6, -C, -v, -c, -J and -o are", _EXAMPLE)


def _check(option: str) -> None:
    found = _OPTION.fullmatch(option)
    if not found:
        raise broken(f"{shown(option)} is not an option of ssh", "write -o NAME=VALUE")
    reserved = _RESERVED.get(found[1].lower())
    if reserved:
        raise broken(f"`{found[1]}` is not for here: {reserved[0]}", reserved[1])


Arguments = Annotated[str, BeforeValidator(parse_arguments), as_schema("string", examples=["-o Compression=yes -4"])]
