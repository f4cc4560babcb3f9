"""Secrets are encrypted in etcd, by one key for all servers."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from lab.standin.payload import encryption
from lab.standin.payload.config import Config
from lab.standin.payload.paths import Paths

pytestmark = pytest.mark.unit


def test_the_founder_makes_a_key_once_which_others_take_over(tmp_path: Path) -> None:
    founder, joiner = (Paths(tmp_path, tmp_path / "bin", tmp_path / name) for name in ("founder", "joiner"))
    config = Config("server", {"secrets-encryption-provider": ("secretbox",)})
    encryption.make(founder, config)
    text = encryption.kept(founder)
    encryption.make(founder, config)
    encryption.keep(joiner, text)
    assert encryption.kept(founder) == encryption.kept(joiner) == text
    first, last = json.loads(text)["resources"][0]["providers"]
    assert last == {"identity": {}}
    assert len(base64.b64decode(first["secretbox"]["keys"][0]["secret"])) == encryption.KEY_BYTES
    assert encryption.flags(joiner, config)["encryption-provider-config"] == f"{joiner.server}/cred/encryption-config.json"
