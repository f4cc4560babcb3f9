"""What a machine prints, made fit for a terminal and a log: pure.

A console is the machine's own word, and a terminal obeys much of it (ECMA-48; OSC 52 fills the clipboard, others change the title or
answer as if somebody had typed). Sequences are left out whole, so that what remains can be read; nothing of them is obeyed.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass, field

#: What begins one: ESC, and the C1 controls that are CSI or begin a string.
_OPENER = re.compile(r"[\x1b\x90\x98\x9b\x9d-\x9f]")
#: CSI: parameters, intermediates, and a final one; where that is none of ASCII it ends before.
_CONTROL = re.compile(r"[0-?]*[ -/]*")
#: DCS, SOS, OSC, PM, APC: they end with BEL or ST, and here at a line's end at the latest.
_STRING = re.compile(r"[^\x07\x1b\x9c\n]*")
_INTERMEDIATE = re.compile(r"[ -/]*")
#: So much of a sequence is waited for; a longer one is shown as text.
_LONGEST = 4096


@dataclass(slots=True)
class Plain:
    """A stream of bytes to text of lines, as it comes."""

    _decoder: codecs.IncrementalDecoder = field(default_factory=lambda: codecs.getincrementaldecoder("utf-8")("replace"))
    _kept: str = ""
    _returned: bool = False

    def feed(self, piece: bytes) -> str:
        """The text that these bytes add: newlines, tabs and what can be printed; all else is gone, or `?`."""
        text = self._kept + self._decoder.decode(piece)
        shown, self._kept = _without_sequences(text)
        return "".join(self._one(character) for character in shown)

    def _one(self, character: str) -> str:
        """A carriage return begins a line anew: the line before is kept, as a line."""
        returned, self._returned = self._returned, character == "\r"
        if character == "\r":
            return ""
        before = "\n" if returned and character != "\n" else ""
        if character in "\n\t" or character.isprintable():
            return before + character
        return before if character in "\0\a\b\x0e\x0f" else f"{before}?"


def _without_sequences(text: str) -> tuple[str, str]:
    """What is left of it, and the beginning of a sequence at its end: from left to right, each character looked at once or twice.

    A machine chooses what comes, and whoever looks at it must not be kept busy by it.
    """
    shown, at, endless = [], 0, False
    while opener := _OPENER.search(text, at):
        begins, kind, body = _kind(text, opener.start())
        shown.append(text[at:begins])
        end = None if endless and kind is _string_end else kind(text, body)
        if end is not None and end > len(text):
            if len(text) - begins <= _LONGEST:
                return "".join(shown), text[begins:]
            endless, end = endless or kind is _string_end, None  # whatever else begins a string behind it does not end either
        if end is None:
            shown.append(text[begins])
        at = begins + 1 if end is None else end
    return "".join((*shown, text[at:])), ""


_End = Callable[[str, int], int | None]


def _kind(text: str, begins: int) -> tuple[int, _End, int]:
    """Where it begins, what looks for its end, and from where."""
    opener, follows = text[begins], text[begins + 1 : begins + 2]
    if opener == "\x9b" or (opener == "\x1b" and follows == "["):
        return begins, _control_end, begins + (1 if opener == "\x9b" else 2)
    if opener != "\x1b" or (follows and follows in "PX]^_"):
        return begins, _string_end, begins + (2 if opener == "\x1b" else 1)
    return begins, _escape_end, begins + 1


# Each gives where the sequence ends; more than there is: it has not ended yet; None: it is none.


def _control_end(text: str, body: int) -> int | None:
    end = _matched(_CONTROL, text, body)
    if end == len(text):
        return end + 1
    return end + 1 if "@" <= text[end] <= "~" else None if " " <= text[end] <= "~" else end


def _string_end(text: str, body: int) -> int | None:
    end = _matched(_STRING, text, body)
    if end == len(text) or (text[end] == "\x1b" and end + 1 == len(text)):
        return len(text) + 1
    return end + 2 if text.startswith("\x1b\\", end) else end + (text[end] in "\x07\x9c")


def _escape_end(text: str, body: int) -> int | None:
    end = _matched(_INTERMEDIATE, text, body)
    if end == len(text):
        return end + 1
    return end + 1 if "0" <= text[end] <= "~" and text[end] not in "[]^_" else None


def _matched(pattern: re.Pattern[str], text: str, body: int) -> int:
    found = pattern.match(text, body)
    return found.end() if found else body
