"""What of the user's environment an engine gets: not what would lead it to another state, folder or provider, or into a log with secrets.

`TF_WORKSPACE`, `TF_DATA_DIR` and `TF_CLI_ARGS*` change what a command works on, `TF_REATTACH_PROVIDERS` who answers for the provider,
`TF_LOG*` writes every request with its token (https://opentofu.org/docs/cli/config/environment-variables/). Newer engines have more of
them: so what may pass is listed, and the rest of `TF_*` stays behind.
"""

from __future__ import annotations

from collections.abc import Mapping

from stardock.errors import ConditionError

_ENGINES = ("TF_", "TOFU_")
#: Values for our variables, credentials and addresses of backends and registries.
_PREFIXES = ("TF_VAR_", "TF_HTTP_", "TF_TOKEN_", "TF_REGISTRY_")
_NAMES = frozenset(
    (
        *("TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR", "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE"),
        *("TF_ENCRYPTION", "TF_STATE_PERSIST_INTERVAL", "TF_IN_AUTOMATION", "TF_INPUT"),
    )
)

#: What leads to another state, folder or provider an engine that somebody else starts.
_ELSEWHERE = ("TF_WORKSPACE", "TF_DATA_DIR", "TF_CLI_ARGS", "TF_REATTACH_PROVIDERS")


def refuse_elsewhere(environ: Mapping[str, str]) -> None:
    """Raise `ConditionError` where an engine that gets this environment whole, as cdktf's does, would leave the cluster's state.

    cdktf-cli starts main.py with its own environment but for `TF_VAR_*`, then the engine with all of it.
    """
    found = sorted(name for name, value in environ.items() if value and name.startswith(_ELSEWHERE))
    if found:
        message = f"{' and '.join(found)} in the environment would lead the engine that applies this away from the cluster's state"
        raise ConditionError(message, cure=f"unset {' '.join(found)}")


def not_passed(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Name the variables of engines that stay behind, sorted."""
    return tuple(sorted(name for name in environ if name.startswith(_ENGINES) and not name.startswith(_PREFIXES) and name not in _NAMES))


def passed(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without them."""
    behind = not_passed(environ)
    return {name: value for name, value in environ.items() if name not in behind}
