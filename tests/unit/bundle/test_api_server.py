"""`api_server`: OpenID Connect, audit log, pod security: files that servers read, and what names them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from stardock.bundle.inventory import inventory_files
from stardock.errors import InputErrors
from stardock.model.facts import Facts
from stardock.spec import load_spec
from stardock.yamltext import yaml_text
from tests.hostile_texts import CERTIFICATE
from tests.plans import document, plan_of

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature files of the API server")]

Document = dict[str, Any]
ISSUER = {"issuer": "https://id.example.org", "audiences": ["kubernetes"]}
AUDIT, SECURITY = "stardock-audit.yaml", "stardock-pod-security.yaml"


def written(api_server: Document, name: str = "rke2", **options: Any) -> Document:
    named = {key.replace("_", "-"): value for key, value in options.items()}
    return document() | {"distribution": {"name": name, "options": named}} | ({"api_server": api_server} if api_server else {})


def inventory(api_server: Document, name: str = "rke2", **options: Any) -> Document:
    return inventory_files(plan_of(written(api_server, name, **options))[0], Facts(cluster="quickstart"))


def everybody(api_server: Document, name: str = "rke2", **options: Any) -> Document:
    found: Document = inventory(api_server, name, **options)["group_vars/all.yml"]
    return found


def files(api_server: Document, name: str = "rke2") -> Document:
    """Name of a file -> its content as data, or None where it goes."""
    found = everybody(api_server, name)["kubernetes_server_files"]
    assert {Path(file["path"]).parent.name for file in found} == {name}
    return {Path(file["path"]).name: yaml.safe_load(file["content"]) if "content" in file else file["state"] for file in found}


def config(api_server: Document, machine: str = "server1", name: str = "rke2", **options: Any) -> Document:
    found = inventory(api_server, name, **options)[f"host_vars/{machine}.yml"]["kubernetes_config"]
    wanted = ("kube-apiserver-arg", "audit-policy-file", "pod-security-admission-config-file")
    return {key: found[key] for key in wanted if key in found}


OPENED = {name: f"authentication-config=/etc/rancher/{name}/authentication.yaml" for name in ("rke2", "k3s")}
LOG = {
    name: [
        f"audit-log-path=/var/lib/rancher/{name}/server/logs/audit.log",
        *("audit-log-maxage=7", "audit-log-maxbackup=10", "audit-log-maxsize=100"),
    ]
    for name in ("rke2", "k3s")
}
BOTH: Document = {"audit": {"max_age": 7}, "pod_security": {"enforce": "baseline"}}


def test_rke2_has_keys_for_the_files_and_k3s_arguments() -> None:
    assert config(BOTH) == {
        "kube-apiserver-arg": [OPENED["rke2"], *LOG["rke2"]],
        "audit-policy-file": f"/etc/rancher/rke2/{AUDIT}",
        "pod-security-admission-config-file": f"/etc/rancher/rke2/{SECURITY}",
    }
    named = [f"audit-policy-file=/etc/rancher/k3s/{AUDIT}", f"admission-control-config-file=/etc/rancher/k3s/{SECURITY}"]
    assert config(BOTH, name="k3s") == {"kube-apiserver-arg": [OPENED["k3s"], *named, *LOG["k3s"]]}
    assert config(BOTH, "agent1") == config(BOTH, "agent1", "k3s") == {}
    assert config({}) == {"kube-apiserver-arg": [OPENED["rke2"]]}


def test_the_audit_policy_is_the_users_rules_and_the_level_of_everything_else() -> None:
    quiet = {"level": "None", "users": ["system:kube-proxy"]}
    assert files({"audit": {"rules": [quiet], "level": "Request"}})[AUDIT] == {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [quiet, {"level": "Request"}],
    }


@pytest.mark.parametrize("name", ["rke2", "k3s"])
def test_pod_security_says_what_namespaces_without_a_label_are_held_to_and_leaves_the_systems_out(name: str) -> None:
    found = files({"pod_security": {"enforce": "baseline", "warn": "restricted", "exempt_namespaces": ["monitoring"]}}, name)[SECURITY]
    (plugin,) = found["plugins"]
    assert (found["kind"], plugin["name"]) == ("AdmissionConfiguration", "PodSecurity")
    modes = {"enforce": "baseline", "audit": "baseline", "warn": "restricted"}
    assert plugin["configuration"]["defaults"] == {**modes, **{f"{mode}-version": "latest" for mode in modes}}
    assert plugin["configuration"]["exemptions"]["namespaces"] == [
        *("kube-system", "compliance-operator-system", "tigera-operator"),
        "monitoring",
    ]


def test_without_the_keys_the_files_go() -> None:
    assert files({}) == {AUDIT: "absent", SECURITY: "absent"}


def test_issuers_are_in_the_file_that_opens_health_checks() -> None:
    more = {"username_claim": "email", "groups_claim": "groups", "groups_prefix": "oidc:", "required_claims": {"hd": "example.org"}}
    found = everybody({"oidc": [ISSUER, {**more, "issuer": "https://x", "audiences": ["a", "b"], "ca": CERTIFICATE}]})
    authentication = found["kubernetes_authentication"]
    assert authentication["anonymous"]["conditions"] == [{"path": "/livez"}, {"path": "/readyz"}]
    assert authentication["jwt"] == [
        {
            "issuer": {"url": "https://id.example.org", "audiences": ["kubernetes"]},
            "claimMappings": {"username": {"claim": "sub", "prefix": "https://id.example.org#"}},
        },
        {
            "issuer": {"url": "https://x", "certificateAuthority": CERTIFICATE, "audiences": ["a", "b"], "audienceMatchPolicy": "MatchAny"},
            "claimMappings": {"username": {"claim": "email", "prefix": ""}, "groups": {"claim": "groups", "prefix": "oidc:"}},
            "claimValidationRules": [{"claim": "hd", "requiredValue": "example.org"}],
        },
    ]


ARGUMENT = "distribution.options.kube-apiserver-arg[0]"


@pytest.mark.parametrize(
    ("api_server", "options", "path", "message"),
    [
        (
            {"oidc": [ISSUER]},
            {"kube_apiserver_arg": ["oidc-client-id=x"]},
            ARGUMENT,
            "beside `api_server.oidc`",
        ),
        ({"oidc": [ISSUER]}, {"kube_apiserver_arg": ["authentication-config=/etc/x"]}, ARGUMENT, "says who may log in, too"),
        ({"oidc": [ISSUER, ISSUER]}, {}, "api_server.oidc[1].issuer", "two entries are about https://id.example.org"),
        ({"audit": {}}, {"audit_policy_file": "/etc/x"}, "distribution.options.audit-policy-file", "names another file"),
        ({"audit": {}}, {"kube_apiserver_arg": ["audit-log-maxage=1"]}, ARGUMENT, "beside `api_server.audit`"),
        ({"pod_security": {}}, {"kube_apiserver_arg": ["admission-control-config-file=/etc/x"]}, ARGUMENT, "`api_server.pod_security`"),
        (
            {"pod_security": {}},
            {"pod_security_admission_config_file": "/etc/x"},
            "distribution.options.pod-security-admission-config-file",
            "names another file",
        ),
    ],
    ids=range(7),
)
def test_what_is_told_twice_is_refused_at_the_option(
    tmp_path: Path, api_server: Document, options: Document, path: str, message: str
) -> None:
    (tmp_path / "cluster.yaml").write_text(yaml_text(written(api_server, **options)))
    with pytest.raises(InputErrors) as caught:
        load_spec(tmp_path / "cluster.yaml")
    assert path in [problem.path for problem in caught.value.problems if message in problem.message], caught.value.problems


def test_the_options_alone_keep_their_meaning() -> None:
    assert config({}, audit_policy_file="/etc/own.yaml")["audit-policy-file"] == "/etc/own.yaml"
