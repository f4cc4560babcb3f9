"""A cluster file that is reached by a symbolic link: files beside the link are read by nobody, and may be those that count.

Other tools, and Stardock before it followed links, kept lock, state and secrets beside the link. Ignoring them would plan the cluster anew,
with an empty lock.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from stardock.errors import ConditionError
from stardock.shellword import word

#: What cannot be made again from cluster.yaml alone, the longest first.
_KEPT = (".tfstate.backup", ".secrets.yaml", ".known_hosts", ".kubeconfig", ".facts.json", ".tfstate", ".lock")


def refuse_beside_link(named: Path, real: Path) -> None:
    """Raise `ConditionError` when files of a cluster lie beside a symbolic link on the way from `named` to the cluster file `real`."""
    every = ((link.with_name(link.stem + end), real.with_name(real.stem + end)) for link in _links(named) for end in _KEPT)
    pairs = [(found, own) for found, own in every if os.path.lexists(found) and not _same(found, own)]
    if pairs:
        message = f"{named} is a symbolic link, and files of a cluster lie beside the link, not beside {real}, which it names"
        raise ConditionError(f"{message}: {', '.join(found.name for found, _ in pairs)}", cure=_cure(pairs, real))


def _links(path: Path) -> Iterator[Path]:
    """Every link of the chain. It ends: whoever asks has opened the file."""
    while path.is_symlink():
        yield path
        path = path.parent / path.readlink()


def _same(found: Path, own: Path) -> bool:
    return os.path.realpath(found) == os.path.realpath(own)


def _cure(pairs: Sequence[tuple[Path, Path]], real: Path) -> str:
    there = [own for end in _KEPT if os.path.lexists(own := real.with_name(real.stem + end))]
    moves = [_move(found, own) for found, own in pairs]
    if not there:
        return "\n".join(("move them to where they are read:", *moves))
    return "\n".join(
        (
            f"files lie beside {real} too. If those are this cluster's, put the ones beside the link aside:",
            *(_move(found, _aside(found)) for found, _ in pairs),
            "if those beside the link are (their lock names the machines that exist), let them take the others' place:",
            *(_move(own, _aside(own)) for own in there),
            *moves,
        )
    )


def _aside(path: Path) -> Path:
    """A name beside it that is free, and that .gitignore treats as it treats the file's own."""
    end = next(end for end in _KEPT if path.name.endswith(end))
    stem, number = path.name.removesuffix(end), 1
    while os.path.lexists(free := path.with_name(f"{stem}.unused{number}{end}")):
        number += 1
    return free


def _move(source: Path, target: Path) -> str:
    """A command that overwrites nothing, whatever the files are called."""
    return f"mv -n -- {word(source)} {word(target)}"
