"""Authorities and certificates, made by the openssl command (3.0 or newer)."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from .flavor import OURS

AUTHORITY_DAYS = 3650
CERTIFICATE_DAYS = 365
# Everything that makes the cluster what it is: made once by the founder, handed to joining servers.
AUTHORITIES = {
    "server-ca": f"{OURS.name}-server-ca",
    "client-ca": f"{OURS.name}-client-ca",
    "request-header-ca": f"{OURS.name}-request-header-ca",
    "etcd/server-ca": "etcd-server-ca",
    "etcd/peer-ca": "etcd-peer-ca",
}
SERVICE_KEY = "service.key"
CLUSTER_FILES = (SERVICE_KEY, *(f"{stem}.{end}" for stem in AUTHORITIES for end in ("crt", "key")))

AUTHORITY_EXTENSIONS = (
    "basicConstraints=critical,CA:TRUE",
    "keyUsage=critical,digitalSignature,keyCertSign,cRLSign",
    "subjectKeyIdentifier=hash",
)


def make_cluster(tls: Path) -> None:
    """Make all authorities and the service account key, all or nothing: a half-made set must not outlive a kill."""
    fresh = tls.with_name("tls.new")
    (fresh / "etcd").mkdir(parents=True, exist_ok=True)
    stamp = int(time.time())
    for stem, name in AUTHORITIES.items():
        _certificate(fresh / stem, [f"CN={name}@{stamp}"], AUTHORITY_EXTENSIONS, AUTHORITY_DAYS)
    _openssl("genrsa", "-out", str(fresh / SERVICE_KEY), "2048")
    fresh.rename(tls)


def issue(authority: Path, stem: Path, subject: Sequence[str], usage: str, names: Sequence[str] = ()) -> None:
    """Make `stem`.crt and `stem`.key (0600), signed by `authority`.crt.

    `subject` holds parts like O=system:nodes; `usage` is openssl's extendedKeyUsage; `names` are IP:... and DNS:... entries.
    """
    extensions = ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature,keyEncipherment", f"extendedKeyUsage={usage}"]
    extensions += ["subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid"]
    if names:
        extensions.append(f"subjectAltName={','.join(names)}")
    stem.parent.mkdir(parents=True, exist_ok=True)
    _certificate(stem, subject, extensions, CERTIFICATE_DAYS, authority)


def _certificate(stem: Path, subject: Sequence[str], extensions: Sequence[str], days: int, authority: Path | None = None) -> None:
    config = "\n".join(("[req]", "prompt=no", "distinguished_name=dn", "x509_extensions=ext", "[dn]", *subject, "[ext]", *extensions, ""))
    fresh = stem.with_name(f".{stem.name}.new")
    signer = [] if authority is None else ["-CA", f"{authority}.crt", "-CAkey", f"{authority}.key"]
    _openssl(
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", str(days),
        "-config", "/dev/stdin", "-keyout", f"{fresh}.key", "-out", f"{fresh}.crt", *signer, config=config,
    )  # fmt: skip
    for end in ("key", "crt"):
        Path(f"{fresh}.{end}").rename(f"{stem}.{end}")


def _openssl(*arguments: str, config: str = "") -> None:
    result = subprocess.run(["openssl", *arguments], input=config, capture_output=True, text=True, check=False)
    if result.returncode:
        raise RuntimeError(f"openssl {arguments[0]} failed: {result.stderr.strip()}")
