"""Contents of files that hold a secret of the user's: read when machines are set up, and handed to Ansible in a private file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from stardock.errors import ConditionError, InputErrors, Problem
from stardock.reading import MAX_BYTES, read_file
from stardock.spec.cloud_init import MAX_CONTENT, ContentSource
from stardock.spec.cluster import Spec
from stardock.spec.places import at
from stardock.spec.secret_sources import secret_places


def read_contents(spec: Spec, wanted: Collection[str], cluster_file: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Read the contents of the wanted sources: source -> text. Only what cluster.yaml names is read, whatever the lock says.

    `InputErrors` with all that cannot be read, each at its place; `ConditionError` for one that only a machine's last record names.
    """
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for place in secret_places(spec):
        found = _text(place.source, cluster_file.parent, environ) if place.source.name in wanted else ""
        if isinstance(found, Unreadable):
            problems.append(at(spec, place.keys, found.message, found.cure))
        else:
            texts[place.source.name] = found
    if problems:
        raise InputErrors(str(cluster_file), tuple(problems))
    if lost := sorted(set(wanted) - texts.keys()):
        message = f"a machine that is no longer in cluster.yaml has a file with the content of {', '.join(lost)}"
        raise ConditionError(message, cure="name it in cluster.yaml again, or list the machine under `remove:`")
    return {name: texts[name] for name in sorted(wanted)}


def of_environment(sources: Iterable[str], environ: Mapping[str, str]) -> dict[str, str]:
    """Those sources that are environment variables which are set: source -> text."""
    named = {source: environ.get(source.removeprefix("env:")) for source in sources if source.startswith("env:")}
    return {source: text for source, text in named.items() if text}


class Unreadable:
    """Why a content cannot be had."""

    def __init__(self, message: str, cure: str) -> None:
        self.message, self.cure = message, cure


def _text(source: ContentSource, folder: Path, environ: Mapping[str, str]) -> str | Unreadable:
    if source.env is not None:
        found: str | Unreadable = environ.get(source.env) or Unreadable(
            f"the environment variable {source.env} is not set, or empty", f'export {source.env}="$(cat FILE)"'
        )
    else:
        found = _of_file(folder, source.file or "")
    if isinstance(found, str) and (len(found.encode(errors="surrogateescape")) > MAX_CONTENT or "\0" in found):
        return Unreadable(f"{source.name} is no text of at most {MAX_CONTENT} bytes", "bring it another way")
    return found


def _of_file(folder: Path, name: str) -> str | Unreadable:
    cure = "make the file, readable by you alone"
    try:
        path = folder / Path(name).expanduser()
        data = read_file(path, what=str(path), most=MAX_BYTES, cure=cure)
        return Unreadable(f"{path} cannot be read: No such file or directory", cure) if data is None else data.decode("utf-8")
    except UnicodeDecodeError:
        return Unreadable(f"{path} is not UTF-8 text", "bring it another way")
    except InputErrors as error:
        return Unreadable(error.problems[0].message, error.problems[0].cure or cure)
    except (ValueError, RuntimeError) as error:  # a zero byte; no home directory
        return Unreadable(f"{name} cannot be read: {error}", cure)
