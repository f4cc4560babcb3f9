"""What `runner lab up` does, step by step: copy, keys, plan, stand-in artifacts, lab."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from lab import holder
from lab.access import access_key
from lab.cache import all_built
from lab.command.copy import LabPaths, lab_paths, make_copy, referenced_keys
from lab.command.settings import lab_settings
from lab.errors import LabError
from lab.machines import inotify
from lab.settings import Nodes
from lab.standin import build_release
from stardock.errors import ConditionError
from stardock.workspace.workspace import open_workspace

_DIFFERENCES = """\
machines here are containers, not VMs, unless --vm says so (all differences: docs/lab.md):
  they share this machine's kernel, so modules and kernel.* sysctls are refused; CPUs are not limited, disks do not grow
  the image is a locally built Debian 12 whatever its URL says; packages come from the mirror that apt here is configured with
  RKE2 and k3s are a stand-in around Kubernetes' own programs (docs/stand-in.md)"""
_NODES: dict[Nodes, str] = {
    "real": "  its nodes are real: a kubelet, containerd and a network of pods on each",
    "emulated": "  its nodes are emulated: they are Ready, and run no pods (--nodes)",
}


def bring_up(source: Path, tell: Callable[[str], None], vms: Sequence[str] = (), nodes: Nodes | None = None) -> None:
    """Raises InputErrors for a bad cluster file, ConditionError without what `make lab-setup` builds, LabError.

    `tell` gets a line or more at a time; `vms` are machines that run in QEMU. `nodes`: `chosen`.
    """
    paths = lab_paths(source)
    if holder.status(paths.directory) is not None:
        tell(f"the lab runs already, on its copy {_shown(paths.cluster_file)}; for another file: runner lab down -f {source}, then up")
        return
    mirror = _mirror()
    difference = make_copy(source, paths)
    _make_keys(paths)
    plan = open_workspace(paths.cluster_file).plan
    settings = lab_settings(plan, paths.directory, vms, chosen(nodes, len(plan.machines), built=all_built()))
    link_images(source.parent, paths.folder, {placed.image.file for placed in plan.images if placed.image.file})
    tell(f"the lab works on its own copy, {_shown(paths.cluster_file)}:\n{difference or 'no difference'}")
    variables = {
        "STARDOCK_FILE": str(paths.cluster_file),
        "STARDOCK_ARTIFACTS": str(_artifacts(paths, plan.distribution.version)),
        **mirror,
    }
    if raised := inotify.make_room():
        tell(raised)
    holder.up(settings, variables)
    tell(
        "\n".join([_DIFFERENCES, _NODES[settings.nodes], *_told(vms)]) + f"\nthe lab is up; enter it: runner lab run -f {source} -- COMMAND"
    )


#: as many kubelets as a computer with 8 GB has room for (202 to 540 MB each was measured)
REAL_NODES = 20
#: Laid out by tools/provider-mirror.
MIRROR = Path(__file__).parents[2] / "build/mirror"


def chosen(nodes: Nodes | None, machines: int, *, built: bool) -> Nodes:
    """The kind that was asked for; else real ones, where what they need is built and there is room. Raises LabError."""
    if nodes == "real" and not built:
        raise LabError("--nodes real: what real nodes need is not built", "tools/setup nodes")
    return nodes or ("real" if built and machines <= REAL_NODES else "emulated")


def _told(vms: Sequence[str]) -> list[str]:
    return [f"{', '.join(vms)}: VMs in QEMU without hardware help, with a kernel of their own: each boot takes minutes"] if vms else []


def _make_keys(paths: LabPaths) -> None:
    """Files that the cluster file names beside itself are the lab's own key, so that no key of the user's is in a lab."""
    public, private = referenced_keys(paths.cluster_file.read_text(encoding="utf-8"))
    key = access_key(paths.directory)
    for name in public:
        _copy(key.with_suffix(".pub"), paths.folder / name, 0o644)
    for name in {*private, *(name.removesuffix(".pub") for name in public)}:
        _copy(key, paths.folder / name, 0o600)


def link_images(source: Path, folder: Path, files: Iterable[str]) -> None:
    """Images that the cluster file names beside itself are found beside its copy too."""
    for name in files:
        target = folder / name
        if source.resolve() != folder.resolve() and not name.startswith(("/", "~")) and not target.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to((source / name).resolve())


def _copy(source: Path, target: Path, mode: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.touch(mode=mode)
    target.chmod(mode)
    shutil.copyfile(source, target)


def _artifacts(paths: LabPaths, version: str) -> Path:
    """The folder that stands for the distribution's release."""
    folder = paths.directory / "artifacts"
    folder.mkdir(parents=True, exist_ok=True)
    build_release(folder, version)
    return folder


def _mirror() -> dict[str, str]:
    """Where engines find the locally built provider: a lab reaches no registry. Raises ConditionError when it was not built."""
    file = MIRROR / "terraform.rc"
    if not file.exists():
        raise ConditionError(f"the lab's provider is not built: {file} does not exist", cure=f"run `make lab-setup` in {MIRROR.parents[1]}")
    return {"TF_CLI_CONFIG_FILE": str(file)}


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd()))
