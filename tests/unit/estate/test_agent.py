"""The guest agent's answers are values, whatever they are: hostile, refused, odd, or good."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from stardock.estate.agent import COPIED_KEYS, ORIGINALS, addresses_of, founded_mark, host_keys
from stardock.estate.answers import shown
from stardock.estate.hostkeys import host_key
from stardock.estate.reasons import Kind
from stardock.estate.refusals import Forbidden, NoAnswer
from tests.contract.deploy.guests import host_key as made_key
from tests.unit.estate.agents import ABSENT, DENIED, VM, Told, failed

pytestmark = pytest.mark.unit

MAC = "BC:24:11:00:00:01"
KEY, OTHER = made_key("one"), made_key("other")
ED25519 = ORIGINALS["ed25519"]
#: qapi/qmp-dispatch.c, before and since QEMU 6.1.
BLOCKED = "command {} has been disabled"


def _interfaces(*addresses: object, mac: object = MAC.lower()) -> dict[str, Any]:
    return {"result": [{"name": "eth0", "hardware-address": mac, "ip-addresses": [{"ip-address": one} for one in addresses]}]}


@pytest.mark.proves("reality A7")
@pytest.mark.parametrize(
    ("told", "usable"),
    [
        ("10.0.0.5", ("10.0.0.5",)),
        ("10.0.0.5/24", ("10.0.0.5",)),
        ("fd00::5%ens18", ("fd00::5",)),
        ("fd00::5%ens18/64", ("fd00::5",)),
        ("FD00:0:0::0005", ("fd00::5",)),
        ("fe80::1%ens18", ()),
        ("127.0.0.1", ()),
        ("::1", ()),
        ("0.0.0.0", ()),  # noqa: S104 -- nobody binds it
        ("255.255.255.255", ()),
        ("224.0.0.1", ()),
    ],
)
def test_addresses_are_taken_with_prefix_or_scope_and_only_those_that_others_can_reach(told: str, usable: tuple[str, ...]) -> None:
    answer = addresses_of(Told(_interfaces(told, "10.0.0.9")).estate, VM)
    assert answer.by_mac == {MAC: (*usable, "10.0.0.9")}
    assert (answer.odd, answer.reason) == ((), None)


@pytest.mark.proves("reality A7")
@pytest.mark.parametrize("odd", ["999.1.1.1", "", "10.0.0.5\n", "10.0.0.5/99", "text", 7, 167772165, None, ["10.0.0.1"], {}, True])
def test_an_odd_address_is_told_as_what_it_is_and_costs_no_address_that_was_read(odd: object) -> None:
    answer = addresses_of(Told(_interfaces(odd, "10.0.0.5")).estate, VM)
    assert answer.by_mac == {MAC: ("10.0.0.5",)}
    assert answer.odd == (shown(odd),)
    assert answer.reason is None


@pytest.mark.proves("reality A7")
def test_an_error_object_of_the_agent_is_a_reason_with_its_words() -> None:
    answer = addresses_of(Told({"result": {"error": {"class": "GenericError", "desc": "failed to get list of interfaces"}}}).estate, VM)
    assert answer.reason is not None
    assert answer.reason.words == "guest agent answers: failed to get list of interfaces"


@pytest.mark.parametrize("told", [None, [], "text", 7, {}, {"result": None}, {"result": "x"}, {"result": {"error": None}}, {"result": {}}])
def test_an_answer_of_another_shape_is_a_reason(told: Any) -> None:
    assert addresses_of(Told(told).estate, VM).reason is not None


@pytest.mark.parametrize(
    "item",
    [None, "x", 7, [], {}, {"hardware-address": 3}, {"ip-addresses": "x"}, {"ip-addresses": 5}, {"ip-addresses": [None, 3, "x", {}]}],
)
def test_an_interface_of_another_shape_costs_no_other(item: Any) -> None:
    told = _interfaces("10.0.0.5")
    told["result"] = [item, *told["result"], item]
    assert addresses_of(Told(told).estate, VM).by_mac[MAC] == ("10.0.0.5",)


@pytest.mark.parametrize(
    ("reason", "code", "kind", "lasting"),
    [
        ("No QEMU guest agent configured", 500, Kind.UNCONFIGURED, True),
        ("VM 210 is not running", 500, Kind.STOPPED, False),
        ("VM 210 not running", 500, Kind.STOPPED, False),
        ("QEMU guest agent is not running", 500, Kind.SILENT, False),
        ("VM 210 qga command 'guest-network-get-interfaces' failed - got timeout", 500, Kind.SILENT, False),
        ("VM 210 qmp command 'guest-network-get-interfaces' failed - got timeout", 500, Kind.SILENT, False),
        ("unable to connect to VM 210 qga socket - timeout after 31 retries", 500, Kind.SILENT, False),
        ("Configuration file 'nodes/pve1/qemu-server/210.conf' does not exist", 500, Kind.MOVED, False),
        ("No route to host", 595, Kind.UNREACHABLE, False),
        ("Connection timed out", 596, Kind.UNREACHABLE, False),
        ("something new", 500, Kind.OTHER, False),
        ("", 500, Kind.OTHER, False),
    ],
)
@pytest.mark.proves("reality A8")
def test_each_refusal_of_proxmox_is_told_apart_and_whether_waiting_helps(reason: str, code: int, kind: Kind, lasting: bool) -> None:
    told = addresses_of(Told(failed(reason, code)).estate, VM).reason
    assert told is not None
    assert (told.kind, told.patience == 0) == (kind, lasting)


RUNS = {"status": "running", "qmpstatus": "running"}
SILENCE = NoAnswer("https://pve:8006 does not answer", cure="check `proxmox.endpoint` in cluster.yaml")


@pytest.mark.proves("reality A8")
@pytest.mark.parametrize("kept", [SILENCE, failed("Connection timed out", 596), failed("", 599)])
def test_an_agent_that_hangs_is_named_with_its_vm_where_proxmox_answers_everything_else(kept: Exception) -> None:
    told = addresses_of(Told(kept, status=RUNS).estate, VM).reason
    assert told is not None
    assert (told.kind, told.words) == (Kind.SILENT, "guest agent did not answer although Proxmox does: VM 210 on pve1")
    assert "systemctl restart qemu-guest-agent" in told.cure
    assert "runner machine reset NAME resets it (VM 210 on pve1)" in told.cure
    assert told.mute


@pytest.mark.proves("reality A8")
@pytest.mark.parametrize("kept", [SILENCE, failed("No route to host", 595), failed("Connection timed out", 596)])
def test_no_agent_is_blamed_where_proxmox_or_the_pve_node_answers_nothing(kept: Exception) -> None:
    told = addresses_of(Told(kept, status=kept).estate, VM).reason
    assert told is not None
    assert told.kind is Kind.UNREACHABLE
    assert "agent" not in told.words


def test_a_vm_that_stands_still_meanwhile_is_told_as_that() -> None:
    told = addresses_of(Told(SILENCE, status={"status": "stopped"}).estate, VM).reason
    assert told is not None
    assert told.kind is Kind.STOPPED


@pytest.mark.proves("reality A8")
@pytest.mark.parametrize("words", [f"The {BLOCKED} for this instance", f"{BLOCKED.capitalize()}: the command is not allowed"])
def test_a_disabled_rpc_is_named_with_where_to_allow_it_and_is_not_waited_for(words: str) -> None:
    error = {"class": "CommandNotFound", "desc": words.format("guest-network-get-interfaces")}
    told = addresses_of(Told({"result": {"error": error}}).estate, VM).reason
    assert told is not None
    assert (told.kind, told.patience) == (Kind.DISABLED, 0)
    assert "guest-network-get-interfaces" in told.words
    assert "/etc/sysconfig/qemu-ga" in told.cure and "/etc/qemu/qemu-ga.conf" in told.cure  # noqa: PT018
    keys = host_keys(Told(files={COPIED_KEYS: failed("Agent error: " + words.format("guest-file-open"))}).estate, VM).reason
    assert keys is not None
    assert "guest-file-open, guest-file-read, guest-file-close" in keys.cure


@pytest.mark.parametrize("why", ["the command is not allowed", "the agent is in frozen state"])
def test_a_frozen_guest_is_not_taken_for_one_whose_rpcs_are_disabled_and_is_waited_for(why: str) -> None:
    error = {"class": "CommandNotFound", "desc": f"Command guest-network-get-interfaces has been disabled: {why}"}
    told = addresses_of(Told({"result": {"error": error}}, frozen="frozen").estate, VM).reason
    assert told is not None
    assert (told.kind, told.patience) == (Kind.FROZEN, None)
    assert told.cure == "if no backup or snapshot is being made of it, thaw it: qm guest cmd 210 fsfreeze-thaw on pve1"


@pytest.mark.proves("reality A8")
def test_a_missing_privilege_is_named_with_its_path_and_costs_what_the_other_one_reads() -> None:
    told = Told(Forbidden("the API token may not do this"), {ED25519: KEY})
    reason = addresses_of(told.estate, VM).reason
    assert reason is not None
    assert reason.words == "may not be asked: the API token lacks VM.GuestAgent.Audit on /vms/210"
    assert (reason.patience, reason.mute) == (0, False)
    assert host_keys(told.estate, VM).keys == (KEY,)
    refused = host_keys(Told(files={COPIED_KEYS: Forbidden("no")}).estate, VM).reason
    assert refused is not None
    assert "VM.GuestAgent.FileRead on /vms/210" in refused.words


def test_a_proxmox_that_pauses_is_a_reason_that_passes() -> None:
    reason = addresses_of(Told(NoAnswer("https://x:8006 does not answer")).estate, VM).reason
    assert reason is not None
    assert (reason.words, reason.patience) == ("https://x:8006 does not answer", None)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys := st.sampled_from(
        ["result", "error", "desc", "class", "hardware-address", "ip-addresses", "ip-address", "content", "name"]
    ), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@pytest.mark.proves("reality A7")
@given(json_values, json_values)
def test_no_answer_whatever_it_is_crashes(interfaces: Any, file: Any) -> None:
    told = Told(interfaces, {COPIED_KEYS: {"content": file}, ED25519: {"content": file}})
    for found in addresses_of(told.estate, VM).by_mac.values():
        assert all(found)
    assert host_keys(told.estate, VM).keys == () or host_key(file) is not None
    assert founded_mark(Told(files={"/etc/stardock/founded": {"content": file}}).estate, VM) is None
    json.dumps(shown(interfaces))


def test_what_a_guest_says_is_shown_on_one_line_short_and_printable() -> None:
    assert shown("a\x1b[31m\nb\u202e") == "a?[31m b?"
    assert len(shown("x" * 10_000_000)) < 200


@pytest.mark.parametrize(
    "key",
    [
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 2048),
        *(ec.generate_private_key(curve()) for curve in (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)),
    ],
)
def test_every_kind_of_host_key_that_sshd_makes_passes(
    key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
) -> None:
    line = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    assert host_key(f"{line} root@x") == line


@pytest.mark.parametrize("line", [KEY, f"{KEY} root@x", f"{KEY}\troot@x y z", f"  {KEY}"])
def test_a_line_with_a_key_gives_the_key_without_its_comment(line: str) -> None:
    assert host_key(line) == KEY


@pytest.mark.parametrize(
    "line",
    [
        "", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-ed25519 !!!", "nonsense AAAA", KEY.replace("ssh-ed25519", "ssh-rsa"),
        KEY[:-4], KEY + "AAAA", KEY.replace("AAAA", "AAA\u0430"), "@cert-authority * " + KEY, "* " + KEY, f"{KEY.split()[0]} {'A' * 5000}",
        "ssh-dss AAAAB3NzaC1kc3M=",
    ],
)  # fmt: skip
def test_a_line_that_is_no_key_is_none(line: str) -> None:
    assert host_key(line) is None


def test_lines_that_are_no_keys_are_left_out_and_told_and_cost_no_key() -> None:
    found = host_keys(Told(files={ED25519: f"* ssh-ed25519 AAAA\n{KEY} c\n{KEY} again\n"}).estate, VM)
    assert found.keys == (KEY,)
    assert found.odd == ("* ssh-ed25519 AAAA",)


@pytest.mark.proves("reality B9", "selinux 2")
def test_where_selinux_keeps_the_originals_the_copy_of_first_boot_is_taken() -> None:
    told = Told(files={COPIED_KEYS: f"{KEY} root@m\n", **dict.fromkeys(ORIGINALS.values(), DENIED)})
    found = host_keys(told.estate, VM)
    assert (found.keys, found.reason) == ((KEY,), None)
    assert told.asked[0] == COPIED_KEYS, "it is read first"


@pytest.mark.proves("selinux 2")
def test_permission_denied_on_the_originals_is_no_file_and_no_silent_agent() -> None:
    reason = host_keys(Told(files=dict.fromkeys(ORIGINALS.values(), DENIED)).estate, VM).reason
    assert reason is not None
    assert (reason.kind, reason.mute, reason.patience) == (Kind.DENIED, False, None)
    assert "--accept-new-host-keys" in reason.cure
    assert COPIED_KEYS in reason.words


def test_a_copy_that_is_kept_too_is_told_with_its_cure_and_not_waited_for() -> None:
    reason = host_keys(Told(files={COPIED_KEYS: DENIED, **dict.fromkeys(ORIGINALS.values(), DENIED)}).estate, VM).reason
    assert reason is not None
    assert reason.patience == 0
    assert "restorecon" in reason.cure


def test_an_original_that_can_be_read_wins_over_its_copy_since_it_is_what_sshd_offers_now() -> None:
    assert host_keys(Told(files={COPIED_KEYS: KEY, ED25519: OTHER}).estate, VM).keys == (OTHER,)


def test_a_kind_that_sshd_no_longer_has_is_not_taken_from_the_copy_and_one_that_is_kept_is() -> None:
    rsa_kept = {COPIED_KEYS: f"{KEY}\n", ORIGINALS["rsa"]: DENIED}
    assert host_keys(Told(files={**rsa_kept, ED25519: DENIED}).estate, VM).keys == (KEY,)
    assert host_keys(Told(files={COPIED_KEYS: KEY, ORIGINALS["ecdsa"]: OTHER, ED25519: ABSENT}).estate, VM).keys == (OTHER,)


def test_the_copy_counts_where_there_are_no_originals_at_all() -> None:
    assert host_keys(Told(files={COPIED_KEYS: KEY}).estate, VM).keys == (KEY,)


def test_before_sshd_made_keys_there_is_no_reason_but_time() -> None:
    found = host_keys(Told().estate, VM)
    assert (found.keys, found.reason) == ((), None)


def test_a_silent_agent_is_not_asked_for_four_files() -> None:
    told = Told(files=dict.fromkeys([COPIED_KEYS, *ORIGINALS.values()], failed("QEMU guest agent is not running")))
    reason = host_keys(told.estate, VM).reason
    assert reason is not None
    assert reason.kind is Kind.SILENT
    assert told.asked == [COPIED_KEYS]


@pytest.mark.parametrize("mark", ["ab" * 32, "ab" * 32 + "\n"])
def test_a_founded_mark_is_a_sha256(mark: str) -> None:
    assert founded_mark(Told(files={"/etc/stardock/founded": mark}).estate, VM) == "ab" * 32


@pytest.mark.proves("hostile 7")
@pytest.mark.parametrize("mark", ["", "ab", "AB" * 32, "ab" * 32 + "\nab", "{{ lookup('pipe', 'id') }}", DENIED])
def test_a_mark_that_is_none_or_is_kept_from_the_agent_is_unknown_and_not_unfounded(mark: Any) -> None:
    assert founded_mark(Told(files={"/etc/stardock/founded": mark}).estate, VM) is None


def test_where_there_is_no_mark_nothing_is_founded() -> None:
    assert founded_mark(Told(files={"/etc/stardock/founded": ABSENT}).estate, VM) == ""
