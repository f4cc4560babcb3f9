"""What a client sees of four failures through the VIP, under the origin's settings and under ours, in one run on the same machines.

`python -m bench.outage [REPETITIONS]` makes a lab of its own (the quick start without its agent; etcd with RKE2's own timers: a heartbeat
of 500 ms, an election time-out of 5 s), runs each failure three times under each, and prints a table. All that was seen is in
`build/outage.json`. `/readyz` is asked every 10 ms on a new connection. Where a server dies, the survivors' own `/readyz`, and a write
at each, are asked every 100 ms: the floor, because while etcd elects nobody can answer.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from bench import origin
from bench.prober import Probe
from bench.seen import seen
from lab.keeper import OWNER
from lab.patience import patient
from tests.lab.cluster import ROOT, Cluster, example_as
from tests.waiting import until

BALANCERS, VIP, JSON = ("lb1", "lb2"), "192.168.1.40", ROOT / "build/outage.json"
SERVERS = {"server1": "192.168.1.50", "server2": "192.168.1.51", "server3": "192.168.1.52"}
#: RKE2's own (k3s, pkg/etcd/etcd.go), instead of the stand-in's quicker ones.
TIMERS = "\n  options: {etcd-arg: [heartbeat-interval=500, election-timeout=5000]}"
OURS = "systemctl reload haproxy"
FILES = ("/etc/haproxy/haproxy.cfg", "/etc/keepalived/keepalived.conf")
#: A server whose Node is Ready has been looked at for longer than the origin's haproxy needs: two checks, 5 s apart.
SETTLED = 6
TLS = "/var/lib/rancher/rke2/server/tls/etcd"
LEADER = f"""\
curl -sS -m 3 --cacert {TLS}/server-ca.crt --cert {TLS}/client.crt --key {TLS}/client.key -d '{{}}' https://127.0.0.1:2379/v3/maintenance/status
"""

Outages = Mapping[str, Sequence[Probe]]
Event = Callable[["Bench"], Outages]
Found = dict[str, dict[str, list[Outages]]]


class Bench:
    """A cluster, and how its load balancers are set: `changes` is how a change of haproxy's configuration comes into force."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.changes = OURS
        self.bootstraps = 0

    def probed(self, seconds: float, act: Callable[[], object], *more: str) -> Outages:
        """What was seen while something was done, two seconds after the first question."""
        asked = [f"asks vip https://{VIP}:6443/readyz 0.01", f"keeps kept https://{VIP}:6443/readyz 0.01", *more]
        words = [sys.executable, "-m", "bench.prober", str(seconds), str(self.cluster.kubeconfig), *asked]
        run = self.cluster.begin(*words)
        assert run.stdout
        while (line := run.stdout.readline()) != "ready\n":
            assert line, "the prober has ended"
        time.sleep(2)
        act()
        said, _ = run.communicate(timeout=patient(seconds + 30))
        found: dict[str, list[Probe]] = json.loads(said.splitlines()[-1])
        return found

    def holder(self) -> str:
        """Who has the VIP."""
        return next(name for name in BALANCERS if f" {VIP}/" in self.cluster.ssh(name, "ip -brief address show dev ens18"))

    def leader(self) -> str:
        """The server whose etcd leads."""
        told = {name: json.loads(self.cluster.ssh(name, LEADER)) for name in SERVERS}
        return next(name for name, said in told.items() if said["header"]["member_id"] == said["leader"])

    def steady(self, seconds: float) -> None:
        """Until the API answers at the VIP, and so long after that."""
        self.cluster.wait_for_api()
        time.sleep(seconds)

    def back(self, machine: str, seconds: float) -> None:
        """Switches a machine on, until all is as before."""
        self.cluster.start(machine)
        until(lambda: self.cluster.voters() == sorted(SERVERS), "all servers to vote", 120)
        self.steady(seconds)

    def set_as_the_origin(self) -> None:
        """Its files over ours on both load balancers; ours are kept beside."""
        for name in BALANCERS:
            self.cluster.ssh(name, f"systemctl stop keepalived; {''.join(f'cp -a {file} {file}.ours; ' for file in FILES)}")
        for name in BALANCERS:
            texts = origin.haproxy(SERVERS), origin.keepalived(f"{VIP}/24", first=name == BALANCERS[0])
            written = "".join(f"cat > {file} <<'END'\n{text}END\n" for file, text in zip(FILES, texts, strict=True))
            self.cluster.ssh(name, f"{written}haproxy -c -q -f {FILES[0]} && systemctl restart haproxy && systemctl start keepalived")
        self.changes = origin.CHANGE
        self.steady(SETTLED)

    def set_as_ours(self) -> None:
        """What bootstrap wrote, again."""
        for name in BALANCERS:
            moved = "".join(f"mv {file}.ours {file}; " for file in FILES)
            self.cluster.ssh(name, f"systemctl stop keepalived; {moved} systemctl restart haproxy && systemctl start keepalived")
        self.changes = OURS
        self.steady(SETTLED)


def holder_killed(bench: Bench) -> Outages:
    """The load balancer that holds the VIP loses its power."""
    holder = bench.holder()
    found = bench.probed(9, lambda: bench.cluster.kill(holder))
    bench.back(holder, 5)
    return found


def haproxy_killed(bench: Bench) -> Outages:
    """SIGKILL for all processes of haproxy where the VIP is; systemd starts it again."""
    holder = bench.holder()
    found = bench.probed(7, lambda: bench.cluster.ssh(holder, "systemctl kill --signal=KILL haproxy"))
    bench.steady(3)
    return found


def reloaded(bench: Bench) -> Outages:
    """What a changed configuration costs on the load balancer that holds the VIP."""
    holder = bench.holder()
    found = bench.probed(7, lambda: bench.cluster.ssh(holder, bench.changes))
    bench.steady(3)
    return found


def changed(bench: Bench) -> Outages:
    """An edit of `api.haproxy`, and `runner bootstrap --stage loadbalancers`: ours alone, since it writes ours."""
    if bench.changes == origin.CHANGE:
        return {}
    bench.bootstraps += 1
    file, cluster = bench.cluster.file, bench.cluster
    file.write_text(re.sub(r"rise: \d+", f"rise: {2 + bench.bootstraps % 2}", file.read_text()))
    found = bench.probed(30, lambda: cluster.bootstrap("--stage", "loadbalancers"))
    bench.steady(3)
    return found


def leader_killed(bench: Bench) -> Outages:
    """The server whose etcd leads loses its power."""
    return _server_killed(bench, bench.leader())


def follower_killed(bench: Bench) -> Outages:
    """Another server loses its power: no election."""
    leader = bench.leader()
    return _server_killed(bench, next(name for name in sorted(SERVERS, reverse=True) if name != leader))


def _server_killed(bench: Bench, killed: str) -> Outages:
    left = [address for name, address in SERVERS.items() if name != killed]
    direct = [f"asks asks{number} https://{address}:6443/readyz 0.1" for number, address in enumerate(left)]
    direct += [f"writes writes{number} https://{address}:6443/ 0.1" for number, address in enumerate(left)]
    found = bench.probed(15 + (30 if bench.changes == origin.CHANGE else 0), lambda: bench.cluster.kill(killed), *direct)
    bench.back(killed, SETTLED)
    return found


EVENTS: dict[str, Event] = {
    "VIP holder killed": holder_killed,
    "haproxy killed": haproxy_killed,
    "reload": reloaded,
    "`runner bootstrap` of an edit": changed,
    "server killed, etcd's leader": leader_killed,
    "server killed, another": follower_killed,
}


def run(bench: Bench, repetitions: int) -> Found:
    """Event -> whose settings -> what was seen, a turn each; what there is of it is in the file after each turn."""
    found: Found = {name: {"origin": [], "ours": []} for name in EVENTS}
    for turn in range(repetitions):
        for whose, setting in (("origin", bench.set_as_the_origin), ("ours", bench.set_as_ours)):
            setting()
            for name, event in EVENTS.items():
                if outages := event(bench):
                    found[name][whose].append(outages)
                    print(whose, turn, name, *summary(outages), file=sys.stderr, flush=True)
            write(found)
    return found


def summary(outages: Outages) -> Iterator[str]:
    """For who watches."""
    for who, one in ((who, seen(probes)) for who, probes in outages.items()):
        yield f"{who} {one.outage:.2f}/{one.whole:.2f} s, {one.failed} of {one.asked}, slowest {one.slowest:.2f} s;"


def write(found: Found) -> None:
    """All of it, as JSON: event -> whose -> a turn each -> who asked -> what it saw."""
    JSON.write_text(json.dumps({event: {whose: list(map(figures, turns)) for whose, turns in by.items()} for event, by in found.items()}))


def figures(outages: Outages) -> dict[str, dict[str, float]]:
    """Of one turn."""
    return {who: asdict(seen(probes)) for who, probes in outages.items()}


def markdown(found: Found) -> str:
    """Median and worst of each; the floor is that of the same turns."""
    head = "| what | origin | floor | ours | floor | ours, one connection kept |"
    rows = [head, "|---|---|---|---|---|---|"]
    for name, by in found.items():
        cells = [cell for whose in ("origin", "ours") for cell in (told(by[whose], "vip"), floor(by[whose]))]
        rows.append(f"| {' | '.join([name, *cells, told(by['ours'], 'kept')])} |")
    return "\n".join(rows)


def told(outages: Sequence[Outages], who: str) -> str:
    """Median and worst, and how many questions failed in the worst."""
    found = [seen(one[who]) for one in outages]
    never = "" if all(one.over for one in found) else ", then not over"
    return f"{_spread(one.whole for one in found)} ({max(one.failed for one in found)} failed{never})" if found else ""


def floor(outages: Sequence[Outages]) -> str:
    """Until both survivors took a write; until both said that they are ready: median and worst."""
    return "; ".join(_spread(_later(one, kind) for one in outages) for kind in ("writes", "asks") if outages and f"{kind}0" in outages[0])


def _later(outages: Outages, kind: str) -> float:
    return max(seen(probes).whole for who, probes in outages.items() if who.startswith(kind))


def _spread(values: Iterable[float]) -> str:
    told = sorted(values)
    return f"{statistics.median(told):.2f} s, {told[-1]:.2f} s"


def example(folder: Path) -> Path:
    """The quick start without its agent."""
    file = example_as("outage", folder)
    text = file.read_text().replace("version: v1.36.5+rke2r1", f"version: v1.36.5+rke2r1{TIMERS}")
    text, agents = re.subn(r"  - name: agents\n(    .*\n)+", "", text)
    assert agents
    assert TIMERS in text
    file.write_text(f"{text}\napi: {{haproxy: {{check: {{rise: 2}}}}}}\n")
    return file


def main() -> None:
    """Prints the table."""
    os.environ[OWNER] = str(os.getpid())
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as name, Cluster("outage", example(Path(name))).deployed() as cluster:
        cluster.bootstrap()
        print(markdown(run(Bench(cluster), repetitions)))


if __name__ == "__main__":
    main()
