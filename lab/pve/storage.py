"""Storages of the PVE nodes. A file-based storage is a real directory; what a node's sshd uploads is what the API lists.

<directory>/pve/<node>/<storage>/{snippets,import,template/iso,template/cache}, or pve/.shared/<storage>/... for one that is the same on
every PVE node; all others have volumes but no files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.pve.errors import TaskError, bad_parameters, failed
from lab.pve.state import State
from lab.settings import LabSettings

#: Content types that are files, and where PVE keeps them below a directory storage's path.
FOLDERS = {"snippets": "snippets", "import": "import", "iso": "template/iso", "vztmpl": "template/cache"}
#: What each type of storage holds in this estate; a real host's defaults, with snippets and import turned on as Stardock needs.
_FILES = ("backup", "import", "iso", "snippets", "vztmpl")
_BLOCKS = ("images", "rootdir")
_FILE_BASED = frozenset({"dir", "nfs", "cifs", "cephfs", "btrfs"})
#: What PVE takes for the same on every node (PVE::Storage::Plugin: these plugins set `shared`).
_SHARED = frozenset({"nfs", "cifs", "cephfs", "rbd", "iscsi"})
#: The folder of shared storages, in place of a node's.
SHARED = ".shared"
#: Where PVE mounts its `local` storage on the host: the path that an SFTP client sees.
LOCAL_PATH = "/var/lib/vz"
SIZE = 100 * 1024**3

_NAMES = {
    "iso": (r"[^/]+\.(?i:iso|img)", "wrong file extension"),
    "vztmpl": (r"[^/]+\.tar(\.(gz|xz|zst|bz2))?", "wrong file extension"),
    "import": (r"[a-zA-Z0-9\-.+=_]+\.(ova|qcow2|raw|vmdk)", "invalid filename or wrong extension"),
}


@dataclass(frozen=True, slots=True)
class Storage:
    """One storage id of the cluster's storage.cfg; every PVE node that has it has its own content, unless it is `shared`."""

    name: str
    kind: str

    @property
    def holds_files(self) -> bool:
        """Whether it is a directory; all others are block devices."""
        return self.kind in _FILE_BASED

    @property
    def shared(self) -> bool:
        """Whether it is the same on every PVE node that has it."""
        return self.kind in _SHARED

    @property
    def content(self) -> tuple[str, ...]:
        """The content types that are enabled."""
        return _FILES if self.holds_files else _BLOCKS

    def described(self) -> dict[str, Any]:
        """As GET /storage/{storage} tells it."""
        place = {"path": self.path} if self.holds_files else _THIN_POOL
        told = {"storage": self.name, "type": self.kind, "content": ",".join(self.content), "digest": "da39a3ee5e6b4b0d"}
        return told | place | ({"shared": 1} if self.shared else {})

    @property
    def path(self) -> str:
        """Where it is on its PVE nodes, as their sshds show it."""
        return LOCAL_PATH if self.name == "local" else f"/mnt/pve/{self.name}"

    def folder(self, root: Path, node: str) -> Path:
        """Where its files really are; `root` is that of all PVE nodes."""
        return root / (SHARED if self.shared else node) / self.name


_THIN_POOL = {"thinpool": "data", "vgname": "pve"}


class Storages:
    """Which node has which storage, and the files in them."""

    def __init__(self, settings: LabSettings, state: State) -> None:
        self._root = Path(settings.directory) / "pve"
        self._state = state
        self._by_node = {node.name: {name: Storage(name, kind) for name, kind in node.storages.items()} for node in settings.pve_nodes}
        self._make_folders()

    def all(self) -> dict[str, Storage]:
        """Every storage id of the cluster."""
        return {name: storage for storages in self._by_node.values() for name, storage in storages.items()}

    def of_node(self, node: str) -> dict[str, Storage]:
        """The storages of a PVE node. Raises PveError (500) for a name that is none."""
        if node not in self._by_node:
            raise failed(f"hostname lookup '{node}' failed - failed to get address info for: {node}: Name or service not known")
        return self._by_node[node]

    def get(self, node: str, name: str) -> Storage:
        """A storage as that node sees it. Raises PveError (500) when there is none."""
        storages = self.of_node(node)
        if name not in self.all():
            raise failed(f"storage '{name}' does not exist")
        if name not in storages:
            raise failed(f"storage '{name}' is not available on node '{node}'")
        return storages[name]

    def file(self, node: str, volid: str) -> Path:
        """Where the file of a volume lies. Raises TaskError for a volume id that names no file."""
        name, _, rest = volid.partition(":")
        content, _, file = rest.partition("/")
        if content not in FOLDERS or not file or "/" in file or file in {".", ".."}:
            raise TaskError(f"unable to parse directory volume name '{rest}'")
        return self.get(node, name).folder(self._root, node) / FOLDERS[content] / file

    def shown_path(self, node: str, volid: str) -> str:
        """The path of a volume's file as the PVE node itself has it."""
        name, _, rest = volid.partition(":")
        content, _, file = rest.partition("/")
        return f"{self.get(node, name).path}/{FOLDERS.get(content, content)}/{file}"

    def read(self, node: str, volid: str) -> bytes:
        """A volume's content. Raises TaskError with PVE's words when it is not on this node."""
        try:
            return self.file(node, volid).read_bytes()
        except FileNotFoundError:
            raise TaskError(f"volume '{volid}' does not exist") from None

    def listed(self, node: str, name: str, content: str | None = None) -> list[dict[str, Any]]:
        """As GET .../content tells it."""
        storage = self.get(node, name)
        volumes = [*self._files(node, storage), *self._disks(node, storage)]
        return [volume for volume in volumes if content in {None, volume["content"]}]

    def volume(self, node: str, volid: str) -> dict[str, Any] | None:
        """One listed volume, or None."""
        return next((volume for volume in self.listed(node, volid.partition(":")[0]) if volume["volid"] == volid), None)

    def place(self, node: str, name: str, content: str, filename: str) -> Path:
        """Where an upload or download shall lie. Raises PveError when this storage or this name does not take it."""
        storage = self.get(node, name)
        if not storage.holds_files:
            raise failed(f"can't upload to storage type '{storage.kind}', not a file based storage!")
        if content not in storage.content:
            raise failed(f"storage '{name}' is not configured for content-type '{content}'")
        pattern, problem = _NAMES.get(content, ("", "not allowed"))
        if not re.fullmatch(pattern, filename):
            raise bad_parameters({"filename": problem})
        return storage.folder(self._root, node) / FOLDERS[content] / filename

    def _files(self, node: str, storage: Storage) -> list[dict[str, Any]]:
        folders = [
            (content, storage.folder(self._root, node) / folder) for content, folder in FOLDERS.items() if content in storage.content
        ]
        return [
            {"volid": f"{storage.name}:{content}/{file.name}", "content": content, "format": _format(content, file), **_stat(file)}
            for content, folder in folders
            for file in sorted(folder.iterdir())
            if file.is_file() and not file.name.endswith(".part")
        ]

    def _disks(self, node: str, storage: Storage) -> list[dict[str, Any]]:
        return [
            {"volid": volid, "content": "images", "format": "raw", "size": disk.size, "vmid": disk.vm_id, "ctime": 0}
            for vm in list(self._state.vms.values())
            for volid, disk in list(vm.disks.items())
            if (storage.shared or vm.node == node) and volid.startswith(f"{storage.name}:")
        ] + [
            {"volid": volid, "content": "images", "format": "raw", "size": disk.size, "vmid": disk.vm_id, "ctime": 0}
            for volid, disk in self._state.orphans.items()
            if disk.node == node and volid.startswith(f"{storage.name}:")
        ]

    def _make_folders(self) -> None:
        for node, storages in self._by_node.items():
            for storage in storages.values():
                for folder in FOLDERS.values() if storage.holds_files else ():
                    (storage.folder(self._root, node) / folder).mkdir(parents=True, exist_ok=True)


def _format(content: str, file: Path) -> str:
    return {"snippets": "snippet", "vztmpl": "t" + file.name.rpartition(".")[2]}.get(content, file.suffix.removeprefix("."))


def _stat(file: Path) -> dict[str, int]:
    status = file.stat()
    return {"size": status.st_size, "ctime": int(status.st_mtime)}
