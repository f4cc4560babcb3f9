"""`cloud_init`: what first boot sets up beyond what Stardock itself needs; the stage `machines` keeps it up to date.

The name is cloud-init's, the content is for every system: where first boot is Ignition, the same becomes an Ignition document.
"""

from __future__ import annotations

import re
import shlex
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from stardock.spec.distribution import Url
from stardock.spec.image import SystemName
from stardock.spec.mistakes import cures
from stardock.spec.private_key import MARK
from stardock.spec.section import Section, broken
from stardock.spec.units import Account, Flag, Form, shown

Package = Annotated[str, Form(r"[A-Za-z0-9][A-Za-z0-9+._:-]*", "a package name", "htop")]


_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def parse_variable(value: object) -> object:
    """A name, without the `$` by which a shell reads it."""
    bare = re.fullmatch(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?", value) if isinstance(value, str) else None
    if bare:
        raise broken(f"{shown(value)} is not a name of an environment variable", f"write {bare[1]}")
    return value


def parse_owner(value: object) -> object:
    """An account alone: the group is root."""
    account, colon, _ = value.partition(":") if isinstance(value, str) else ("", "", "")
    if colon and re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", account):
        raise broken(f"{shown(value)} names a group, and the group of files is root", f"write {account}")
    return value


Variable = Annotated[
    str, Form(_VARIABLE.pattern, "a name of an environment variable", "ADMIN_PASSWORD_HASH"), BeforeValidator(parse_variable)
]


class SecretSource(Section):
    """Where a secret comes from; the secret itself is never in cluster.yaml. Exactly one of these."""

    env: Variable | None = Field(default=None, description="name of an environment variable")
    file: str | None = Field(default=None, description="file, relative to cluster.yaml", min_length=1)
    command: str | None = Field(default=None, description="command whose output it is", min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _not_the_secret_itself(cls, data: Any) -> Any:
        if isinstance(data, str | int):
            message = "this is a secret itself, and cluster.yaml is committed"
            cure = "write {env: ADMIN_PASSWORD_HASH}, a variable that holds the hash; if this was committed, choose another password"
            raise broken(message, cure)
        return data

    @model_validator(mode="after")
    def _exactly_one(self) -> SecretSource:
        if sum(source is not None for source in (self.env, self.file, self.command)) != 1:
            raise broken("a secret has exactly one source: `env`, `file` or `command`", "write for example {env: ADMIN_PASSWORD_HASH}")
        return self


class User(Section):
    """An account on every machine."""

    name: Account = Field(description="account name")
    keys: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        default=(), description="public keys, or .pub files relative to cluster.yaml (or under ~)"
    )
    sudo: Flag = Field(default=True, description="may become root without a password")
    password_hash: SecretSource | None = Field(default=None, description="source of the hash of a console password (`openssl passwd -6`)")

    @property
    def password_variable(self) -> str | None:
        """The engine's variable that holds the hash; None without one. Names that differ in `-` and `_` alone have the same."""
        return f"password_hash_{self.name.replace('-', '_')}" if self.password_hash else None


#: A snippet of all documents of a machine together; PVE copies it into an ISO image at each start.
MAX_CONTENT = 64 * 1024

_MODE = re.compile(r"0[0-7]{3}")


def parse_path(value: str) -> str:
    """An absolute path of a file, in its normal form."""
    parts = value.split("/")
    if not value.startswith("/") or "\0" in value or any(part in {"", ".", ".."} for part in parts[1:]):
        raise broken(f"{shown(value)} is not an absolute path of a file", "write for example /etc/motd")
    return value


def parse_mode(value: object) -> str:
    """Four octal digits."""
    if not isinstance(value, str) or not _MODE.fullmatch(value):
        raise broken(f"{shown(value)} is not a mode: four octal digits", cures.mode(value))
    return value


def parse_content(value: str) -> str:
    """A text that may be in Terraform's JSON, the lock and the bundle: no private key, and not too long."""
    if MARK in value:
        raise broken("this content holds a private key, and would be in the lock, the state and the bundle", "bring secrets another way")
    size = len(value.encode())
    if size > MAX_CONTENT:
        raise broken(f"the content has {size} bytes; {MAX_CONTENT} is the most", "download it in `runcmd` instead")
    return value


def parse_command(value: object) -> str:
    """A line for the shell, or a list of words, which no shell interprets."""
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, list | tuple) and value and all(isinstance(word, str) for word in value):
        return shlex.join(value)
    raise broken(f"{shown(value)} is neither a command line nor a list of words", "write for example sysctl --system")


FilePath = Annotated[str, AfterValidator(parse_path)]
Mode = Annotated[str, BeforeValidator(parse_mode), WithJsonSchema({"type": "string", "pattern": f"^{_MODE.pattern}$"})]
_WORDS: dict[str, Any] = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
Command = Annotated[str, BeforeValidator(parse_command), WithJsonSchema(_WORDS)]


class ContentSource(Section):
    """Where the content of a file comes from that holds a secret. Exactly one of these."""

    env: Variable | None = Field(default=None, description="name of an environment variable")
    file: str | None = Field(default=None, description="file, relative to cluster.yaml (or under ~)", min_length=1)

    @model_validator(mode="after")
    def _exactly_one(self) -> ContentSource:
        if (self.env is None) == (self.file is None):
            raise broken("a secret has exactly one source: `env` or `file`", "write for example {env: REGISTRIES_YAML}")
        return self

    @property
    def name(self) -> str:
        """Both in one text, as the lock and the bundle have it."""
        return f"file:{self.file}" if self.env is None else f"env:{self.env}"


class UserFile(Section):
    """A file on machines, whole. Its `content` is no place for secrets: the lock and the bundle hold it. `content_from` is one."""

    path: FilePath = Field(description="where: absolute; not a file that Stardock writes itself")
    content: Annotated[str, AfterValidator(parse_content)] | None = Field(default=None, description="the whole text")
    content_from: ContentSource | None = Field(
        default=None, description="instead of `content`, where it holds a secret: written by `runner bootstrap`, and not by first boot"
    )
    permissions: Mode | None = Field(default=None, description="four octal digits; default: 0644, and 0600 with `content_from`")
    owner: Annotated[Account, BeforeValidator(parse_owner)] = Field(default="root", description="account that owns it; the group is root")

    @model_validator(mode="after")
    def _one_content(self) -> UserFile:
        if (self.content is None) == (self.content_from is None):
            cure = "add `content: TEXT`, or content_from: {env: NAME} for a secret"
            cure = cure if self.content is None else "delete `content` where it holds a secret, else `content_from`"
            raise broken(f"{shown(self.path)} has exactly one of `content` and `content_from`", cure)
        return self

    @property
    def mode(self) -> str:
        """Four octal digits: as written, else nobody but the owner reads a secret."""
        return self.permissions or ("0644" if self.content_from is None else "0600")


class UserData(Section):
    """Further user-data, in cloud-init's words; merged with Stardock's own, whose parts come first."""

    write_files: tuple[UserFile, ...] = Field(default=(), description="files; edits reach machines by `runner bootstrap`")
    runcmd: tuple[Command, ...] = Field(default=(), description="commands, lines or lists of words, once at the end of the first boot")
    bootcmd: tuple[Command, ...] = Field(default=(), description="commands early at every boot; before the first, nothing else is there")


class PoolCloudInit(Section):
    """The same for one pool, in addition to the cluster's."""

    users: tuple[User, ...] = Field(default=(), description="further accounts")
    packages: tuple[Package, ...] = Field(default=(), description="further packages")
    user_data: UserData = Field(default=UserData(), description="further user-data")


class CloudInit(Section):
    """Accounts, packages, files, commands."""

    users: tuple[User, ...] = Field(default=(), description="accounts beside `ssh.user`")
    packages: tuple[Package, ...] = Field(default=(), description="packages on every machine, beside the system's own")
    mirrors: dict[SystemName, Url] = Field(
        default_factory=dict, description="by system: a copy of its repositories, used instead of the publisher's once it answers"
    )
    user_data: UserData = Field(default=UserData(), description="further user-data")
