"""Writes a first cluster.yaml: judged as any other before it is there, and never over a file."""

from __future__ import annotations

from pathlib import Path

from stardock.errors import InputErrors, Problem
from stardock.plan.build import build
from stardock.spec.load import parse
from stardock.spec.starter import Answers, starter
from stardock.workspace.files import named_file
from stardock.workspace.gitignore import write_gitignore


def write(path: Path, said: Answers) -> int:
    """Write it, and a .gitignore where there is none; how many machines it describes.

    `InputErrors` for what cluster.yaml may not hold: nothing is written then. `FileExistsError` where the file appeared meanwhile.
    """
    unwritten = f"{path} (not written)"
    key = named_file(path.parent, said.key)
    if not key.is_file():
        private = key.with_suffix("")
        cure = (
            f"make one: mkdir -p {key.parent} && ssh-keygen -q -t ed25519 -N '' -f {private}\nor name another: --key ~/.ssh/id_ed25519.pub"
        )
        raise InputErrors(unwritten, (Problem(f"there is no public SSH key {key}", cure=cure),))
    try:
        text = starter(said)
    except ValueError as error:
        raise InputErrors(unwritten, (Problem(f"--address: {error}", cure="write it with its prefix: 192.168.1.40/24"),)) from None
    try:
        spec = parse(text.encode(), path)
        plan, _ = build(spec, None, str(path))
    except InputErrors as error:
        raise InputErrors(unwritten, error.problems) from None
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    write_gitignore(path.parent, spec)
    return len(plan.machines)
