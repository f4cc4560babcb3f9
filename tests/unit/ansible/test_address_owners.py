"""The module `stardock.machine.address_owners`: frames as they come from a wire. Real ones are in `tests/lab/test_vip_on_servers.py`."""

from __future__ import annotations

import importlib.util
import socket
import struct
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.unit

FILE = Path(__file__).parents[3] / "ansible/collections/ansible_collections/stardock/machine/plugins/modules/address_owners.py"
VIP, OURS = socket.inet_aton("192.168.1.40"), bytes.fromhex("bc2411000001")
THEIRS = bytes.fromhex("deadbeef0002")


@pytest.fixture(scope="module")
def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("address_owners", FILE)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def arp(operation: int, sender: str) -> bytes:
    body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + THEIRS + socket.inet_aton(sender) + OURS + VIP
    return OURS + THEIRS + b"\x08\x06" + body


def advert(vrid: int, protocol: int = 112) -> bytes:
    """As RFC 9568 has it: version 3, type 1, id, priority, one address, an interval."""
    words = struct.pack("!BBBBHH", 0x31, vrid, 100, 1, 100, 0) + VIP
    head = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0xC0, 20 + len(words), 0, 0, 255, protocol, 0, *map(socket.inet_aton, ("10.0.0.7", "224.0.0.18"))
    )
    return bytes.fromhex("01005e000012") + THEIRS + b"\x08\x00" + head + words


def test_who_answers_for_the_address_or_says_that_it_has_it_is_known_by_its_mac(module: ModuleType) -> None:
    assert [module.owner(arp(kind, "192.168.1.40"), VIP) for kind in (1, 2)] == ["de:ad:be:ef:00:02"] * 2
    assert module.owner(arp(1, "0.0.0.0"), VIP) is None, "who asks for it does not have it"  # noqa: S104 -- an ARP probe
    assert module.owner(arp(2, "192.168.1.41"), VIP) is None
    assert module.owner(b"\x00" * 14, VIP) is None


def test_an_advert_of_the_same_id_is_somebody_who_uses_it(module: ModuleType) -> None:
    assert module.router(advert(51), 51) == "10.0.0.7"
    assert module.router(advert(52), 51) is None
    assert module.router(advert(51, protocol=6), 51) is None
    assert module.router(advert(51)[:30], 51) is None


def test_the_question_claims_no_address(module: ModuleType) -> None:
    frame = module.probe(OURS, VIP)
    assert len(frame) == 42
    assert frame[:6] == b"\xff" * 6
    assert module.owner(frame, bytes(4)) == "bc:24:11:00:00:01"
    assert module.owner(frame, VIP) is None
