"""What a machine prints, made fit for a terminal: nothing of it is obeyed, and what people read remains."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stardock.estate.terminal import Plain

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


@given(st.lists(st.binary(max_size=30), max_size=6))
def test_whatever_comes_no_control_character_leaves(pieces: list[bytes]) -> None:
    assert all(one.isprintable() or one in "\n\t" for one in fed(*pieces))
