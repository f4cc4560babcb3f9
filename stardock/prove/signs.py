"""What secrets, addresses and names of somebody's look like in a text, whatever they are: one function, in order. Pure.

A sign is replaced by a word of its kind in parentheses. What tells nothing of an estate stays: publishers' URLs, checksums of images,
versions, names of files and of systemd's units.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping

from stardock.prove.document import DATA
from stardock.prove.scope import POOL

_LINE = r"(?:\r?\n|\\r\\n|\\n)"
_PEM = re.compile(
    rf"-----BEGIN (?P<what>[A-Z0-9 ]+)-----(?:(?:(?!-----BEGIN ).)*?-----END [A-Z0-9 ]+-----"
    rf"|(?:{_LINE}[ \t]*[A-Za-z0-9+/=]+[ \t]*(?={_LINE}|[\"']|\Z))*)",
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
_BEARER = re.compile(r"(?i)(?<![A-Za-z])bearer\s+[\w.~+/=-]{8,}")
_CALLED = re.compile(
    r"(?i)(?<![A-Za-z])(?P<name>pass(?:word|wd|phrase)|secret|token|ticket|api[_-]?key|authorization)(?P<sign>[\"']?\s*[=:]\s*[\"']?)"
    r"(?:bearer\s+|basic\s+)?[^\s\"',;()]{6,}"
)
_URL = re.compile(r"(?<!\w)(?P<scheme>\w+)://(?:[^\s\"'<>/@]*@)?(?P<host>[^\s\"'<>/:?#]+)(?::\d+)?(?P<path>/[^\s\"'<>?#]*)?[^\s\"'<>]*")
#: An account of a realm, with its token; of a host; an address of mail. Not a version or digest of something, nor a unit of systemd.
_USER = re.compile(r"(?<![\w.+-])[\w.+-]+@(?P<of>[\w-]+(?:\.[\w-]+)*)(?:![\w.-]+(?:=\S+)?)?")
_NO_USER = re.compile(r"v?\d+(?:\.\d+){0,2}|sha\d+|.*\.(?:service|socket|timer|mount|target|device|slice|scope)")
_PLAIN = frozenset({"root@pam", f"{POOL}@pve"})
_FILE = re.compile(rf"(?<![\w:/.])(?!{DATA}\b)(?:~|/(?:home|root|Users|mnt|tmp|srv|opt)\b)[^\s\"':,;)]*")
_IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?!\d|\.\d)")
#: What may be an IPv6 address; whether it is one, `ipaddress` says: a time of day is none.
_IPV6 = re.compile(r"(?<![0-9A-Za-z:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}(?![0-9A-Za-z])")
_BASE64 = re.compile(r"(?<![\w+/-])(?:[\w+/-]{40,}={0,2}|[\w+/-]{22,}={1,2})(?![\w+/=-])")
#: Of so many characters between slashes no path has all of upper case, lower case and digits.
_MIXED = 20
#: Where Stardock, systems and Kubernetes come from, and names that nobody can have (RFC 2606, 6761): they tell nothing of an estate.
_PUBLIC = re.compile(
    r"(?:.*\.)?(?:(?:cattle|docker|ghcr|k3s|k8s|kubernetes|quay|rancher|rke2|stardock)\.io|(?:docker|github|githubusercontent|hashicorp|proxmox"
    r"|rancher|suse|ubuntu)\.com|(?:debian|flatcar|flatcar-linux|opensuse|opentofu)\.(?:org|net)|registry\.terraform\.io|cluster\.local"
    r"|example(?:\.com|\.net|\.org)?|invalid)"
)
#: How files end, and units of systemd: a dot before these makes no domain.
_ENDS = re.compile(
    r".*\.(?:backup|cfg|conf|crt|css|csv|d|deb|device|efi|go|gz|hcl|html|img|iso|j2|journal|jsonl?|key|list|lock|log|md|meta|mount|out|path"
    r"|pem|pid|pm|prove|py|qcow2|raw|rpm|run|scope|service|sh|slice|snippet|so|socket?|sum|swap|tar|target|tf|tfstate|timer|toml|txt|user"
    r"|vmdk|xml|xz|ya?ml|zip|zst)"
)
#: Privileges of PVE.
_PRIVILEGE = re.compile(r"(?:Datastore|Group|Mapping|Permissions|Pool|Realm|SDN|Sys|User|VM)(?:\.[A-Z][A-Za-z]+)+")
#: A dotted word whose last part is letters; what it is, `_domain` says.
_DOTTED = re.compile(r"(?<![\w./-])(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9](?![\w-]|\.\w)")

Words = Mapping[str, str]


def without(text: str, words: Words) -> str:
    """The text without what has a sign. `words`: what is known by name, in small letters -> what stands for it: a host, an address."""
    text = _PEM.sub(lambda found: "(private key)" if "PRIVATE" in found["what"] else "(certificate)", text)
    for instead, pattern in (*_SECRETS, *_FINGERPRINTS):
        text = pattern.sub(instead, text)
    text = _CALLED.sub(r"\g<name>\g<sign>(secret)", _BEARER.sub("bearer (secret)", text))
    for sign, told in _JUDGED:
        text = sign.sub(lambda found, told=told: told(found, words), text)  # type: ignore[misc]
    return _FILE.sub("(file)", text)


def _url(found: re.Match[str], words: Words) -> str:
    """A publisher's stays, without its question: that may be signed."""
    if _PUBLIC.fullmatch(found["host"].lower()) and found["host"].lower() not in words:
        return f"{found['scheme']}://{found['host']}{found['path'] or ''}"
    return "(URL)"


def _user(found: re.Match[str], _words: Words) -> str:
    return found[0] if found[0] in _PLAIN or _NO_USER.fullmatch(found["of"]) else "(user)"


def _domain(found: re.Match[str], words: Words) -> str:
    """A host or a domain of somebody's, whoever it is; not a file, and not a public one."""
    text = found[0].lower()
    if text in words:
        return words[text]
    nobodys = _PUBLIC.fullmatch(text) or _ENDS.fullmatch(text) or _PRIVILEGE.fullmatch(found[0])
    return found[0] if nobodys else "(host)"


def _ipv4(found: re.Match[str], words: Words) -> str:
    return words.get(found[0], "(address)")


def _ipv6(found: re.Match[str], words: Words) -> str:
    text = found[0].rstrip(":") if not found[0].endswith("::") else found[0]
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return found[0]
    return words.get(text.lower(), "(address)") + found[0][len(text) :] if any(one.isalnum() for one in text) else found[0]


def _base64(found: re.Match[str], _words: Words) -> str:
    mixed = [
        part for part in found[0].split("/") if len(part) >= _MIXED and all(re.search(kind, part) for kind in ("[A-Z]", "[a-z]", r"\d"))
    ]
    return "(secret)" if mixed else found[0]


_JUDGED: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Words], str]], ...] = (
    (_URL, _url),
    (_USER, _user),
    (_IPV4, _ipv4),
    (_IPV6, _ipv6),
    (_DOTTED, _domain),
    (_BASE64, _base64),
)
