"""Public keys: lines stay as they are, names of `.pub` files become the lines in them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote

from stardock.errors import InputErrors, Problem
from stardock.reading import read_file
from stardock.spec.cloud_init import PoolCloudInit, User
from stardock.spec.cluster import Spec
from stardock.spec.keypath import Keys, path_text
from stardock.spec.mistakes import slips
from stardock.spec.private_key import MARK

_SAID = r"[^\0-\x08\x0a-\x1f\x7f]*"
_LINE = re.compile(rf"({_SAID}[ \t])?(sk-)?(ssh|ecdsa)-[a-z0-9@.-]+ AAAA[A-Za-z0-9+/]+={{0,3}}([ \t]{_SAID})?")
_MAX_BYTES = 64 * 1024
_READABLE = "name a file that you may read"


def is_key_line(text: str) -> bool:
    """Whether that is one line of authorized_keys with one public key, perhaps with options before it and a comment behind it."""
    return _LINE.fullmatch(text) is not None


#: Where the public keys of an account lie, by the prefix that ssh-import-id and installers know.
_ACCOUNTS = {
    "gh": "https://github.com/{}.keys",
    "github": "https://github.com/{}.keys",
    "gl": "https://gitlab.com/{}.keys",
    "gitlab": "https://gitlab.com/{}.keys",
    "cb": "https://codeberg.org/{}.keys",
    "lp": "https://launchpad.net/~{}/+sshkeys",
}


def _url_of(entry: str) -> str | None:
    """The URL of keys that lie elsewhere; None for a file."""
    prefix, colon, rest = entry.partition(":")
    if prefix.lower() in {"http", "https"} and rest.startswith("//"):
        return entry
    return _ACCOUNTS[prefix.lower()].format(rest.strip("/@")) if colon and prefix.lower() in _ACCOUNTS and rest else None


@dataclass(slots=True)
class _Reading:
    spec: Spec
    folder: Path
    problems: list[Problem] = field(default_factory=list)

    def all(self, entries: tuple[str, ...], path: Keys) -> tuple[str, ...]:
        """The key lines of a list, each once, in order."""
        found = (line for i, entry in enumerate(entries) for line in self._lines(entry.strip(), (*path, i)))
        return tuple(dict.fromkeys(found))

    def _lines(self, entry: str, path: Keys) -> list[str]:
        if MARK in entry:
            cure = "delete it here, and name its .pub file; if it was committed, make a new key and take the old one out everywhere"
            return self._refuse("this is a private key", cure, path)
        if (filled_in := slips.template(entry)) and not is_key_line(entry):
            return self._refuse(*filled_in, path)
        if " " in entry or "\n" in entry:
            return [entry] if is_key_line(entry) else self._refuse("this is not a public key", "copy the line of a .pub file", path)
        return self._of_file(entry, path)

    def _of_file(self, name: str, path: Keys) -> list[str]:
        try:
            data = read_file(self.folder / Path(name).expanduser(), what=f"the file `{name}`", most=_MAX_BYTES, cure=_READABLE)
        except (InputErrors, ValueError, RuntimeError) as error:  # its own words; a zero byte; no home directory
            why = error.problems[0] if isinstance(error, InputErrors) else Problem(f"the file `{name}` cannot be read: {error}")
            return self._refuse(why.message, why.cure or _READABLE, path)
        if data is None:
            elsewhere = _url_of(name)
            if elsewhere:
                target = self._beside("keys.pub")
                cure = f"fetch it once, look at it, and name the file: curl -fsSo {target} {quote(elsewhere)}, then [keys.pub]"
                return self._refuse(
                    f"`{name}` is not on this machine, and keys that others may change are not fetched at each run", cure, path
                )
            made = self._beside(name.removesuffix(".pub"))
            return self._refuse(f"the file `{name}` does not exist", f"make a key with `ssh-keygen -t ed25519 -f {made}`", path)
        lines = [line.strip() for line in data.decode(errors="replace").splitlines() if line.strip() and not line.startswith("#")]
        if any(MARK in line for line in lines):
            return self._refuse(f"`{name}` is a private key", f"name its public half: {name}.pub", path)
        if not lines or not all(map(is_key_line, lines)):
            return self._refuse(f"`{name}` does not hold public keys", "name a .pub file of ssh-keygen", path)
        return lines

    def _beside(self, name: str) -> str:
        """A file that cluster.yaml names, for a command that is given in any folder."""
        return quote(str(self.folder / Path(name).expanduser()))

    def _refuse(self, message: str, cure: str | None, path: Keys) -> list[str]:
        self.problems.append(Problem(message, path=path_text(path), line=self.spec.line_of(*path), cure=cure))
        return []


def with_key_lines(spec: Spec, folder: Path) -> tuple[Spec, list[Problem]]:
    """The spec with whole key lines in place of file names (relative to `folder`), and what could not be read."""
    reading = _Reading(spec, folder)
    ssh = spec.ssh.model_copy(update={"keys": reading.all(spec.ssh.keys, ("ssh", "keys"))})
    cloud_init = spec.cloud_init.model_copy(update={"users": _users(reading, spec.cloud_init.users, ("cloud_init",))})
    pools = tuple(
        pool.model_copy(update={"cloud_init": _own(reading, pool.cloud_init, ("pools", p))}) if pool.cloud_init.users else pool
        for p, pool in enumerate(spec.pools)
    )
    hosts = tuple(
        host.model_copy(update={"cloud_init": _own(reading, host.cloud_init, ("hosts", h))}) if host.cloud_init.users else host
        for h, host in enumerate(spec.hosts)
    )
    return spec.model_copy(update={"ssh": ssh, "cloud_init": cloud_init, "pools": pools, "hosts": hosts}), reading.problems


def _own(reading: _Reading, own: PoolCloudInit, keys: Keys) -> PoolCloudInit:
    return own.model_copy(update={"users": _users(reading, own.users, (*keys, "cloud_init"))})


def _users(reading: _Reading, users: tuple[User, ...], path: Keys) -> tuple[User, ...]:
    return tuple(user.model_copy(update={"keys": reading.all(user.keys, (*path, "users", u, "keys"))}) for u, user in enumerate(users))
