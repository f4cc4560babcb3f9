"""`ssh`: who may enter the machines, and how the Ansible half does."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from stardock.spec.jumps import JumpHost
from stardock.spec.private_key import KeyFile
from stardock.spec.proxmox import Port
from stardock.spec.section import Section
from stardock.spec.ssh_arguments import Arguments
from stardock.spec.units import Account


class Ssh(Section):
    """Keys, account and port that bootstrap uses."""

    # After `load_spec`, `keys` holds whole lines.

    keys: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        description="public keys, or .pub files relative to cluster.yaml (or under ~)", min_length=1
    )
    user: Account = Field(default="root", description="account on the machines; another than root gets sudo")
    port: Port = Field(default=22, description="port of the machines' sshd")
    private_key: KeyFile | None = Field(
        default=None, description="file of the private key, relative to cluster.yaml; default: the SSH agent"
    )
    jump: JumpHost | None = Field(default=None, description="jump host through which machines are reached: user@host:port")
    extra_args: Arguments | None = Field(default=None, description="further arguments of ssh, as Ansible takes them: -o Compression=yes -4")
