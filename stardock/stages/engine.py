"""tofu or terraform, driven: synth, init, plan, show, apply. Everything it writes is for the owner's eyes only.

The synthesized stack of `DIR/X.yaml` goes to `DIR/cdktf.out/stacks/CLUSTER`; that of `cdktf synth`, which runs in the checkout, to the
checkout's `cdktf.out/stacks/CLUSTER`. The state is always `DIR/X.tfstate`: main.py writes the relative way there into the JSON, so that
`cdktf deploy`, bare `tofu apply` and `runner deploy` share it, wherever each keeps its JSON.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stardock.errors import ConditionError, EngineError
from stardock.files import ClusterFiles
from stardock.stages.gate import MACHINE, tainted_machines
from stardock.stages.messages import Transcript
from stardock.stages.step import Say

#: More logins at once run into sshd's MaxStartups on a stock PVE node (pve: 10:30:100).
PARALLELISM = 10

#: Nobody but the owner: state and saved plans hold password hashes.
PRIVATE = 0o077

_GET_ENGINE = "install OpenTofu (https://opentofu.org/docs/intro/install/) or Terraform, or name one: export TERRAFORM_BINARY_NAME=tofu"


def find_engine(environ: Mapping[str, str]) -> str:
    """Find the engine's program: TERRAFORM_BINARY_NAME (which cdktf reads too), else tofu, else terraform. Raises ConditionError."""
    named = environ.get("TERRAFORM_BINARY_NAME")
    for candidate in [named] if named else ["tofu", "terraform"]:
        if found := shutil.which(candidate, path=environ.get("PATH")):
            return found
    raise ConditionError(f"{named or 'neither tofu nor terraform'} is not on PATH", cure=_GET_ENGINE)


def project_root() -> Path:
    """Find the checkout: the folder that holds `stacks/` and main.py. Stardock is installed editable, so the package lies in it."""
    found = importlib.util.find_spec("stacks")
    if found is None or found.origin is None:
        raise ConditionError("the package `stacks` is not installed", cure="run `make setup` in the checkout")
    return Path(found.origin).parents[1]


def synth(files: ClusterFiles, cluster: str, environ: Mapping[str, str]) -> Path:
    """Write the Terraform JSON by running main.py, as cdktf does; gives the stack's folder.

    `environ` may hold STARDOCK_REPLACE and STARDOCK_ADOPT. Raises EngineError with main.py's own words.
    """
    output = files.spec.resolve().parent / "cdktf.out"
    ours = {"STARDOCK_FILE": str(files.spec.resolve()), "CDKTF_OUTDIR": str(output)}
    done = subprocess.run(
        [sys.executable, "-O", str(project_root() / "main.py")],
        cwd=project_root(),
        env={**environ, **ours},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise EngineError("the Terraform JSON could not be written (main.py):\n" + "\n".join(done.stderr.strip().splitlines()[-20:]))
    return output / "stacks" / cluster


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine in one stack's folder. `environ` holds the token and TF_VAR_*; neither ever becomes an argument."""

    program: str
    directory: Path
    environ: Mapping[str, str] = field(repr=False)
    say: Say = field(default=lambda _line: None)

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return Path(self.program).name

    def init(self) -> None:
        """Install the provider and open the state. Raises EngineError."""
        # terraform's init took -json only in 1.9; its plain output is short.
        self._run("init", "-input=false", "-no-color")

    @contextlib.contextmanager
    def saved_plan(self, replace: Sequence[str] = ()) -> Iterator[SavedPlan]:
        """Plan into a 0600 file that is gone afterwards. A plan that failed is given too, as far as the engine wrote it."""
        path = self.directory / "stardock.tfplan"
        path.unlink(missing_ok=True)
        try:
            transcript = self._plan(path, replace)
            yield SavedPlan(path, self._show(path.name) if path.exists() else {}, transcript)
        finally:
            path.unlink(missing_ok=True)

    def _plan(self, path: Path, replace: Sequence[str]) -> Transcript:
        wanted = [f"-replace={address}" for address in replace]
        code, transcript = self._stream("plan", "-json", "-input=false", f"-parallelism={PARALLELISM}", f"-out={path.name}", *wanted)
        if code != 0 and not path.exists():
            raise self._failed("plan", transcript)
        if code != 0 and not transcript.errors:
            transcript.errors.append(transcript.why())
        return transcript

    def _show(self, *plan: str) -> dict[str, Any]:
        """Read a saved plan, or the state."""
        done = subprocess.run(
            [self.program, "show", "-json", *plan], cwd=self.directory, env=self._environ(), capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise EngineError(f"{self.name} show failed:\n{done.stderr.strip()}")
        shown: dict[str, Any] = json.loads(done.stdout)
        return shown

    @property
    def _applying(self) -> Path:
        """Exists while an apply runs, and after one that was interrupted or killed."""
        return self.directory / "stardock.applying"

    def trust_interrupted(self) -> tuple[str, ...]:
        """Take the taint off machines that an interrupted apply was making; gives their names.

        The engine cancels what the provider is doing and taints it. That VM is merely unfinished: its updates finish it. A machine whose
        creation failed by itself keeps its taint.
        """
        if not self._applying.exists():
            return ()
        names = tainted_machines(self._show())
        for name in names:
            self._run("untaint", "-no-color", f"{MACHINE}.{name}")
        self._applying.unlink()
        return names

    def apply(self, plan: SavedPlan) -> None:
        """Carry out a saved plan, telling what is done. Raises EngineError."""
        self._applying.touch()
        code, transcript = self._stream("apply", "-json", "-input=false", f"-parallelism={PARALLELISM}", plan.path.name)
        self._applying.unlink()
        if code != 0 or transcript.errors:
            raise self._failed("apply", transcript)

    def _run(self, *arguments: str) -> None:
        code, transcript = self._stream(*arguments)
        if code != 0:
            raise self._failed(arguments[0], transcript)

    def _failed(self, verb: str, transcript: Transcript) -> EngineError:
        cure = "run the command again when the cause is gone: it continues"
        return EngineError(f"{self.name} {verb} failed:\n{transcript.why()}", cure=cure)

    def _environ(self) -> dict[str, str]:
        environ = {**self.environ, "TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}
        if not Path(environ.get("TF_CLI_CONFIG_FILE", "/")).exists():
            # A missing file breaks the look-up of providers, with words that do not say so.
            del environ["TF_CLI_CONFIG_FILE"]
        return environ

    def _stream(self, *arguments: str) -> tuple[int, Transcript]:
        """Run a command and show its output as it comes; an interrupt lets the engine finish what it has begun."""
        transcript = Transcript()
        # In a session of its own: a terminal's Ctrl-C would reach it beside ours, and a second one makes it forget its state.
        with subprocess.Popen(
            [self.program, *arguments],
            cwd=self.directory,
            env=self._environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            umask=PRIVATE,
            start_new_session=True,
        ) as process:
            try:
                self._listen(process, transcript)
            except BaseException:
                self._interrupt(process, transcript)
                raise
        return process.returncode, transcript

    def _listen(self, process: subprocess.Popen[str], transcript: Transcript) -> None:
        for line in process.stdout or ():
            if words := transcript.take(line):
                self.say(f"  {words}")

    def _interrupt(self, process: subprocess.Popen[str], transcript: Transcript) -> None:
        self.say(f"stopping: {self.name} finishes what it has begun and saves its state")
        process.send_signal(signal.SIGINT)
        self._listen(process, transcript)
        process.wait()


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan on disk and as JSON; `transcript.errors` is not empty when planning failed."""

    path: Path
    json: Mapping[str, Any]
    transcript: Transcript

    @property
    def empty(self) -> bool:
        """Whether applying it would do nothing: no change, no import."""
        changes = (item["change"] for item in self.json.get("resource_changes", ()))
        return not any(change.get("importing") or set(change["actions"]) - {"no-op", "read"} for change in changes)

    def count_others(self) -> dict[str, int]:
        """Count what happens to resources that are no machines, by the word for it."""
        words = (_word(item["change"]["actions"]) for item in self.json.get("resource_changes", ()) if item.get("type") != MACHINE)
        return dict(Counter(word for word in words if word))

    def raise_errors(self, engine: str) -> None:
        """Raise EngineError when planning failed."""
        if self.transcript.errors:
            raise EngineError(f"{engine} plan failed:\n{self.transcript.why()}")


def _word(actions: Sequence[str]) -> str:
    if set(actions) <= {"no-op", "read"}:
        return ""
    return "replace" if len(actions) > 1 else actions[0]
