"""What may stand under `state` beside `backend`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from stardock.nearest import nearest
from stardock.spec.backends import BACKENDS, Backend, fits, misfit
from stardock.spec.places import at

if TYPE_CHECKING:
    from stardock.errors import Problem
    from stardock.spec.cluster import Spec

#: Who one is, in a URL: https://user:password@host.
_USER_INFO = re.compile(r"[a-z][a-z0-9+.-]*://[^/@]*@", re.IGNORECASE)

_EVALUATED = re.compile(r"[$%]\{")


def state_settings(spec: Spec) -> Iterator[Problem]:
    """The backend's own settings; credentials are none of them."""
    backend = BACKENDS[spec.state.backend]
    for key, value in spec.state.settings.items():
        for message, cure in _faults(spec.state.backend, backend, key, value):
            yield at(spec, ("state", key), message, cure)


def state_has_a_place(spec: Spec) -> Iterator[Problem]:
    """Settings without which the backend knows no place."""
    for key in BACKENDS[spec.state.backend].required:
        if key not in spec.state.settings:
            yield at(spec, ("state", "backend"), f"the backend {spec.state.backend} needs `{key}`", f"add `{key}: ...` under `state:`")


def _faults(name: str, backend: Backend, key: str, value: object) -> Iterator[tuple[str, str]]:
    if key in backend.secrets:
        cure = f"delete the line and export {backend.secrets[key]}: the engine reads it"
        yield f"`{key}` is a credential, and cluster.yaml holds none", cure
    elif key not in backend.keys:
        yield f"the backend {name} has no setting `{key}`", _known(key, backend)
    elif not fits(backend.keys[key], value):
        yield misfit(backend.keys[key], value)
    elif _EVALUATED.search(str(value)):
        yield f"`{key}` holds ${{ or %{{, which OpenTofu evaluates here and Terraform does not", "write the value itself"
    elif isinstance(value, str) and _USER_INFO.match(value):
        yield f"`{key}` holds a user name or password", f"write the URL without what stands before the @ and export {_variables(backend)}"


def _variables(backend: Backend) -> str:
    return " and ".join(list(backend.secrets.values())[:2])


def _known(key: str, backend: Backend) -> str:
    near = nearest(key, backend.keys)
    if near:
        return f"did you mean `{near}`?"
    return f"it has {', '.join(sorted(backend.keys))}" if backend.keys else "it has none: the state lies beside cluster.yaml"
