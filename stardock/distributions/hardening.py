"""What `profile` and `protect-kernel-defaults` demand of a machine: RKE2 or the kubelet end where it is not so.

rke2, pkg/cli/cmds/profile_linux.go: `cis` needs four settings of the kernel, and on servers user and group `etcd`; `etcd` only the latter.
kubernetes, pkg/kubelet/cm/container_manager_linux.go `setupKernelTunables`: with `protect-kernel-defaults`, which `cis` sets, six.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stardock.distributions.arguments import items, named
from stardock.distributions.fault import Fault

KERNEL: Mapping[str, int] = {
    "kernel.keys.root_maxbytes": 25_000_000,
    "kernel.keys.root_maxkeys": 1_000_000,
    "kernel.panic": 10,
    "kernel.panic_on_oops": 1,
    "vm.overcommit_memory": 1,
    "vm.panic_on_oom": 0,
}
_CIS, _ETCD = "cis", "etcd"
_PROTECT = "protect-kernel-defaults"


def kernel_settings(options: Mapping[str, Any]) -> Mapping[str, int]:
    """The settings that servers and agents must have; none without a profile that asks."""
    asked = options.get("profile") == _CIS or options.get(_PROTECT) is True or ("true" in _kubelet_says(options))
    return KERNEL if asked else {}


def needs_etcd_user(options: Mapping[str, Any]) -> bool:
    """Whether servers need the account that etcd then runs under."""
    return options.get("profile") in (_CIS, _ETCD)


def hardening_faults(options: Mapping[str, Any]) -> Iterator[Fault]:
    """What contradicts the profile."""
    if options.get("profile") == _CIS and options.get(_PROTECT) is False:
        message = f"`{_PROTECT}: false` ends RKE2 with `profile: {_CIS}`, which needs it"
        yield Fault(_PROTECT, message, f"delete it: `profile: {_CIS}` sets it")


def _kubelet_says(options: Mapping[str, Any]) -> list[str]:
    return [value or "true" for name, value in map(named, items(options, "kubelet-arg")) if name == _PROTECT]
