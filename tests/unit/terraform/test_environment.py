"""What of the user's environment an engine gets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stardock.terraform.engine import Engine
from stardock.terraform.environment import not_passed, passed

pytestmark = pytest.mark.unit

ELSEWHERE = dict.fromkeys(
    (
        *("TF_WORKSPACE", "TF_DATA_DIR", "TF_CLI_ARGS", "TF_CLI_ARGS_plan", "TF_CLI_ARGS_apply", "TF_REATTACH_PROVIDERS"),
        *("TF_LOG", "TF_LOG_CORE", "TF_LOG_PROVIDER", "TF_LOG_PATH", "TF_FORCE_LOCAL_BACKEND", "TF_OF_TOMORROW", "TOFU_OF_TOMORROW"),
    ),
    "x",
)
KEPT = dict.fromkeys(
    (
        *("PATH", "PROXMOX_VE_API_TOKEN", "AWS_PROFILE", "TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR", "TF_ENCRYPTION"),
        *("TF_VAR_password_hash_ops", "TF_HTTP_PASSWORD", "TF_TOKEN_example_org"),
    ),
    "x",
)


@pytest.mark.proves("hostile 18")
def test_what_would_lead_the_engine_elsewhere_stays_behind_and_is_named() -> None:
    assert passed(ELSEWHERE | KEPT) == KEPT
    assert not_passed(ELSEWHERE | KEPT) == tuple(sorted(ELSEWHERE))


@pytest.mark.proves("hostile 18")
def test_the_engine_itself_never_sees_them(tmp_path: Path) -> None:
    program = tmp_path / "tofu"
    program.write_text("#!/bin/sh\nenv\n")
    program.chmod(0o755)
    environ = {"PATH": os.environ["PATH"], **ELSEWHERE, "TF_VAR_password_hash_ops": "hash"}
    seen = dict(line.split("=", 1) for line in Engine(str(program), tmp_path, environ).pull().decode().splitlines())
    assert not ELSEWHERE.keys() & seen.keys()
    assert seen["TF_VAR_password_hash_ops"] == "hash"
