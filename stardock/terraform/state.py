"""The state, wherever it lies, and the state file after a kill.

Engines write the file in place: truncate, then write, so that a kill between leaves it empty or cut short. Other backends write whole
objects.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from shlex import quote

from stardock.errors import EngineError, RefusedError
from stardock.model.cluster_files import ClusterFiles
from stardock.model.settings import State
from stardock.plan.state import LOCAL, configuration
from stardock.step import Say
from stardock.terraform.engine import Engine
from stardock.workspace.state import EncryptedStateError, existing_vms, read_state
from stardock.writing import refuse_link


def mend(state: Path, say: Say) -> None:
    """Put the backup in the place of a state that was cut short, or nothing where none was made yet: the first apply has no backup.

    What was made since then comes back by import. An empty state with no backup is simply a new cluster's. What was damaged is kept as
    `X.tfstate.damaged`.
    """
    backup, damaged = (state.with_name(state.name + ending) for ending in (".backup", ".damaged"))
    if not state.exists() or _readable(state) or not (state.stat().st_size or _readable(backup)):
        return
    for path in (state, damaged):
        refuse_link(path)
    shutil.copy2(state, damaged)
    if _readable(backup):
        say(f"  {state.name} was cut short by a kill: going on from {backup.name}")
        shutil.copy2(backup, state)
    else:
        say(f"  {state.name} was cut short by a kill and has no backup: going on from an empty one; machines come back by import")
        os.truncate(state, 0)


def pull(program: str, state: State, files: ClusterFiles, environ: Mapping[str, str]) -> bytes:
    """Read the state through the engine, wherever it lies and whether or not it is encrypted; empty where there is none.

    In a folder of its own, so that nothing needs to be synthesized first. Raises EngineError with the engine's words.
    `init` would also install the providers that the state names: it finds none, fails with the backend open, and that suffices.
    """
    beside = files.spec.resolve().parent
    path = {"path": str(files.state.resolve())}
    block = path if state.backend == LOCAL else configuration(state, beside=str(beside))
    with tempfile.TemporaryDirectory(prefix="stardock-") as folder:
        document = {"terraform": {"backend": {state.backend: block}}}
        (Path(folder) / "state.tf.json").write_text(json.dumps(document), encoding="utf-8")
        nowhere = Path(folder) / "no-providers.rc"
        nowhere.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{folder}"\n  }}\n}}\n', encoding="utf-8")
        engine = Engine(program, Path(folder), {**environ, "TF_CLI_CONFIG_FILE": str(nowhere)})
        return _pulled(engine)


def _pulled(engine: Engine) -> bytes:
    """The state, if it can be had; else why the backend could not be opened."""
    failed: EngineError | None = None
    try:
        engine.init()
    except EngineError as error:
        failed = error
    try:
        return engine.pull()
    except EngineError as error:
        raise failed or error from error


def refuse_left_behind(files: ClusterFiles, state: State, engine: Engine) -> None:
    """Raise RefusedError when the machines are in the file beside cluster.yaml, and `state:` names another place."""
    what = _left(files.state) if state.backend != LOCAL else ""
    if what:
        message = f"{files.state.name} {what}, and cluster.yaml has the state in {state.backend}: nobody moved it there"
        push = f"{engine.name} init -reconfigure && {engine.name} state push {quote(str(files.state.resolve()))}"
        away = f"mv {quote(str(files.state))} {quote(f'{files.state}.moved')}"
        raise RefusedError(message, cure=f"(cd {quote(str(engine.directory))} && {push}) && {away}")


def _left(state: Path) -> str:
    """What a state file holds, in words; empty for nothing."""
    try:
        count = len(existing_vms(state))
    except EncryptedStateError:
        return "is encrypted"
    return f"holds {count} machine{'s' if count > 1 else ''}" if count else ""


def _readable(path: Path) -> bool:
    try:
        return isinstance(json.loads(read_state(path) or b""), dict)
    except (ValueError, RecursionError):
        return False
