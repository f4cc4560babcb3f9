"""Where a cluster's state lies, settings of the backend filled up. Pure; what is reached there is `stardock.terraform.state`'s."""

from __future__ import annotations

import posixpath
from typing import Any

from stardock.model.settings import State
from stardock.spec.backends import BACKENDS

#: The state is a file beside cluster.yaml.
LOCAL = "local"


def state_of(cluster: str, backend: str, settings: dict[str, Any]) -> State:
    """Fill up what cluster.yaml leaves out: the setting that is made of the cluster's name, and the backend's defaults."""
    known = BACKENDS[backend]
    own = {known.own: known.form.format(cluster=cluster, cluster_=cluster.replace("-", "_"))} if known.own else {}
    return State(backend=backend, settings=dict(sorted({**known.defaults, **own, **settings}.items())))


def configuration(state: State, *, beside: str) -> dict[str, Any]:
    """The settings as the engine takes them in a folder from which `beside` leads to that of cluster.yaml. Not for `local`."""
    kinds = BACKENDS[state.backend].keys
    return {key: _path(value, beside) if kinds[key] == "path" else value for key, value in state.settings.items()}


def _path(path: str, beside: str) -> str:
    """Backends know `~` themselves."""
    return path if path.startswith("~") else posixpath.join(beside, path)


def place(state: State) -> tuple[str, ...]:
    """What tells this state from another: equal places are one state. Empty for `local`."""
    if state.backend == LOCAL:
        return ()
    return (state.backend, *(str(state.settings.get(key, "")) for key in BACKENDS[state.backend].place))
