"""A disk image that a PVE node downloads by itself."""

from __future__ import annotations

from dataclasses import dataclass

from constructs import Construct
from imports.proxmox.download_file import DownloadFile


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageProps:
    """Where to download what. `checksum` is `ALGORITHM:HEX` (sha256 or sha512) or None; `file_name` ends in .qcow2, .raw or .vmdk."""

    pve_node: str
    datastore: str
    file_name: str
    url: str
    checksum: str | None = None


class Image(Construct):
    """One image on one PVE node; `volume` is what a disk imports from. Its Terraform name is the construct's id."""

    def __init__(self, scope: Construct, id_: str, props: ImageProps) -> None:
        super().__init__(scope, id_)
        self.resource = self._file(props)
        self.resource.override_logical_id(id_)

    @property
    def volume(self) -> str:
        """The volume id, as a reference: a machine waits for its image."""
        return self.resource.id

    def _file(self, props: ImageProps) -> DownloadFile:
        algorithm, _, digest = (props.checksum or "").partition(":")
        return DownloadFile(
            self,
            "file",
            content_type="import",
            node_name=props.pve_node,
            datastore_id=props.datastore,
            file_name=props.file_name,
            url=props.url,
            checksum=digest or None,
            checksum_algorithm=algorithm if digest else None,
            overwrite=False,  # a moving image is not fetched again under existing machines (the provider compares sizes)
            overwrite_unmanaged=True,  # a run that was killed during the download leaves the file and no state
            upload_timeout=1800,  # seconds
        )
