"""Where Terraform's state may lie: the settings of each backend that both tofu 1.12 and terraform 1.11 take.

Credentials are not among them: the engines read those from the environment, and what is in cluster.yaml would be in the JSON, in
`.terraform/` and in every saved plan. Names and variables are from the engines' sources (internal/backend/remote-state/*/backend.go).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from stardock.spec.units import shown

Kind = Literal["text", "flag", "number", "texts", "mapping", "path"]

#: What a value is called, and an example of it. A `path` is relative to cluster.yaml.
KINDS: dict[Kind, tuple[str, str]] = {
    "text": ("text", "NAME"),
    "flag": ("true or false", "true"),
    "number": ("a whole number of 0 or more", "3"),
    "texts": ("a list of texts", "[NAME]"),
    "mapping": ("a mapping to text", "{KEY: VALUE}"),
    "path": ("a path", "ca.pem"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """One backend. `place` are the settings that tell one state from another, `own` the one that is made of the cluster's name."""

    keys: Mapping[str, Kind]
    place: tuple[str, ...]
    required: tuple[str, ...] = ()
    own: str | None = None
    form: str = "{cluster}"
    defaults: Mapping[str, object] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)  # setting -> the environment's variable


def _kinds(**keys: str) -> dict[str, Kind]:
    """Settings by kind, each kind's in one text."""
    kinds: dict[str, Kind] = {"text": "text", "flag": "flag", "number": "number", "texts": "texts", "mapping": "mapping", "path": "path"}
    return {name: kinds[kind] for kind, names in keys.items() for name in names.split()}


BACKENDS: dict[str, Backend] = {
    "local": Backend(keys={}, place=()),
    "s3": Backend(
        keys=_kinds(
            text="bucket key region profile acl kms_key_id workspace_key_prefix retry_mode http_proxy https_proxy no_proxy",
            flag="use_lockfile use_path_style encrypt insecure skip_credentials_validation skip_metadata_api_check skip_region_validation"
            " skip_requesting_account_id skip_s3_checksum",
            number="max_retries",
            mapping="endpoints assume_role",
            path="custom_ca_bundle",
        ),
        place=("bucket", "key", "endpoints"),
        required=("bucket",),
        own="key",
        form="{cluster}.tfstate",
        defaults={"use_lockfile": True},
        secrets={
            "access_key": "AWS_ACCESS_KEY_ID",
            "secret_key": "AWS_SECRET_ACCESS_KEY",
            "token": "AWS_SESSION_TOKEN",
            "sse_customer_key": "AWS_SSE_CUSTOMER_KEY",
        },
    ),
    "http": Backend(
        keys=_kinds(
            text="address lock_address unlock_address update_method lock_method unlock_method client_ca_certificate_pem"
            " client_certificate_pem",
            flag="skip_cert_verification",
            number="retry_max retry_wait_min retry_wait_max",
        ),
        place=("address",),
        required=("address",),
        secrets={
            "username": "TF_HTTP_USERNAME",
            "password": "TF_HTTP_PASSWORD",
            "client_private_key_pem": "TF_HTTP_CLIENT_PRIVATE_KEY_PEM",
        },
    ),
    "pg": Backend(
        keys=_kinds(text="schema_name", flag="skip_schema_creation skip_table_creation skip_index_creation"),
        place=("schema_name",),
        own="schema_name",
        form="stardock_{cluster_}",
        secrets={"conn_str": "PG_CONN_STR"},
    ),
    "gcs": Backend(
        keys=_kinds(text="bucket prefix impersonate_service_account kms_encryption_key storage_custom_endpoint"),
        place=("bucket", "prefix"),
        required=("bucket",),
        own="prefix",
        secrets={
            "credentials": "GOOGLE_CREDENTIALS",
            "access_token": "GOOGLE_OAUTH_ACCESS_TOKEN",
            "encryption_key": "GOOGLE_ENCRYPTION_KEY",
        },
    ),
    "azurerm": Backend(
        keys=_kinds(
            text="storage_account_name container_name key resource_group_name subscription_id tenant_id environment metadata_host",
            flag="snapshot use_azuread_auth use_msi use_oidc",
        ),
        place=("storage_account_name", "container_name", "key"),
        required=("storage_account_name", "container_name"),
        own="key",
        form="{cluster}.tfstate",
        secrets={
            "access_key": "ARM_ACCESS_KEY",
            "sas_token": "ARM_SAS_TOKEN",
            "client_id": "ARM_CLIENT_ID",
            "client_secret": "ARM_CLIENT_SECRET",
            "client_certificate_password": "ARM_CLIENT_CERTIFICATE_PASSWORD",
            "oidc_token": "ARM_OIDC_TOKEN",
            "oidc_request_token": "ARM_OIDC_REQUEST_TOKEN",
        },
    ),
    "consul": Backend(
        keys=_kinds(text="path address scheme datacenter", flag="gzip lock", path="ca_file cert_file key_file"),
        place=("address", "datacenter", "path"),
        own="path",
        form="stardock/{cluster}",
        secrets={"access_token": "CONSUL_HTTP_TOKEN", "http_auth": "CONSUL_HTTP_AUTH"},
    ),
    "kubernetes": Backend(
        keys=_kinds(
            text="secret_suffix namespace host config_context config_context_auth_info config_context_cluster",
            flag="in_cluster_config insecure",
            mapping="labels",
            path="config_path",
        ),
        place=("host", "config_path", "config_context", "namespace", "secret_suffix"),
        own="secret_suffix",
        secrets={
            "token": "KUBE_TOKEN",
            "username": "KUBE_USER",
            "password": "KUBE_PASSWORD",
            "client_key": "KUBE_CLIENT_KEY_DATA",
            "client_certificate": "KUBE_CLIENT_CERT_DATA",
        },
    ),
}


def fits(kind: Kind, value: object) -> bool:
    """Whether a value is of a kind."""
    if kind == "flag":
        return isinstance(value, bool)
    if kind == "number":
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if kind == "texts":
        return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
    if kind == "mapping":
        return isinstance(value, Mapping) and all(isinstance(item, str) for item in value.values())
    return isinstance(value, str) and bool(value)


def misfit(kind: Kind, value: object) -> tuple[str, str]:
    """What is wrong with a value of another kind, and what to write."""
    what, example = KINDS[kind]
    return f"{shown(value)} is not {what}", f"write for example {example}"
