"""What API servers read from files, as the plan has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stardock.distributions import distribution
from stardock.distributions.api_server import ADMISSION, AUDIT, admission, audit_arguments, audit_policy
from stardock.distributions.authentication import Issuer, authenticator
from stardock.model.settings import ApiServer

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec import api_server
    from stardock.spec.cluster import Spec


def api_server_of(spec: Spec) -> ApiServer:
    """Issuers, files by the argument that names them, and further arguments."""
    wanted = spec.api_server
    files: dict[str, dict[str, Any]] = {}
    if wanted.audit:
        files[AUDIT] = audit_policy(wanted.audit.rules, wanted.audit.level)
    if wanted.pod_security:
        files[ADMISSION] = admission(_levels(wanted.pod_security), wanted.pod_security.exempt_namespaces)
    return ApiServer(
        issuers=tuple(authenticator(Issuer(**one.model_dump())) for one in wanted.oidc),
        files=files,
        arguments=_log(spec, wanted.audit) if wanted.audit else (),
    )


def _levels(wanted: api_server.PodSecurity) -> dict[str, str]:
    return {"enforce": wanted.enforce, "audit": wanted.audit or wanted.enforce, "warn": wanted.warn or wanted.enforce}


def _log(spec: Spec, wanted: api_server.Audit) -> tuple[str, ...]:
    return audit_arguments(distribution(spec.distribution.name), wanted.max_age, wanted.max_files, wanted.max_size)
