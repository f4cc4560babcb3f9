"""The API behind a jump host: what reads Proxmox goes through the proxy that HTTPS_PROXY names, as the provider does."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from stardock.estate.connection import Estate as Connection
from stardock.model.settings import Proxmox
from tests.contract.estate import Estate
from tests.contract.socks import socks_proxy

pytestmark = pytest.mark.contract


@pytest.mark.proves("feature reaching Proxmox")
def test_the_api_is_read_through_a_socks_proxy(pve: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = pve.settings.endpoint
    environ = {"PROXMOX_VE_API_TOKEN": pve.token, "SSL_CERT_FILE": f"{pve.directory}/ca.pem"}
    with socks_proxy() as (proxy, asked):
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.setenv("HTTPS_PROXY", f"socks5h://{proxy}")
        assert Connection.from_environment(Proxmox(endpoint=endpoint, nodes=()), environ, seconds=15).check()
        assert asked == [urlsplit(endpoint).port]
