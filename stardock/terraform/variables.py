"""Password hashes for the engine: from the environment, a file or a command to TF_VAR_*, and nowhere else."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from shlex import quote

from stardock.errors import ConditionError, InputErrors
from stardock.model.plan import Plan
from stardock.reading import read_file
from stardock.spec.cloud_init import SecretSource
from stardock.spec.cluster import Spec
from stardock.workspace.files import named_file

#: Seconds that a command may take: it may ask a password store, but nobody who is away.
COMMAND_SECONDS = 60

#: Bytes of a file with one hash, generously.
_MOST = 64 << 10
#: crypt(5): $ID$..., e.g. $6$ (sha512crypt) or $y$ (yescrypt).
_HASH = re.compile(r"\$[0-9a-z]+\$\S+")


def password_variables(spec: Spec, plan: Plan, directory: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Resolve every password hash that a machine's users need, as TF_VAR_*; one that the environment holds already is left to it.

    `directory` is where cluster.yaml lies. Raises ConditionError that names the user and the source, never the value: where there is no
    hash, where the environment's is none (an empty one would let everybody in), and where two users share a variable.
    """
    users = [*spec.cloud_init.users, *(user for pool in spec.pools for user in pool.cloud_init.users)]
    sources = {user.name: user.password_hash for user in users if user.password_hash is not None}
    wanted = _wanted(plan)
    for variable, name in wanted.items():
        if variable in environ and not _HASH.fullmatch(environ[variable]):
            raise ConditionError(f"{variable} is in the environment and is no hash of a password for {name}", cure=f"unset {variable}")
    missing = {variable: name for variable, name in wanted.items() if variable not in environ}
    return {variable: _hash(name, sources.get(name), directory, environ, variable) for variable, name in missing.items()}


def _wanted(plan: Plan) -> dict[str, str]:
    """TF_VAR_* -> user. cluster.yaml gives no two users one; a machine that stays as it was last planned may have another's."""
    wanted: dict[str, str] = {}
    for machine in plan.machines:
        for user in machine.users:
            variable = f"TF_VAR_{user.password_variable}"
            if user.password_variable is not None and wanted.setdefault(variable, user.name) != user.name:
                message = f"the passwords of {wanted[variable]} and {user.name} (on {machine.name}) would both be {variable}"
                raise ConditionError(message, cure=f"call {user.name} or {wanted[variable]} otherwise in cluster.yaml")
    return wanted


def _hash(user: str, source: SecretSource | None, directory: Path, environ: Mapping[str, str], variable: str) -> str:
    if source is None:
        # A machine that stays as it was last planned may have a user that cluster.yaml no longer names.
        raise ConditionError(f"nothing says where the password hash of {user} comes from", cure=f"export {variable}='the hash'")
    text = _text(user, source, directory, environ).strip()
    if not _HASH.fullmatch(text):
        raise ConditionError(f"{_words(source)} does not give the hash of a password for {user}", cure="make one: openssl passwd -6")
    return text


def _text(user: str, source: SecretSource, directory: Path, environ: Mapping[str, str]) -> str:
    if source.env is not None:
        return _from_environment(user, source.env, environ)
    if source.file is not None:
        return _from_file(user, named_file(directory, source.file))
    return _from_command(user, source.command or "", directory)


def _from_environment(user: str, name: str, environ: Mapping[str, str]) -> str:
    if name not in environ:
        raise ConditionError(f"{name} is not set: it holds the password hash of {user}", cure=f'export {name}="$(openssl passwd -6)"')
    return environ[name]


def _from_file(user: str, path: Path) -> str:
    what = f"the password hash of {user} ({path})"
    try:
        data = read_file(path, what=what, most=_MOST, cure="name a file that holds one hash, and nothing else")
        if data is None:
            cure = f"(umask 077; openssl passwd -6 >{quote(str(path))})"
            raise ConditionError(f"{what} cannot be read: there is no such file", cure=cure)
        return data.decode()
    except InputErrors as error:
        raise ConditionError(error.problems[0].message, cure=error.problems[0].cure) from error
    except ValueError as error:  # no UTF-8; a zero byte in the name
        raise ConditionError(f"{what} cannot be read: it is no text", cure="make one: openssl passwd -6") from error


def _from_command(user: str, command: str, directory: Path) -> str:
    try:
        # The user's own command line from cluster.yaml, pipes included.
        done = subprocess.run(["sh", "-c", command], cwd=directory, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise ConditionError(f"the command for the password hash of {user} took over {COMMAND_SECONDS} s: {command}") from error
    if done.returncode != 0:
        raise ConditionError(f"the command for the password hash of {user} failed: {command}", cure=done.stderr.strip() or "run it by hand")
    return done.stdout


def _words(source: SecretSource) -> str:
    kind, value = next((kind, value) for kind in ("env", "file", "command") if (value := getattr(source, kind)) is not None)
    return f"{kind} {value}"
