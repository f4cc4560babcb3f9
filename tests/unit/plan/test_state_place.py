"""Where a state lies: what is filled up, and what tells one from another."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.model.settings import State
from stardock.plan.state import configuration, place, state_of
from stardock.spec.backends import BACKENDS

pytestmark = pytest.mark.unit

#: What is in cluster.yaml, and what is filled up for the cluster home-lab.
FILLED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "local": ({}, {}),
    "s3": ({"bucket": "b"}, {"key": "home-lab.tfstate", "use_lockfile": True}),
    "http": ({"address": "https://h/x"}, {}),
    "pg": ({}, {"schema_name": "stardock_home_lab"}),
    "gcs": ({"bucket": "b"}, {"prefix": "home-lab"}),
    "azurerm": ({"storage_account_name": "a", "container_name": "c"}, {"key": "home-lab.tfstate"}),
    "consul": ({}, {"path": "stardock/home-lab"}),
    "kubernetes": ({}, {"secret_suffix": "home-lab"}),
}


def test_every_backend_has_its_case() -> None:
    assert set(FILLED) == set(BACKENDS)


@pytest.mark.parametrize("backend", FILLED)
def test_a_backend_gets_a_place_of_this_cluster_unless_one_is_given(backend: str) -> None:
    given, filled = FILLED[backend]
    assert state_of("home-lab", backend, given).settings == given | filled
    for key in filled:
        assert state_of("home-lab", backend, {**given, key: "mine"}).settings[key] == "mine"


def test_paths_are_as_seen_from_cluster_yaml() -> None:
    state = State(backend="consul", settings={"ca_file": "ca.pem", "cert_file": "/etc/c.pem", "key_file": "~/k.pem", "path": "p"})
    assert configuration(state, beside="../../..") == {
        "ca_file": "../../../ca.pem",
        "cert_file": "/etc/c.pem",
        "key_file": "~/k.pem",
        "path": "p",
    }


@pytest.mark.parametrize("backend", [name for name in FILLED if name not in {"local", "http"}])
def test_two_clusters_have_two_places_and_credentials_are_none(backend: str) -> None:
    given = FILLED[backend][0]
    assert place(state_of("one", backend, given)) != place(state_of("two", backend, given))
    assert not set(BACKENDS[backend].secrets) & set(BACKENDS[backend].keys)
