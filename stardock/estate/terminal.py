"""What a machine prints, made fit for a terminal and a log: pure.

A console is the machine's own word, and a terminal obeys much of it (ECMA-48; OSC 52 fills the clipboard, others change the title or
answer as if somebody had typed). Sequences are left out whole, so that what remains can be read; nothing of them is obeyed.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field

#: CSI; then strings (DCS, SOS, OSC, PM, APC), which end with BEL or ST, and here at a line's end at the latest; then all other escapes.
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*(?:[@-~]|(?=[^ -~]))"
    r"|(?:\x1b[PX\]^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c|(?=[\x1b\n]))"
    r"|\x1b[ -/]*[0-Z\\`-~]"
)
#: The beginning of one, at the end of what came so far.
_BEGUN = re.compile(r"(?:(?:\x1b\[|\x9b)[0-?]*[ -/]*|(?:\x1b[PX\]^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*\x1b?|\x1b[ -/]*)\Z")
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
        begun = _BEGUN.search(text)
        start = begun.start() if begun and len(text) - begun.start() <= _LONGEST else len(text)
        self._kept, text = text[start:], _SEQUENCE.sub("", text[:start])
        return "".join(self._one(character) for character in text)

    def _one(self, character: str) -> str:
        """A carriage return begins a line anew: the line before is kept, as a line."""
        returned, self._returned = self._returned, character == "\r"
        if character == "\r":
            return ""
        before = "\n" if returned and character != "\n" else ""
        if character in "\n\t" or character.isprintable():
            return before + character
        return before if character in "\0\a\b\x0e\x0f" else f"{before}?"
