"""`image`: the disk image that machines start from."""

from __future__ import annotations

import posixpath
import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, WithJsonSchema, field_validator, model_validator

from stardock.spec.distribution import Url
from stardock.spec.pve_names import Datastore
from stardock.spec.section import Section, broken
from stardock.spec.units import Flag, Minutes, shown
from stardock.systems import SYSTEMS, System

SystemName = Literal["debian", "ubuntu", "microos", "leapmicro", "flatcar"]

#: Systems that are not offered, and why; what to write instead.
_NOT_OFFERED = {
    "tumbleweed": (
        "Tumbleweed changes libraries and SELinux's policy under a running kubelet, and has no snapshot that a failed boot falls back to",
        "write `system: microos`: the same packages as snapshots, activated by a drained reboot (docs/decisions/0017-systems.md)",
    ),
    "leap": ("only its transactional sibling is", "write `system: leapmicro`, for servers and agents"),
    "opensuse": ("openSUSE is several systems", "write `system: microos`, which rolls, or `system: leapmicro`, which has releases"),
    "kubic": ("Kubic became MicroOS", "write `system: microos`"),
    "coreos": ("CoreOS Container Linux lives on as Flatcar", "write `system: flatcar`, for servers and agents"),
}

#: Other systems, by the offered one that is nearest to them.
_NEAREST = {
    "debian": "alpine arch archlinux manjaro nixos gentoo rocky rockylinux alma almalinux centos rhel redhat fedora oracle oraclelinux "
    "amazonlinux kali mint linuxmint devuan raspbian raspios proxmox windows",
    "leapmicro": "sles sle-micro suse opensuse-leap",
    "flatcar": "talos talosos bottlerocket fcos fedora-coreos rhcos photon k3os rancheros",
}
_NEAREST_TO = {word: name for name, words in _NEAREST.items() for word in words.split()}

#: What PVE imports disks from (content type `import`; an .ova is no disk).
DISK_FORMATS = (".qcow2", ".raw", ".vmdk")
#: Endings of files that hold a packed image.
PACKED = (".bz2", ".gz", ".lzo", ".xz", ".zip", ".zst")

_CHECKSUM = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
#: pve-storage, SAFE_CHAR_CLASS_RE and UPLOAD_IMPORT_EXT_RE_1.
_FILE_NAME = re.compile(r"[a-zA-Z0-9.+=_-]{1,150}\.(qcow2|raw|vmdk)")

#: What a pool's own image takes over from the cluster's where it does not say: how images are fetched.
INHERITED = ("mirror", "overwrite", "timeout", "verify")

#: Keys that other tools have, and why there is nothing to set.
_REFUSED = {
    "content_type": ("PVE imports disks from files of content type `import` only", "delete it"),
    "decompression": (
        "PVE unpacks files of content type `iso` only, and imports no disk from those",
        "name an unpacked image, or unpack it",
    ),
}


def parse_system(value: object) -> object:
    """Refuses a system that is not offered with the reason, and the name of a release with the two keys that say it."""
    if not isinstance(value, str) or value in SYSTEMS:
        return value
    if value.lower() in _NOT_OFFERED:
        message, cure = _NOT_OFFERED[value.lower()]
        raise broken(f"{shown(value)} is not offered: {message}", cure)
    nearest = _NEAREST_TO.get(re.sub(r"[-_ :]*[0-9.]*$", "", value.lower()))
    if nearest is not None:
        raise broken(f"{shown(value)} is not offered: there are {', '.join(SYSTEMS)}", f"write `system: {nearest}` (docs/systems.md)")
    if "." in value and re.search(r"\.(qcow2|img|iso|raw|vmdk|xz)$|^[\w-]+:", value.lower()):
        raise broken(f"{shown(value)} is a file, and `system` is an operating system", _system_of_file(value))
    for own in SYSTEMS.values():
        word = value.lower().removeprefix(own.name).lstrip(" -_:")
        release = _release_meant(own, word)
        if release is not None:
            raise broken(f"{shown(value)} is a release of {own.title}", f"write `system: {own.name}, release: {release}`")
        if value.lower().startswith(own.name) and re.fullmatch(r"[0-9.]+", word):
            known = " or ".join(f"`system: {own.name}, release: {each.name}`" for each in own.releases)
            raise broken(f"{shown(value)} is a release of {own.title} that Stardock does not know", f"write {known}")
    return value


def _system_of_file(name: str) -> str:
    """What a file of that name is; Stardock fetches it itself."""
    found = next(((own, release) for own in SYSTEMS.values() if own.name in name.lower() and (release := own.named_by(name))), None)
    if found is None:
        return "write its system, for example `system: debian`, and your own image as `url` or `file`"
    return f"write `system: {found[0].name}, release: {found[1].name}`, whose image is fetched; your own is named by `url` or `file`"


def _release_meant(own: System, word: str) -> str | None:
    """The release that a codename, a point release (13.1) or a number with its zero lost (24.1) means."""
    for release in own.releases:
        if word in {release.name, release.codename} - {""} or re.fullmatch(rf"0*{re.escape(release.name)}\.\d+", word):
            return release.name
    return None


def parse_checksum(value: object) -> str:
    """`sha256:` and 64 hexadecimal digits, or `sha512:` and 128."""
    text = value.lower() if isinstance(value, str) else ""
    if not _CHECKSUM.fullmatch(text):
        raise broken(f"{shown(value)} is not a checksum", "write sha256: and 64 hexadecimal digits, or sha512: and 128")
    return text


#: Other architectures, as publishers write them into names. Everything that Stardock installs, and PVE itself, is x86_64.
_ARCHITECTURES = re.compile(
    r"(?<![a-z0-9])(arm64|aarch64|armhf|armv7l?|armv6l?|riscv64|ppc64(el|le)?|powerpc|s390x|loong(arch)?64|mips64(el|le)?|i[36]86)(?![a-z0-9])"
)


def refuse_architecture(name: str) -> None:
    """Refuses an image whose name says that it is for another architecture."""
    found = _ARCHITECTURES.search(name.lower())
    if found:
        raise broken(f"{shown(name)} is for {found[1]}, and machines here are x86_64", "name the image for amd64 (x86_64)")


def parse_image_path(value: str) -> str:
    """A file of a disk image."""
    refuse_architecture(value)
    return value


def parse_image_url(value: str) -> str:
    """The URL of a disk image, not of a packed one."""
    refuse_architecture(urlsplit(value).path)
    if urlsplit(value).path.lower().endswith(".iso"):
        raise broken(
            f"{shown(value)} is an installer's disc, which nobody here would answer", "name a disk image with cloud-init (docs/systems.md)"
        )
    if urlsplit(value).path.lower().endswith(PACKED):
        raise broken(f"{shown(value)} is packed, and PVE imports disks from unpacked files only", "name the unpacked image, or use `file`")
    return value


def parse_file_name(value: object) -> str:
    """A name that PVE takes for a disk image."""
    if not isinstance(value, str) or not _FILE_NAME.fullmatch(value):
        message = f"{shown(value)} is not a file name that PVE imports: a-z, A-Z, 0-9, . + = _ - and the ending .qcow2, .raw or .vmdk"
        raise broken(message, "write for example debian-12.qcow2")
    refuse_architecture(value)
    return value


def parse_release(value: object) -> str:
    """A release by its name; YAML reads 12 and 24.04 as numbers."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise broken(f"{shown(value)} is not a release", "write its name, for example release: 13")
    return str(value)


Release = Annotated[str, BeforeValidator(parse_release), WithJsonSchema({"type": ["string", "number"]})]
Checksum = Annotated[str, BeforeValidator(parse_checksum), WithJsonSchema({"type": "string", "pattern": f"^({_CHECKSUM.pattern})$"})]
ImageUrl = Annotated[Url, AfterValidator(parse_image_url)]
FileName = Annotated[str, BeforeValidator(parse_file_name), WithJsonSchema({"type": "string", "pattern": f"^{_FILE_NAME.pattern}$"})]


class Image(Section):
    """A system and, when its default image is not wanted, which one. A new image is for new machines: old ones keep their disk."""

    system: Annotated[SystemName, BeforeValidator(parse_system)] = Field(
        description="operating system; decides packages and first boot: docs/systems.md"
    )
    release: Release | None = Field(
        default=None, description="of the system, for new machines; default: the newest that Stardock knows, or as the image's name says"
    )
    url: ImageUrl | None = Field(default=None, description="image that PVE nodes download instead of the system's default")
    file: Annotated[str, Field(min_length=1), AfterValidator(parse_image_path)] | None = Field(
        default=None, description="image on this machine, relative to cluster.yaml (or under ~), uploaded instead"
    )
    checksum: Checksum | None = Field(
        default=None, description="`sha256:...` or `sha512:...`, verified by PVE; default: what `runner image pin` wrote into the lock"
    )
    checksum_url: Url | None = Field(
        default=None, description="publisher's file of checksums, read by `runner image pin`; default: the system's, or one beside `url`"
    )
    mirror: Url | None = Field(
        default=None, description="`https://HOST[/PATH]` in place of the publisher's host for the system's default image and checksums"
    )
    file_name: FileName | None = Field(
        default=None, description="name on the datastore; the cluster's name and the pin's digest are added; default: the image's own"
    )
    datastore: Datastore | None = Field(
        default=None,
        description="PVE datastore of the downloaded image, not of disks (`disk_datastore`); default: the PVE node's `datastores.images`",
    )
    everywhere: Flag = Field(default=False, description="also on PVE nodes that the pool may use and that carry no machine of it yet")
    overwrite: Flag = Field(default=False, description="download again when the size behind the URL changes; machines stay as they are")
    timeout: Minutes = Field(default=30, description="how long a download or upload may take")
    verify: Flag = Field(default=True, description="PVE nodes verify the certificate of the URL")

    @model_validator(mode="before")
    @classmethod
    def _keys_of_other_tools(cls, data: Any) -> Any:
        for key, (why, cure) in _REFUSED.items():
            if isinstance(data, dict) and key in data:
                raise broken(f"there is no `{key}`: {why}", cure)
        return data

    @field_validator("release")
    @classmethod
    def _known_release(cls, release: str | None, info: ValidationInfo) -> str | None:
        own = SYSTEMS.get(info.data.get("system", ""))
        known = [each.name for each in own.releases] if own else []
        if own is None or release is None or release in known:
            return release
        meant = _release_meant(own, release.lower())
        cure = f"did you mean `release: {meant}`?" if meant else f"write {' or '.join(f'release: {name}' for name in known)}, or delete it"
        raise broken(f"{own.title} has no release {shown(release)} that Stardock knows", cure)

    @model_validator(mode="after")
    def _one_release(self) -> Image:
        """A release that is said, and a name that tells another one of the same system."""
        name = posixpath.basename(self.file or urlsplit(self.url or "").path)
        own = SYSTEMS[self.system]
        named = own.named_by(name)
        if self.release and named and not any(mark in name for mark in own.release(self.release).marks):
            message = f"{shown(name)} is {named.title} by its name, and `release: {self.release}` says otherwise"
            raise broken(message, f"write `release: {named.name}`, or name another image")
        return self

    @model_validator(mode="after")
    def _one_source(self) -> Image:
        given = [key for key in ("url", "file", "mirror") if getattr(self, key)]
        if len(given) > 1:
            raise broken(
                f"`{given[0]}` excludes `{given[1]}`", "keep one: an image comes from a URL, a file, or a mirror of the system's own"
            )
        if self.file and self.checksum_url:
            raise broken("`file` excludes `checksum_url`", "delete it: `runner image pin` computes the checksum of a file")
        return self

    @model_validator(mode="after")
    def _uploadable(self) -> Image:
        if self.file and self.checksum and self.checksum.startswith("sha512:"):
            raise broken("a file is uploaded with its sha256; `checksum` is a sha512", "delete it and run `runner image pin`")
        if self.file and not (self.file_name or self.file).endswith(DISK_FORMATS):
            message = f"{shown(posixpath.basename(self.file))} does not end in .qcow2, .raw or .vmdk, and PVE goes by that"
            raise broken(message, "say what it is with `file_name`, for example file_name: image.qcow2")
        return self
