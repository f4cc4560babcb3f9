"""`runner import starbase`: from starbase's files, and which of its VMs exist, to cluster.yaml and its lock. Changes nothing on Proxmox."""

from __future__ import annotations

from stardock.errors import InputErrors
from stardock.importers.starbase import known
from stardock.importers.starbase.files import find_files, read_text
from stardock.importers.starbase.imported import Import, Wish
from stardock.importers.starbase.origin import Origin
from stardock.importers.starbase.otherwise import differences, to_do
from stardock.importers.starbase.reading import read_origin
from stardock.importers.starbase.sections import document
from stardock.importers.starbase.take_over import Known, pve_nodes_of, surprises, take_over
from stardock.importers.starbase.text import cluster_text
from stardock.importers.starbase.wrong import faults
from stardock.model.cluster_files import ClusterFiles
from stardock.model.lock import Lock
from stardock.plan.build import build
from stardock.reading import MAX_BYTES
from stardock.spec.load import load, parse
from stardock.workspace.new_cluster import refuse_overwriting, write_cluster


def import_starbase(wish: Wish) -> Import:
    """Read, ask what exists, convert, plan, and write unless it is a dry run.

    Raises `RefusedError` for files that are there, `InputErrors`, `ConditionError`.
    """
    files = ClusterFiles(wish.cluster_file)
    refuse_overwriting(files, lock_only=wish.lock_only, overwrite=wish.overwrite or wish.dry_run)
    made = Import(wish, find_files(wish.directory, tfvars=wish.tfvars, custom=wish.custom, state=wish.state))
    origin, made.notes = read_origin(made.files)
    api = known.api_of(origin, load(wish.cluster_file) if wish.lock_only else None)
    told = known.ask(origin, api, made.files.state)
    made.text = read_text(wish.cluster_file, most=MAX_BYTES) if wish.lock_only else _text(wish, origin, told.known, None)
    made.notes += [*told.notes, *faults(origin), *differences(origin), *surprises(origin, told.known, told.source)]
    made.notes += to_do(origin, wish.cluster_file.name)
    plan(made, origin, told.known)
    if not wish.dry_run:
        write_cluster(files, None if wish.lock_only else made.text, made.lock)
    return made


def plan(made: Import, origin: Origin, existing: Known) -> None:
    """Plan the file twice: for what the names get, and over what exists, which must leave nothing to wish for."""
    wish, file = made.wish, str(made.wish.cluster_file)
    try:
        spec = parse(made.text.encode(), wish.cluster_file)
        _, fresh = build(spec, None, file)
        _, made.lock = build(spec, take_over(fresh, origin, existing), file)
    except InputErrors as problems:
        made.problems = problems
        return
    if not wish.lock_only:
        made.text = _text(wish, origin, existing, made.lock)


def _text(wish: Wish, origin: Origin, existing: Known, lock: Lock | None) -> str:
    """cluster.yaml; the comments that the lock makes only with it."""
    return cluster_text(document(origin, wish.cluster, pve_nodes_of(existing)), lock)
