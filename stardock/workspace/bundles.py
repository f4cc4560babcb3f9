"""A bundle that somebody brought, as a command sees it: its files, and what it says of its cluster, read as strictly as the lock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Strict, TypeAdapter

from stardock.bundle.about import FILE
from stardock.bundle.archive import Entries, read_bundle, write_entries
from stardock.bundle.site import SITE
from stardock.distributions import Name as KubernetesName
from stardock.errors import InputErrors, Problem
from stardock.model.about import FORMAT, About, Member, Record
from stardock.model.cluster_files import ClusterFiles
from stardock.model.facts import Facts
from stardock.model.jump import Jump
from stardock.reading import MAX_BYTES, read_file
from stardock.spec.api import HostOrAddress
from stardock.spec.distribution import Version
from stardock.spec.hosts import parse_host_key
from stardock.spec.section import broken
from stardock.spec.tree import read_tree
from stardock.spec.units import Form, HostName, MachineName, Name, between
from stardock.workspace.facts import load_facts
from stardock.workspace.files import resolved
from stardock.workspace.records import forms
from stardock.workspace.records.document import Words, document_of
from stardock.workspace.records.facts_forms import FACTS

_CURE = "write the bundle anew where cluster.yaml is: runner bundle"
_MOST_MIB = 1 << 28
_PORTS = 65_535
_SUFFIXES = (".bundle", ".tar")


def _form(pattern: str, what: str, example: str) -> Any:
    return Annotated[str, Form(pattern, what, example)]


_Source: Any = _form(r"(env|file):[^\x00-\x1f\x7f]{1,4096}", "a source of a secret", "env:NAME")


def parse_format(value: int) -> int:
    """The one that this Stardock writes."""
    if value != FORMAT:
        raise broken(f"a bundle of format {value}; this Stardock reads format {FORMAT}")
    return value


_ABOUT: forms.Forms = {
    Record: {"format": Annotated[int, Strict(), AfterValidator(parse_format)]},
    About: {
        "cluster": Name,
        "founder": MachineName,
        "distribution": KubernetesName,
        "version": Version,
        "api": _form(r"https://(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]{1,253}):[0-9]{1,5}", "the API's URL", "https://192.168.1.40:443"),
        "ssh_port": Annotated[int, Strict(), between(1, _PORTS, "a port", "22")],
        "mesh": tuple[MachineName, ...],
        "sources": dict[Literal["machines", "addons"], tuple[_Source, ...]],
    },
    Member: {
        "name": MachineName,
        "hostname": HostName,
        "cores": Annotated[int, Strict(), between(0, 8192, "a number of cores", "2")],
        "memory_mib": Annotated[int, Strict(), between(0, _MOST_MIB, "MiB", "4096")],
        "address": HostOrAddress | None,
        "port": Annotated[int, Strict(), between(1, _PORTS, "a port", "22")] | None,
        "host_keys": tuple[Annotated[str, AfterValidator(parse_host_key)], ...],
    },
    Jump: {
        "host": _form(r"[A-Za-z0-9][A-Za-z0-9.:-]{0,252}", "a host", "bastion.home.arpa"),
        "user": _form(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", "an account", "ops") | None,
        "port": Annotated[int, Strict(), between(1, _PORTS, "a port", "22")] | None,
    },
    **FACTS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """`path`: the directory or the tar."""

    path: Path
    entries: Entries
    about: About
    facts: Facts

    @property
    def files(self) -> ClusterFiles:
        """What is beside it, by its name without these suffixes: `home.tar` and `home.bundle` have `home.facts.json`, `prod.eu` its own."""
        named = self.path if self.path.suffix in ("", *_SUFFIXES) else self.path.with_name(f"{self.path.name}{_SUFFIXES[0]}")
        return ClusterFiles(named)

    def write(self, directory: Path) -> None:
        """Put it into a private directory."""
        write_entries(self.entries, directory)


def open_bundle(named: Path) -> Bundle:
    """Read and check a bundle; links to it are followed. `InputErrors` tells what is wrong with it."""
    path = resolved(named)
    path = path if path.name not in ("", "..") else path.resolve()
    entries = read_bundle(path)
    record = _record(path, entries)
    bundle = Bundle(path=path, entries=entries, about=record.about, facts=record.facts)
    _refuse_others(bundle)
    return bundle


def _refuse_others(bundle: Bundle) -> None:
    """Where a cluster.yaml or lock of another cluster lies beside it, secrets and kubeconfig by that name are not its own."""
    files = bundle.files
    for path in (files.lock, files.lock.with_suffix(".yaml")):
        text = read_file(path, what=path.name, most=MAX_BYTES, cure="name the bundle otherwise, or bring it elsewhere") or b""
        data = read_tree(text.decode(errors="replace")).data
        named = data.get("cluster") if isinstance(data, dict) else None
        if isinstance(named, str) and named != bundle.about.cluster:
            message = f"{path} is of the cluster {named[:60]!a}, and the bundle of {bundle.about.cluster}: they would share their secrets"
            raise InputErrors(str(bundle.path), (Problem(message, cure="give the bundle another name, or bring it into another folder"),))


def _record(path: Path, entries: Entries) -> Record:
    if FILE not in entries or f"project/{SITE}" not in entries:
        message = f"this is no bundle, or one of an older Stardock: it has no {FILE} or no project/{SITE}"
        raise InputErrors(str(path), (Problem(message, cure=_CURE),))
    words = Words(name="bundle's record", cure=_CURE, conflict=_CURE)
    document = document_of(path / FILE, entries[FILE].data, words)
    record = forms.read(document, _adapter(), document.data, _forms())
    names = [machine.name for machine in record.about.machines]
    if record.facts.cluster != record.about.cluster or len(set(names)) < len(names) or record.about.founder not in names:
        forms.tell(document, [(("about",), "its cluster, machines and founder do not belong together")])
    return record


def known_facts(bundle: Bundle) -> Facts:
    """What the bundle knew when it was written, and what runs of it learned since. Raises as `load_facts`.

    A machine's host keys are the bundle's where it has any: it may be written after a machine was made anew. Its key in the mesh
    is what a run learned, which may be newer; `sure_mesh_keys` are those of which both say the same.
    """
    if not bundle.files.facts.exists():
        return bundle.facts
    later = load_facts(bundle.files.facts, bundle.about.cluster)
    ours = {name: seen for name, seen in bundle.facts.machines.items() if seen.host_keys or name not in later.machines}
    keys = _without_twins({**bundle.facts.mesh_keys, **later.mesh_keys})
    return replace(later, machines={**later.machines, **ours}, founded=later.founded or bundle.facts.founded, mesh_keys=keys)


def sure_mesh_keys(bundle: Bundle, known: Facts) -> dict[str, str]:
    """Public keys in the mesh that the bundle does not contradict.

    Which of two is newer nobody knows: a new one may have been made by a run of the bundle, or before the bundle was written anew. Of such
    a member, should it not answer, all others keep what they have, which is in force.
    """
    said = bundle.facts.mesh_keys
    return {name: key for name, key in known.mesh_keys.items() if said.get(name, key) == key}


def _without_twins(keys: Mapping[str, str]) -> dict[str, str]:
    """One that two have is nobody's."""
    return {name: key for name, key in sorted(keys.items()) if list(keys.values()).count(key) == 1}


@cache
def _adapter() -> TypeAdapter[Record]:
    return TypeAdapter(Record)


@cache
def _forms() -> forms.Adapters:
    return forms.adapters(_ABOUT)
