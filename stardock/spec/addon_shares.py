"""Storage that lies elsewhere already: shares of NFS and SMB servers, each with a StorageClass."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from stardock.spec.addon_chart import AddonChart, once
from stardock.spec.addon_values import ObjectName
from stardock.spec.cloud_init import ContentSource
from stardock.spec.section import Section, broken
from stardock.spec.units import Flag, Form

_HOST = r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[?[0-9A-Fa-f:]+\]?"
_PART = r"[^\s/\\]+"
Server = Annotated[str, Form(_HOST, "a host or an address", "nas.home.arpa")]
ShareFolder = Annotated[str, Form(r"(/[^\s]*)", "a share of NFS: an absolute path", "/export/volumes")]
Below = Annotated[str, Form(r"[^\s/][^\s]*", "a folder below the share", "${pvc.metadata.namespace}/${pvc.metadata.name}")]
_VOLUME = "${pv.metadata.name}"
_CLAIM = "${pvc.metadata.namespace}/${pvc.metadata.name}"  # with a dash between them, a-b/c and a/b-c would be one
Unc = Annotated[str, Form(rf"//{_PART}(/{_PART})+", "a share of SMB", "//nas.home.arpa/volumes")]
MountOption = Annotated[str, Form(r"[A-Za-z0-9][^\s,]*", "an option of mount", "nfsvers=4.2")]
SmbUser = Annotated[str, Form(r"[^\s:\\/]{1,104}", "a user's name", "kubernetes")]
Domain = Annotated[str, Form(r"[A-Za-z0-9._-]{1,255}", "a domain", "HOME")]


class StorageClass(Section):
    """What all classes take. None of it can be changed later but `default`: another name makes another class."""

    name: ObjectName = Field(description="name of the class")
    default: Flag = Field(default=False, description="whether claims that name no class get this one")
    reclaim: Literal["delete", "retain"] = Field(default="delete", description="what becomes of a volume whose claim goes")
    mount_options: tuple[MountOption, ...] = Field(default=(), description="options of mount")


class NfsClass(StorageClass):
    """A share of an NFS server."""

    server: Server = Field(description="host")
    share: ShareFolder = Field(description="what it exports")
    folder: Below | None = Field(default=None, description="folder of each volume below it; default: a name of its own")

    @model_validator(mode="after")
    def _nobody_elses_data(self) -> NfsClass:
        """The driver removes the folder with all in it when a claim goes (csi-driver-nfs, pkg/nfs/controllerserver.go, DeleteVolume)."""
        folder = self.folder
        if folder is not None and self.reclaim == "delete" and _VOLUME not in folder and _CLAIM not in folder:
            cure = f"write folder: {folder.rstrip('/')}/{_VOLUME}, or `reclaim: retain`"
            raise broken(f"several claims may have the same folder: deleting one would delete what others keep in `{folder}`", cure)
        return self


class NfsCsi(AddonChart):
    """Volumes on NFS shares."""

    CHART: ClassVar[str] = "csi-driver-nfs"

    classes: tuple[NfsClass, ...] = Field(default=(), description="StorageClasses")

    @model_validator(mode="after")
    def _classes_once(self) -> NfsCsi:
        once("classes", [one.name for one in self.classes])
        return self


class SmbClass(StorageClass):
    """A share of an SMB server, and who logs in."""

    source: Unc = Field(description="//HOST/SHARE, maybe with a folder behind it")
    user: SmbUser = Field(description="who logs in")
    password_from: ContentSource = Field(description="source of that user's password")
    domain: Domain | None = Field(default=None, description="the user's domain")


class SmbCsi(AddonChart):
    """Volumes on SMB shares. Passwords reach the cluster as Secrets of kube-system."""

    CHART: ClassVar[str] = "csi-driver-smb"

    classes: tuple[SmbClass, ...] = Field(default=(), description="StorageClasses")

    @model_validator(mode="after")
    def _classes_once(self) -> SmbCsi:
        once("classes", [one.name for one in self.classes])
        return self
