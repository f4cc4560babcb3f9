"""One of the user's own commands: run in the folder of cluster.yaml, timed, in an environment without secrets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from stardock.errors import EngineError
from stardock.model.cluster_files import ClusterFiles
from stardock.plan.views.contract import document
from stardock.spec.hooks import Hook
from stardock.step import Say
from stardock.workspace.private_directory import private_directory
from stardock.workspace.run_lock import MARK
from stardock.workspace.workspace import Workspace
from stardock.writing import PRIVATE, write_atomically

#: What every hook gets of the user's environment: where programs, home and agent are, and how to write to a terminal. No
#: secrets. And the mark of the run, by which the next one finds a hook that outlives a kill.
PASSED = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TZ", "TERM", "TMPDIR", "SSH_AUTH_SOCK", MARK)


def run_hook(workspace: Workspace, moment: str, hook: Hook, say: Say, environ: Mapping[str, str] = os.environ) -> None:
    """Run one command to its end and show what it says. Raises EngineError when it fails or takes too long."""
    began = time.monotonic()
    folder = workspace.files.spec.resolve().parent
    with _plan_file(workspace) as plan:
        code, late = _run(hook, folder, environment(workspace, moment, hook, plan, environ), say)
    seconds = time.monotonic() - began
    if code != 0:
        raise _failed(workspace.files, moment, hook, f"did not end within {hook.timeout} s" if late else f"ended with {code}")
    say(f"  {moment}: done in {seconds:.1f} s")


def environment(workspace: Workspace, moment: str, hook: Hook, plan: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """What a hook finds in its environment: `PASSED`, what it names itself, and where everything of the cluster is (docs/hooks.md)."""
    files = workspace.files
    ours = {
        "STARDOCK_HOOK": moment,
        "STARDOCK_CLUSTER": workspace.plan.cluster,
        "STARDOCK_FILE": str(files.spec.resolve()),
        "STARDOCK_PLAN": str(plan),
        "STARDOCK_FACTS": str(files.facts.resolve()),
        "STARDOCK_KNOWN_HOSTS": str(files.known_hosts.resolve()),
        "STARDOCK_KUBECONFIG": str(files.kubeconfig.resolve()),
    }
    return {name: environ[name] for name in (*PASSED, *hook.env) if name in environ} | ours


@contextmanager
def _plan_file(workspace: Workspace) -> Iterator[Path]:
    """`runner plan --format json` as a file, for as long as the hook runs."""
    with private_directory(workspace.files.run) as directory:
        path = directory / "plan.json"
        write_atomically(path, json.dumps(document(workspace.plan), indent=2), mode=PRIVATE)
        yield path


def _run(hook: Hook, folder: Path, environ: Mapping[str, str], say: Say) -> tuple[int, bool]:
    """Run in a session of its own, so that a time-out ends all that it started; the code, and whether time was up."""
    late = threading.Event()
    with subprocess.Popen(
        ["sh", "-c", hook.command],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        timer = threading.Timer(hook.timeout, _end, (process, late))
        timer.start()
        try:
            for line in process.stdout or ():
                say(f"  | {line.rstrip()}")
            code = process.wait()
        except BaseException:
            _end(process, threading.Event())
            raise
        finally:
            timer.cancel()
    return code, late.is_set()


def _end(process: subprocess.Popen[str], late: threading.Event) -> None:
    late.set()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _failed(files: ClusterFiles, moment: str, hook: Hook, how: str) -> EngineError:
    command = moment.partition("_")[2]
    so_far = {
        "before_deploy": "nothing was changed",
        "after_deploy": "the machines exist and are known; what comes after them was not run",
        "before_bootstrap": "no machine was entered",
        "after_bootstrap": "the cluster is there",
    }[moment]
    cure = f"{so_far}. Try the command alone in {files.spec.resolve().parent}, then run `runner {command}` again: what is done stays done"
    return EngineError(f"the hook {moment} {how}: {hook.command}", cure=cure)
