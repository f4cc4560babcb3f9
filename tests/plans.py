"""Specs and plans for tests of every layer, from the shipped examples; no file is written."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from stardock.model.lock import Lock
from stardock.model.plan import Plan
from stardock.plan.build import build
from stardock.spec.cluster import Spec
from stardock.workspace.lock import load_lock

ROOT = Path(__file__).parents[1]
#: A public key as `ssh-keygen -t ed25519` makes them; nobody has its other half.
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHRlc3RzLW9mLXN0YXJkb2NrLW5vLXByaXZhdGUta2V5IQ test"


def document(example: str = "quickstart") -> dict[str, Any]:
    """An example's cluster.yaml as plain data, with a key in place of the name of a key file; a new copy each time."""
    data = copy.deepcopy(_read(example))
    data["ssh"]["keys"] = [PUBLIC_KEY]
    return data


@cache
def _read(example: str) -> dict[str, Any]:
    data: dict[str, Any] = YAML(typ="safe").load((ROOT / "examples" / example / "cluster.yaml").read_text(encoding="utf-8"))
    return data


def spec_of(data: dict[str, Any]) -> Spec:
    """A spec without the loader: no lines, no files."""
    return Spec.model_validate(data)


def plan_of(data: dict[str, Any], lock: Lock | None = None) -> tuple[Plan, Lock]:
    """Plan some data."""
    return build(spec_of(data), lock, "cluster.yaml")


def former_lock(example: str) -> Lock:
    """The lock that Stardock wrote of an example before it recorded releases and cloud-init drives (d290049)."""
    lock = load_lock(ROOT / "tests/former" / f"{example}.lock")
    if lock is None:
        raise FileNotFoundError(example)
    return lock


def quickstart_plan() -> Plan:
    """The plan of examples/quickstart: 2 load balancers, 3 servers, 1 agent on 3 PVE nodes."""
    return plan_of(document())[0]


def single_plan() -> Plan:
    """The plan of examples/single: one server, DHCP, no VIP."""
    return plan_of(document("single"))[0]
