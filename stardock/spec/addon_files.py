"""Files that `addons` names, read with cluster.yaml: charts as archives, manifests of the user's own.

Limits: a chart goes to the Job of helm-controller by a ConfigMap, as base64 (k3s-io/helm-controller, pkg/controllers/chart/chart.go,
`contentConfigMap`), and a ConfigMap holds one MiB (kubernetes/kubernetes, pkg/apis/core/types.go, MaxSecretSize).
"""

from __future__ import annotations

import base64
import io
import re
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

from stardock.errors import InputErrors, Problem
from stardock.reading import MAX_BYTES, read_file
from stardock.spec.addon_chart import AddonChart
from stardock.spec.addon_values import SHORT, pairs_in, secrets_in
from stardock.spec.cluster import Spec
from stardock.spec.keypath import Keys, path_text
from stardock.spec.private_key import MARK

#: What base64 makes one MiB of, and some room for its key.
_MOST_OF_A_CHART = 780_000
_MOST_UNPACKED = 32 << 20
_MOST_OF_A_MANIFEST = 1 << 20
_ENDINGS = (".yaml", ".yml", ".json")
_READABLE = "name a file that you may read"


class _Loader(yaml.CSafeLoader):
    """YAML as Kubernetes reads it: nothing is a date, `=` is a text, 52:54:00:12:34:56 is no number (go-yaml, README and resolve.go)."""


_NUMBERS = {
    "tag:yaml.org,2002:int": re.compile(r"[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]+|0|[1-9][0-9_]*)$"),
    "tag:yaml.org,2002:float": re.compile(
        r"([-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?|\.[0-9][0-9_]*([eE][-+][0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$"
    ),
}
_TEXTS = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value"}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, _NUMBERS.get(tag, pattern)) for tag, pattern in resolvers if tag not in _TEXTS]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


class _WrongError(Exception):
    """What is wrong with a file, and the cure."""


@dataclass(slots=True)
class _Reading:
    spec: Spec
    folder: Path
    problems: list[Problem] = field(default_factory=list)
    archives: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    objects: dict[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)

    def archive(self, keys: Keys, chart: AddonChart) -> None:
        """One chart's archive."""
        path = str(chart.archive)
        try:
            data = self._bytes(path, _MOST_OF_A_CHART)
            name, version = _chart_of(data)
            _same(path, name, chart.chart_name or name)
        except _WrongError as wrong:
            self._refuse((*keys, "archive"), wrong)
        else:
            self.archives[path], self.versions[path] = base64.b64encode(data).decode(), version

    def manifests(self, keys: Keys, name: str) -> None:
        """One entry of `manifests`: a file, or all files of a folder."""
        try:
            files = list(self._files(name))
        except _WrongError as wrong:
            self._refuse(keys, wrong)
            return
        for path in files:
            try:
                self._manifest(path)
            except _WrongError as wrong:
                self._refuse(keys, wrong)

    def _manifest(self, path: str) -> None:
        stem = Path(path).name.partition(".")[0]
        if not re.fullmatch(SHORT, stem):
            raise _WrongError(f"`{path}`: {stem!r} is no name of at most 50 of a-z, 0-9 and -", "call the file for example dashboards.yaml")
        twice = next((other for other in self.objects if Path(other).name.partition(".")[0] == stem), None)
        if twice is not None:
            raise _WrongError(f"`{path}` and `{twice}` would be one file on servers", "give one of them another name")
        self.objects[path] = tuple(_objects(path, self._bytes(path, _MOST_OF_A_MANIFEST)))

    def _files(self, name: str) -> Iterator[str]:
        where = self.folder / name
        if not where.is_dir():
            if not name.endswith(_ENDINGS):
                raise _WrongError(f"`{name}` is neither a folder nor a manifest", f"name a folder, or a file that ends in {_ENDINGS[0]}")
            yield name
            return
        found = sorted(path.name for path in where.iterdir() if path.name.endswith(_ENDINGS) and not path.name.startswith("."))
        if not found:
            raise _WrongError(f"the folder `{name}` holds no manifest", "put a file that ends in .yaml there, or delete the entry")
        yield from (f"{name.rstrip('/')}/{one}" for one in found)

    def _bytes(self, name: str, most: int) -> bytes:
        try:
            data = read_file(self.folder / Path(name).expanduser(), what=f"the file `{name}`", most=MAX_BYTES, cure=_READABLE)
        except (InputErrors, ValueError, RuntimeError) as error:  # its own words; a zero byte; no home directory
            why = error.problems[0] if isinstance(error, InputErrors) else Problem(f"the file `{name}` cannot be read: {error}")
            raise _WrongError(why.message, why.cure or _READABLE) from None
        if data is None:
            raise _WrongError(f"the file `{name}` does not exist", "write its path relative to cluster.yaml")
        if len(data) > most:
            raise _WrongError(f"the file `{name}` has more than {most // 1000} kB, which no object of Kubernetes holds", "make it smaller")
        return data

    def _refuse(self, keys: Keys, wrong: _WrongError) -> None:
        message, cure = wrong.args
        self.problems.append(Problem(message, path=path_text(keys), line=self.spec.line_of(*keys), cure=cure))


def with_addon_files(spec: Spec, folder: Path) -> tuple[Spec, list[Problem]]:
    """The spec with what the files of its add-ons hold (relative to `folder`), and what is wrong with them."""
    reading = _Reading(spec, folder)
    for keys, chart in spec.addons.all_charts():
        if chart.archive is not None:
            reading.archive(keys, chart)
    for m, name in enumerate(spec.addons.manifests):
        reading.manifests(("addons", "manifests", m), name)
    known = spec.addons.model_copy().with_files(reading.archives, reading.versions, reading.objects)
    return spec.model_copy(update={"addons": known}), reading.problems


def _same(path: str, name: str, wanted: str) -> None:
    if name != wanted:
        raise _WrongError(f"`{path}` is the chart {name}, not {wanted}", f"name an archive of {wanted}")


def _chart_of(data: bytes) -> tuple[str, str]:
    """Name and version of an archive's chart."""
    packed = zlib.decompressobj(wbits=31)
    try:
        unpacked = packed.decompress(data, _MOST_UNPACKED)
        with tarfile.open(fileobj=io.BytesIO(unpacked)) as archive:
            entry = next(one for one in archive if one.isfile() and re.fullmatch(r"[^/]+/Chart\.yaml", one.name))
            file = archive.extractfile(entry)
            chart = yaml.load(file.read(_MOST_OF_A_MANIFEST) if file else b"", Loader=_Loader)  # noqa: S506 -- a safe one
    except (zlib.error, tarfile.TarError, StopIteration, yaml.YAMLError, EOFError):
        chart = None
    name, version = (str(chart.get(key, "")) for key in ("name", "version")) if isinstance(chart, dict) else ("", "")
    if not name or not version:
        raise _WrongError("this is no archive of a chart", "make one with `helm pull` or `helm package`")
    return name, version


def _objects(path: str, data: bytes) -> Iterator[Mapping[str, Any]]:
    try:
        documents = [one for one in yaml.load_all(data.decode(), Loader=_Loader) if one is not None]
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else path
        raise _WrongError(f"`{where}` is no YAML", "a template of a chart is none: name the chart under `charts`") from None
    if not documents:
        raise _WrongError(f"`{path}` holds no object", "delete it, or write one")
    for number, one in enumerate(documents, 1):
        _look_at(f"{path} (object {number})" if len(documents) > 1 else path, one)
        yield one


def _look_at(where: str, one: Any) -> None:
    if isinstance(one, dict) and str(one.get("kind", "")).endswith("List") and isinstance(one.get("items"), list):
        raise _WrongError(f"`{where}` is a list of objects", "write its items as objects of their own, with --- between them")
    metadata = one.get("metadata") if isinstance(one, dict) else None
    texts = [one.get("apiVersion"), one.get("kind"), metadata.get("name") if isinstance(metadata, dict) else None] if metadata else [None]
    if not all(isinstance(text, str) and text for text in texts):
        raise _WrongError(f"`{where}` is no object of Kubernetes", "each has apiVersion, kind, and metadata with a name")
    if not isinstance(one["metadata"].get("labels") or {}, dict):
        raise _WrongError(f"`{where}`: labels are no mapping", "write labels: {KEY: VALUE}")
    if one["kind"] == "Secret" or any(MARK in text for text in _texts(one)):
        cure = "make it with kubectl, or by an operator that reads it from elsewhere, and only name it in manifests"
        raise _WrongError(f"`{where}` holds a secret, and the bundle and servers' manifests would hold it", cure)
    found = next(chain(_variables(one), _of_a_chart(where, one)), None)
    if found is not None:
        cure = "put it into a Secret that you make with kubectl, and name that: `valueFrom` of a variable, `valuesSecrets` of a HelmChart"
        raise _WrongError(f"`{where}`: `{found}` looks like a secret, and the bundle and servers' manifests would hold it", cure)


def _variables(value: Any, path: str = "") -> Iterator[str]:
    """Pairs of `name` and `value` that look like secrets. Other names are not judged: in manifests they are often names of Secrets."""
    if isinstance(value, Mapping):
        yield from pairs_in(value, path)
        for key, inner in value.items():
            yield from _variables(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _variables(inner, f"{path}[{i}]")


def _of_a_chart(where: str, one: Mapping[str, Any]) -> Iterator[str]:
    """What looks like a secret in a HelmChart or HelmChartConfig (k3s-io/helm-controller, pkg/apis/helm.cattle.io/v1/types.go)."""
    spec = one.get("spec")
    if not one["apiVersion"].startswith("helm.cattle.io/") or not isinstance(spec, dict):
        return
    try:
        written = yaml.load(str(spec.get("valuesContent") or ""), Loader=_Loader)  # noqa: S506 -- a safe one
    except yaml.YAMLError:
        raise _WrongError(f"`{where}`: `valuesContent` is no YAML", "write the chart's values there") from None
    yield from secrets_in({key: spec.get(key) for key in ("chart", "repo", "set", "values")}, "spec")
    yield from secrets_in(written, "spec.valuesContent")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        inner: Iterable[Any] = value.values() if isinstance(value, Mapping) else value
        for one in inner:
            yield from _texts(one)
