"""Which service reads a file that Stardock owns on a machine, so that it is told when the file changes.

The names are those of the marks that `stardock.machine.files` leaves. The distribution's, `haproxy` and `keepalived` are taken up by
their own roles, in their stages, one machine at a time; the role `machine` knows the others. `unit-NAME` is any unit of systemd: it starts
anew if it runs.
What a distribution reads: `Kubernetes.config_dir` and `read_files`, and the files that its options name.
A restart of RKE2 also restarts a static pod whose argument names the file (rancher/rke2, pkg/staticpod: FILE_HASH).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from stardock.distributions import Kubernetes

SYSTEMD = "systemd"

#: Beginning of a path -> who is told. The first that fits holds.
_READERS: Mapping[str, str] = {
    "/etc/haproxy/": "haproxy",
    "/etc/default/haproxy": "haproxy",
    "/etc/keepalived/": "keepalived",
    "/etc/default/keepalived": "keepalived",
    "/etc/sysctl.conf": "sysctl",
    "/etc/sysctl.d/": "sysctl",
    "/etc/modules-load.d/": "unit-systemd-modules-load.service",
    "/etc/udev/rules.d/": "udev",
    "/etc/tmpfiles.d/": "tmpfiles",
    "/etc/systemd/network/": "networkd",
    "/etc/systemd/networkd.conf": "unit-systemd-networkd.service",
    "/etc/systemd/resolved.conf": "unit-systemd-resolved.service",
    "/etc/systemd/timesyncd.conf": "unit-systemd-timesyncd.service",
    "/etc/systemd/journald.conf": "unit-systemd-journald.service",
    "/etc/NetworkManager/conf.d/": "network-manager",
    "/etc/NetworkManager/NetworkManager.conf": "network-manager",
    "/etc/rebootmgr": "rebootmgr",
    "/etc/ssh/sshd_config": "unit-ssh.service,unit-sshd.service",
    "/etc/default/ssh": "unit-ssh.service",
    "/etc/chrony": "unit-chrony.service,unit-chronyd.service",
    "/etc/rsyslog": "unit-rsyslog.service",
    "/etc/multipath": "unit-multipathd.service",
    "/etc/iscsi/": "unit-iscsid.service",
    "/etc/qemu/": "unit-qemu-guest-agent.service",
}

UNITS = "/etc/systemd/system/"
_UNIT = re.compile(r"([A-Za-z0-9:_.@\\-]+\.(?:service|socket|timer|path))(?:\.d/.+\.conf)?")
#: Who restarts such a unit in its turn.
_IN_TURN = {"haproxy.service": "haproxy", "keepalived.service": "keepalived"}

_WORDS = re.compile(r"[\s=,:;]+")


def readers(path: str, kubernetes: Kubernetes, options: Mapping[str, Any]) -> str:
    """Who must be told that this file changed, parted by commas; empty for nobody. `options` are the distribution's."""
    if path.startswith(UNITS) and not path.startswith(kubernetes.read_files):
        return _unit_readers(path.removeprefix(UNITS), kubernetes)
    named = any(path == one or path.startswith(one.rstrip("/") + "/") for one in _paths(options))
    if named or path.startswith((f"{kubernetes.config_dir}/", *kubernetes.read_files)):
        return kubernetes.name
    return next((names for beginning, names in _READERS.items() if path.startswith(beginning)), "")


def _unit_readers(name: str, kubernetes: Kubernetes) -> str:
    found = _UNIT.fullmatch(name)
    if found is None:
        return SYSTEMD
    in_turn = {**_IN_TURN, **dict.fromkeys(kubernetes.services.values(), kubernetes.name)}
    return f"{SYSTEMD},{in_turn.get(found[1], f'unit-{found[1]}')}"


def _paths(value: Any) -> Iterator[str]:
    """Every absolute path in the options, also behind a flag's name: `config=/etc/x`, `/etc/x:/etc/x:ro`."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _paths(item)
    elif isinstance(value, str):
        yield from (word for word in _WORDS.split(value) if word.startswith("/") and word.rstrip("/"))
