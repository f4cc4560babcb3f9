"""What a VM's options ask for, each its own privilege (PVE::API2::Qemu, of August 2026)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lab.pve.access.rights import Rights
from lab.pve.access.volumes import require_access
from lab.pve.drives import DRIVE, NEW_DISK
from lab.pve.errors import PveError, forbidden

#: Privilege -> the options that ask for it. Drives, devices and tags are looked at one by one, everything else is root@pam's.
_OPTIONS = {
    "VM.Config.CPU": "cores cpu cpulimit cpuunits numa smp sockets vcpus",
    "VM.Config.Memory": "memory balloon shares allow-ksm",
    "VM.Config.HWType": "acpi hotplug kvm machine scsihw smbios1 tablet vga watchdog audio0 rng0",
    "VM.Config.Options": "agent autostart bios description keyboard localtime migrate_downtime migrate_speed name onboot ostype protection "
    "reboot startdate startup tdf template",
    "VM.PowerMgmt": "freeze",
    "VM.Config.Disk": "boot bootdisk vmstatestorage",
    "VM.Config.Cloudinit": "cicustom cipassword citype ciuser ciupgrade nameserver searchdomain sshkeys",
}
_PRIVILEGE = {option: privilege for privilege, options in _OPTIONS.items() for option in options.split()}
_LATER = re.compile(r"(?:unused|serial|usb|hostpci|virtiofs)\d+|tags|cdrom")


@dataclass(frozen=True, slots=True)
class VmRights:
    """What somebody may do to one VM, which may be in a pool, or be put into one."""

    rights: Rights
    vm_id: int
    pool: str | None = None

    def create(self, options: Mapping[str, str], *, start: bool) -> None:
        """Raises PveError (mostly 403) for a VM that may not be made so."""
        if self.pool and self.pool not in self.rights.access.pools:
            raise forbidden(f"pool '{self.pool}' does not exist")
        if start:
            self._require("VM.PowerMgmt")
        if not self.rights.has(f"/vms/{self.vm_id}", "VM.Allocate") and not (
            self.pool and self.rights.has(f"/pool/{self.pool}", "VM.Allocate")
        ):
            raise forbidden()
        self._storage(options)
        self.options(options)
        self._devices(options)
        self._bridges(options)

    def update(self, options: Mapping[str, str], deleted: Iterable[str], config: Mapping[str, object]) -> None:
        """Raises PveError for changes that may not be made to a VM with that configuration."""
        gone = {name: str(config[name]) for name in deleted if name in config}
        self.options([*deleted, *options])
        self._storage(options)
        self._bridges(options)
        self._drives(gone | {name: str(config[name]) for name in options if name in config and DRIVE.fullmatch(name)})
        self._drives(options)
        self._devices(gone | dict(options))
        self._bridges({name: str(config[name]) for name in (*gone, *options) if name in config})
        if "tags" in options or "tags" in gone:
            self._require("VM.Config.Options")

    def tags(self) -> None:
        """Raises PveError when this VM's tags may not be set; asked once it exists."""
        self.rights.require(f"/vms/{self.vm_id}", "VM.Config.Options")

    def options(self, names: Iterable[str]) -> None:
        """Raises PveError for an option that may not be set or deleted."""
        if self.rights.is_root:
            return
        for name in names:
            if DRIVE.fullmatch(name) or _LATER.fullmatch(name):
                continue
            self._option(name)

    def _option(self, name: str) -> None:
        if name == "startup":  # it changes how the host starts
            self._require("VM.Config.Options")
            self.rights.require("/", "Sys.Modify")
        elif name in _PRIVILEGE and _PRIVILEGE[name] != "VM.Config.Cloudinit":
            self._require(_PRIVILEGE[name])
        elif name in _PRIVILEGE or re.fullmatch(r"ipconfig\d+", name):
            self._require("VM.Config.Cloudinit", "VM.Config.Network", some=True)
        elif re.fullmatch(r"net\d+", name):
            self._require("VM.Config.Network")
        elif re.fullmatch(r"numa\d+", name):
            self._require("VM.Config.CPU")
        else:
            self.rights.require_root(f"set '{name}' config")

    def _require(self, *privileges: str, some: bool = False) -> None:
        self.rights.require_vm(self.vm_id, self.pool, *privileges, some=some)

    def _storage(self, options: Mapping[str, str]) -> None:
        for name, text in options.items():
            if DRIVE.fullmatch(name):
                self._drive_storage(text)
            elif name.startswith("unused"):
                require_access(self.rights, text.partition(",")[0], vm_id=self.vm_id)
        if "vmstatestorage" in options:
            self.rights.require(f"/storage/{options['vmstatestorage']}", "Datastore.AllocateSpace")

    def _drive_storage(self, text: str) -> None:
        keys = _keys(text)
        file, source = keys["file"], keys.get("import-from")
        new = NEW_DISK.fullmatch(file)
        if file == "cdrom":
            self.rights.require("/", "Sys.Console")
        elif new and keys.get("media") != "cdrom":
            self.rights.require(f"/storage/{new[1]}", "Datastore.AllocateSpace")
        elif file != "none" and not file.endswith(":cloudinit"):
            require_access(self.rights, file, vm_id=self.vm_id)
        if source:
            require_access(self.rights, source, vm_id=self.vm_id)

    def _drives(self, options: Mapping[str, str]) -> None:
        """A drive that is there is changed, replaced or taken out; a new VM's drives need no more than storage."""
        for name, text in options.items():
            if name.startswith("unused"):
                self._require("VM.Config.Disk")
            if not DRIVE.fullmatch(name):
                continue
            file = _keys(text)["file"]
            if file.endswith((":cloudinit", "-cloudinit")):
                self._require("VM.Config.Cloudinit", "VM.Config.CDROM")
            else:
                self._require("VM.Config.CDROM" if "media=cdrom" in text else "VM.Config.Disk")

    def _devices(self, options: Mapping[str, str]) -> None:
        if self.rights.is_root:
            return
        for name, text in options.items():
            kind = re.fullmatch(r"(serial|usb|hostpci|virtiofs)\d+", name)
            if kind:
                self._device(kind[1], name, text)
            elif name == "rng0" and "/dev/hwrng" in text:
                self.rights.require("/mapping/hwrng", "Mapping.Use")

    def _device(self, kind: str, name: str, text: str) -> None:
        keys = _keys(text)
        self._require("VM.Config.Disk" if kind == "virtiofs" else "VM.Config.HWType")
        if kind == "virtiofs":
            self.rights.require(f"/mapping/dir/{keys.get('dirid', keys['file'])}", "Mapping.Use")
        elif "mapping" in keys:
            self.rights.require(f"/mapping/{'pci' if kind == 'hostpci' else 'usb'}/{keys['mapping']}", "Mapping.Use")
        elif kind == "hostpci" and not keys["file"] and "host" not in keys:
            raise PveError(500, "either 'host' or 'mapping' must be set.")
        elif text != ("socket" if kind == "serial" else "spice"):
            what = "non-mapped devices" if kind == "hostpci" else "real devices"
            raise PveError(500, f"only root can set '{name}' config for {what}")

    def _bridges(self, options: Mapping[str, str]) -> None:
        """Every bridge that a NIC is on, by its VLAN when it has one (PVE::GuestHelpers::check_vnet_access)."""
        if self.rights.is_root:
            return
        for name, text in options.items():
            if re.fullmatch(r"net\d+", name):
                self._bridge(_keys(text))

    def _bridge(self, keys: Mapping[str, str]) -> None:
        if "bridge" not in keys:
            return
        path = f"/sdn/zones/{self.rights.access.zone_of(keys['bridge'])}/{keys['bridge']}"
        tags = [keys["tag"]] if "tag" in keys else []
        tags += _tags(keys.get("trunks", ""))
        for place in [f"{path}/{tag}" for tag in tags] or [path]:
            self.rights.require(place, "SDN.Use")


def _tags(trunks: str) -> list[str]:
    """The VLANs of a trunk: `2;5-7`."""
    ranges = [part.partition("-") for part in trunks.split(";") if part]
    return [str(tag) for first, _, last in ranges for tag in range(int(first), int(last or first) + 1)]


def _keys(text: str) -> dict[str, str]:
    """The keys of a property string that was checked already; what has no key is `file`."""
    pairs = [part.partition("=") for part in text.split(",") if part]
    found = {key: value if separator else "" for key, separator, value in pairs}
    first = next((key for key, separator, _ in pairs if not separator), "")
    return {"file": found.get("volume", first)} | found
