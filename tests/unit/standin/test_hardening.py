"""What RKE2 does in the API with `profile: cis`."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from lab.standin.payload.hardening import NAMESPACES, Hardener
from lab.standin.payload.kube import KubeError

pytestmark = pytest.mark.unit
POLICIES = "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies/{}"


class Api:
    """Objects by path. The service accounts are there from the second question on."""

    def __init__(self, kept: dict[str, dict[str, Any]]) -> None:
        self.kept = kept
        self.early = 1

    def find(self, path: str) -> dict[str, Any] | None:
        return self.kept.get(path)

    def create(self, path: str, body: dict[str, Any]) -> None:
        self.kept[f"{path}/{body['metadata']['name']}"] = body

    def patch(self, path: str, body: dict[str, Any], _kind: str) -> None:
        if "serviceaccounts" in path and self.early:
            self.early -= 1
            raise KubeError("not found")
        own = self.kept.setdefault(path, {})
        for key, value in body.items():
            own[key] = {**own.get(key, {}), **value} if isinstance(value, dict) else value


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setattr("lab.standin.payload.hardening.RETRY_SECONDS", 0.01)
    return Api({f"/api/v1/namespaces/{name}": {"metadata": {"name": name}} for name in (*NAMESPACES, "kube-node-lease")})


def harden(api: Api) -> None:
    Hardener(api, threading.Event()).run()  # type: ignore[arg-type]


def test_its_namespaces_have_policies_and_service_accounts_that_hand_out_no_tokens(api: Api) -> None:
    harden(api)
    named = [api.kept[POLICIES.format(name, "default-network-policy")]["spec"]["policyTypes"] for name in NAMESPACES]
    assert named == [["Ingress"]] * 3
    assert POLICIES.format("kube-system", "default-network-dns-policy") in api.kept
    assert POLICIES.format("default", "default-network-dns-policy") not in api.kept
    accounts = [path for path, body in api.kept.items() if body.get("automountServiceAccountToken") is False]
    assert len(accounts) == 4


def test_a_policy_that_somebody_took_away_stays_away(api: Api) -> None:
    """rke2, pkg/rke2/np.go: the annotation of the namespace says that it was there."""
    harden(api)
    del api.kept[POLICIES.format("default", "default-network-policy")]
    harden(api)
    assert POLICIES.format("default", "default-network-policy") not in api.kept
