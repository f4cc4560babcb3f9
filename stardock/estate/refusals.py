"""What stands between us and Proxmox, in words: no way, no trust, no access, or somebody else who answers in its place."""

from __future__ import annotations

import re

import requests
from proxmoxer.core import ResourceException

from stardock.errors import ConditionError
from stardock.estate.answers import OddAnswerError, shown

TRUST_CURE = "name the CA: export SSL_CERT_FILE=pve-root-ca.pem (a copy of /etc/pve/pve-root-ca.pem of any PVE node)"
_ENDPOINT_CURE = "check `proxmox.endpoint` in cluster.yaml: https://HOST:8006 of a PVE node"

#: Statuses of PVE's proxy for a PVE node that it cannot reach (PVE::APIServer::AnyEvent; the numbers are AnyEvent::HTTP's).
NO_WAY = frozenset({595, 596, 597, 598, 599})
#: Statuses by which somebody in between says that Proxmox behind it does not answer, or not now.
_IN_BETWEEN = frozenset({429, 502, 503, 504})

_RENEW = (
    "renew it on that PVE node: pvecm updatecerts --force && systemctl restart pveproxy; one of your own (/etc/pve/local/pveproxy-ssl.pem)"
    " is renewed by whoever signed it"
)

#: OpenSSL's word for what is wrong with a certificate or a handshake -> what it means, and the cure.
_TLS = (
    ("wrong version number", "does not speak TLS", _ENDPOINT_CURE),
    ("record layer failure", "does not speak TLS", _ENDPOINT_CURE),
    ("eof occurred", "ends the connection where TLS begins", _ENDPOINT_CURE),
    ("certificate has expired", "has a certificate that has expired", _RENEW),
    ("hostname mismatch", "has a certificate of another name", "write the name that it holds into `proxmox.endpoint`"),
    ("ip address mismatch", "has a certificate of another address", "write the name that it holds into `proxmox.endpoint`"),
)


class NoAnswer(ConditionError):
    """Proxmox did not answer this time; a patient caller may ask again."""


class Forbidden(ConditionError):
    """The token may not do this one thing; others it may."""


def untrusted(endpoint: str, error: Exception) -> ConditionError:
    """TLS did not come about."""
    said = _innermost(error)
    for word, meaning, cure in _TLS:
        if word in said.lower().replace("_", " "):
            return ConditionError(f"{endpoint} {meaning}: {said}", cure=cure)
    return ConditionError(f"the certificate of {endpoint} is not trusted: {said}", cure=TRUST_CURE)


def unreachable(endpoint: str, error: Exception) -> NoAnswer:
    """No connection, or an answer that is none of Proxmox'."""
    if isinstance(error, OddAnswerError):
        return NoAnswer(f"{endpoint} answers, but {error}", cure=_ENDPOINT_CURE)
    return NoAnswer(f"{endpoint} cannot be reached: {_innermost(error)}", cure=_way(endpoint))


def _way(endpoint: str) -> str:
    """Without a port a URL is of 443, and pveproxy listens on 8006 (PVE::Service::pveproxy)."""
    if not re.search(r":\d+/?$", endpoint):
        return f"it names no port, so 443 was asked, and Proxmox listens on 8006: write {endpoint.rstrip('/')}:8006 as `proxmox.endpoint`"
    return "check `proxmox.endpoint` in cluster.yaml and the host"


def not_proxmox(endpoint: str) -> ConditionError:
    """Something answers in JSON, and is another thing."""
    return ConditionError(f"{endpoint} answers, but not as Proxmox does", cure=_ENDPOINT_CURE)


def denied(endpoint: str, error: ResourceException) -> ConditionError | None:
    """Make words of a refusal that concerns the token or the way; None for any other answer."""
    if error.status_code == requests.codes.unauthorized:
        return ConditionError(
            f"{endpoint} does not accept the API token: {shown(error.content)}",
            cure="it may be mistyped, expired or deleted: pveum user token list USER; a new one: runner proxmox-role prints the commands"
            " (pveum user token remove USER stardock first, where it is still there)",
        )
    if error.status_code == requests.codes.forbidden:
        cure = "runner doctor tells every privilege that is missing, with the commands that give it"
        return Forbidden(f"the API token may not do this: {shown(error.content)}", cure=cure)
    if error.status_code in _IN_BETWEEN:
        cure = "look at what stands before Proxmox (a reverse proxy, a firewall), and at Proxmox: systemctl status pveproxy pvedaemon"
        return NoAnswer(f"{endpoint} answers {_said(error)}: something in between does not get through to Proxmox", cure=cure)
    return None


def failed(endpoint: str, error: ResourceException) -> ConditionError:
    """Make words of any other refusal, where the answer was needed."""
    if error.status_code == requests.codes.not_found:
        return ConditionError(f"{endpoint} answers {_said(error)}: there is no API of Proxmox at that place", cure=_ENDPOINT_CURE)
    if error.status_code in NO_WAY:
        cure = "is that PVE node on, and does the Proxmox cluster have quorum? pvecm status"
        return ConditionError(f"{endpoint} answers {_said(error)}: it does not reach the PVE node that was asked for", cure=cure)
    if error.status_code >= requests.codes.internal_server_error:
        cure = "look at Proxmox: systemctl status pveproxy pvedaemon pve-cluster, and journalctl -u pveproxy -u pvedaemon -n 50"
        return ConditionError(f"{endpoint} answers {_said(error)}: Proxmox fails by itself", cure=cure)
    return ConditionError(f"{endpoint} answers {_said(error)}", cure=_ENDPOINT_CURE)


def _said(error: ResourceException) -> str:
    """Status and words, each word once."""
    words = [shown(part) for part in (error.status_message, error.content) if part]
    return f"{error.status_code} {': '.join(dict.fromkeys(words))}".strip()


def _innermost(error: BaseException) -> str:
    """Give the last cause in words: requests wraps urllib3, which wraps the socket's error with its own address in it."""
    while (reason := getattr(error, "reason", None) or (error.args[0] if error.args else None)) and isinstance(reason, BaseException):
        error = reason
    return shown((str(error).rpartition(": ")[2] or type(error).__name__).rstrip(")'\""))
