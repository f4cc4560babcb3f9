"""`cloud_init`: what first boot sets up beyond what Stardock itself needs; the stage `machines` keeps it up to date."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from stardock.spec.section import Section, broken
from stardock.spec.units import Account, Domain, Flag, Form

Package = Annotated[str, Form(r"[A-Za-z0-9][A-Za-z0-9+._:-]*", "a package name", "htop")]


Variable = Annotated[str, Form(r"[A-Za-z_][A-Za-z0-9_]*", "a name of an environment variable", "ADMIN_PASSWORD_HASH")]


class SecretSource(Section):
    """Where a secret comes from; the secret itself is never in cluster.yaml. Exactly one of these."""

    env: Variable | None = Field(default=None, description="name of an environment variable")
    file: str | None = Field(default=None, description="file, relative to cluster.yaml", min_length=1)
    command: str | None = Field(default=None, description="command whose output it is", min_length=1)

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


class CloudInit(Section):
    """Accounts, packages, search domains."""

    users: tuple[User, ...] = Field(default=(), description="accounts beside `ssh.user`")
    packages: tuple[Package, ...] = Field(default=(), description="packages on every machine, beside the system's own")
    search: tuple[Domain, ...] = Field(default=(), description="search domains of static interfaces that name none")
