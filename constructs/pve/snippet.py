"""A file in a PVE node's snippet store: cloud-init's documents."""

from __future__ import annotations

from dataclasses import dataclass

from cdktf import TerraformProvider
from constructs import Construct
from imports.proxmox.virtual_environment_file import VirtualEnvironmentFile, VirtualEnvironmentFileSourceRaw


@dataclass(frozen=True, slots=True, kw_only=True)
class SnippetProps:
    """A text and where it goes. `content` is a Terraform template: `${var.NAME}` is replaced, anything else is escaped already."""

    pve_node: str
    datastore: str
    file_name: str
    content: str

    @property
    def volume(self) -> str:
        """The volume id, literally: a reference to the file would make the provider replace a VM at each edit of the text."""
        return f"{self.datastore}:snippets/{self.file_name}"


class Snippet(VirtualEnvironmentFile):
    """One uploaded text. Its Terraform name is the construct's id, in a scope that has no name (`pve.scope`)."""

    def __init__(self, scope: Construct, id_: str, props: SnippetProps, *, provider: TerraformProvider | None = None) -> None:
        super().__init__(
            scope,
            id_,
            provider=provider,
            content_type="snippets",
            node_name=props.pve_node,
            datastore_id=props.datastore,
            upload_mode="sftp",  # no shell and no sudo on the PVE node
            source_raw=VirtualEnvironmentFileSourceRaw(data=props.content, file_name=props.file_name),
        )
