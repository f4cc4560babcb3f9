"""One knob for every wait of the lab and of its tests: how much longer than on an idle machine with two cores a thing may take.

`STARDOCK_PATIENCE` is a factor. The default is what a quota of half a core takes: a wait ends when what it waits for is there, so a
generous bound costs nothing but the time until a broken thing is told. What upstream fixes (PVE's own time-outs, a node's lease) is not
scaled: it belongs to what is emulated.
"""

from __future__ import annotations

import os

from lab.errors import LabError

VARIABLE = "STARDOCK_PATIENCE"
#: Half a core is a quarter of two.
DEFAULT = 4.0


def factor() -> float:
    """The knob's value. Raises LabError where it is no number above zero."""
    text = os.environ.get(VARIABLE, "")
    try:
        value = float(text or DEFAULT)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise LabError(f"{VARIABLE}={text} is no factor above 0", "give a number such as 4 or 0.5, or none")
    return value


def patient(seconds: float) -> float:
    """The bound, in seconds, of a wait that takes at most `seconds` on an idle machine with two cores. Raises LabError."""
    return seconds * factor()
