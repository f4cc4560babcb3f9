"""What first boot and the stage `machines` set up: accounts, packages, the user's own files and commands."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from stardock.distributions import DEFAULT_NAME, distribution
from stardock.model.machine import SecretFile, User, UserFile
from stardock.plan.allocation.declared import Declared
from stardock.plan.proxy import package_proxy
from stardock.systems import system

if TYPE_CHECKING:  # pydantic takes a tenth of a second
    from stardock.spec import cloud_init
    from stardock.spec.cluster import Spec


#: Of servers that carry the VIP themselves: who carries it, and who asks whether the API is ready.
CARRIERS = ("keepalived", "curl")


def users(spec: Spec) -> tuple[User, ...]:
    """The account of bootstrap, then those of all machines."""
    return (User(name=spec.ssh.user, keys=spec.ssh.keys), *map(account, spec.cloud_init.users))


def account(user: cloud_init.User) -> User:
    """One account as wished."""
    return User(name=user.name, keys=user.keys, sudo=user.sudo, password_variable=user.password_variable)


def confined(spec: Spec, declared: Declared, unconfined: Collection[str]) -> bool:
    """Whether Kubernetes runs under its SELinux policy: as `distribution.options` says, wherever it can.

    Not on the machines that exist without it (`unconfined`): their files have no labels, and a new release of ours restarts nobody.
    """
    if declared.role == "loadbalancer":
        return False
    said, base = spec.distribution.options.get("selinux"), system(spec.image_of(declared.pool).system).policy
    able = distribution(spec.distribution.name).confinement.can_confine(base, spec.distribution.selinux_policy_sha256)
    return able and (said is True if said is not None else declared.name not in unconfined)


def setup_of(spec: Spec, declared: Declared, shared: tuple[User, ...], cni: tuple[str, ...], unconfined: Collection[str]) -> dict[str, Any]:
    """The fields of a machine that say how it is set up; the last three are the same for all and worked out once."""
    own, name = declared.pool.cloud_init, spec.image_of(declared.pool).system
    selinux = confined(spec, declared, unconfined)
    policy = distribution(spec.distribution.name).confinement
    needed = (
        *system(name).role_packages(declared.role),
        *(_of_storage(spec, name) if declared.role != "loadbalancer" else ()),
        *(system(name).mesh_packages if spec.mesh else ()),
        *(CARRIERS if declared.role == "server" and spec.api.on_servers == "keepalived" else ()),
        *(policy.packages(system(name).policy) if selinux else ()),
    )
    both = (spec.cloud_init.user_data, own.user_data)
    return {
        "users": (*shared, *map(account, own.users)),
        "selinux": selinux,
        "packages": tuple(dict.fromkeys((*needed, *spec.cloud_init.packages, *own.packages))),
        "kubernetes": None if spec.distribution.name == DEFAULT_NAME else spec.distribution.name,
        "cni": cni,
        "mirror": spec.cloud_init.mirrors.get(name),
        "proxy": package_proxy(spec.proxy),
        "files": tuple(user_file(file) for each in both for file in each.write_files if file.content_from is None),
        "secret_files": tuple(secret_file(file, file.content_from) for each in both for file in each.write_files if file.content_from),
        "commands": tuple(command for each in both for command in each.runcmd),
        "boot_commands": tuple(command for each in both for command in each.bootcmd),
    }


def _of_storage(spec: Spec, name: str) -> tuple[str, ...]:
    """What nodes mount volumes with, and what DRBD's module is built against."""
    drbd = system(name).drbd if spec.addons.piraeus else None
    return (*system(name).storage_packages(spec.storage_clients), *(drbd.packages if drbd else ()))


def user_file(file: cloud_init.UserFile) -> UserFile:
    """One file as wished."""
    return UserFile(path=file.path, content=file.content or "", mode=file.mode, owner=file.owner)


def secret_file(file: cloud_init.UserFile, source: cloud_init.ContentSource) -> SecretFile:
    """One whose content is read at bootstrap."""
    return SecretFile(path=file.path, source=source.name, mode=file.mode, owner=file.owner)
