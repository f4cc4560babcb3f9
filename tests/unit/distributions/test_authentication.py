"""The API server's AuthenticationConfiguration."""

from __future__ import annotations

import pytest

from stardock.distributions.authentication import configuration, other_arguments

pytestmark = pytest.mark.unit

ANONYMOUS = {"enabled": True, "conditions": [{"path": "/livez"}, {"path": "/readyz"}]}


@pytest.mark.proves("reality D19")
@pytest.mark.parametrize(
    ("version", "api"),
    [
        ("v1.32.6+rke2r1", "v1beta1"),
        ("v1.33.13+rke2r2", "v1beta1"),
        ("v1.34.0+rke2r1", "v1"),
        ("v1.34.0-rc1+rke2r1", "v1"),
        ("v1.36.5+rke2r1", "v1"),
    ],
)
def test_the_file_has_the_version_that_the_minor_reads(version: str, api: str) -> None:
    assert configuration({}, version) == {
        "apiVersion": f"apiserver.config.k8s.io/{api}",
        "kind": "AuthenticationConfiguration",
        "anonymous": ANONYMOUS,
    }


def test_where_one_names_a_file_of_ones_own_there_is_none() -> None:
    assert configuration({"kube-apiserver-arg": ["authentication-config=/etc/mine.yaml"]}, "v1.36.5+rke2r1") == {}


ISSUER = ["oidc-issuer-url=https://id.example.org", "oidc-client-id=kubernetes"]


def jwt(*arguments: str) -> object:
    return configuration({"kube-apiserver-arg": [*ISSUER, *arguments]}, "v1.36.5+rke2r1")["jwt"]


@pytest.mark.proves("reality D20")
def test_oidc_is_rendered_into_the_file_as_the_api_server_would_read_it() -> None:
    assert jwt() == [
        {
            "issuer": {"url": "https://id.example.org", "audiences": ["kubernetes"]},
            "claimMappings": {"username": {"claim": "sub", "prefix": "https://id.example.org#"}},
        }
    ]
    assert jwt(
        "--oidc-username-claim=preferred_username",
        "oidc-username-prefix=oidc:",
        "oidc-groups-claim=groups",
        "oidc-groups-prefix=oidc:",
        "oidc-required-claim=hd=example.org,aud=kubernetes",
        "oidc-required-claim=tier=a=b",
    ) == [
        {
            "issuer": {"url": "https://id.example.org", "audiences": ["kubernetes"]},
            "claimMappings": {
                "username": {"claim": "preferred_username", "prefix": "oidc:"},
                "groups": {"claim": "groups", "prefix": "oidc:"},
            },
            "claimValidationRules": [
                {"claim": "hd", "requiredValue": "example.org"},
                {"claim": "aud", "requiredValue": "kubernetes"},
                {"claim": "tier", "requiredValue": "a=b"},
            ],
        }
    ]


@pytest.mark.proves("reality D20")
@pytest.mark.parametrize(
    ("arguments", "username"),
    [
        (["oidc-username-claim=email"], {"claim": "email", "prefix": ""}),
        (["oidc-username-claim=email", "oidc-username-prefix=x:"], {"claim": "email", "prefix": "x:"}),
        (["oidc-username-prefix=-"], {"claim": "sub", "prefix": ""}),
    ],
)
def test_prefixes_follow_the_rules_of_the_arguments(arguments: list[str], username: dict[str, str]) -> None:
    (one,) = configuration({"kube-apiserver-arg": [*ISSUER, *arguments]}, "v1.36.5+rke2r1")["jwt"]
    assert one["claimMappings"] == {"username": username}


@pytest.mark.proves("reality D20")
def test_what_stands_in_the_file_is_no_argument_any_more() -> None:
    assert other_arguments({"kube-apiserver-arg": ["v=2", *ISSUER, "audit-log-maxage=7"]}) == ["v=2", "audit-log-maxage=7"]
