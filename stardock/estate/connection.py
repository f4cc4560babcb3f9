"""A connection to Proxmox that fails soon and says why: the provider alone retries a wrong token for 52 seconds."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from proxmoxer import ProxmoxAPI
from proxmoxer.core import ResourceException

from stardock.deadline import within
from stardock.errors import ConditionError
from stardock.estate.answers import WHOLE_SECONDS, Bounded, shown
from stardock.estate.refusals import TRUST_CURE, NoAnswer, denied, failed, not_proxmox, unreachable, untrusted
from stardock.estate.token import ApiToken, api_token
from stardock.model.settings import Proxmox

T = TypeVar("T")

#: Seconds to connect (TLS included), for one answer, and for the whole of `Estate.check`, name resolution included. PVE holds the answer to
#: a wrong token back for 3 s (PVE::APIServer::AnyEvent), so less patience would take it for silence.
CONNECT_SECONDS = 2.5
ANSWER_SECONDS = 3.7
CHECK_SECONDS = 4.1

#: Where Go's crypto/x509 looks for the system's CAs (root_linux.go): our check must trust what the provider trusts.
_SYSTEM_CAS = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


class Estate:
    """Questions to one Proxmox estate. Safe to use from several threads: each has a session of its own."""

    def __init__(self, proxmox: Proxmox, token: ApiToken, *, trust: bool | str = True, seconds: float = ANSWER_SECONDS) -> None:
        self.endpoint = proxmox.endpoint or ""
        self._token = token
        self.trust = trust
        self._seconds = seconds
        self._local = threading.local()

    @classmethod
    def from_environment(cls, proxmox: Proxmox, environ: Mapping[str, str] = os.environ, seconds: float = ANSWER_SECONDS) -> Estate:
        """Use the token, the CA and what cluster.yaml leaves open from the environment. Raises ConditionError for what is missing."""
        known = resolved(proxmox, environ)
        return cls(known, api_token(environ, proxmox.cluster), trust=trusted_cas(known, environ), seconds=seconds)

    @property
    def user(self) -> str:
        """Whose token it is, as PVE's tasks name who started them."""
        return self._token.user

    @property
    def credentials(self) -> dict[str, str]:
        """The header by which PVE knows the token, for what goes another way than `api`."""
        return {"Authorization": f"PVEAPIToken={self._token.user}!{self._token.name}={self._token.secret}"}

    @property
    def api(self) -> Any:
        """This thread's proxmoxer client; nothing is sent until a resource of it is asked."""
        if not hasattr(self._local, "api"):
            self._local.api = self._connect()
        return self._local.api

    def _connect(self) -> Any:
        parts = urlsplit(self.endpoint)
        api = ProxmoxAPI(
            parts.hostname,
            port=parts.port or 443,
            user=self._token.user,
            token_name=self._token.name,
            token_value=self._token.secret,
            verify_ssl=self.trust,
            timeout=(CONNECT_SECONDS, self._seconds),
        )
        session: requests.Session = api._store["session"]  # noqa: SLF001  proxmoxer offers no other way to it
        session.mount("https://", Bounded())
        session.headers["Accept-Encoding"] = "identity"
        return api

    def check(self) -> str:
        """Ask for the version of Proxmox: endpoint answers, certificate is trusted, token is accepted; within `CHECK_SECONDS`.

        Raises ConditionError that tells these three apart.
        """
        answer = within(CHECK_SECONDS, lambda: self.insist(lambda api: api.version.get()), self._silent)
        version = answer.get("version") if isinstance(answer, dict) else None
        if not isinstance(version, str):
            raise not_proxmox(self.endpoint)
        return shown(version)

    def insist(self, question: Callable[[Any], T]) -> T:
        """Ask what Proxmox must answer: a refusal becomes ConditionError, too."""
        try:
            return self.read(question)
        except ResourceException as error:
            raise failed(self.endpoint, error) from error

    def read(self, question: Callable[[Any], T]) -> T:
        """Ask one question; what stops every question (no answer, no trust, no access) becomes ConditionError.

        ResourceException passes through when it concerns the thing asked for.
        """
        api = self.api
        try:
            return within(max(WHOLE_SECONDS, self._seconds) + CONNECT_SECONDS, lambda: question(api), self._late)
        except requests.exceptions.SSLError as error:
            raise untrusted(self.endpoint, error) from error
        except requests.exceptions.Timeout as error:
            raise self._silent() from error
        except requests.exceptions.RequestException as error:
            raise unreachable(self.endpoint, error) from error
        except ResourceException as error:
            raise denied(self.endpoint, error) or error from error
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
            # of proxmoxer, or of the question: JSON of another shape
            raise NoAnswer(f"{self.endpoint} answers, but not as Proxmox does: {type(error).__name__} in its answer") from error

    def _late(self) -> NoAnswer:
        """The thread that still waits keeps its session; the next question gets another."""
        del self._local.api
        return self._silent()

    def _silent(self) -> NoAnswer:
        return NoAnswer(
            f"{self.endpoint} does not answer",
            cure="check `proxmox.endpoint` in cluster.yaml, the host, and the way to it (VPN, firewall)",
        )


def resolved(proxmox: Proxmox, environ: Mapping[str, str]) -> Proxmox:
    """Fill in what cluster.yaml leaves open, as the provider does (fwprovider/provider.go). Raises ConditionError without an endpoint."""
    endpoint = proxmox.endpoint or environ.get("PROXMOX_VE_ENDPOINT", "").rstrip("/")
    if not endpoint:
        message = "nothing says where Proxmox is: neither `proxmox.endpoint` in cluster.yaml nor PROXMOX_VE_ENDPOINT"
        raise ConditionError(message, cure="export PROXMOX_VE_ENDPOINT=https://HOST:8006")
    if not endpoint.startswith("https://"):
        raise ConditionError(f"PROXMOX_VE_ENDPOINT is {endpoint}: the token would go in clear", cure="write https://HOST:8006")
    insecure = environ.get("PROXMOX_VE_INSECURE") in {"true", "1"} if proxmox.insecure is None else proxmox.insecure
    return replace(proxmox, endpoint=endpoint, insecure=insecure)


def trusted_cas(proxmox: Proxmox, environ: Mapping[str, str]) -> bool | str:
    """Decide which CAs to trust: SSL_CERT_FILE, else the system's; False for `insecure`. Raises ConditionError for a missing file."""
    if proxmox.insecure:
        return False
    named = environ.get("SSL_CERT_FILE")
    if named and not Path(named).is_file():
        raise ConditionError(f"SSL_CERT_FILE names {named}, which is not there", cure=TRUST_CURE)
    return named or next((path for path in _SYSTEM_CAS if Path(path).is_file()), True)
