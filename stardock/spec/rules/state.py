"""What may belong under `state` beside `backend`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from stardock.nearest import nearest
from stardock.spec.backends import BACKENDS, Backend, fits, misfit
from stardock.spec.places import at

if TYPE_CHECKING:
    from stardock.errors import Problem
    from stardock.spec.cluster import Spec

#: Who one is, in a URL: https://user:password@host.
_USER_INFO = re.compile(r"[a-z][a-z0-9+.-]*://[^/@]*@", re.IGNORECASE)

#: `backend` in the words of others.
_KINDS = ("type", "kind", "name", "provider")

_EVALUATED = re.compile(r"[$%]\{")


def state_settings(spec: Spec) -> Iterator[Problem]:
    """The backend's own settings; credentials are none of them."""
    backend = BACKENDS[spec.state.backend]
    for key in spec.state.settings:
        for message, cure in _faults(spec.state.backend, backend, key, spec.state.settings):
            yield at(spec, ("state", key), message, cure)


def state_has_a_place(spec: Spec) -> Iterator[Problem]:
    """Settings without which the backend knows no place."""
    for key in BACKENDS[spec.state.backend].required:
        if key not in spec.state.settings:
            yield at(spec, ("state", "backend"), f"the backend {spec.state.backend} needs `{key}`", f"add `{key}: ...` under `state:`")


def _faults(name: str, backend: Backend, key: str, settings: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    value = settings[key]
    if key in backend.secrets:
        cure = f"delete the line and export {backend.secrets[key]}: the engine reads it"
        yield f"`{key}` is a credential, and cluster.yaml holds none", cure
    elif key not in backend.keys:
        yield f"the backend {name} has no setting `{key}`", _meant(settings, key) or _known(key, backend)
    elif not fits(backend.keys[key], value):
        yield misfit(backend.keys[key], value)
    elif _EVALUATED.search(str(value)):
        yield f"`{key}` holds ${{ or %{{, which OpenTofu evaluates here and Terraform does not", "write the value itself"
    elif isinstance(value, str) and _USER_INFO.match(value):
        yield f"`{key}` holds a user name or password", f"write the URL without what stands before the @ and export {_variables(backend)}"


def _variables(backend: Backend) -> str:
    return " and ".join(list(backend.secrets.values())[:2])


def _meant(settings: Mapping[str, object], key: str) -> str | None:
    """Another backend that the settings are of, which is named as other tools name it."""
    if key in _KINDS and str(settings[key]) in BACKENDS:
        return f"write `backend: {settings[key]}`"
    if key in BACKENDS:
        return f"write `backend: {key}`, and what it holds beside it"
    named = next((str(settings[kind]) for kind in _KINDS if str(settings.get(kind)) in BACKENDS), None)
    return f"it is of the backend {named}: write beside it `backend: {named}`" if named and key in BACKENDS[named].keys else None


def _known(key: str, backend: Backend) -> str:
    near = nearest(key, backend.keys)
    if near:
        return f"did you mean `{near}`?"
    if backend.keys:
        return f"it has {', '.join(sorted(backend.keys))}"
    others = " or ".join(f"`backend: {name}`" for name, other in BACKENDS.items() if key in other.keys)
    return "it has none: the state lies beside cluster.yaml" + (f"; if another backend is meant, write {others} with it" if others else "")
