"""Reading config.yaml and config.yaml.d/*.yaml: the last value of a key wins, `key+:` appends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import yaml

from .flavor import OURS
from .journal import FatalError
from .paths import Paths

Role = Literal["server", "agent"]
# Each item may hold several with commas (k3s, pkg/util/net.go `ParseStringSliceToIPs`); arguments of components have commas of their own.
COMMA_LISTS = frozenset({"cluster-cidr", "service-cidr", "cluster-dns", "node-ip", "node-external-ip", "tls-san", "cni", "disable"})
TRUE = frozenset({"true", "1", "t"})


@dataclass(frozen=True, slots=True)
class Config:
    """The values of one machine; each is a tuple of texts, a scalar has one."""

    role: Role
    values: Mapping[str, tuple[str, ...]]

    def text(self, key: str, default: str = "") -> str:
        """The last value of a key, as a repeated flag on a command line would give."""
        return self.values[key][-1] if self.values.get(key) else default

    def items(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """All values of a key."""
        return self.values.get(key) or default

    def flag(self, key: str) -> bool:
        """A yes-or-no key; no unless given."""
        return self.text(key).lower() in TRUE

    def beside(self, shared: Mapping[str, Any]) -> Config:
        """This machine's values, with those of `shared` (key -> list of texts) where it gives none."""
        given = {key: tuple(text for text in values if text) for key, values in shared.items() if isinstance(values, list)}
        return replace(self, values={**{key: values for key, values in given.items() if values}, **self.values})

    def secret(self, key: str) -> str:
        """The value of `key`, or the content of the file that `key-file` names. Raises FatalError when it cannot be read."""
        file = self.text(f"{key}-file")
        if self.text(key) or not file:
            return self.text(key)
        try:
            return Path(file).read_text().strip()
        except OSError as error:
            raise FatalError(f"{key}-file: {error}") from error


def known_keys(role: Role) -> dict[str, str]:
    """Key -> type, for one role (the flags of the real program, read from its sources in August 2026)."""
    table: dict[str, dict[str, Any]] = json.loads(files(__package__).joinpath(f"keys-{OURS.name}.json").read_text())
    return {key: entry["type"] for key, entry in table.items() if role in entry["roles"]}


def load(paths: Paths, role: Role) -> Config:
    """Read all files of this machine. Raises FatalError on unknown keys, which the real one only warns about."""
    known = known_keys(role)
    values: dict[str, tuple[str, ...]] = {}
    for file in _config_files(paths):
        for key, value in _parsed(file).items():
            _merge(values, known, file, str(key), value)
    return Config(role, values)


def _config_files(paths: Paths) -> list[Path]:
    main = paths.config / "config.yaml"
    extra = sorted((paths.config / "config.yaml.d").glob("*.yaml"))
    return [file for file in (main, *extra) if file.is_file()]


def _parsed(file: Path) -> dict[Any, Any]:
    try:
        content = yaml.safe_load(file.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise FatalError(f"{file}: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise FatalError(f"{file}: not a mapping of keys to values")
    return content


def _merge(values: dict[str, tuple[str, ...]], known: Mapping[str, str], file: Path, key: str, value: object) -> None:
    name = key.removesuffix("+")
    if name not in known:
        raise FatalError(f"{file}: unknown key {name!r} (the stand-in refuses it; the real {OURS.name} skips it with a warning)")
    given = _texts(name, value)
    if len(given) > 1 and known[name] != "string-slice":
        raise FatalError(f"{file}: {name} takes one value")
    values[name] = (*values.get(name, ()), *given) if key.endswith("+") else given


def _texts(key: str, value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    texts = [_text(key, item) for item in (value if isinstance(value, list) else [value])]
    return tuple(part.strip() for text in texts for part in text.split(",")) if key in COMMA_LISTS else tuple(texts)


def _text(key: str, value: object) -> str:
    if isinstance(value, dict | list):
        raise FatalError(f"{key}: a list of texts or one text is wanted")
    return str(value).lower() if isinstance(value, bool) else str(value)
