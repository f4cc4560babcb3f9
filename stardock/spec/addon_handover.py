"""Whom the cluster's workloads are handed over to: Argo CD, Flux or the Pulumi operator, each with one root from a Git repository."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, model_validator

from stardock.spec.addon_chart import AddonChart
from stardock.spec.cloud_init import ContentSource
from stardock.spec.section import Section, broken
from stardock.spec.units import Form, as_schema, shown

_HTTPS = r"https://[^\s/@:]+(:[0-9]{1,5})?/[^\s@]+"
_SSH = r"ssh://[A-Za-z0-9._-]+@[^\s/@:]+(:[0-9]{1,5})?/[^\s@]+"
_SCP = re.compile(r"([A-Za-z0-9._-]+)@([^\s/@:]+):([^\s@]+)")


def parse_git_url(value: object) -> str:
    """An https:// or ssh:// URL without a password; Flux takes no other form of SSH's."""
    text = value.strip() if isinstance(value, str) else ""
    if re.fullmatch(f"{_HTTPS}|{_SSH}", text):
        return text
    short = _SCP.fullmatch(text)
    if short:
        raise broken(f"{shown(value)} is no URL", f"write ssh://{short[1]}@{short[2]}/{short[3].lstrip('/')}")
    if "@" in text and text.startswith("https://"):
        cure = "write `user` and `password_from` beside it; if this was committed, choose another password"
        raise broken(f"{shown(value)} holds a user, maybe with a password, and cluster.yaml is committed", cure)
    raise broken(f"{shown(value)} is not the URL of a Git repository", "write for example https://git.example.org/team/cluster.git")


GitUrl = Annotated[str, BeforeValidator(parse_git_url), as_schema("string", pattern=f"^({_HTTPS}|{_SSH})$")]
Revision = Annotated[str, Form(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}", "a branch", "main")]
Folder = Annotated[str, Form(r"[A-Za-z0-9._-][A-Za-z0-9._/-]{0,199}", "a folder of the repository", "clusters/home")]
GitUser = Annotated[str, Form(r"[^\s:@]{1,100}", "a user's name", "robot")]
Interval = Annotated[str, Form(r"[0-9]{1,5}(h|m|s)", "a duration", "10m")]
StackName = Annotated[
    str, Form(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)?", "a stack: ORGANIZATION/PROJECT/STACK", "team/cluster/home")
]


class Git(Section):
    """A repository, and who reads it. Its credentials reach the cluster as a Secret."""

    url: GitUrl = Field(description="https:// or ssh://, without a password")
    revision: Revision = Field(default="main", description="branch")
    path: Folder = Field(default=".", description="folder in it")
    user: GitUser | None = Field(default=None, description="who logs in by https")
    password_from: ContentSource | None = Field(default=None, description="source of that user's password or token")
    key_from: ContentSource | None = Field(default=None, description="source of a private key, for ssh")
    known_hosts: str | None = Field(default=None, description="the host's keys for ssh, as `ssh-keyscan` prints them", min_length=1)

    @model_validator(mode="after")
    def _credentials_fit(self) -> Git:
        if (self.user is None) != (self.password_from is None):
            raise broken("`user` and `password_from` belong together", "write both, as password_from: {env: GIT_TOKEN}")
        by_ssh = self.url.startswith("ssh://")
        if by_ssh and (self.key_from is None or self.known_hosts is None):
            raise broken("ssh needs `key_from` and `known_hosts`", "write both, as key_from: {file: deploy_key}")
        if by_ssh and self.user:
            raise broken("`user` and `password_from` are for https, and this URL is ssh's", "delete both")
        if not by_ssh and (self.key_from or self.known_hosts):
            raise broken("`key_from` and `known_hosts` are for ssh, and this URL is none", "delete both, or write ssh://git@HOST/PATH")
        return self


class ArgoCd(AddonChart):
    """Argo CD, and its first Application."""

    CHART: ClassVar[str] = "argo-cd"

    git: Git | None = Field(default=None, description="what it installs first: an Application `root` of that folder")


class Flux(AddonChart):
    """Flux, with a GitRepository and a Kustomization of it."""

    CHART: ClassVar[str] = "flux2"

    git: Git | None = Field(default=None, description="what it installs first: a Kustomization `root` of that folder")
    interval: Interval = Field(default="10m", description="how often both are looked at")


class PulumiStack(Section):
    """A stack that the operator keeps as its program says."""

    name: StackName = Field(description="ORGANIZATION/PROJECT/STACK, as Pulumi's backend has it")
    git: Git = Field(description="its program")
    token_from: ContentSource = Field(description="source of the access token for Pulumi's backend")

    @model_validator(mode="after")
    def _logs_in_as_git(self) -> PulumiStack:
        """Nobody else (pulumi/pulumi-kubernetes-operator, operator/internal/controller/pulumi/git.go, `authMethod`)."""
        user, _, rest = self.git.url.removeprefix("ssh://").partition("@")
        if self.git.url.startswith("ssh://") and user != "git":
            message = f"the Pulumi operator logs in as git, and this URL names {shown(user)}"
            raise broken(message, f"write url: ssh://git@{rest}, with a key that is known of that user; or https://")
        return self


class PulumiOperator(AddonChart):
    """The Pulumi operator, and one stack, whose program may do everything in the cluster."""

    CHART: ClassVar[str] = "pulumi-kubernetes-operator"

    stack: PulumiStack | None = Field(default=None, description="what it installs first")
