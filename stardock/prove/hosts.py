"""What hosts, domains and addresses of somebody's look like in a text, and which are nobody's. Pure.

Publishers' URLs, names of files, of systemd's units and of programs' parts stay.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping

_URL = re.compile(r"(?<!\w)(?P<scheme>\w+)://(?:[^\s\"'<>/@]*@)?(?P<host>[^\s\"'<>/:?#]+)(?::\d+)?(?P<path>/[^\s\"'<>?#]*)?[^\s\"'<>]*")
_IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?!\d|\.\d)")
#: What may be an IPv6 address; whether it is one, `ipaddress` says: a time of day is none.
_IPV6 = re.compile(r"(?<![0-9A-Za-z:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}(?![0-9A-Za-z])")
#: What a version of four parts stands behind, and how such ones begin.
_VERSION = re.compile(r"(?i)(?:kernel|version|pve-manager|qemu-server)[\s:=/\"']{1,3}v?\Z")
_BEFORE = 16
_LOW = tuple(f"{number}." for number in range(10))
#: Where Stardock, systems and Kubernetes come from, and names that nobody can have (RFC 2606, 6761): they tell nothing of an estate.
_PUBLIC = re.compile(
    r"(?:.*\.)?(?:(?:cattle|docker|ghcr|k3s|k8s|kubernetes|quay|rancher|rke2|stardock)\.io|(?:docker|github|githubusercontent|hashicorp|proxmox"
    r"|rancher|suse|ubuntu)\.com|(?:debian|flatcar|flatcar-linux|opensuse|opentofu)\.(?:org|net)|registry\.terraform\.io|cluster\.local"
    r"|example(?:\.com|\.net|\.org)?|invalid)"
)
#: How files end, and units of systemd: a dot before these makes no domain.
_ENDS = re.compile(
    r".*\.(?:backup|cfg|conf|crt|css|csv|d|deb|device|efi|env|go|gz|hcl|html|img|iso|j2|journal|jsonl?|key|list|lock|log|md|meta|mount|out|path"
    r"|pem|pid|pm|prove|py|qcow2|raw|requires|rpm|run|scope|service|sh|slice|snippet|so|socket?|sum|swap|tar|target|tf|tfstate|timer|toml|txt"
    r"|user|vmdk|wants|xml|xz|ya?ml|zip|zst)"
)
#: Privileges of PVE.
_PRIVILEGE = re.compile(r"(?:Datastore|Group|Mapping|Permissions|Pool|Realm|SDN|Sys|User|VM)(?:\.[A-Z][A-Za-z]+)+")
#: A dotted word whose last part is letters; what it is, `_domain` says.
_DOTTED = re.compile(r"(?<![\w.-])(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9](?![\w-]|\.\w)")
#: Ends of files that are countries', too, or anybody's to buy; and domains that are nobody's in public (RFC 6762, RFC 8375, ICANN).
_COUNTRY = re.compile(r".*\.(?:md|pm|py|run|sh|so|zip)")
_PRIVATE = re.compile(r".*\.(?:box|corp|home|internal|intranet|lab|lan|local|localdomain|private)")
#: Errors of Python's, modules of Ansible's, and a key of Proxmox' answers.
_PROGRAM = re.compile(
    r"(?:ssl|socket|subprocess|http\.client|urllib\.error|urllib3\.exceptions|requests\.exceptions|json\.decoder)\.[A-Za-z]\w+"
    r"|(?:ansible\.(?:builtin|posix|utils)|community\.\w+|kubernetes\.core)\.\w+|ha\.managed"
)
#: What OpenSSH says before a host's name; and what else may stand there.
_OF_SSH = re.compile(
    r"(?P<words>resolve host(?:name)?|connect to host|Connection (?:closed|reset) by|Connection to(?= \S+ (?:closed|port|timed)))"
    r" (?P<host>[^\s:,;'\"()]+)"
)
_NO_HOST = frozenset({"unknown", "remote", "peer", "foreign", "the", "invalid", "authenticating", "user", "host"})

#: What is known by name, in small letters -> what stands for it.
Words = Mapping[str, str]
Judged = tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Words], str]], ...]


def _url(found: re.Match[str], words: Words) -> str:
    """A publisher's stays, without its question: that may be signed."""
    if _PUBLIC.fullmatch(found["host"].lower()) and found["host"].lower() not in words:
        return f"{found['scheme']}://{found['host']}{found['path'] or ''}"
    return "(URL)"


def _domain(found: re.Match[str], words: Words) -> str:
    """A host or a domain of somebody's, whoever it is; not a file, and not a public one."""
    text = found[0].lower()
    if text in words:
        return words[text]
    nobodys = _PUBLIC.fullmatch(text) or _PRIVILEGE.fullmatch(found[0]) or _PROGRAM.fullmatch(found[0]) or _is_file(found)
    return found[0] if nobodys else "(host)"


def _is_file(found: re.Match[str]) -> bool:
    """By its end; and a part of a path that no host has for a name."""
    text, before = found[0].lower(), found.string[max(0, found.start() - 2) : found.start()]
    several = text.count(".") > 1
    if before.endswith("/") and before != "//" and not several and not _PRIVATE.fullmatch(text):
        return True
    return bool(_ENDS.fullmatch(text)) and not (several and _COUNTRY.fullmatch(text))


def _of_ssh(found: re.Match[str], words: Words) -> str:
    """Whom ssh names where it does not come through, by whatever short name."""
    text = found["host"].lower()
    return found[0] if text in _NO_HOST else f"{found['words']} {words.get(text, '(host)')}"


def _ipv4(found: re.Match[str], words: Words) -> str:
    """Or a version of four parts, which says so; no network's address begins so low but some public ones."""
    before = found.string[max(0, found.start() - _BEFORE) : found.start()]
    is_version = found[0] not in words and found[0].startswith(_LOW) and _VERSION.search(before)
    return found[0] if is_version else words.get(found[0], "(address)")


def _ipv6(found: re.Match[str], words: Words) -> str:
    text = found[0].rstrip(":") if not found[0].endswith("::") else found[0]
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return found[0]
    return words.get(text.lower(), "(address)") + found[0][len(text) :] if any(one.isalnum() for one in text) else found[0]


URLS: Judged = ((_URL, _url),)
HOSTS: Judged = ((_IPV4, _ipv4), (_IPV6, _ipv6), (_DOTTED, _domain), (_OF_SSH, _of_ssh))
