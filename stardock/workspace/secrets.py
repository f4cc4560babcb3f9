"""The cluster's own secrets: one file, 0600, beside cluster.yaml or where `STARDOCK_SECRETS` says. Never anywhere else on this machine.

The server token joins servers and encrypts the authorities' keys in etcd: a snapshot without it is worthless. The agent token only joins
agents. The file's keys are the variables of the playbooks, so that the same file serves a bare `ansible-playbook -e @FILE`.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from stardock.bundle.text import yaml_text
from stardock.errors import ConditionError, InputErrors, Problem
from stardock.model.cluster_files import ClusterFiles
from stardock.reading import read_file
from stardock.writing import write_atomically

_BYTES = 32
#: With contents of files beside the tokens, of which each may have as much as fits into user data.
_MOST = 4 << 20
_CURE = "it has two keys, stardock_token and stardock_agent_token, each a text"


@dataclass(frozen=True, slots=True)
class Secrets:
    """The two tokens; not shown by repr."""

    token: str = field(repr=False)
    agent_token: str = field(repr=False)


def secrets_file(files: ClusterFiles) -> Path:
    """Where the secrets of a cluster are: `STARDOCK_SECRETS`, else beside cluster.yaml."""
    named = os.environ.get("STARDOCK_SECRETS")
    return Path(named) if named else files.secrets


def make_secrets() -> Secrets:
    """New ones, 256 bits each. Only for a cluster that is not founded."""
    return Secrets(token=secrets.token_hex(_BYTES), agent_token=secrets.token_hex(_BYTES))


def load_secrets(path: Path) -> Secrets | None:
    """Read the file; None when there is none. `InputErrors` when it is damaged, `ConditionError` when others may read it."""
    if not path.exists():
        return None
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ConditionError(
            f"{path} may be read by others than you",
            cure=f"chmod 600 {path}; if others may have seen it, rotate the tokens\n"
            "where that changes nothing, the file system keeps no modes: docs/files.md#file-systems-without-modes",
        )
    content = _parsed(path, read_file(path, what="the secrets file", most=_MOST, cure=_CURE) or b"")
    values = [content.get(key) for key in ("stardock_token", "stardock_agent_token")]
    if not all(isinstance(value, str) and value for value in values):
        raise InputErrors(str(path), (Problem(message="this is no secrets file", cure=_CURE),))
    return Secrets(token=str(values[0]), agent_token=str(values[1]))


def load_contents(path: Path) -> dict[str, str]:
    """The contents of files in such a file, by source; none where there is no file. Raises as `load_secrets`."""
    if load_secrets(path) is None:
        return {}
    listed = _parsed(path, read_file(path, what="the secrets file", most=_MOST, cure=_CURE) or b"").get("stardock_contents", [])
    cure = "stardock_contents is a list of {source: NAME, content: TEXT}, each once"
    if not isinstance(listed, list) or not all(map(_is_content, listed)):
        raise InputErrors(str(path), (Problem(message="its stardock_contents are none", cure=cure),))
    return {item["source"]: item["content"] for item in listed}


def _is_content(item: object) -> bool:
    return isinstance(item, dict) and all(isinstance(item.get(key), str) for key in ("source", "content"))


def _parsed(path: Path, data: bytes) -> dict[str, object]:
    try:
        content = _reader(YAML(typ="safe")).load(data.decode("utf-8"))
    except (YAMLError, UnicodeDecodeError, RecursionError):
        # Its own words could quote a token.
        raise InputErrors(str(path), (Problem(message="this is not YAML", cure=_CURE),)) from None
    return content if isinstance(content, dict) else {}


def _reader(yaml: YAML) -> YAML:
    """A reader that knows what Ansible calls a text which is no template."""
    yaml.constructor.add_constructor("!unsafe", lambda _reader, node: node.value)
    return yaml


def save_secrets(path: Path, values: Secrets) -> None:
    """Write the file, 0600 from its first byte on."""
    head = "# The cluster's tokens. Keep a copy with the etcd snapshots: without the first they cannot be restored.\n"
    write_atomically(path, head + yaml_text(_variables(values)), mode=0o600)


def save_variables(path: Path, values: Secrets | None, contents: Mapping[str, str]) -> None:
    """Write what one run of Ansible gets, 0600 from its first byte on: tokens, and contents of files by their source."""
    listed = {"stardock_contents": [{"source": source, "content": content} for source, content in contents.items()]}
    write_atomically(path, yaml_text({**(_variables(values) if values else {}), **listed}), mode=0o600)


def _variables(values: Secrets) -> dict[str, str]:
    return {"stardock_token": values.token, "stardock_agent_token": values.agent_token}
