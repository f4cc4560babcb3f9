"""Rules of what an image can be: the disk that it needs, and what its kernel has no driver for. Told before anything is made."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from stardock.errors import Problem
from stardock.plan.images import default_from, kernel_of
from stardock.plan.locked import Pin
from stardock.plan.model import Image, Machine
from stardock.plan.wanted import Wanted
from stardock.spec.places import at
from stardock.systems import system

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec.cluster import Keys, Spec

GIB = 1024**3


def image_problems(spec: Spec, every: Sequence[Wanted], machines: Mapping[str, Machine], pins: Mapping[str, Pin]) -> list[Problem]:
    """All problems of the machines as they will be, those that stand with the image that they have; of a pool each is told once."""
    told: dict[tuple[Keys, str], Problem] = {}
    for one in every:
        machine = machines[one.name]
        for keys, message, cure in (
            *_small_disk(one, machine, pins),
            *_nics(one, machine),
            *_graphics(one, machine),
            *_unfit(one, machine),
        ):
            told.setdefault((keys, message), at(spec, keys, f"{one.name}: {message}", cure))
    return list(told.values())


#: Where, what is wrong, what to do.
Fault = tuple["Keys", str, str]


def disk_gib(image: Image, pins: Mapping[str, Pin]) -> int | None:
    """The disk that an image needs at least, in GiB; None where nobody knows: of a user's own URL, and of a file without a pin."""
    if default_from(image) is not None:
        return system(image.system).release(image.release).disk_gib
    pin = pins.get(f"file:{image.file}")
    if pin is None or pin.virtual_bytes is None or pin.checksum != image.checksum:
        return None
    return -(-pin.virtual_bytes // GIB)


def _small_disk(one: Wanted, machine: Machine, pins: Mapping[str, Pin]) -> Iterator[Fault]:
    """PVE copies the image to a disk of the image's size, grows it, and never shrinks it (PVE::QemuServer, resize)."""
    least = disk_gib(machine.image, pins)
    if least is not None and machine.disk_gib < least:
        message = f"a disk of {machine.disk_gib}GiB is smaller than its image, which PVE would have to shrink"
        yield one.said_at("disk"), message, f"write `disk: {least}GiB` or more"


def _nics(one: Wanted, machine: Machine) -> Iterator[Fault]:
    kernel = kernel_of(machine.image)
    for nic in machine.interfaces:
        if nic.model in kernel.nics:
            position = next((place for place, wish in enumerate(one.interfaces) if wish.name == nic.name), None)
            keys = one.interface_keys if position is None else (*one.interface_keys, position, "model")
            message = f"{kernel.name}, which {_image_name(machine.image)} has, drives no NIC of model {nic.model}"
            yield keys, message, f"write `model: virtio`{_or_another_image(machine.image)}"


def _graphics(one: Wanted, machine: Machine) -> Iterator[Fault]:
    """A mapping's name does not tell what the device is; a primary graphics card and a mediated device (vGPU) are graphics."""
    kernel = kernel_of(machine.image)
    for device in machine.devices if not kernel.graphics else ():
        if device.primary_gpu or device.mdev:
            message = f"{kernel.name}, which {_image_name(machine.image)} has, drives no graphics: {device.mapping} cannot work"
            yield one.said_at("devices"), message, f"take {device.mapping} away{_or_another_image(machine.image)}"


def _unfit(one: Wanted, machine: Machine) -> Iterator[Fault]:
    """Images of the system that never set themselves up."""
    for part, why in system(machine.image.system).unfit_images.items():
        if part in _image_name(machine.image):
            keys: Keys = ("image",) if one.pool.image is None else (*one.pool_keys, "image")
            key = "file" if machine.image.file else "url"
            yield (*keys, key), f"{_image_name(machine.image)} {why}", f"name another, or delete `{key}`"


def _or_another_image(image: Image) -> str:
    """The way to the whole kernel: the system's own image. What stands keeps its image until it is made anew."""
    release = system(image.system).release(image.release)
    way = f"take the image {release.image_file_name}, which has {release.kernel.name}"
    return f", or {way} (machines that stand keep theirs until they are made anew)"


def _image_name(image: Image) -> str:
    return posixpath.basename(image.file or urlsplit(image.url or "").path)
