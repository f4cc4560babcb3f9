"""Hosts that exist already, as lines of `runner plan`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stardock.model.host import Host


def host_lines(hosts: Sequence[Host]) -> Iterator[str]:
    """One line each; nothing where there are none."""
    if not hosts:
        return
    yield "hosts that exist already and only join (of them nothing is made, changed in size, restarted or destroyed)"
    names, addresses = (max(map(len, column)) for column in zip(*((host.name, host.address) for host in hosts), strict=True))
    for host in hosts:
        yield f"  {host.name:<{names}}  {host.role:<6}  {host.address:<{addresses}}  {', '.join(_about(host))}"


def _about(host: Host) -> Iterator[str]:
    yield host.system
    yield host.architecture or "its processor is asked"
    if host.reached_at != host.address:
        yield f"reached at {host.reached_at}"
    if host.kured:
        yield "kured may reboot it"
