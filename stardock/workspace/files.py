"""Where a cluster's file is: what -f or STARDOCK_FILE names, links followed; and files that cluster.yaml names."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from stardock.errors import ConditionError, InputErrors, Problem
from stardock.model.cluster_files import NO_CLUSTER_FILE
from stardock.model.settings import Proxmox, PveNode
from stardock.workspace.beside_link import refuse_beside_link

#: The cluster file where nothing else names one.
DEFAULT = "cluster.yaml"


def find_cluster_file(option: Path | None) -> Path:
    """The cluster.yaml: what `-f` names, else `STARDOCK_FILE`, else ./cluster.yaml. `InputErrors` when it is not there.

    A symbolic link stands for the file that it names: whatever a cluster is called by, it has one lock, one state and one run.
    `ConditionError` where files of a cluster lie beside the link.
    """
    path = option or Path(os.environ.get("STARDOCK_FILE") or DEFAULT)
    cure = NO_CLUSTER_FILE
    try:
        found = stat.S_IFMT(path.stat().st_mode)
    except FileNotFoundError:
        raise _no_file(path, "there is no such file", cure) from None
    except OSError as error:
        raise _no_file(path, f"the file cannot be read: {error.strerror}", cure) from None
    if found != stat.S_IFREG:
        raise _no_file(path, "this is a folder" if found == stat.S_IFDIR else "this is a device or a pipe, and no file", cure)
    real = resolved(path)
    refuse_beside_link(path, real)
    return real


def _no_file(path: Path, message: str, cure: str) -> InputErrors:
    return InputErrors(str(path), (Problem(message=message, cure=cure),))


def named_file(folder: Path, name: str) -> Path:
    """A file that cluster.yaml names: relative to its folder, absolute, or under ~. `ConditionError` where nobody knows what ~ is."""
    try:
        return folder / Path(name).expanduser()
    except RuntimeError as error:  # no HOME, and no entry in passwd; no such user
        raise ConditionError(
            f"{name}: this account's home directory is not known", cure="export HOME=FOLDER, or write the whole path"
        ) from error


def pve_key(folder: Path, proxmox: Proxmox, node: PveNode) -> Path | None:
    """The private key that cluster.yaml, in that folder, names for a PVE node's sshd. `ConditionError` as `named_file`."""
    named = node.ssh_private_key or proxmox.ssh_private_key
    return named_file(folder, named) if named else None


def resolved(path: Path) -> Path:
    """The file itself, where symbolic links lead to it; else the path as it was given. Below the working directory: from there."""
    real = path.resolve()
    if real == Path(os.path.abspath(path)):  # noqa: PTH100 -- pathlib has none that only takes `..` out
        return path
    here = Path.cwd()
    return real.relative_to(here) if real.is_relative_to(here) else real
