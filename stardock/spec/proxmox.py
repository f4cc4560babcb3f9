"""`proxmox`: the estate. The API token is never here: it comes from the environment (PROXMOX_VE_API_TOKEN)."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from stardock.spec.mistakes import cures
from stardock.spec.mistakes.foreign_keys import ONE_CLUSTER
from stardock.spec.private_key import KeyFile
from stardock.spec.pve_names import Bridge, Datastore, PveAccount
from stardock.spec.section import Section, broken
from stardock.spec.units import Count, Flag, Gibibytes, HostMebibytes, between, shown

_NODE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?")
_ENDPOINT = re.compile(r"https://[A-Za-z0-9.\-\[\]:]+")
_MAX_PORT = 65535


def parse_endpoint(value: object) -> str:
    """`https://HOST:PORT`, no path: the provider and our own checks add theirs."""
    if isinstance(value, list):
        raise broken("there is a list where one URL belongs: a PVE cluster answers for all its nodes at any of them", ONE_CLUSTER)
    text = value.rstrip("/") if isinstance(value, str) else ""
    if text.startswith("http://"):
        raise broken(f"{shown(value)} would send the token in clear", f"write {cures.endpoint(text)}")
    if not _ENDPOINT.fullmatch(text):
        raise broken(
            f"{shown(value)} is not the URL of a Proxmox API",
            f"write {cures.endpoint(text)}, without a path"
            if _HOST.match(cures.endpoint(text)[8:])
            else "write https://HOST:8006, without a path",
        )
    return text


def parse_node_name(value: object) -> str:
    """A PVE node's name, as Proxmox shows it."""
    if not isinstance(value, str) or not _NODE.fullmatch(value):
        raise broken(f"{shown(value)} is not the name of a PVE node", _as_shown(value))
    return value


def _as_shown(value: object) -> str:
    """An address has a key of its own beside the name, which only Proxmox tells; of a whole host name it is the first part."""
    host = value.strip() if isinstance(value, str) else ""
    if cures.address_of(host):
        return f"write {{name: pve1, address: {host}}} under `proxmox.nodes`, with the name that Proxmox shows in place of pve1"
    first, dot, _ = host.partition(".")
    return f"write {first}, its name alone" if dot and _NODE.fullmatch(first) else "write it as Proxmox shows it, for example pve1"


def parse_host(value: object) -> str:
    """An address or host name."""
    if not isinstance(value, str) or not _HOST.fullmatch(value):
        raise broken(f"{shown(value)} is not an address or host name", "write for example 192.168.1.10")
    return value


def parse_port(value: int) -> int:
    """A TCP port."""
    if not 1 <= value <= _MAX_PORT:
        raise broken(f"port {value} is outside of 1 to {_MAX_PORT}", "the usual port of SSH is 22")
    return value


def parse_socks5(value: object) -> str:
    """`HOST:PORT` of a SOCKS5 proxy. Its password comes from the environment (PROXMOX_VE_SSH_SOCKS5_PASSWORD)."""
    host, _, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    if not _HOST.fullmatch(host.strip("[]")) or not port.isdigit():
        raise broken(f"{shown(value)} is not a SOCKS5 proxy: HOST:PORT", "write for example 127.0.0.1:1080, without a scheme or password")
    parse_port(int(port))
    return f"{host}:{port}"


def once_each(value: tuple[str, ...]) -> tuple[str, ...]:
    """No datastore twice."""
    twice = sorted({name for name in value if value.count(name) > 1})
    if twice:
        raise broken(f"{', '.join(map(shown, twice))} is there twice", "delete one")
    return value


NodeName = Annotated[str, BeforeValidator(parse_node_name), WithJsonSchema({"type": "string", "pattern": f"^{_NODE.pattern}$"})]
Host = Annotated[str, BeforeValidator(parse_host), WithJsonSchema({"type": "string"})]
Port = Annotated[Count, AfterValidator(parse_port)]
#: What Linux is built for on x86-64 (NR_CPUS).
_MAX_THREADS = 8192


class Datastores(Section):
    """Where things lie on a PVE node."""

    images: Datastore = Field(default="local", description="downloaded disk images (content type `import`)")
    snippets: Datastore = Field(default="local", description="first-boot files (content type `snippets`)")
    disks: Datastore = Field(default="local-lvm", description="disks of machines (content type `images`)")
    shared: Annotated[tuple[Datastore, ...], AfterValidator(once_each)] = Field(
        default=(), description="those that are the same on every PVE node (NFS, Ceph): filled once"
    )


class NodeDatastores(Section):
    """The same for one PVE node; what is not named is as under `proxmox.datastores`."""

    images: Datastore | None = Field(default=None, description="downloaded disk images")
    snippets: Datastore | None = Field(default=None, description="first-boot files")
    disks: Datastore | None = Field(default=None, description="disks of machines")


class PveNode(Section):
    """One Proxmox host. Written as its name alone, or as a mapping."""

    name: NodeName = Field(description="as Proxmox shows it")
    address: Host | None = Field(default=None, description="where its sshd answers; default: Proxmox is asked")
    ssh_port: Port = Field(default=22, description="port of its sshd; another than 22 needs `address`")
    ssh_user: PveAccount | None = Field(default=None, description="account on this PVE node; default: `ssh.user`")
    ssh_private_key: KeyFile | None = Field(default=None, description="file of the key for this PVE node; default: `ssh.private_key`")
    bridges: dict[str, Bridge] = Field(
        default_factory=dict, description="bridges that are called otherwise here: the name in this file to the name on this PVE node"
    )
    datastores: NodeDatastores = Field(default=NodeDatastores(), description="what differs on this PVE node")
    memory: HostMebibytes | None = Field(
        default=None, description="what machines may take of it; placement respects it; default: what `runner lock memory` read, else any"
    )
    cores: Annotated[Count, between(1, _MAX_THREADS, "cores", "16")] | None = Field(
        default=None, description="its CPU threads, for `runner plan --capacity`"
    )
    disk: Gibibytes | None = Field(default=None, description="size of its `datastores.disks`, for `runner plan --capacity`")


class ProxmoxSsh(Section):
    """How snippets reach PVE nodes: SFTP, without a shell and without sudo."""

    user: PveAccount = Field(
        default="root",
        description="account on PVE nodes that may write the snippet datastore; PROXMOX_VE_SSH_USERNAME does not change it",
    )
    private_key: KeyFile | None = Field(
        default=None, description="file of the key, relative to cluster.yaml; default: PROXMOX_VE_SSH_* or the agent"
    )
    socks5: Annotated[str, BeforeValidator(parse_socks5), WithJsonSchema({"type": "string"})] | None = Field(
        default=None, description="SOCKS5 proxy as HOST:PORT, for PVE nodes behind a jump host: `ssh -D 1080 JUMPHOST`"
    )


def _by_name(value: Any) -> Any:
    """A bare name stands for a mapping with that name."""
    return [{"name": item} if isinstance(item, str) else item for item in value] if isinstance(value, list | tuple) else value


class Proxmox(Section):
    """Endpoint and hosts."""

    endpoint: (
        Annotated[str, BeforeValidator(parse_endpoint), WithJsonSchema({"type": "string", "pattern": r"^https://[^/]+/?$"})] | None
    ) = Field(default=None, description="URL of the API: https://HOST:8006; default: PROXMOX_VE_ENDPOINT")
    nodes: Annotated[tuple[PveNode, ...], BeforeValidator(_by_name)] = Field(
        description="PVE nodes for machines; their order decides placement", min_length=1
    )
    ssh: ProxmoxSsh = Field(default=ProxmoxSsh(), description="access to PVE nodes")
    datastores: Datastores = Field(default=Datastores(), description="where things lie on PVE nodes")
    insecure: Flag | None = Field(
        default=None,
        description="do not verify the API's certificate (better name the CA: SSL_CERT_FILE); default: PROXMOX_VE_INSECURE, else false",
    )

    def datastores_of(self, node: PveNode) -> Datastores:
        """The datastores of one PVE node: its own, else the common ones."""
        own = node.datastores.model_dump(exclude_none=True)
        return self.datastores.model_copy(update=own)
