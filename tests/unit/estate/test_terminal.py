"""What a machine prints, made fit for a terminal: nothing of it is obeyed, and what people read remains."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stardock.estate import terminal
from stardock.estate.terminal import Plain, _matched

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature machines' power")]


def fed(*pieces: bytes) -> str:
    plain = Plain()
    return "".join(plain.feed(piece) for piece in pieces)


@pytest.mark.parametrize(
    ("printed", "text"),
    [
        (b"\x1b[0;32m  OK  \x1b[0m Started\r\n", "  OK   Started\n"),
        (b"\x1b]52;c;cm0=\x07a", "a"),
        (b"\x1b]0;title\x1b\\a", "a"),
        (b"\x1b]0;title without an end\nnext", "\nnext"),
        (b"\x1bP1$r\x1b\\a\x1b_x\x1b\\b\x1b^x\x1b\\c\x1bXx\x1b\\d", "abcd"),
        (b"\x1bc\x1b(Bx\x1b7y\x1b=z", "xyz"),
        ("\x9b31mred\x9d0;t\x9c.".encode(), "red."),
        (b"10 %\r20 %\rdone\r\n", "10 %\n20 %\ndone\n"),
        (b"a\0b\x07c\x08d\x7fe\x05", "abcd?e?"),
        ("\u202eesrever \u2066x".encode(), "?esrever ?x"),
        (b"\xff\xc3\xa9\t|", "\ufffd\u00e9\t|"),
        (b"\x1b[\xc3\xa9", "\u00e9"),
    ],
)
def test_sequences_go_whole_and_text_stays(printed: bytes, text: str) -> None:
    assert fed(printed) == text
    assert fed(*(bytes([one]) for one in printed)) == text, "in whatever pieces it comes"


def test_a_sequence_that_does_not_end_is_not_waited_for_without_end() -> None:
    assert "x" * 5000 in fed(b"\x1b]" + b"x" * 5000)


#: Openers and ends of all kinds: what a machine would print to keep its viewer busy.
HOSTILE = "\x1b\x9b\x90\x9d\x9c\x07[]P\\0; \nmaé"


@given(st.lists(st.text(alphabet=HOSTILE, max_size=12), max_size=6))
def test_in_whatever_pieces_it_comes_the_same_is_shown(pieces: list[str]) -> None:
    whole = "".join(pieces).encode()
    assert fed(*(piece.encode() for piece in pieces), b"\n.") == fed(whole + b"\n.")


@pytest.mark.parametrize("opener", ["\x9d", "\x1b]", "\x9b0", "\x1b ", "\x1b\x9d"])
def test_a_frame_full_of_beginnings_is_gone_through_once(opener: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []

    def matched(pattern: re.Pattern[str], text: str, body: int) -> int:
        end = _matched(pattern, text, body)
        looked.append(end - body + 1)
        return end

    monkeypatch.setattr(terminal, "_matched", matched)
    for end in ("", "\n", "x" * 5000):
        looked.clear()
        text = opener * 20_000 + end
        fed(text.encode())
        assert sum(looked) <= 3 * len(text)


@given(st.lists(st.binary(max_size=30), max_size=6))
def test_whatever_comes_no_control_character_leaves(pieces: list[bytes]) -> None:
    assert all(one.isprintable() or one in "\n\t" for one in fed(*pieces))
