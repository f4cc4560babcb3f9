"""`runner import starbase`: from starbase's files, and what of its VMs stands, to cluster.yaml and its lock. Changes nothing on Proxmox."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from stardock.errors import ConditionError, InputErrors, Problem, RefusedError
from stardock.estate.configs import Config, every_config
from stardock.estate.connection import Estate
from stardock.estate.hardware import macs_of, seed_interface
from stardock.estate.machines import EstateMachine, machines_on
from stardock.estate.token import VARIABLE
from stardock.importers.notes import Kind, Note
from stardock.importers.source import read_source
from stardock.importers.starbase.files import StarbaseFiles, find_files, read_text
from stardock.importers.starbase.machines import machines
from stardock.importers.starbase.origin import Origin
from stardock.importers.starbase.otherwise import differences, to_do
from stardock.importers.starbase.sections import document
from stardock.importers.starbase.standing import Standing, from_state
from stardock.importers.starbase.take_over import Known, pve_nodes_of, surprises, take_over
from stardock.importers.starbase.text import cluster_text
from stardock.importers.starbase.variables import Ansible, Terraform
from stardock.importers.starbase.wrong import faults
from stardock.importers.tfvars import read_tfvars
from stardock.model.cluster_files import ClusterFiles
from stardock.model.lock import Lock
from stardock.model.settings import Proxmox
from stardock.plan.build import build
from stardock.reading import MAX_BYTES, MAX_STATE_BYTES
from stardock.spec.load import load, parse
from stardock.spec.tree import Tree, read_tree
from stardock.workspace.lock import save_lock
from stardock.writing import write_atomically

#: Seconds for one answer of Proxmox.
ANSWER_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the person asked for. Files that are None are looked for below `directory`."""

    directory: Path
    cluster_file: Path
    cluster: str = "starbase"
    tfvars: Path | None = None
    custom: Path | None = None
    state: Path | None = None
    lock_only: bool = False
    overwrite: bool = False
    dry_run: bool = False


@dataclass(slots=True)
class Import:
    """One import. `lock` is None when cluster.yaml lacks something that only a person knows; `problems` tells what."""

    wish: Wish
    files: StarbaseFiles
    text: str = ""
    lock: Lock | None = None
    problems: InputErrors | None = None
    notes: list[Note] = field(default_factory=list)

    def told(self, kind: Kind) -> Iterator[Note]:
        """The notes of one kind, by file and line."""
        yield from sorted((note for note in self.notes if note.kind is kind), key=lambda note: (note.file, note.line or 0))


def import_starbase(wish: Wish) -> Import:
    """Read, convert, and write unless it is a dry run. Raises `RefusedError` for files that are there, `InputErrors`, `ConditionError`."""
    _refuse_overwriting(wish)
    made = Import(wish, find_files(wish.directory, tfvars=wish.tfvars, custom=wish.custom, state=wish.state))
    origin, made.notes = _origin(made.files)
    known, source = _known(made, origin)
    made.text = _text(wish, origin, known)
    made.notes += [*faults(origin), *differences(origin), *surprises(origin, known, source), *to_do(origin, wish.cluster_file.name)]
    _lock(made, origin, known)
    if not wish.dry_run:
        _write(made)
    return made


def _refuse_overwriting(wish: Wish) -> None:
    files = ClusterFiles(wish.cluster_file)
    if wish.lock_only and not files.spec.is_file():
        raise RefusedError(f"{files.spec} is not there, and --lock-only makes its lock", cure="leave --lock-only out")
    written = [files.lock] if wish.lock_only else [files.spec, files.lock]
    there = [str(path) for path in written if path.exists()]
    if there and not (wish.overwrite or wish.dry_run):
        raise RefusedError(f"{' and '.join(there)} would be overwritten", cure="say --overwrite, or name another file with -f")
    if files.state.exists():
        cure = "its lock holds what these machines have; for another cluster name another file with -f"
        raise RefusedError(f"{files.state} shows that Stardock has machines here already", cure=cure)


def _origin(files: StarbaseFiles) -> tuple[Origin, list[Note]]:
    terraform, wrong = read_source(str(files.tfvars), read_tfvars(read_text(files.tfvars)), Terraform)
    tree = read_tree(read_text(files.custom)) if files.custom else Tree(data={})
    ansible, more = read_source(str(files.custom or "custom.yml"), tree, Ansible)
    if not terraform.values.available_nodes:
        problem = Problem("there is no PVE node", "available_nodes", terraform.line("available_nodes"), "name at least one")
        raise InputErrors(str(files.tfvars), (problem,))
    return Origin(terraform=terraform, ansible=ansible, machines=machines(terraform.values)), [*wrong, *more]


def _known(made: Import, origin: Origin) -> tuple[Known, str]:
    """What stands, and who says so: Proxmox where it can be asked, else starbase's state, else nobody."""
    proxmox = _proxmox(made.wish, origin)
    if proxmox is not None and os.environ.get(VARIABLE):
        try:
            found = _on_proxmox(proxmox, {machine.full_name for machine in origin.machines})
            if found:
                return found, f"{proxmox.endpoint} says so"
            made.notes.append(
                Note(Kind.TO_DO, f"{proxmox.endpoint} shows none of these VMs: do they stand, and may the token see them (VM.Audit)?")
            )
        except ConditionError as error:
            made.notes.append(Note(Kind.TO_DO, f"Proxmox could not be asked what exists: {error.message}"))
    state = from_state(read_text(made.files.state, most=MAX_STATE_BYTES)) if made.files.state else None
    return state, f"{made.files.state} says so"


def _proxmox(wish: Wish, origin: Origin) -> Proxmox | None:
    """Where to ask: the API of cluster.yaml when that is there to stay, else starbase's."""
    if wish.lock_only:
        spec = load(wish.cluster_file)
        return Proxmox(endpoint=spec.proxmox.endpoint, nodes=(), insecure=spec.proxmox.insecure)
    access = origin.terraform.values.cloud_provider
    return Proxmox(endpoint=access.endpoint.rstrip("/"), nodes=(), insecure=access.insecure) if access.endpoint else None


def _on_proxmox(proxmox: Proxmox, names: Collection[str]) -> dict[str, Standing]:
    """The VMs with these full names; ConditionError where one cannot be read: one that is passed over would be made a second time."""
    estate = Estate.from_environment(proxmox, seconds=ANSWER_SECONDS)
    estate.check()
    present = [vm for vm in machines_on(estate).values() if vm.name in names]
    configs = every_config(estate, present)
    return {vm.name: _standing(vm, configs[vm.vm_id]) for vm in present if vm.vm_id in configs}


def _standing(vm: EstateMachine, config: Config) -> Standing:
    cicustom = ",".join(sorted(str(config.get("cicustom") or "").split(",")))
    return Standing(
        full_name=vm.name,
        vm_id=vm.vm_id,
        pve_node=vm.pve_node,
        macs=macs_of(config),
        cicustom=cicustom,
        seed_interface=seed_interface(config),
    )


def _text(wish: Wish, origin: Origin, known: Known) -> str:
    """cluster.yaml without the comments that only the lock can make."""
    if wish.lock_only:
        return read_text(wish.cluster_file, most=MAX_BYTES)
    return cluster_text(document(origin, wish.cluster, pve_nodes_of(known)), None)


def _lock(made: Import, origin: Origin, known: Known) -> None:
    """Plan the file twice: for what the names get, and over what exists, which must leave nothing to wish for."""
    try:
        spec = parse(made.text.encode(), made.wish.cluster_file)
        _, fresh = build(spec, None, str(made.wish.cluster_file))
        _, made.lock = build(spec, take_over(fresh, origin, known), str(made.wish.cluster_file))
    except InputErrors as problems:
        made.problems = problems
        return
    if not made.wish.lock_only:
        made.text = cluster_text(document(origin, made.wish.cluster, pve_nodes_of(known)), made.lock)


def _write(made: Import) -> None:
    files = ClusterFiles(made.wish.cluster_file)
    if not made.wish.lock_only:
        write_atomically(files.spec, made.text)
    if made.lock is not None:
        save_lock(files.lock, made.lock)
    elif files.lock.exists() and not made.wish.lock_only:
        files.lock.unlink()  # of the file that was overwritten: it fits this one no more
