"""What a system cannot do that cluster.yaml asks of it, and what the set-up of a cluster and of its pools says twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stardock.errors import Problem
from stardock.spec.cloud_init import User
from stardock.spec.cluster import Keys, Spec
from stardock.spec.places import at
from stardock.systems import SYSTEMS, system


def system_rules(spec: Spec) -> Iterator[Problem]:
    """All of them."""
    yield from _roles(spec)
    yield from _packages(spec)
    yield from _mirrors(spec)
    yield from _users(spec)
    yield from _password_variables(spec)
    yield from _files(spec)


def _roles(spec: Spec) -> Iterator[Problem]:
    for p, pool in enumerate(spec.pools):
        own = system(spec.image_of(pool).system)
        if pool.role not in own.roles:
            able = ", ".join(name for name, each in SYSTEMS.items() if pool.role in each.roles)
            message = f"{own.title} runs machines of role {' and '.join(own.roles)}, not {pool.role}"
            keys: Keys = ("pools", p, "image", "system") if pool.image else ("pools", p, "role")
            yield at(
                spec, keys, message, f"give the pool another image, for example `image: {{system: {able.split(', ')[0]}}}` (of {able})"
            )


def _packages(spec: Spec) -> Iterator[Problem]:
    """A cluster's packages are for all its machines, so that one pool without a package manager is enough."""
    for p, pool in enumerate(spec.pools):
        own = system(spec.image_of(pool).system)
        if own.package_manager != "none":
            continue
        places: tuple[tuple[Keys, bool], ...] = (
            (("cloud_init", "packages"), bool(spec.cloud_init.packages)),
            (("pools", p, "cloud_init", "packages"), bool(pool.cloud_init.packages)),
        )
        for keys in (keys for keys, given in places if given):
            message = f"{own.title}, of pool {pool.name}, has no package manager"
            yield at(spec, keys, message, "name packages under `cloud_init` of the pools that have one")


def _mirrors(spec: Spec) -> Iterator[Problem]:
    for name in spec.cloud_init.mirrors:
        if system(name).package_manager == "none":
            message = f"{system(name).title} has no repositories that could be mirrored"
            yield at(spec, ("cloud_init", "mirrors", name), message, "delete it; extensions can be had elsewhere by `user_data`")


def _users(spec: Spec) -> Iterator[Problem]:
    """One name, one account: not twice on a machine, and the same password everywhere, since its variable goes by the name."""
    shared = {user.name for user in spec.cloud_init.users}
    known: dict[str, User] = {user.name: user for user in spec.cloud_init.users}
    for p, pool in enumerate(spec.pools):
        names: set[str] = set()
        for u, user in enumerate(pool.cloud_init.users):
            keys: Keys = ("pools", p, "cloud_init", "users", u, "name")
            if user.name in shared | names | {spec.ssh.user}:
                yield at(spec, keys, f"the machines of pool {pool.name} have a user `{user.name}` already", "give one of them another name")
            elif user.password_hash != known.setdefault(user.name, user).password_hash:
                yield at(
                    spec, keys, f"the user `{user.name}` has another source of its password elsewhere", "give it the same, or another name"
                )
            names.add(user.name)


def _password_variables(spec: Spec) -> Iterator[Problem]:
    """A hash goes to the engine in a variable of its user's name, and one variable holds one hash."""
    sections = ((("cloud_init", "users"), spec.cloud_init.users), *_users_of_pools(spec))
    first: dict[str, str] = {}
    for keys, users in sections:
        for u, user in enumerate(users):
            variable = user.password_variable
            if variable and (other := first.setdefault(variable, user.name)) != user.name:
                message = f"the password hashes of `{other}` and `{user.name}` would share one variable, {variable}"
                yield at(spec, (*keys, u, "name"), message, "give one of the two another name, or take its `password_hash` away")


def _users_of_pools(spec: Spec) -> Iterator[tuple[Keys, tuple[User, ...]]]:
    for p, pool in enumerate(spec.pools):
        yield ("pools", p, "cloud_init", "users"), pool.cloud_init.users


def _files(spec: Spec) -> Iterator[Problem]:
    shared = [(file.path, ("cloud_init", "user_data", "write_files", f)) for f, file in enumerate(spec.cloud_init.user_data.write_files)]
    yield from _same_path(spec, set(), shared)
    for p, pool in enumerate(spec.pools):
        places: Keys = ("pools", p, "cloud_init", "user_data", "write_files")
        own = [(file.path, (*places, f)) for f, file in enumerate(pool.cloud_init.user_data.write_files)]
        yield from _same_path(spec, {path for path, _ in shared}, own)


def _same_path(spec: Spec, before: set[str], files: Sequence[tuple[str, Keys]]) -> Iterator[Problem]:
    seen = set(before)
    for path, keys in files:
        if path in seen:
            yield at(spec, (*keys, "path"), f"`{path}` is written twice on one machine", "delete one of the two")
        seen.add(path)
