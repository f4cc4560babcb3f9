"""Takes out of texts what tells whose Proxmox it was: names, addresses, keys. Pure.

A name becomes a word of its kind and a number, the same wherever it stands, so that a report can still be followed.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from stardock.prove.scope import POOL

#: What every Proxmox has by itself tells nothing of one; nor do words of which every report is full.
COMMON = frozenset({"local", "local-lvm", "vmbr0", "root", "ssh", "sftp", "localhost", "127.0.0.1", "", "prove", POOL}) | frozenset(
    ("cluster", "vm", "server", "agent", "machine", "node", "host", "debian", "ubuntu")
)

_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("(secret)", re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![0-9A-Fa-f])")),
    ("(user)", re.compile(r"[\w.+-]+@(?:pam|pve|[\w-]+)![\w.-]+(?:=\S+)?")),
    ("(key)", re.compile(r"(?:ssh-(?:ed25519|rsa|dss)|ecdsa-sha2-\S+) +[A-Za-z0-9+/=]{20,}(?: +\S+)?")),
    ("(hash)", re.compile(r"\$\d\w?\$[^\s\"']+")),
    ("(private key)", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)),
    ("(MAC)", re.compile(r"(?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f]|:[0-9A-Fa-f])")),
    ("(URL)", re.compile(r"https?://[^\s\"'<>]+")),
    ("(address)", re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?!\d|\.\d)")),
    ("(file)", re.compile(r"(?<![\w:/.])(?:~|/(?:home|root|Users|mnt|tmp|srv|opt)\b)[^\s\"':,;)]*")),
)
#: Where Stardock, systems and Kubernetes come from, and names that nobody can have (RFC 2606, 6761): they tell nothing of an estate.
_PUBLIC = re.compile(
    r"(?:.*\.)?(?:(?:cattle|docker|ghcr|k3s|k8s|kubernetes|quay|rancher|rke2|stardock)\.io|(?:docker|github|githubusercontent|hashicorp|proxmox"
    r"|rancher|suse|ubuntu)\.com|(?:debian|flatcar|flatcar-linux|opensuse|opentofu)\.(?:org|net)|registry\.terraform\.io|cluster\.local"
    r"|example(?:\.com|\.net|\.org)?|invalid)"
)
#: How files end, and units of systemd: a dot before these makes no domain.
_FILE = re.compile(
    r".*\.(?:backup|cfg|conf|crt|css|csv|d|deb|device|efi|gz|hcl|html|img|iso|j2|journal|jsonl?|key|list|lock|log|md|meta|mount|out|path|pem"
    r"|pid|py|qcow2|raw|rpm|run|scope|service|sh|slice|snippet|so|socket?|sum|swap|tar|target|tf|tfstate|timer|toml|txt|user|vmdk|xml|xz"
    r"|ya?ml|zip|zst)"
)
#: A dotted word whose last part is letters; what it is, `_domain` says.
_DOTTED = re.compile(r"(?<![\w./-])(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9](?![\w-]|\.\w)")


def _domain(found: re.Match[str]) -> str:
    """A host or a domain of somebody's, whoever it is; not a file, and not a public one."""
    text = found[0].lower()
    return found[0] if _PUBLIC.fullmatch(text) or _FILE.fullmatch(text) else "(host)"


#: What may be an IPv6 address; whether it is one, `ipaddress` says: a time of day is none.
_COLONS = re.compile(r"(?<![0-9A-Za-z:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}(?![0-9A-Za-z])")


def _ipv6(found: re.Match[str]) -> str:
    text = found[0].rstrip(":") if not found[0].endswith("::") else found[0]
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return found[0]
    return "(address)" + found[0][len(text) :] if any(one.isalnum() for one in text) else found[0]


@dataclass(slots=True)
class Redactor:
    """`names`: kind (`node`, `datastore`) -> the names that are never told. Longer ones are replaced first."""

    names: Mapping[str, Iterable[str]] = field(default_factory=dict)
    _words: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for kind, known in self.names.items():
            own = [name for name in dict.fromkeys(known) if name.lower() not in COMMON]
            for number, name in enumerate(own, 1):
                self._words.setdefault(name.lower(), f"({kind} {number})")

    def text(self, told: str) -> str:
        """The text without them."""
        for word in sorted(self._words, key=len, reverse=True):
            told = re.sub(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])", self._words[word], told, flags=re.IGNORECASE)
        for instead, pattern in _PATTERNS:
            told = pattern.sub(instead, told)
        return _DOTTED.sub(_domain, _COLONS.sub(_ipv6, told))

    def __call__(self, told: object) -> object:
        """The same of everything that JSON can hold; keys are words of ours, and stay."""
        if isinstance(told, str):
            return self.text(told)
        if isinstance(told, Mapping):
            return {key: self(value) for key, value in told.items()}
        return [self(one) for one in told] if isinstance(told, list | tuple) else told
