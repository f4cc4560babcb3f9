"""`profile: cis` and `profile: etcd`: what they demand of a machine before anything starts, in RKE2's words.

Facts of rke2: pkg/cli/cmds/profile_linux.go; of Kubernetes: pkg/kubelet/cm/container_manager_linux.go (protect-kernel-defaults).
"""

from __future__ import annotations

from pathlib import Path

from .config import Config
from .flavor import OURS
from .journal import FatalError, log
from .paths import Paths

PROTECT = "protect-kernel-defaults"
CIS_KERNEL = {"vm.overcommit_memory": 1, "vm.panic_on_oom": 0, "kernel.panic": 10, "kernel.panic_on_oops": 1}
KUBELET_KERNEL = {**CIS_KERNEL, "kernel.keys.root_maxkeys": 1000000, "kernel.keys.root_maxbytes": 25000000}


def demand(paths: Paths, config: Config) -> None:
    """Raises FatalError on a machine that is not as its profile wants it."""
    if not OURS.has_profiles:
        return
    profile = config.text("profile")
    if profile not in {"", "cis", "etcd"}:
        raise FatalError("invalid value provided for --profile flag")
    if not profile:
        log("warning", "not running in CIS mode")
    if profile == "cis":
        _raise([f"invalid kernel parameter value {name}={found} - expected {wanted}" for name, found, wanted in _wrong(paths, CIS_KERNEL)])
        if config.values.get(PROTECT) and not config.flag(PROTECT):
            raise FatalError(f"--{PROTECT} must be true when using --profile={profile}")
    if profile and config.role == "server":
        _raise(_missing_user(paths.root / "etc"))


def kernel_refusal(paths: Paths, config: Config) -> str:
    """Why a kubelet that must not change the kernel's settings ends; nothing when they are right or it may change them."""
    if not (config.flag(PROTECT) or config.text("profile") == "cis"):
        return ""
    words = [
        f"invalid kernel flag: {name.replace('.', '/')}, expected value: {wanted}, actual value: {found}"
        for name, found, wanted in _wrong(paths, KUBELET_KERNEL)
    ]
    return f"[{', '.join(words)}]" if words else ""


def etcd_account(paths: Paths, config: Config) -> tuple[int, int] | None:
    """User and group that etcd runs under with a profile (rke2, pkg/executor/staticpod, `ETCD`); None: root's."""
    if not OURS.has_profiles or not config.text("profile"):
        return None
    _, _, user, group, *_ = next(line for line in (paths.root / "etc/passwd").read_text().splitlines() if line.startswith("etcd:")).split(
        ":"
    )
    return int(user), int(group)


def _wrong(paths: Paths, wanted: dict[str, int]) -> list[tuple[str, int, int]]:
    found = {name: _sysctl(paths.root / "proc/sys" / name.replace(".", "/")) for name in wanted}
    return [(name, found[name], value) for name, value in wanted.items() if found[name] != value]


def _sysctl(file: Path) -> int:
    try:
        return int(file.read_text())
    except (OSError, ValueError) as error:
        raise FatalError(f"open {file}: {error}") from error


def _missing_user(etc: Path) -> list[str]:
    kinds = (("passwd", "user: unknown user etcd"), ("group", "group: unknown group etcd"))
    return [f"missing required: {words}" for name, words in kinds if not _names(etc / name, "etcd")]


def _names(file: Path, name: str) -> bool:
    return file.is_file() and any(line.startswith(f"{name}:") for line in file.read_text().splitlines())


def _raise(errors: list[str]) -> None:
    if errors:
        raise FatalError("".join(f"{error}\n" for error in errors))
