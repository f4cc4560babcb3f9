"""How a console reaches Proxmox."""

from __future__ import annotations

import pytest

from stardock.errors import ConditionError
from stardock.estate.console import _origin, _proxy

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature machines' power")]


@pytest.mark.parametrize(
    ("endpoint", "origin"),
    [
        ("https://pve.example.com:8006", "https://pve.example.com:8006"),
        ("https://pve.example.com:8006/api2/json", "https://pve.example.com:8006"),
        ("https://[fd00::1]:8006/", "https://[fd00::1]:8006"),
        ("https://a:b@pve.example.com", "https://pve.example.com"),
    ],
)
def test_of_the_endpoint_host_and_port_count(endpoint: str, origin: str) -> None:
    assert _origin(endpoint) == origin


def test_the_proxy_is_the_environments_and_one_that_no_websocket_takes_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert _proxy("https://pve.example.com:8006/x") is None
    monkeypatch.setenv("https_proxy", "http://proxy.example.com:3128")
    assert _proxy("https://pve.example.com:8006/x") == "http://proxy.example.com:3128"
    monkeypatch.setenv("no_proxy", "pve.example.com")
    assert _proxy("https://pve.example.com:8006/x") is None
    monkeypatch.setenv("https_proxy", "socks5://proxy.example.com:1080")
    with pytest.raises(ConditionError, match="no socks5 proxy"):
        _proxy("https://other.example.com:8006/x")
