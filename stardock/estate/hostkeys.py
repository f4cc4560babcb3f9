"""Public SSH host keys as text that a machine gave: nothing passes that sshd could not have written.

RFC 4253 section 6.6, RFC 5656 section 3.1 and RFC 8709 section 4: a key's blob is a row of length-prefixed strings, of which the first
is its type.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

#: The kinds of SSH host keys that a stock sshd offers, best first.
KINDS = ("ed25519", "ecdsa", "rsa")
#: Type -> the kind, and how many strings its blob has.
_TYPES = {
    "ssh-ed25519": ("ed25519", 2),
    "ecdsa-sha2-nistp256": ("ecdsa", 3),
    "ecdsa-sha2-nistp384": ("ecdsa", 3),
    "ecdsa-sha2-nistp521": ("ecdsa", 3),
    "ssh-rsa": ("rsa", 3),
}
#: An RSA key of 16384 bits, the most that OpenSSH takes, is 2.1 kB of blob.
_LONGEST_LINE = 4096
_LENGTH = 4


def host_key(line: str) -> str | None:
    """`TYPE BASE64` of a line `TYPE BASE64 [COMMENT]`; None for what is no host key."""
    words = line.split(maxsplit=2)
    if len(words) < 2 or len(line) > _LONGEST_LINE or words[0] not in _TYPES:  # noqa: PLR2004 -- type and key
        return None
    try:
        strings = list(_strings(base64.b64decode(words[1], validate=True)))
    except (binascii.Error, ValueError):
        return None
    fits = len(strings) == _TYPES[words[0]][1] and strings[0] == words[0].encode() and all(strings)
    return f"{words[0]} {words[1]}" if fits else None


def kind_of(key: str) -> str:
    """ed25519, ecdsa or rsa, of a key that `host_key` gave."""
    return _TYPES[key.partition(" ")[0]][0]


def _strings(blob: bytes) -> Iterator[bytes]:
    """Take the row apart. Raises ValueError when it does not end with its last string."""
    while blob:
        end = _LENGTH + int.from_bytes(blob[:_LENGTH])
        if len(blob) < max(end, _LENGTH):
            raise ValueError("cut off")
        yield blob[_LENGTH:end]
        blob = blob[end:]
