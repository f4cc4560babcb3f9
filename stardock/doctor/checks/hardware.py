"""What machines use of Proxmox by name: devices, pools; and what no token may give them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from shlex import quote

from stardock.doctor.finding import Finding, among, ok, problem, warning
from stardock.doctor.scene import Scene
from stardock.estate.survey import Answer


def devices(scene: Scene) -> Iterator[Finding]:
    """A mapping needs an entry for each PVE node that a machine with it is on."""
    pci = {(device.mapping, machine.pve_node) for machine in scene.plan.machines for device in machine.devices}
    usb = {(device.mapping, machine.pve_node) for machine in scene.plan.machines for device in machine.usb}
    yield from _mapped(scene.asked.mappings, "pci", pci)
    yield from _mapped(scene.asked.usb, "usb", usb)


#: What an entry of a mapping looks like, and what tells its numbers.
_ENTRIES = {"pci": ("path=0000:01:00.0,id=VENDOR:DEVICE", "lspci -nn"), "usb": ("id=VENDOR:DEVICE", "lsusb")}


def _mapped(answer: Answer, kind: str, wanted: set[tuple[str, str]]) -> Iterator[Finding]:
    if answer.refused:
        yield warning("devices", f"/cluster/mapping/{kind}", f"cannot be looked at: {answer.refused}", "runner proxmox-role")
        return
    entries = {str(item["id"]): _entries(item.get("map")) for item in answer.value or ()}
    known = {name: _nodes(texts) for name, texts in entries.items()}
    wrong = [*_lacking(entries, kind, wanted), *(_double(known, wanted) if kind == "usb" else ())]
    yield from wrong
    if wanted and not wrong:
        yield ok("devices", among(sorted({name for name, _ in wanted})), "mapped on every PVE node that needs them")


def _lacking(known: Mapping[str, list[str]], kind: str, wanted: set[tuple[str, str]]) -> Iterator[Finding]:
    """What is sent as `map` takes the place of all that was there (pve-manager, PVE/API2/Cluster/Mapping): it is sent along."""
    entry, tool = _ENTRIES[kind]
    for name, node in sorted(wanted):
        if node not in _nodes(known.get(name, [])):
            cause = "has no device there" if name in known else "is no mapping, or the token may not see it (Mapping.Use)"
            verb = f"set /cluster/mapping/{kind}/{name}" if name in known else f"create /cluster/mapping/{kind} --id {name}"
            kept = "".join(f" --map {quote(text)}" for text in known.get(name, ()))
            cure = f"pvesh {verb}{kept} --map node={node},{entry}   # as {tool} on {node} says"
            yield problem("devices", f"{name} on {node}", cause, cure)


def _double(known: Mapping[str, list[str]], wanted: set[tuple[str, str]]) -> Iterator[Finding]:
    """PVE::QemuServer::USB takes one device of a mapping on a PVE node."""
    for name, node in sorted(wanted):
        if known.get(name, []).count(node) > 1:
            cure = f"pvesh get /cluster/mapping/usb/{name}   # then set it with one device on {node}"
            yield problem("devices", f"{name} on {node}", "has more than one USB device there, and PVE starts no machine with it", cure)


def _entries(told: object) -> list[str]:
    """The entries of a mapping, which are property strings."""
    return [str(text) for text in told] if isinstance(told, list | tuple) else []


def _nodes(entries: list[str]) -> list[str]:
    """The PVE node of each entry."""
    return [part.removeprefix("node=") for text in entries for part in text.split(",") if part.startswith("node=")]


def pools(scene: Scene) -> Iterator[Finding]:
    """Proxmox makes none by itself."""
    wanted = sorted({machine.pve_pool for machine in scene.plan.machines if machine.pve_pool})
    known = {item.get("poolid") for item in scene.asked.pools.value or ()}
    for name in (name for name in wanted if name not in known):
        yield problem("pools", name, "there is no such pool, or the token may not see it (Pool.Audit)", f"pveum pool add {name}")
    if wanted and known >= set(wanted):
        yield ok("pools", among(wanted), "there")


def roots_alone(scene: Scene) -> Iterator[Finding]:
    """PVE lets nobody but root@pam set some options, by password: a token of root's is not root (PVE::API2::Qemu)."""
    for machine in scene.plan.machines:
        if machine.hugepages:
            cause = "`hugepages` may be set by root@pam itself only, never by a token: Proxmox will refuse this machine"
            yield problem("root alone", machine.name, cause, "take `hugepages` out of cluster.yaml")
