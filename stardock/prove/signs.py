"""What secrets, addresses and names of somebody's look like in a text, whatever they are: one function, in order. Pure.

A sign is replaced by a word of its kind in parentheses. What tells nothing of an estate stays: publishers' URLs, checksums of images,
versions, names of files and of systemd's units.
"""

from __future__ import annotations

import re

from stardock.prove.document import DATA
from stardock.prove.hosts import HOSTS, URLS, Judged, Words
from stardock.prove.scope import POOL

_LINE = r"(?:\r?\n|\\r\\n|\\n)"
_PEM = re.compile(
    rf"-----BEGIN (?P<what>[A-Z0-9 ]+)-----(?:(?:(?!-----BEGIN ).)*?-----END [A-Z0-9 ]+-----"
    rf"|(?:{_LINE}[ \t\0]*[A-Za-z0-9+/=]+[ \t]*(?={_LINE}|[\"']|\Z))*)",
    re.DOTALL,
)
#: JSON Web Tokens (RFC 7519); join tokens with and without the hash of their CA (their form is a prefix, that hash, and `::` what follows);
#: bootstrap tokens of Kubernetes; tickets of PVE (PVE::AccessControl, `assemble_ticket`); crypt(5).
_SECRETS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("(token)", re.compile(r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?")),
    ("(token)", re.compile(r"(?<!\w)K\d\d[0-9a-f]{64}(?:::[^\s\"',;]+)?")),
    ("(token)", re.compile(r"::(?:server|node|agent):[^\s\"',;]+")),
    ("(token)", re.compile(r"(?<![\w.])[a-z0-9]{6}\.(?=[a-z]*\d)[a-z0-9]{16}(?![\w-])")),
    ("(ticket)", re.compile(r"(?<!\w)PVE\w*:[^\s:]+:[0-9A-Fa-f]{8}::[^\s\"']+")),
    ("(key)", re.compile(r"(?:ssh-(?:ed25519|rsa|dss)|ecdsa-sha2-nistp\d{3})(?:@openssh\.com)? +[A-Za-z0-9+/=]{20,}(?: +\S+)?")),
    ("(hash)", re.compile(r"\$\d\w?\$[^\s\"']+")),
    ("(secret)", re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![0-9A-Fa-f])")),
)
#: What OpenSSH and certificates are known again by; and long hexadecimal numbers, but for checksums that say which they are.
_FINGERPRINTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("(fingerprint)", re.compile(r"(?<!\w)SHA(?:256|384|512):[A-Za-z0-9+/]{27,}={0,2}")),
    ("(fingerprint)", re.compile(r"(?<![0-9A-Fa-f:])(?:MD5:)?(?:[0-9A-Fa-f]{2}:){15,}[0-9A-Fa-f]{2}(?![0-9A-Fa-f]|:[0-9A-Fa-f])")),
    ("(MAC)", re.compile(r"(?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f]|:[0-9A-Fa-f])")),
    ("(number)", re.compile(r"(?<![0-9A-Za-z])(?<!sha1:)(?<!sha256:)(?<!sha512:)[0-9A-Fa-f]{32,}(?![0-9A-Za-z])")),
)
#: In a header of HTTP; `basic` also begins sentences, so what follows has a digit, a capital inside or a sign of base64's end.
_BEARER = re.compile(r"(?i)(?<![A-Za-z])bearer\s+[\w.~+/=-]{8,}")
_BASIC = re.compile(r"(?<![A-Za-z])(?P<word>[Bb]asic)\s+(?=[A-Za-z0-9+/]+[0-9A-Z=])[A-Za-z0-9+/]{6,}={0,2}")
#: What stands behind such a word and is no secret: that alone, and not as its beginning.
_HARMLESS = (
    r"(?!(?:none|null|nil|true|false|yes|no|not|is|are|was|empty|missing|invalid|expired|required|unset|unknown|wrong|denied)"
    r"\.?(?:[\s\"',;()]|\Z))"
)
_CALLED = re.compile(
    r"(?i)(?P<name>pass(?:word|wd|phrase)|secret|token|(?<![A-Za-z])(?:ticket|api[_-]?key|authorization))(?P<sign>[\"']?\s*[=:]\s*[\"']?)"
    rf"(?:bearer\s+|basic\s+)?{_HARMLESS}[^\s\"',;()]+"
)
#: An account of a realm, with its token; of a host; an address of mail. Not a version or digest of something, nor a unit of systemd.
_USER = re.compile(r"(?<![\w.+-])[\w.+-]+(?:@|%40\0?)(?P<of>[\w-]+(?:\.[\w-]+)*)(?:(?:!|%21\0?)[\w.-]+(?:(?:=|%3D\0?)\S+)?)?")
_NO_USER = re.compile(r"v?\d+(?:\.\d+){0,2}|sha\d+|.*\.(?:service|socket|timer|mount|target|device|slice|scope)")
_PLAIN = frozenset({"root@pam", f"{POOL}@pve"})
_FILE = re.compile(rf"(?<![\w/.])(?!{DATA}\b)(?:~|/(?:home|root|Users|mnt|tmp|srv|opt|media|Volumes|volume\d+|var/home)\b)[^\s\"':,;)]*")
_BASE64 = re.compile(r"(?<![\w+/-])(?:[\w+/-]{40,}={0,2}|[\w+/-]{22,}={1,2})(?![\w+/=-])")
#: Of so many characters between slashes no path has all of upper case, lower case and digits.
_MIXED = 20


def without(text: str, words: Words) -> str:
    """The text without what has a sign. `words`: what is known by name, in small letters -> what stands for it: a host, an address."""
    text = _PEM.sub(lambda found: "(private key)" if "PRIVATE" in found["what"] else "(certificate)", text)
    for instead, pattern in (*_SECRETS, *_FINGERPRINTS):
        text = pattern.sub(instead, text)
    text = _BASIC.sub(r"\g<word> (secret)", _BEARER.sub("bearer (secret)", text))
    text = _CALLED.sub(r"\g<name>\g<sign>(secret)", text)
    for sign, told in _JUDGED:
        text = sign.sub(lambda found, told=told: told(found, words), text)  # type: ignore[misc]
    return _FILE.sub("(file)", text)


def _user(found: re.Match[str], _words: Words) -> str:
    return found[0] if found[0] in _PLAIN or _NO_USER.fullmatch(found["of"]) else "(user)"


def _base64(found: re.Match[str], _words: Words) -> str:
    mixed = [
        part for part in found[0].split("/") if len(part) >= _MIXED and all(re.search(kind, part) for kind in ("[A-Z]", "[a-z]", r"\d"))
    ]
    return "(secret)" if mixed else found[0]


_JUDGED: Judged = (
    *URLS,
    (_USER, _user),
    *HOSTS,
    (_BASE64, _base64),
)
