"""Which version of the lock's shape says all of a lock, and what a lock from before a key was recorded means."""

from __future__ import annotations

from urllib.parse import urlsplit

from stardock.distributions import DEFAULT, of_release
from stardock.model.lock import Lock
from stardock.model.machine import FORMER_SEED, Image, Machine
from stardock.model.parts import DiskOptions
from stardock.systems import SYSTEMS

#: The newest version of the lock's shape that this Stardock knows; a newer one is refused.
VERSION = 8


def version(lock: Lock) -> int:
    """The oldest version that says all of a lock: an older Stardock would drop `images` (2), `memory` (3), (4) what a record has of its
    release, seed and `selinux`, and `distribution_version`, and (5) its USB devices, flags of disks, trunks, SDN zones and files with
    secrets, and (6) its proxy and options of its own, and (7) `channels`, without a word, and it knew no other distribution than the
    first (6), and it knew no `mesh` (8).
    """
    if lock.mesh:
        return 8
    if lock.channels:
        return 7
    records = [machine.record for machine in lock.machines.values()]
    releases = [release for release in (lock.distribution_version, lock.former_release) if release]
    another = any(of_release(release) is not DEFAULT for release in releases)
    if another or any(record.proxy or record.options or record.kubernetes for record in records):
        return 6
    if any(map(_of_version_5, records)):
        return 5
    newest = lock.distribution_version or any(map(_not_as_before, records))
    return 4 if newest else 3 if lock.memory else 2 if lock.images else 1


def _of_version_5(record: Machine) -> bool:
    options = (record.disk_options, *(disk.options for disk in record.data_disks))
    nics = any(nic.trunks or nic.zone for nic in record.interfaces)
    return bool(record.usb or record.secret_files) or nics or any(one != DiskOptions() for one in options)


def _not_as_before(record: Machine) -> bool:
    """Whether a machine is otherwise than all were before these were recorded."""
    return record.selinux or record.seed_interface != FORMER_SEED or record.image.release != unrecorded_release(record.image)


def unrecorded_release(image: Image) -> str:
    """The release of a machine in a lock from before releases were recorded: the one that its image's name tells, else its system's then.

    KeyError for a system that nobody knows.
    """
    own = SYSTEMS[image.system]
    named = own.named_by(image.file or urlsplit(image.url or "").path)
    return named.name if named else own.unrecorded
