"""The mirror is the one that apt is configured with."""

from __future__ import annotations

import pytest

from lab.errors import LabError
from lab.network.mirror import Mirror, parse, told_mirror

pytestmark = pytest.mark.unit
TARGETS = """\
nodistro https://packages.example.org/node/
bookworm http://mirror.example.org/debian/
bookworm-updates http://mirror.example.org/debian/
bookworm-security https://security.example.org/debian-security/
"""


def test_archive_and_security_are_found_among_other_sources() -> None:
    assert parse(TARGETS, "") == Mirror("http://mirror.example.org/debian", "https://security.example.org/debian-security")


def test_apts_own_proxy_is_kept() -> None:
    assert parse(TARGETS, "proxy='http://proxy.example.org:3128'\n").proxy == "http://proxy.example.org:3128"
    assert parse(TARGETS, "proxy='DIRECT'\n").proxy is None


def test_machines_ask_in_plain_http_and_the_relay_asks_as_the_mirror_wants() -> None:
    mirror = parse(TARGETS, "")
    assert mirror.sources("bookworm")[2] == "deb http://security.example.org/debian-security bookworm-security main"
    assert mirror.schemes == {"mirror.example.org": "http", "security.example.org": "https"}


def test_a_newer_debians_mirror_serves_too() -> None:
    assert (
        parse("trixie http://mirror.example.org/debian/\n", "").sources("bookworm")[0]
        == "deb http://mirror.example.org/debian bookworm main"
    )


def test_no_debian_mirror_is_an_error_with_a_cure() -> None:
    with pytest.raises(LabError, match=r"sources\.list"):
        parse("nodistro https://packages.example.org/node/\n", "")


def test_a_process_is_told_of_the_mirror_whole_by_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    mirror = parse(TARGETS, "proxy='http://user:secret@proxy.example:3128'")
    assert mirror.proxy == "http://user:secret@proxy.example:3128"
    for name, value in mirror.environment.items():
        monkeypatch.setenv(name, value)
    assert told_mirror() == mirror
