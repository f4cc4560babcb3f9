"""The engines that tests drive: the tofu that tools/install builds, and terraform where the machine has one.

STARDOCK_TEST_ENGINE=terraform runs the whole contract layer under terraform, `tofu` (the default) under tofu.
"""

from __future__ import annotations

import os
import shutil
import warnings
from pathlib import Path

import pytest

CACHE = Path(os.environ.get("STARDOCK_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stardock")
TOFU = CACHE / "tools/tofu/current/bin/tofu"
TERRAFORM = shutil.which("terraform")

#: What makes synth and engines cheaper and changes nothing that they do: jsii unpacks its packages once on a machine, not once in each
#: test's own HOME, and Go collects its garbage less often.
CHEAPER = {"JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(CACHE / "jsii"), "GOGC": "400"}

_MISSING = pytest.mark.skipif(TERRAFORM is None, reason="terraform is not on this machine's PATH: only tofu was tried")

#: For tests that run under each engine, as the argument `engine`: a program's path.
EACH = pytest.mark.parametrize("engine", [pytest.param(str(TOFU), id="tofu"), pytest.param(str(TERRAFORM), id="terraform", marks=_MISSING)])


def chosen_engine() -> Path:
    """The engine of tests that run under one."""
    name = os.environ.get("STARDOCK_TEST_ENGINE") or "tofu"
    if name == "tofu":
        return TOFU
    if name == "terraform" and TERRAFORM:
        return Path(TERRAFORM)
    raise RuntimeError(f"STARDOCK_TEST_ENGINE={name}: it is `tofu`, or `terraform` where that is on PATH")


def other_engine() -> Path:
    """Terraform, so that both engines are tried; tofu again where there is none, which is said."""
    if TERRAFORM is None:
        warnings.warn("terraform is not on this machine's PATH: tofu was tried in its place", stacklevel=2)
        return TOFU
    return Path(TERRAFORM)
