"""A disk image on a datastore: downloaded by a PVE node itself, or uploaded from here."""

from __future__ import annotations

from dataclasses import dataclass

from cdktf import TerraformResourceLifecycle
from constructs import Construct
from imports.proxmox.download_file import DownloadFile
from imports.proxmox.virtual_environment_file import VirtualEnvironmentFile, VirtualEnvironmentFileSourceFile

from pve.template import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageProps:
    """Where to take what from: `url`, or `path` on the machine that the engine runs on.

    `checksum` is `ALGORITHM:HEX` (sha256 or sha512; sha256 for a path) or None; `file_name` ends in .qcow2, .raw or .vmdk. On a `shared`
    datastore, `pve_node` is who fetches it.
    """

    pve_node: Template
    datastore: Template
    file_name: Template
    content_type: Template  # what the datastore must take; PVE imports disks from `import` only
    url: Template | None = None
    path: Template | None = None
    checksum: Template | None = None
    shared: bool = False
    overwrite: bool = False
    timeout_seconds: int = 1800
    verify: bool = True


class Image(Construct):
    """One image on one datastore; `volume` is what a disk imports from. Its Terraform name is the construct's id."""

    def __init__(self, scope: Construct, id_: str, props: ImageProps) -> None:
        super().__init__(scope, id_)
        resource = self._download(props) if props.path is None else self._upload(props, props.path)
        resource.override_logical_id(id_)
        self.volume = Template(resource.id)  # as a reference: a machine waits for its image

    def _download(self, props: ImageProps) -> DownloadFile:
        algorithm, _, digest = (props.checksum or "").partition(":")
        return DownloadFile(
            self,
            "file",
            content_type=props.content_type,
            node_name=props.pve_node,
            datastore_id=props.datastore,
            file_name=props.file_name,
            url=props.url or "",
            checksum=digest or None,
            checksum_algorithm=algorithm if digest else None,
            overwrite=props.overwrite,  # true: fetched again when the size behind the URL changes, at each plan compared by the provider
            overwrite_unmanaged=True,  # a run that was killed during the download leaves the file and no state
            upload_timeout=props.timeout_seconds,
            verify=props.verify,
            lifecycle=_lifecycle(props),
        )

    def _upload(self, props: ImageProps, path: Template) -> VirtualEnvironmentFile:
        digest = (props.checksum or "").partition(":")[2]
        return VirtualEnvironmentFile(
            self,
            "file",
            content_type=props.content_type,
            node_name=props.pve_node,
            datastore_id=props.datastore,
            source_file=VirtualEnvironmentFileSourceFile(path=path, file_name=props.file_name, checksum=digest or None),
            timeout_upload=props.timeout_seconds,
            lifecycle=_lifecycle(props, "source_file"),  # another file of that name, or none any more: the uploaded one stays
        )


def _lifecycle(props: ImageProps, *ignored: str) -> TerraformResourceLifecycle | None:
    """Whoever fetched a shared image, it is there: another choice of PVE node is no reason to fetch it again."""
    every = [*ignored, *(["node_name"] if props.shared else [])]
    return TerraformResourceLifecycle(ignore_changes=every) if every else None
