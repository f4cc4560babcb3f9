"""Files in the PVE nodes' snippet stores: cloud-init's documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cdktf import TerraformElement
from constructs import Construct

from pve.template import Template, joined, literal

RESOURCE = "proxmox_virtual_environment_file"


@dataclass(frozen=True, slots=True, kw_only=True)
class SnippetProps:
    """A text and where it goes."""

    pve_node: Template
    datastore: Template
    file_name: Template
    content: Template

    @property
    def volume(self) -> Template:
        """The volume id, literally: a reference to the file would make the provider replace a VM at each edit of the text."""
        return joined(self.datastore, literal(":snippets/"), self.file_name)


class Snippets(TerraformElement):
    """All uploaded texts of a stack in one construct, three a machine: a construct each would be a round trip to Node each."""

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        self._resources: dict[str, dict[str, Mapping[str, Any]]] = {}

    def add(self, name: str, props: SnippetProps, *, provider: str | None = None) -> str:
        """Upload one text under a Terraform name, by a provider (`proxmox.ALIAS`); its address, for `depends_on`."""
        self._resources.setdefault(RESOURCE, {})[name] = {
            **({"provider": provider} if provider else {}),
            "content_type": "snippets",
            "node_name": props.pve_node,
            "datastore_id": props.datastore,
            "upload_mode": "sftp",  # no shell and no sudo on the PVE node
            "source_raw": {"data": props.content, "file_name": props.file_name},
        }
        return f"{RESOURCE}.{name}"

    def needed_by(self, resource: str, snippets: Sequence[str]) -> None:
        """Let a resource wait for snippets, all by address. Said here, and merged by cdktf: its own `depends_on` is a round trip more."""
        type_, _, name = resource.partition(".")
        self._resources.setdefault(type_, {})[name] = {"depends_on": list(snippets)}

    def to_terraform(self) -> dict[str, Any]:
        """What cdktf asks each element for when it writes the JSON."""
        return {"resource": self._resources} if self._resources else {}
