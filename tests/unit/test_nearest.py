"""Suggestions: near words only, and never the opposite of what was written."""

from __future__ import annotations

import pytest

from stardock.cli.main import COMMANDS
from stardock.nearest import nearest

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("memroy", ["memory", "name"], "memory"),
        ("Disk-Interface", ["disk", "disk_interface"], "disk_interface"),
        ("tls_insecure", ["insecure"], "insecure"),
        ("debain", ["debian", "ubuntu"], "debian"),
        ("plam", list(COMMANDS), "plan"),
    ],
)
def test_a_misspelt_word_is_found(word: str, known: list[str], meant: str) -> None:
    assert nearest(word, known) == meant


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("destroy", list(COMMANDS)),
        ("undeploy", list(COMMANDS)),
        ("delete", list(COMMANDS)),
        ("secure", ["insecure"]),
        ("enable-etcd-snapshots", ["etcd-disable-snapshots"]),
        ("no_protect", ["protect"]),
        ("remote", ["remove", "role"]),
        ("nameservers", ["server", "agent"]),
        ("dns_servers", ["server", "dns"]),
        ("observer", ["server", "agent", "loadbalancer"]),
        ("after_deploy", ["before_deploy"]),
    ],
)
def test_a_word_of_another_meaning_is_never_suggested(word: str, known: list[str]) -> None:
    assert nearest(word, known) in {None, "dns"}
