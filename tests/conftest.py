"""What holds for every layer: what the machine cannot run is skipped with its reason, and the report says what was compared with what."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from lab.keeper import OWNER
from lab.patience import patient

pytest_plugins = ["pytester", "tests.blocked"]

ROOT_LAYERS = ("lab", "contract")

#: Seconds that a test may take, its fixtures included, where it says nothing.
BOUND = 300.0

#: Tests that boot a whole cluster, in the order in which they run; those of the quick start share theirs.
QUICK_START = tuple(
    f"tests/lab/quickstart/test_{name}.py"
    for name in ("founded", "balancers", "linearizable", "api", "edited", "refused", "grown", "killed")
)
OTHERS = tuple(f"tests/lab/test_{name}.py" for name in ("single", "day_two", "agents", "dual_stack", "transactional"))


def pytest_configure() -> None:
    """A lab ends with the process whose tests made it, also when that is killed. No example of hypothesis' is bound by a clock."""
    os.environ[OWNER] = str(os.getpid())
    settings.register_profile("stardock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("stardock")


def pytest_report_header() -> str:
    """Which description of the Proxmox API the emulated PVE is checked against."""
    if os.environ.get("STARDOCK_PVE_SCHEMA"):
        return "emulated PVE: strict by the official schema and by its own tables"
    return "emulated PVE: strict by its own tables (STARDOCK_PVE_SCHEMA names no official schema)"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what this user may not do; begin with what takes longest."""
    if os.geteuid() != 0:
        _skip_what_wants_root(items)
    for item in items:
        _bound(item)
    items.sort(key=_turn)


def _bound(item: pytest.Item) -> None:
    """No test of a layer that waits runs for ever; what it says of itself, or five minutes, holds on an idle machine."""
    said = item.get_closest_marker("timeout")
    if said or any(item.get_closest_marker(layer) for layer in (*ROOT_LAYERS, "vm")):
        item.add_marker(pytest.mark.timeout(patient(said.args[0] if said else BOUND)), append=False)


def _skip_what_wants_root(items: list[pytest.Item]) -> None:
    """Namespaces, mounts and sshd want root; CI has it."""
    for item in items:
        for layer in ROOT_LAYERS:
            if item.get_closest_marker(layer):
                item.add_marker(pytest.mark.skip(reason=f"the layer {layer} makes namespaces and mounts: run it as root"))


def _turn(item: pytest.Item) -> tuple[int, int]:
    file = item.nodeid.partition("::")[0]
    if file in QUICK_START:
        return 0, QUICK_START.index(file)
    if item.get_closest_marker("contract"):
        return 1, 0
    return (2, OTHERS.index(file)) if file in OTHERS else (3, 0)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """The quick start is one cluster and goes to one worker; the other clusters go to one, after the contract tests; the rest by file."""
    return Shares(config, log)


class Shares(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Who takes what: the quick start, the other clusters, of all else each file."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "quick start" if file in QUICK_START else "clusters" if file in OTHERS else file
