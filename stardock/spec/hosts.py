"""`hosts`: machines that exist already and join as they are: bare metal, a Raspberry Pi, an edge site, somebody else's VM."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from stardock.spec.api import HostOrAddress
from stardock.spec.cloud_init import PoolCloudInit
from stardock.spec.ip import Ipv4, Ipv6
from stardock.spec.jumps import JumpHost
from stardock.spec.mesh import SiteName
from stardock.spec.mistakes.role_words import role_of
from stardock.spec.pools import Cores, parse_labels, parse_taint, parse_taint_mapping
from stardock.spec.proxmox import Port
from stardock.spec.section import Section, broken
from stardock.spec.units import Account, Flag, Form, HostMebibytes, HostName, MachineName, shown

#: Profiles of stardock/systems/hosts.py; a test compares.
HostSystem = Literal["debian", "ubuntu", "other"]
#: As the kernel and others call them (uname -m).
_PROCESSORS = {
    "x86_64": "amd64",
    "x86-64": "amd64",
    "x64": "amd64",
    "aarch64": "arm64",
    "armv8": "arm64",
    "arm64v8": "arm64",
}
_SYSTEMS = {
    **dict.fromkeys(("raspbian", "raspios", "raspberrypios", "raspberry-pi-os", "pios", "bookworm", "trixie", "armbian"), "debian"),
    **dict.fromkeys(("noble", "jammy"), "ubuntu"),
}
_KEY = r"(ssh|ecdsa)-[a-z0-9@.-]+ AAAA[A-Za-z0-9+/]+={0,3}"
_INTERFACE = r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}"


def parse_role(value: object) -> object:
    """What a host can be. The VIP is carried by machines that Stardock makes: it knows their network."""
    if isinstance(value, str) and (value == "loadbalancer" or role_of(value) == "loadbalancer"):
        cure = "write server or agent; what balances already, outside of this cluster, is `api: {external: ADDRESS}`"
        raise broken("a host that exists is no load balancer of ours", cure)
    return value


def parse_architecture(value: object) -> object:
    """As releases call it."""
    if isinstance(value, str) and value.lower() in _PROCESSORS:
        raise broken(f"{shown(value)} is not one of amd64, arm64", f"write {_PROCESSORS[value.lower()]}")
    if isinstance(value, str) and re.fullmatch(r"arm|armhf|armel|armv[67].*|i[3-6]86|x86", value.lower()):
        cure = "install a 64-bit system on it; a Raspberry Pi 3 and later take one"
        raise broken(f"{shown(value)} is a processor of 32 bits, which no release of ours is for", cure)
    return value


def parse_system(value: object) -> object:
    """A profile; what is told of an image elsewhere is none."""
    if isinstance(value, str) and (meant := _SYSTEMS.get(value.lower().replace(" ", ""))):
        raise broken(f"{shown(value)} is not one of debian, ubuntu, other", f"write {meant}")
    return value


def parse_host_key(value: str) -> str:
    """A public key of the host's sshd, without its comment."""
    line = " ".join(value.split()[:2])
    if not re.fullmatch(_KEY, line):
        raise broken(f"{shown(value)} is not a public host key", "copy the line of the host's /etc/ssh/ssh_host_ed25519_key.pub")
    return line


class Host(Section):
    """A machine that exists already. Stardock neither makes it nor reboots it, and installs no system on it."""

    name: MachineName = Field(description="its name here; no machine has it")
    role: Annotated[Literal["server", "agent"], BeforeValidator(parse_role)] = Field(description="what it joins as")
    address: HostOrAddress = Field(description="its address, or a name: where its sshd answers, and other machines reach it")
    node_ip: Ipv4 | None = Field(default=None, description="its own address in the cluster, where `address` is another; default: `address`")
    node_ipv6: Ipv6 | None = Field(default=None, description="the same of IPv6, where the cluster is dual stack")
    interface: Annotated[str, Form(_INTERFACE, "a name of an interface", "eth0")] | None = Field(
        default=None, description="NIC by which pods of other machines meet its own, k3s only; default: that of the default route"
    )
    hostname: HostName | None = Field(default=None, description="name of its Kubernetes node; default: the name")
    system: Annotated[HostSystem, BeforeValidator(parse_system)] = Field(
        description="debian (Raspberry Pi OS too), ubuntu; other: its packages are yours"
    )
    architecture: Annotated[Literal["amd64", "arm64"], BeforeValidator(parse_architecture)] | None = Field(
        default=None, description="its processor; default: it is asked"
    )
    cores: Cores | None = Field(default=None, description="what it has, for `kubelet.reserve`")
    memory: HostMebibytes | None = Field(default=None, description="what it has, for `kubelet.reserve`")
    ssh_user: Account | None = Field(default=None, description="account that enters it, with its sudo; default: `ssh.user`")
    ssh_port: Port | None = Field(default=None, description="port of its sshd; default: `ssh.port`")
    ssh_jump: JumpHost | None = Field(default=None, description="jump host, user@host:port, or none; default: `ssh.jump`")
    site: SiteName | None = Field(default=None, description="its place, one of `mesh.sites`")
    host_keys: tuple[Annotated[str, AfterValidator(parse_host_key)], ...] = Field(
        default=(), description="public keys of its sshd; default: those that bootstrap was told to accept"
    )
    labels: Annotated[dict[str, str], AfterValidator(parse_labels)] = Field(default_factory=dict, description="labels of its node")
    taints: tuple[Annotated[str, AfterValidator(parse_taint), BeforeValidator(parse_taint_mapping)], ...] = Field(
        default=(), description="taints of its node: `key=value:NoSchedule`"
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description="keys of config.yaml, as under `distribution`, for it alone; a list replaces the cluster's"
    )
    kured: Flag = Field(default=False, description="kured may drain and reboot it, as machines")
    cloud_init: PoolCloudInit = Field(
        default=PoolCloudInit(), description="further accounts, packages and files; it has no first boot of ours, so no commands"
    )
