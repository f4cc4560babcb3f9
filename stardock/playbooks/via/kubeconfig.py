"""A kubeconfig that another machine made: three values of it are taken, and the text is ours, as the role `kubeconfig` writes it.

`kubectl` runs what an `exec` names, and trusts whom a `server` says.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Any

import yaml

from stardock.errors import ConditionError

#: What begins each value when it is decoded, in the role's order.
_VALUES = {
    "certificate-authority-data": "-----BEGIN CERTIFICATE-----",
    "client-certificate-data": "-----BEGIN CERTIFICATE-----",
    "client-key-data": "-----BEGIN ",
}
_MOST = 1 << 20


def own_text(text: str, cluster: str, server: str, founded: str = "") -> str:
    """The kubeconfig of that cluster with the values of another. ConditionError where it lacks one, or trusts a stranger's authority.

    `founded`: the sha256 of the cluster's server-ca.crt, empty where nobody knows it. Its bytes are what the kubeconfig has
    (k3s and RKE2: k3s, pkg/clientaccess/kubeconfig.go, `WriteClientKubeConfig`).

    The values are found by their names and not read as YAML, as in the role.
    """
    authority, certificate, key = (_value(text[:_MOST], name) for name in _VALUES)
    if founded and hashlib.sha256(base64.b64decode(authority)).hexdigest() != founded:
        message = "the kubeconfig that HOST sends trusts another authority than the one that the cluster was founded with"
        raise ConditionError(message, cure="look at that machine; runner bootstrap --stage kubeconfig, without --via, fetches it from here")
    content: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "preferences": {},
        "clusters": [{"name": cluster, "cluster": {"certificate-authority-data": authority, "server": server}}],
        "users": [{"name": cluster, "user": {"client-certificate-data": certificate, "client-key-data": key}}],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": cluster}}],
        "current-context": cluster,
    }
    return yaml.dump(content, Dumper=yaml.SafeDumper, indent=2, allow_unicode=True, default_flow_style=False, sort_keys=True, width=80)


def _value(text: str, name: str) -> str:
    found = re.search(rf"{name}[\"']?: *[\"']?([A-Za-z0-9+/]+=*)(?:[\"',}}\s]|\Z)", text)
    try:
        decoded = base64.b64decode(found[1], validate=True) if found else b""
    except binascii.Error:
        decoded = b""
    if found is None or not decoded.startswith(_VALUES[name].encode()):
        message = f"the kubeconfig that HOST sends has no {name} that is one"
        raise ConditionError(message, cure="runner bootstrap --stage kubeconfig, without --via, fetches it from here")
    return found[1]
