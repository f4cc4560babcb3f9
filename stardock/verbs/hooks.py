"""The user's own commands before and after the halves, as steps."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from stardock.errors import ConditionError
from stardock.spec.hooks import Hook, Hooks
from stardock.step import Say, Step
from stardock.workspace.hooks import run_hook
from stardock.workspace.workspace import Workspace


def hook_steps(workspace: Callable[[], Workspace], moment: str, hooks: Hooks, say: Say) -> tuple[Step, ...]:
    """The commands of one moment as steps, in order. `workspace` gives the cluster as it is when the step runs."""
    return tuple(
        Step(_name(moment, number, hooks), _what(hook), lambda hook=hook: run_hook(workspace(), moment, hook, say))  # type: ignore[misc]
        for number, hook in enumerate(getattr(hooks, moment))
    )


def check_hooks(hooks: Hooks, moments: Sequence[str], environ: Mapping[str, str] = os.environ) -> None:
    """Raise ConditionError for variables that hooks name and the environment lacks: before anything is done, not half-way."""
    named = [(f"hooks.{moment}[{number}]", name) for moment, number, hook in hooks.named() if moment in moments for name in hook.env]
    missing = [f"{name} (for {place})" for place, name in named if name not in environ]
    if missing:
        raise ConditionError(f"not set: {', '.join(missing)}", cure="export it, or take the name out of the hook's `env`")


def _name(moment: str, number: int, hooks: Hooks) -> str:
    return moment if len(getattr(hooks, moment)) == 1 else f"{moment} {number + 1}"


def _what(hook: Hook) -> str:
    given = f"; gets {', '.join(hook.env)}" if hook.env else ""
    return f"your command, at most {hook.timeout} s{given}: {hook.command}"
