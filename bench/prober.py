"""Asks one HTTPS address on fresh connections and tells the longest time without an answer. Run inside of the lab's network.

`python -m bench.prober URL SECONDS`: prints one JSON line {"probes", "answered", "longest_outage_seconds"}. The certificate is not
checked: what is measured is whether somebody answers with `ok`.
"""

from __future__ import annotations

import json
import ssl
import sys
import time
import urllib.request
from dataclasses import dataclass

INTERVAL = 0.05
TIMEOUT = 0.3


@dataclass
class Probe:
    """What one run saw. Times in seconds since its start."""

    probes: int = 0
    answered: int = 0
    last_answer: float = 0.0
    longest_outage: float = 0.0

    def record(self, now: float, *, answered: bool) -> None:
        """Counts one probe that ended at `now`."""
        self.probes += 1
        if answered:
            self.longest_outage = max(self.longest_outage, now - self.last_answer)
            self.answered += 1
            self.last_answer = now


def answers(url: str, context: ssl.SSLContext) -> bool:
    """Whether the address says ok on a fresh connection within the timeout."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT, context=context) as reply:  # noqa: S310 (the caller's own https URL)
            return bool(reply.read() == b"ok")
    except OSError:
        return False


def probe(url: str, seconds: float) -> Probe:
    """Probes for so many seconds; an outage that has not ended by then counts up to the end."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    started, seen = time.monotonic(), Probe()
    while (now := time.monotonic() - started) < seconds:
        seen.record(time.monotonic() - started, answered=answers(url, context))
        time.sleep(max(0.0, INTERVAL - (time.monotonic() - started - now)))
    seen.longest_outage = max(seen.longest_outage, time.monotonic() - started - seen.last_answer)
    return seen


def main() -> None:
    """Entry."""
    seen = probe(sys.argv[1], float(sys.argv[2]))
    print(
        json.dumps({"probes": seen.probes, "answered": seen.answered, "longest_outage_seconds": round(seen.longest_outage, 2)}),
        flush=True,
    )


if __name__ == "__main__":
    main()
