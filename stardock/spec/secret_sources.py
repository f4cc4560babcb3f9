"""Everything in cluster.yaml that says where a secret of machines comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stardock.spec.cloud_init import ContentSource
    from stardock.spec.cluster import Keys, Spec


@dataclass(frozen=True, slots=True)
class SecretPlace:
    """Where it is said."""

    keys: Keys
    source: ContentSource


def secret_places(spec: Spec) -> Iterator[SecretPlace]:
    """All of them, with the key path of each."""
    yield from _files(spec)
    if spec.proxy and spec.proxy.password_from:
        yield SecretPlace(("proxy", "password_from"), spec.proxy.password_from)

    for a, one in enumerate(spec.registries.access):
        if one.password_from is not None:
            yield SecretPlace(("registries", "access", a, "password_from"), one.password_from)

    s3 = spec.snapshots.s3
    if s3 is not None:
        yield SecretPlace(("snapshots", "s3", "access_key_from"), s3.access_key_from)
        yield SecretPlace(("snapshots", "s3", "secret_key_from"), s3.secret_key_from)

    yield from _addons(spec)


def _addons(spec: Spec) -> Iterator[SecretPlace]:
    addons = spec.addons
    for c, one in enumerate(addons.smb_csi.classes if addons.smb_csi else ()):
        yield SecretPlace(("addons", "smb_csi", "classes", c, "password_from"), one.password_from)
    if addons.proxmox_csi:
        yield SecretPlace(("addons", "proxmox_csi", "token_secret_from"), addons.proxmox_csi.token_secret_from)
    if addons.proxmox_cloud:
        yield SecretPlace(("addons", "proxmox_cloud", "token_secret_from"), addons.proxmox_cloud.token_secret_from)
    yield from _of_git(spec)


def _of_git(spec: Spec) -> Iterator[SecretPlace]:
    addons = spec.addons
    stack = addons.pulumi.stack if addons.pulumi else None
    gits = {
        ("argo_cd", "git"): addons.argo_cd.git if addons.argo_cd else None,
        ("flux", "git"): addons.flux.git if addons.flux else None,
        ("pulumi", "stack", "git"): stack.git if stack else None,
    }
    for keys, git in gits.items():
        found = {"password_from": git.password_from, "key_from": git.key_from} if git else {}
        yield from (SecretPlace(("addons", *keys, key), source) for key, source in found.items() if source)
    if stack:
        yield SecretPlace(("addons", "pulumi", "stack", "token_from"), stack.token_from)


def _files(spec: Spec) -> Iterator[SecretPlace]:
    parts = [(("cloud_init", "user_data"), spec.cloud_init.user_data)]
    of_pools = [(("pools", p, "cloud_init", "user_data"), pool.cloud_init.user_data) for p, pool in enumerate(spec.pools)]
    of_hosts = [(("hosts", h, "cloud_init", "user_data"), host.cloud_init.user_data) for h, host in enumerate(spec.hosts)]
    for keys, part in (*parts, *of_pools, *of_hosts):
        for f, file in enumerate(part.write_files):
            if file.content_from is not None:
                yield SecretPlace((*keys, "write_files", f, "content_from"), file.content_from)
