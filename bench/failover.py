"""Three times the load balancer that holds the VIP loses its power; tells how long the API was not answered. Needs a bootstrapped lab.

`python -m bench.failover examples/quickstart/cluster.yaml`: the outage of each kill and the median, in seconds. The floor is what the
origin's settings (one advertisement a second, dead after three) need by arithmetic: 3 + (256 - 100) / 256 = 3.61 s.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

KILLS = 3
FLOOR = 3 + (256 - 100) / 256


class Lab:
    """`runner lab` for one cluster file."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.plan = json.loads(self._runner("lab", "run", "-f", file, "--", "runner", "plan", "--format", "json"))
        self.vip = self._runner("lab", "run", "-f", file, "--", "sh", "-c", "sed -n 's/^  *vip: *//p' $STARDOCK_FILE").strip()

    def _runner(self, *words: str) -> str:
        return subprocess.run(["runner", *words], capture_output=True, text=True, check=True).stdout

    def do(self, verb: str, name: str, *command: str) -> str:
        """`runner lab VERB NAME [-- COMMAND]`."""
        return self._runner("lab", verb, "-f", self._file, name, *(["--", *command] if command else []))

    def probe(self, seconds: float) -> subprocess.Popen[str]:
        """The prober, inside."""
        words = [sys.executable, "-m", "bench.prober", f"https://{self.vip}:6443/readyz", str(seconds)]
        return subprocess.Popen(["runner", "lab", "run", "-f", self._file, "--", *words], stdout=subprocess.PIPE, text=True)

    def await_boot(self, name: str) -> None:
        """Until a machine has ended its boot, keepalived and haproxy included. Raises CalledProcessError after two minutes."""
        deadline = time.monotonic() + 120
        while True:
            try:
                self.do("ssh", name, "timeout 60 systemctl is-system-running --wait | grep -qx -e running -e degraded")
            except subprocess.CalledProcessError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
            else:
                return

    def holder(self, names: Sequence[str]) -> str:
        """Who has the VIP."""
        return next(name for name in names if f" {self.vip}/" in self.do("ssh", name, "ip -brief address"))


def outage(lab: Lab, names: Sequence[str]) -> float:
    """One kill and recovery; seconds without an answer."""
    holder, prober = lab.holder(names), lab.probe(15)
    time.sleep(4)
    lab.do("kill", holder)
    output, _ = prober.communicate(timeout=60)
    lab.do("start", holder)
    lab.await_boot(holder)
    return float(json.loads(output.splitlines()[-1])["longest_outage_seconds"])


def main() -> None:
    """Prints one line."""
    lab = Lab(sys.argv[1])
    names = [machine["name"] for machine in lab.plan["machines"] if machine["role"] == "loadbalancer"]
    outages = [outage(lab, names) for _ in range(KILLS)]
    median = statistics.median(outages)
    print(f"outages {outages} s, median {median:.2f} s; the origin's settings {FLOOR:.2f} s; ratio {median / FLOOR:.2f}")


if __name__ == "__main__":
    main()
