"""The page's part about backends: each one's settings and the variables of its credentials."""

from __future__ import annotations

from stardock.spec.backends import BACKENDS, Backend


def state_page() -> list[str]:
    """The lines of `## state in detail`."""
    rows = [f"| `{name}` | {_settings(backend)} | {_variables(backend)} |" for name, backend in BACKENDS.items()]
    return [
        "## state in detail",
        "",
        "The settings of each backend, as both engines take them; what is **bold** is required. The setting that names the state is",
        "made of the cluster's name where it is left out. Paths are relative to cluster.yaml. Credentials are refused here: the engine",
        "reads them from the environment. [state.md](state.md) says what was tried and what was only rendered.",
        "",
        "| backend | settings | credentials from the environment |",
        "|---|---|---|",
        *rows,
        "",
    ]


def _settings(backend: Backend) -> str:
    named = [f"**`{key}`**" if key in backend.required else f"`{key}`" for key in backend.keys]
    made = [f"`{backend.own}` is `{backend.form.format(cluster='CLUSTER', cluster_='CLUSTER')}`"] if backend.own else []
    given = [f"`{key}` is `{str(value).lower()}`" for key, value in backend.defaults.items()]
    unless = f"; {' and '.join([*made, *given])} unless given" if made or given else ""
    return ", ".join(named) + unless or "none: X.tfstate beside X.yaml"


def _variables(backend: Backend) -> str:
    return ", ".join(f"`{variable}`" for variable in backend.secrets.values())
