"""A release of a system: its default image, and what that image's kernel lacks of the hardware that PVE offers."""

from __future__ import annotations

from dataclasses import dataclass

#: Models of a NIC, as cluster.yaml and PVE name them.
NICS = ("virtio", "e1000", "e1000e", "rtl8139", "vmxnet3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """What a kernel has no driver for. With nothing named it drives all that is offered, or nobody read its configuration.

    `nics` are models without a driver; `ahci` is the controller of `sata` drives, and of `ide` drives on q35.
    """

    name: str
    nics: frozenset[str] = frozenset()
    graphics: bool = True
    usb: bool = True
    ahci: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One release. `marks` are what names of images have of it alone, as `debian-12` and `bookworm`: they tell it of a user's own image."""

    name: str  # as cluster.yaml says it
    title: str  # as its makers call it
    codename: str = ""
    image_url: str
    image_file_name: str  # as PVE stores it; content type `import` wants .qcow2, .raw or .vmdk
    image_checksum: str | None = None  # None: the default image moves; a user who pins one gives url and checksum
    checksum_url: str  # where the publisher says which checksum the image at `image_url` has
    former_urls: tuple[str, ...] = ()  # of default images that earlier versions of Stardock made machines from
    disk_gib: int  # the virtual size of the image, rounded up: PVE does not shrink a disk
    kernel: Kernel
    marks: tuple[str, ...] = ()
