"""What has a sign is taken out of a report, however it is written, and no text holds the report up."""

from __future__ import annotations

import time

import pytest

from stardock.prove.redact import Redactor

pytestmark = pytest.mark.unit

#: With which each of the patterns begins, or goes on; and what none of them is.
STARTS = (
    r"z a- a. a.b- 0a: : 1. / eyJ eyJabcdefgh. K10 ::server: abcdef. abcdef.0 PVE: PVE PVE:a:0123abcd:: ssh-rsa ecdsa-sha2- $6 $6$",
    r"01234567- 0123- ecdsa-sha2-nistp256 SHA256: MD5: 0a:0b: sha256: bearer basic token= password h:// https://a@ https://a/ @ z@ z@a.",
    r"a@b!c= ~ /home /tmp/ //a. /a.b 1.2.3.4 1.2.3.4/ :: a:: ab/ aA1+ = VM. a.sh a.lan/ ( pve1 \n \n1: % %2F %40 a%40 \u001b[ \u001b[0",
)
BEFORE_BLANKS = (
    "x",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "bearer",
    "basic",
    "secret",
    "api_key:",
    "kernel",
    "resolve hostname",
    "connect to host a",
)
LINES = ("-----BEGIN X-----\n", "-----BEGIN X-----", "-----END X-----", "\x1b[", "\x1b[0", "\t", " ", "\n", "\r\n ")
LONG = ("K10" + "0a" * 32 + "::", "SHA256:" + "a" * 27)
HOSTILE = [*" ".join(STARTS).split(), *(f"{word} " for word in BEFORE_BLANKS), *LINES, *LONG]


def seconds_of(text: str, length: int) -> float:
    """Of this again and again."""
    told, began = text * (length // len(text)), time.process_time()
    Redactor({"node": ["pve1"]}).text(told)
    return time.process_time() - began


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_hostile_machine_holds_a_report_up(text: str) -> None:
    """Of four times as much, four times as long; sixteen is what looks at each place from each other place."""
    long = seconds_of(text, 200_000)
    assert long < 0.5 or long < 8 * max(seconds_of(text, 50_000) for _ in range(2))
