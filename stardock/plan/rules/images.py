"""Rules of what an image can be: the disk that it needs, and what its kernel has no driver for. Told before anything is made."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from stardock.errors import Problem
from stardock.model.lock import Lock, Pin
from stardock.model.machine import Image, Machine
from stardock.plan.allocation.declared import Declared
from stardock.plan.machine.images import default_from, kernel_of
from stardock.spec.places import at
from stardock.systems import SYSTEMS, system

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Keys, Spec

GIB = 1024**3


def image_problems(
    spec: Spec, every: Sequence[Declared], machines: Mapping[str, Machine], locked: Lock, accept: Collection[str]
) -> list[Problem]:
    """All problems of the machines as they will be, those that exist with the image that they have; of a pool each is told once.

    What a machine that exists has already is not refused: its disk is there, and of the rest `image_warnings` tells.
    """
    existing = {name: one.record for name, one in locked.active().items() if name not in accept}
    told: dict[tuple[Keys, str], Problem] = {}
    for declared in every:
        record = existing.get(declared.name)
        there = {message for _, message, _ in _faults(declared, record, locked.images)} if record else set()
        for keys, message, cure in _faults(declared, machines[declared.name], locked.images):
            if message not in there:
                told.setdefault((keys, message), at(spec, keys, f"{declared.name}: {message}", cure))
    return list(told.values())


def image_warnings(every: Sequence[Declared], machines: Mapping[str, Machine], locked: Lock) -> Iterator[str]:
    """What machines that exist have already, and their images' names say cannot work; the image may be better than its name."""
    existing = locked.active()
    for declared in every:
        record = existing[declared.name].record if declared.name in existing else None
        there = {message for _, message, _ in _unworkable(declared, record)} if record else set()
        for _, message, cure in _unworkable(declared, machines[declared.name]):
            if message in there:
                yield f"{declared.name}: {message}; if so, {cure}"
    yield from _of_other_systems(machines)


def _of_other_systems(machines: Mapping[str, Machine]) -> Iterator[str]:
    """A name is a hint only: the image may hold what `system` says."""
    for image in dict.fromkeys(machine.image for machine in machines.values()):
        name = _image_name(image)
        named = (
            None if system(image.system).named_by(name) else next(filter(None, (each.named_by(name) for each in SYSTEMS.values())), None)
        )
        if named is not None:
            yield f"{name} is {named.title} by its name, and its machines are set up as {system(image.system).title} (`image.system`)"


#: Where, what is wrong, what to do.
Fault = tuple["Keys", str, str]


def _faults(declared: Declared, machine: Machine, pins: Mapping[str, Pin]) -> Iterator[Fault]:
    yield from _small_disk(declared, machine, pins)
    yield from _unworkable(declared, machine)


def _unworkable(declared: Declared, machine: Machine) -> Iterator[Fault]:
    yield from _nics(declared, machine)
    yield from _graphics(declared, machine)
    yield from _usb(declared, machine)
    yield from _unfit(declared, machine)


def disk_gib(image: Image, pins: Mapping[str, Pin]) -> int | None:
    """The disk that an image needs at least, in GiB; None where nobody knows: of a user's own URL, and of a file without a pin."""
    if default_from(image) is not None:
        return system(image.system).release(image.release).disk_gib
    pin = pins.get(f"file:{image.file}")
    if pin is None or pin.virtual_bytes is None or pin.checksum != image.checksum:
        return None
    return -(-pin.virtual_bytes // GIB)


def _small_disk(declared: Declared, machine: Machine, pins: Mapping[str, Pin]) -> Iterator[Fault]:
    """PVE copies the image to a disk of the image's size, grows it, and never shrinks it (PVE::QemuServer, resize)."""
    least = disk_gib(machine.image, pins)
    if least is not None and machine.disk_gib < least:
        message = f"a disk of {machine.disk_gib}GiB is smaller than its image, which PVE would have to shrink"
        yield declared.said_at("disk"), message, f"write `disk: {least}GiB` or more"


def _nics(declared: Declared, machine: Machine) -> Iterator[Fault]:
    kernel = kernel_of(machine.image)
    for nic in machine.interfaces:
        if nic.model in kernel.nics:
            position = next((place for place, wish in enumerate(declared.interfaces) if wish.name == nic.name), None)
            keys = declared.interface_keys if position is None else (*declared.interface_keys, position, "model")
            message = f"{kernel.name}, which {_image_name(machine.image)} has, drives no NIC of model {nic.model}"
            yield keys, message, f"write `model: virtio`{_or_another_image(machine.image)}"


def _graphics(declared: Declared, machine: Machine) -> Iterator[Fault]:
    """A mapping's name does not tell what the device is; a primary graphics card and a mediated device (vGPU) are graphics."""
    kernel = kernel_of(machine.image)
    for device in machine.devices if not kernel.graphics else ():
        if device.primary_gpu or device.mdev:
            message = f"{kernel.name}, which {_image_name(machine.image)} has, drives no graphics: {device.mapping} cannot work"
            yield declared.said_at("devices"), message, f"take {device.mapping} away{_or_another_image(machine.image)}"


def _usb(declared: Declared, machine: Machine) -> Iterator[Fault]:
    kernel = kernel_of(machine.image)
    if machine.usb and not kernel.usb:
        names = ", ".join(usb.mapping for usb in machine.usb)
        message = f"{kernel.name}, which {_image_name(machine.image)} has, drives no USB: {names} cannot work"
        yield declared.said_at("usb"), message, f"take it away{_or_another_image(machine.image)}"


def _unfit(declared: Declared, machine: Machine) -> Iterator[Fault]:
    """Images of the system that never set themselves up."""
    for part, why in system(machine.image.system).unfit_images.items():
        if part in _image_name(machine.image):
            keys: Keys = ("image",) if declared.pool.image is None else (*declared.pool_keys, "image")
            key = "file" if machine.image.file else "url"
            yield (*keys, key), f"{_image_name(machine.image)} {why}", f"name another, or delete `{key}`"


def _or_another_image(image: Image) -> str:
    """The way to the whole kernel: the system's own image. What exists keeps its image until it is made anew."""
    release = system(image.system).release(image.release)
    way = f"take the image {release.image_file_name}, which has {release.kernel.name}"
    return f", or {way} (machines that exist keep theirs until they are made anew)"


def _image_name(image: Image) -> str:
    return posixpath.basename(image.file or urlsplit(image.url or "").path)
