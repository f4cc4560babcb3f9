"""registries.yaml as containerd gets it: the cases are those of k3s' own test (pkg/agent/containerd/config_test.go)."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.standin.payload import containerd, registries
from lab.standin.payload.config import Config
from lab.standin.payload.journal import FatalError
from lab.standin.payload.paths import Paths

pytestmark = pytest.mark.unit

LOGIN = {"auth": {"username": "user", "password": 'p"a\\ss'}}


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path, tmp_path / "bin", tmp_path / "data")


def configured(paths: Paths, content: Any, **options: str) -> dict[str, dict[str, Any]]:
    """Folder of a registry -> its hosts.toml."""
    paths.config.mkdir(parents=True, exist_ok=True)
    (paths.config / "registries.yaml").write_text(yaml.safe_dump(content))
    containerd.configure(paths, Config("server", {key: (value,) for key, value in options.items()}))
    return {file.parent.name: tomllib.loads(file.read_text()) for file in (paths.agent / "etc/containerd/certs.d").glob("*/hosts.toml")}


def settings(paths: Paths) -> dict[str, Any]:
    read: dict[str, Any] = tomllib.loads((paths.agent / "etc/containerd/config.toml").read_text())
    registry: dict[str, Any] = read["plugins"]["io.containerd.cri.v1.images"]["registry"]
    return registry


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"mirrors": {"docker.io": None}},
        {"mirrors": {"docker.io": {"endpoint": ["docker.io"]}}},
        {"mirrors": {"registry.example.com": {}}},
    ],
)
def test_what_says_nothing_is_no_file(paths: Paths, content: Any) -> None:
    assert configured(paths, content) == {}


@pytest.mark.parametrize(
    ("endpoint", "url", "overrides"),
    [
        ("https://registry.example.com/prefix/v2", "https://registry.example.com/prefix/v2", True),
        ("registry.example.com/prefix/v2", "https://registry.example.com/prefix/v2", True),
        ("registry.example.com/v2", "https://registry.example.com/v2", False),
        ("https://registry.example.com", "https://registry.example.com/v2", False),
        ("registry.example.com:443", "https://registry.example.com:443/v2", False),
        ("1.2.3.4", "https://1.2.3.4/v2", False),
        ("localhost:5000", "http://localhost:5000/v2", False),
        ("https://localhost:5000", "https://localhost:5000/v2", False),
        ("127.0.0.1:5000", "http://127.0.0.1:5000/v2", False),
    ],
)
def test_a_mirrors_endpoint_is_asked_before_the_registry_itself(paths: Paths, endpoint: str, url: str, overrides: bool) -> None:
    found = configured(paths, {"mirrors": {"docker.io": {"endpoint": [endpoint]}}})["docker.io"]
    path = {"override_path": True} if overrides else {}
    assert found["host"] == {url: {"capabilities": ["pull", "resolve"], **path}}
    assert found["server"] == "https://registry-1.docker.io/v2"


def test_each_endpoint_once_in_its_order_and_the_registry_itself_last(paths: Paths) -> None:
    endpoints = ["https://a.example.com", "b.example.com", "https://a.example.com/v2", "docker.io"]
    found = configured(paths, {"mirrors": {"docker.io": {"endpoint": endpoints}}})["docker.io"]
    assert (list(found["host"]), found["server"]) == (
        ["https://a.example.com/v2", "https://b.example.com/v2"],
        "https://registry-1.docker.io/v2",
    )


def test_an_authority_and_a_login_go_with_their_host_wherever_it_is_asked_and_the_login_is_in_config_toml_alone(paths: Paths) -> None:
    entry = {**LOGIN, "tls": {"ca_file": "/etc/ca.pem"}}
    mirror = {"endpoint": ["https://r.example.com:5000"], "rewrite": {"^library/(.*)": "cache/$1"}}
    found = configured(paths, {"mirrors": {"docker.io": mirror}, "configs": {"r.example.com:5000": entry}})
    assert found["docker.io"]["host"]["https://r.example.com:5000/v2"] == {
        "capabilities": ["pull", "resolve"],
        "ca": ["/etc/ca.pem"],
        "rewrite": {"^library/(.*)": "cache/$1"},
    }
    own = found["r.example.com_5000_"]
    assert (own["server"], own["ca"], own["host"]) == ("https://r.example.com:5000/v2", ["/etc/ca.pem"], {})
    assert settings(paths)["configs"] == {"r.example.com:5000": LOGIN}
    modes = {stat.S_IMODE(file.stat().st_mode) for file in paths.agent.glob("etc/containerd/**/*.toml")}
    assert modes == {0o600}


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_wildcard_is_for_every_registry_without_an_entry_of_its_own_and_its_mirror_hides_what_configs_says_of_it(
    paths: Paths, mirrored: bool
) -> None:
    """So does k3s, which looks the mirror's up by another name than it put it (`getHostConfigs`)."""
    mirrors = {"mirrors": {"*": {"endpoint": ["https://r.example.com"]}}} if mirrored else {}
    found = configured(paths, {**mirrors, "configs": {"*": {"tls": {"insecure_skip_verify": True}}}})["_default"]
    assert "server" not in found
    assert ("skip_verify" in found, list(found["host"])) == (not mirrored, ["https://r.example.com/v2"] if mirrored else [])


def test_without_the_default_endpoint_the_last_of_the_mirrors_is_the_last_that_is_asked(paths: Paths) -> None:
    mirror = {"endpoint": ["https://a.example.com", "https://b.example.com"], "rewrite": {"^a": "b"}}
    content = {"mirrors": {"docker.io": mirror}}
    found = configured(paths, content, **{"disable-default-registry-endpoint": "true"})["docker.io"]
    assert (found["server"], list(found["host"])) == ("https://b.example.com/v2", ["https://a.example.com/v2"])
    assert found["rewrite"] == {"^a": "b"}


def test_what_an_earlier_start_wrote_goes_and_somebody_elses_stays(paths: Paths) -> None:
    configured(paths, {"mirrors": {"docker.io": {"endpoint": ["https://r.example.com"]}}})
    foreign = paths.agent / "etc/containerd/certs.d/quay.io/hosts.toml"
    foreign.parent.mkdir()
    foreign.write_text('server = "https://quay.io"\n')
    assert set(configured(paths, {})) == {"quay.io"}


@pytest.mark.parametrize(
    "content",
    [
        "[a]",
        "mirror: {}",
        "a: [",
        "mirrors: [a]",
        "mirrors: {a: {endpoints: []}}",
        "mirrors: {a: {endpoint: ['']}}",
        "mirrors: {a: {endpoint: 'https://r.example.com'}}",
        "mirrors: {a: {endpoint: ['localhost:x']}}",
        "mirrors: {a: {endpoint: [b], rewrite: [c]}}",
        "configs: {a: {tls: {ca: x}}}",
        "configs: {a: {auth: {user: x}}}",
        "configs: {a: {auth: {username: {}}}}",
    ],
)
def test_a_file_that_is_none_ends_the_service(paths: Paths, content: str) -> None:
    paths.config.mkdir(parents=True)
    (paths.config / "registries.yaml").write_text(content)
    with pytest.raises(FatalError, match=r"registries\.yaml"):
        registries.hosts_of(registries.read(paths, Config("server", {})))
