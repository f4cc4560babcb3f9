"""Running Kubernetes' end-to-end tests against a cluster, and reading what they say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import yaml

from lab.cache import cache_root
from lab.commands import run
from tests.lab.cluster import Cluster

#: Whose tests a cluster of Stardock's answers for; the others are about kubectl, storage and clouds.
GROUPS = ("sig-api-machinery", "sig-apps", "sig-auth", "sig-network", "sig-node")
_PROGRAMS = cache_root() / "tools/conformance/current/bin"
#: Others were skipped, or cut off by the end of the run's time.
_ENDED = ("passed", "failed", "panicked")
_NAME = re.compile(r"\[It\] (.*)")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one test. `words` are the first line of why it failed."""

    name: str
    passed: bool
    seconds: float
    words: str = ""


def conformance_tests() -> list[str]:
    """The names of all conformance tests of these groups, as the release lists them."""
    listed = yaml.safe_load(run([str(_PROGRAMS / "e2e.test"), "--list-conformance-tests"], seconds=60))
    return sorted(name for each in listed if (name := str(each["codename"])).startswith(tuple(f"[{group}]" for group in GROUPS)))


def judge(cluster: Cluster, folder: Path, names: Iterable[str], side_by_side: int, seconds: float) -> list[Outcome]:
    """Run these tests through the kubeconfig that bootstrap wrote. Those that must be alone ([Serial]) come last."""
    report = folder / "report.xml"
    report.unlink(missing_ok=True)  # that of an earlier batch
    focus = "|".join(f"{re.escape(name)}$" for name in names)
    runner = [f"--procs={side_by_side}", f"--timeout={seconds:.0f}s", "--no-color", "--silence-skips", f"--output-dir={folder}"]
    suite = [f"--kubeconfig={cluster.kubeconfig}", "--provider=skeleton", "--node-os-distro=debian", "--disable-log-dump"]
    command = [str(_PROGRAMS / "ginkgo"), *runner, f"--junit-report={report.name}", f"--focus={focus}", str(_PROGRAMS / "e2e.test")]
    done = cluster.inside(*command, "--", *suite, check=False, timeout=seconds + 120)
    assert report.exists(), done.stdout[-3000:] + done.stderr[-3000:]
    return list(_outcomes(report))


def _outcomes(report: Path) -> Iterable[Outcome]:
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 -- ginkgo's own
        named, status = _NAME.fullmatch(case.get("name", "")), case.get("status")
        if named and status in _ENDED:
            failure = case.find("failure")
            words = (failure.get("message") or failure.text or "").strip().splitlines()[:1] if failure is not None else []
            yield Outcome(_bare(named[1]), status == "passed", float(case.get("time", 0)), "".join(words)[:300])


def _bare(name: str) -> str:
    """A test's name without the labels that ginkgo shows behind it."""
    return re.sub(r"(?<=\[Conformance\]) \[.*\]$", "", name)
