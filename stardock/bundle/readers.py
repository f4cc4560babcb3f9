"""Which service reads a file that Stardock owns on a machine, so that it is told when the file changes.

The names are those of the marks that `stardock.machine.files` leaves. `rke2`, `haproxy` and `keepalived` are taken up by their own roles,
in their stages, one machine at a time; the role `machine` knows the others. `unit-NAME` is any unit of systemd: it starts anew if it runs.
What RKE2 reads: docs.rke2.io/install/configuration (the folder /etc/rancher/rke2, /etc/default/rke2-*), and the files that options name.
A restart of RKE2 also restarts a static pod whose argument names the file (rancher/rke2, pkg/staticpod: FILE_HASH).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

RKE2 = "rke2"
SYSTEMD = "systemd"

#: Beginning of a path -> who is told. The first that fits holds.
_READERS: Mapping[str, str] = {
    "/etc/rancher/rke2/": RKE2,
    "/etc/default/rke2-": RKE2,
    "/etc/sysconfig/rke2-": RKE2,
    "/var/lib/rancher/rke2/agent/": RKE2,
    "/var/lib/rancher/credentialprovider/": RKE2,
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
_IN_TURN = {"rke2-server.service": RKE2, "rke2-agent.service": RKE2, "haproxy.service": "haproxy", "keepalived.service": "keepalived"}

_WORDS = re.compile(r"[\s=,:;]+")


def readers(path: str, options: Mapping[str, Any]) -> str:
    """Who must be told that this file changed, parted by commas; empty for nobody. `options` are the distribution's."""
    if path.startswith(UNITS):
        return _unit_readers(path.removeprefix(UNITS))
    if any(path == named or path.startswith(named.rstrip("/") + "/") for named in _paths(options)):
        return RKE2
    return next((names for beginning, names in _READERS.items() if path.startswith(beginning)), "")


def _unit_readers(name: str) -> str:
    found = _UNIT.fullmatch(name)
    if found is None:
        return SYSTEMD
    return f"{SYSTEMD},{_IN_TURN.get(found[1], f'unit-{found[1]}')}"


def _paths(value: Any) -> Iterator[str]:
    """Every absolute path in the options, also behind a flag's name: `config=/etc/x`, `/etc/x:/etc/x:ro`."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _paths(item)
    elif isinstance(value, str):
        yield from (word for word in _WORDS.split(value) if word.startswith("/") and word.rstrip("/"))
