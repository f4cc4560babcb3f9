"""What the lab raises. The command line turns it into its own errors; the lab imports nothing else of stardock."""

from __future__ import annotations


class LabError(Exception):
    """The lab cannot do this: what is wrong, and what to do about it."""

    def __init__(self, message: str, cure: str | None = None) -> None:
        super().__init__(f"{message}: {cure}" if cure else message)
        self.message = message
        self.cure = cure
