"""Every setting of every backend is one that both engines know; credentials that they know are refused by us.

Nothing is asked over a network: an unknown setting is refused before the backend is opened, and all unknown ones are told at once.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from stardock.spec.backends import BACKENDS, Kind
from tests.engines import EACH

pytestmark = pytest.mark.contract

VALUES: dict[Kind, object] = {"text": "x", "flag": True, "number": 1, "texts": ["x"], "mapping": {}, "path": "x"}


@pytest.mark.proves("feature state elsewhere")
@EACH
@pytest.mark.parametrize("backend", [name for name in BACKENDS if name != "local"])
def test_both_engines_know_every_setting_and_every_credential_of_a_backend(engine: str, backend: str, tmp_path: Path) -> None:
    known = BACKENDS[backend]
    settings = {key: VALUES[kind] for key, kind in known.keys.items()} | dict.fromkeys(known.secrets, "x") | {"planted": "x"}
    (tmp_path / "state.tf.json").write_text(json.dumps({"terraform": {"backend": {backend: settings}}}))
    quiet = {"TF_CLI_CONFIG_FILE": "/dev/null", "CHECKPOINT_DISABLE": "1"}
    done = subprocess.run(
        [engine, "init", "-input=false", "-no-color"], cwd=tmp_path, env=os.environ | quiet, capture_output=True, text=True, check=False
    )
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    assert set(re.findall(r'(?:named|key) "(\w+)"', said)) == {"planted"}, said
