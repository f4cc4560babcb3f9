"""The versions of what works together, as plain data."""

from __future__ import annotations

import json
import os
from importlib import metadata
from typing import Any

from stardock.distributions import DEFAULT
from stardock.doctor.tools import engine_version
from stardock.errors import ConditionError
from stardock.plan.views.contract import FORMAT
from stardock.shipped import ROOT
from stardock.terraform.synth import find_engine


def versions() -> dict[str, Any]:
    """Read the versions; `engine` is None where there is none."""
    (pinned,) = json.loads((ROOT / "cdktf.json").read_text(encoding="utf-8"))["terraformProviders"]
    source, _, number = pinned.partition("@")
    try:
        program = find_engine(os.environ)
        engine = {"program": program, "version": engine_version(program)}
    except ConditionError:
        engine = None
    return {
        "format": FORMAT,
        "stardock": metadata.version("stardock"),
        "provider": {"source": source, "version": number},
        "engine": engine,
        "kubernetes": {"distribution": DEFAULT.name, "version": DEFAULT.default_version},
    }
