"""The lab's own copy of a cluster file: the same but for where Proxmox is. Nothing beside the user's file is touched."""

from __future__ import annotations

import difflib
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stardock.errors import InputErrors, Problem
from stardock.model.cluster_files import ClusterFiles

ENDPOINT = "https://127.0.0.1:8006"
_NAME = re.compile(r"""^cluster:\s*["']?([A-Za-z0-9][A-Za-z0-9-]*)["']?\s*(?:#.*)?$""", re.MULTILINE)
_SCALAR = re.compile(r""""[^"]*"|'[^']*'|[^\s,}\]#]+""")


@dataclass(frozen=True, slots=True)
class LabPaths:
    """`folder` is build/lab/<cluster> below the current directory."""

    folder: Path

    @property
    def cluster_file(self) -> Path:
        """The copy that commands in the lab work on."""
        return self.folder / "cluster.yaml"

    @property
    def directory(self) -> Path:
        """The emulated PVE's state, machines' disks, logs."""
        return self.folder / "lab"


def lab_paths(cluster_file: Path) -> LabPaths:
    """Where the lab of a cluster file is: only its `cluster:` line is read, so that a broken file can still be taken down."""
    text = cluster_file.read_text(encoding="utf-8")
    found = _NAME.search(text)
    if found is None:
        raise InputErrors(str(cluster_file), (Problem(message="no line `cluster: NAME`", path="cluster"),))
    return LabPaths(Path.cwd() / "build/lab" / found.group(1))


def make_copy(source: Path, paths: LabPaths) -> str:
    """Writes the copy (and, the first time, the user's lock beside it) and gives the difference as a unified diff."""
    if source.resolve() == paths.cluster_file.resolve():
        return ""
    before = source.read_text(encoding="utf-8")
    after = relocated(before)
    paths.folder.mkdir(parents=True, exist_ok=True)
    paths.cluster_file.write_text(after, encoding="utf-8")
    lock, copy = ClusterFiles(source).lock, ClusterFiles(paths.cluster_file).lock
    if lock.exists() and not copy.exists():
        shutil.copy(lock, copy)
    _bring(source.parent, paths.folder, addon_files(before))
    names = str(source), str(paths.cluster_file.relative_to(Path.cwd()))
    return "".join(difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), *names, n=0))


def relocated(text: str) -> str:
    """The same file with the endpoint and the PVE nodes' addresses replaced by the lab's, and not another character changed."""
    lines = text.splitlines(keepends=True)
    # from the end, so that a replacement does not move those still to come on its line
    for line, column, value in sorted(_replacements(_parsed(text)), reverse=True):
        head, tail = lines[line][:column], lines[line][column:]
        lines[line] = head + _SCALAR.sub(value, tail, count=1)
    return "".join(lines)


def _replacements(document: Any) -> Iterator[tuple[int, int, str]]:
    """(line, column, new value), counted from 0. What is not of the expected form is left for the spec to complain about."""
    proxmox = document.get("proxmox") if isinstance(document, Mapping) else None
    if not isinstance(proxmox, Mapping):
        return
    if "endpoint" in proxmox:
        yield (*_position(proxmox, "endpoint"), ENDPOINT)
    nodes = proxmox.get("nodes")
    for number, node in enumerate(nodes if isinstance(nodes, list) else [], 1):
        if isinstance(node, Mapping):
            yield from ((*_position(node, key), value) for key, value in _node_values(number).items() if key in node)


def _node_values(number: int) -> dict[str, str]:
    return {"address": node_address(number), "ssh_port": "22"}


def node_address(number: int) -> str:
    """Where the sshd of the lab's n-th PVE node (from 1) answers: on the loopback of the lab's own network namespace."""
    return f"127.0.1.{number}"


def referenced_keys(text: str) -> tuple[list[str], list[str]]:
    """Files that the cluster file names relative to itself: (public keys for machines, private keys)."""
    document = _parsed(text)
    ssh, proxmox = (document.get(key) or {} for key in ("ssh", "proxmox"))
    keys = ssh.get("keys") or []
    public = [key for key in keys if isinstance(key, str) and key.endswith(".pub") and _is_relative(key)]
    private = [section.get("private_key") for section in (ssh, proxmox.get("ssh") or {})]
    return public, [key for key in private if isinstance(key, str) and _is_relative(key)]


def addon_files(text: str) -> list[str]:
    """Manifests and charts' archives that the cluster file names relative to itself: planning reads them."""
    document = _parsed(text)
    addons = document.get("addons") if isinstance(document, Mapping) else None
    if not isinstance(addons, Mapping):
        return []
    charts = [chart.get("archive") for chart in addons.get("charts") or () if isinstance(chart, Mapping)]
    return [name for name in [*(addons.get("manifests") or ()), *charts] if isinstance(name, str) and _is_relative(name)]


def _bring(source: Path, folder: Path, names: Iterable[str]) -> None:
    """Copy what is there; of what is not the spec tells. Nothing goes outside of the folder."""
    for name in names:
        if ".." in Path(name).parts:
            continue
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, folder / name, dirs_exist_ok=True)
        elif (source / name).is_file():
            shutil.copy(source / name, folder / name)


def _is_relative(name: str) -> bool:
    return not name.startswith(("/", "~"))


def _position(mapping: Any, key: str) -> tuple[int, int]:
    line, column = mapping.lc.value(key)
    return int(line), int(column)


def _parsed(text: str) -> Any:
    from ruamel.yaml import YAML, error  # noqa: PLC0415 -- slow to import, and only `up` copies

    try:
        return YAML(typ="rt").load(text) or {}
    except error.YAMLError:
        return {}
