"""Starbase's two files of variables, read into an `Origin`."""

from __future__ import annotations

from stardock.errors import InputErrors, Problem
from stardock.importers.notes import Note
from stardock.importers.source import read_source
from stardock.importers.starbase.files import StarbaseFiles, read_text
from stardock.importers.starbase.machines import machines
from stardock.importers.starbase.origin import Origin
from stardock.importers.starbase.variables import Ansible, Terraform
from stardock.importers.tfvars import read_tfvars
from stardock.spec.tree import Tree, read_tree


def read_origin(files: StarbaseFiles) -> tuple[Origin, list[Note]]:
    """Read both files; what is wrong in them becomes notes. `InputErrors` for a file that is none, or without PVE nodes."""
    terraform, wrong = read_source(str(files.tfvars), read_tfvars(read_text(files.tfvars)), Terraform)
    tree = read_tree(read_text(files.custom)) if files.custom else Tree(data={})
    ansible, more = read_source(str(files.custom or "custom.yml"), tree, Ansible)
    if not terraform.values.available_nodes:
        problem = Problem("there is no PVE node", "available_nodes", terraform.line("available_nodes"), "name at least one")
        raise InputErrors(str(files.tfvars), (problem,))
    return Origin(terraform=terraform, ansible=ansible, machines=machines(terraform.values)), [*wrong, *more]
