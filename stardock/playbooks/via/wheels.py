"""The wheels that HOST lacks: ansible-core and ansible-runner with what they need, as they are installed here, and Stardock itself.

What fits HOST is made anew from this environment's own files, so that nothing is downloaded where both have the same Python: a wheel is
what its RECORD lists (packaging.python.org, "Binary distribution format"). What does not fit, pip downloads for HOST, in the same version.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from stardock.errors import ConditionError

ROOTS = ("ansible-core", "ansible-runner")
_PACKAGE = Path(__file__).parents[2]
_TIME = (1980, 1, 1, 0, 0, 0)
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_EXTRA = re.compile(r";.*\bextra\b")
_MANYLINUX = {"manylinux1": 5, "manylinux2010": 12, "manylinux2014": 17}
_SECONDS = 600
#: Of the environment pip gets what it needs to reach an index, no token of Proxmox or a Git server; and which of its settings name files.
_PASSED = re.compile(
    r"PATH|HOME|USER|LANG|LC_[A-Z]+|TMPDIR|XDG_[A-Z_]+|PIP_[A-Z_]+|(?i:https?|all|no)_(?i:proxy)|SSL_CERT_(FILE|DIR)|NETRC|REQUESTS_CA_BUNDLE"
)
_PATHS = ("PIP_FIND_LINKS", "PIP_CONFIG_FILE", "PIP_CERT", "PIP_CLIENT_CERT", "PIP_CONSTRAINT", "PIP_CACHE_DIR")
_MACHINE = re.compile(r"[a-z0-9_]{1,20}")
#: The oldest Python that ansible-core 2.19 runs on.
_OLDEST = (3, 11)


@dataclass(frozen=True, slots=True)
class Platform:
    """A machine's Python: its version's first two numbers, what libc it has with the second number of its version, its processor."""

    python: tuple[int, int]
    libc: str
    minor: int
    machine: str

    @property
    def tags(self) -> Iterator[str]:
        """The platforms of wheels that it takes, newest first."""
        name, oldest = ("manylinux_2", 5) if self.libc == "glibc" else ("musllinux_1", 0)
        yield from (f"{name}_{minor}_{self.machine}" for minor in range(self.minor, oldest - 1, -1))

    def takes(self, tag: str) -> bool:
        """Whether a wheel of this tag runs there (packaging.python.org, "Platform compatibility tags")."""
        python, abi, system = tag.split("-")
        return self._takes_python(python, abi) and self._takes_system(system)

    def _takes_python(self, python: str, abi: str) -> bool:
        if "py3" in python.split(".") and abi == "none":
            return True
        found = re.fullmatch(r"cp3(\d+)", python)
        return bool(found) and (int(found[1]) <= self.python[1] if abi == "abi3" else int(found[1]) == self.python[1])  # type: ignore[index]

    def _takes_system(self, system: str) -> bool:
        found = re.fullmatch(r"(manylinux_2|musllinux_1)_(\d+)_(.+)|(manylinux1|manylinux2010|manylinux2014)_(.+)|any", system)
        if found is None:
            return False
        if system == "any":
            return True
        libc = "musl" if system.startswith("musl") else "glibc"
        minor = int(found[2]) if found[2] else _MANYLINUX[found[4]]
        return (libc, found[3] or found[5]) == (self.libc, self.machine) and minor <= self.minor


def platform_of(said: Mapping[str, Any]) -> Platform:
    """From what HOST said of itself. ConditionError for what cannot run Ansible."""
    python, machine = said.get("python"), str(said.get("machine"))
    numbers = [one for one in python if isinstance(one, int)] if isinstance(python, list) else []
    if len(numbers) < len(_OLDEST) or tuple(numbers[:2]) < _OLDEST or said.get("implementation") != "cpython":
        raise ConditionError("HOST has no CPython of 3.11 or newer", cure="install python3.11 or newer there")
    found = re.fullmatch(r"[0-9]{1,3}\.([0-9]{1,3})(\..{0,20})?", str(said.get("libc_version")))
    libc = "glibc" if said.get("libc") == "glibc" and found else "musl"
    if not _MACHINE.fullmatch(machine):
        raise ConditionError("HOST does not say what processor it has", cure="look at what `uname -m` says there")
    return Platform((numbers[0], numbers[1]), libc, int(found[1]) if found and libc == "glibc" else 2, machine)


def key() -> str:
    """What of this environment goes to HOST: it has a folder of this name when it has it all."""
    own = hashlib.sha256(own_wheel()).hexdigest()
    said = "\n".join((own, *(f"{name(one)}=={one.version}" for one in needed())))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def wheels_for(host: Platform) -> dict[str, bytes]:
    """All wheels, by file name. ConditionError where pip cannot get one."""
    there = [one for one in needed() if any(map(host.takes, _tags(one)))]
    lacking = [one for one in needed() if one not in there]
    made = {f"{name(one).replace('-', '_')}-{one.version}.whl": _packed(_files(one)) for one in there}
    return {"stardock.whl": own_wheel(), **made, **_downloaded(lacking, host)}


@cache
def needed() -> tuple[Distribution, ...]:
    """ansible-core, ansible-runner and what they need here, by name; what is not installed here is not needed on a newer Python either."""
    found: dict[str, Distribution] = {}
    asked = list(ROOTS)
    while asked:
        wanted = asked.pop()
        if _normal(wanted) in found:
            continue
        try:
            one = distribution(wanted)
        except PackageNotFoundError:
            if wanted in ROOTS:
                raise ConditionError(f"{wanted} is not installed here", cure="install Stardock anew") from None
            continue
        found[_normal(wanted)] = one
        asked += [word[1] for text in one.requires or () if not _EXTRA.search(text) and (word := _REQUIREMENT.match(text))]
    return tuple(found[wanted] for wanted in sorted(found))


def name(one: Distribution) -> str:
    """Its name in one spelling."""
    return _normal(str(one.metadata["Name"]))


def _normal(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def _tags(one: Distribution) -> list[str]:
    """The tags of the wheel that it was installed from; none where no file lists what is there."""
    text = one.read_text("WHEEL") or ""
    return [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("Tag:")] if one.files else []


def _files(one: Distribution) -> Iterator[tuple[str, bytes]]:
    for path in one.files or ():
        if ".." not in path.parts and "__pycache__" not in path.parts and not path.name.endswith(".pyc"):
            yield str(path), _content(one, Path(str(one.locate_file(path))))


def _content(one: Distribution, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"{name(one)} is not whole here: {path.name}: {error.strerror}"
        raise ConditionError(message, cure="install Stardock anew, or that package") from error


@cache
def own_wheel() -> bytes:
    """The package alone: no playbooks, which come with the bundle, and no constructs."""
    files = (path for path in _PACKAGE.rglob("*") if path.suffix in (".py", ".json") and "_shipped" not in path.parts)
    return _packed((f"stardock/{path.relative_to(_PACKAGE)}", path.read_bytes()) for path in files)


def _packed(files: Iterable[tuple[str, bytes]]) -> bytes:
    """A zip; the same files give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in sorted(files):
            info = zipfile.ZipInfo(path, _TIME)
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return out.getvalue()


def _downloaded(lacking: list[Distribution], host: Platform) -> dict[str, bytes]:
    """What pip finds for HOST: from where its settings say, or a folder of wheels (PIP_FIND_LINKS, PIP_NO_INDEX).

    HOST says what it has, and so when pip runs: no module of the working folder's is imported by that, and no secret is handed on.
    """
    if not lacking:
        return {}
    names = [f"{name(one)}=={one.version}" for one in lacking]
    with tempfile.TemporaryDirectory(prefix="stardock-") as folder:
        command = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--only-binary=:all:"]
        command += ["--dest", folder, "--implementation", "cp", "--python-version", ".".join(map(str, host.python))]
        command += [word for tag in host.tags for word in ("--platform", tag)]
        try:
            done = subprocess.run(
                [*command, *names], cwd=folder, env=environment(os.environ), capture_output=True, text=True, check=False, timeout=_SECONDS
            )
            said = done.stderr if done.returncode else ""
        except subprocess.TimeoutExpired:
            said = f"pip did not end within {_SECONDS} s"
        if said:
            last = next((line for line in reversed(said.splitlines()) if line.strip()), "pip says nothing")
            where = f"Python {host.python[0]}.{host.python[1]} on {host.machine} with {host.libc}"
            message = f"HOST ({where}) needs other wheels than are installed here, and they cannot be had: {last[:300]}"
            cure = (
                f"run it where there is a way to a package index, or a folder that holds {', '.join(names)}: export PIP_FIND_LINKS=FOLDER"
            )
            raise ConditionError(message, cure=cure)
        return {path.name: path.read_bytes() for path in sorted(Path(folder).glob("*.whl"))}


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """What pip is told of the environment; it runs in another folder, so files are named from the root."""
    passed = {name: value for name, value in given.items() if _PASSED.fullmatch(name)}
    return {name: " ".join(map(_rooted, value.split())) if name in _PATHS else value for name, value in passed.items()}


def _rooted(word: str) -> str:
    return str(Path(word).absolute()) if Path(word).exists() else word


def here() -> Platform:
    """This machine's own."""
    libc, version = platform.libc_ver()
    said = {"python": list(sys.version_info[:3]), "implementation": sys.implementation.name, "machine": platform.machine()}
    return platform_of({**said, "libc": libc, "libc_version": version})
