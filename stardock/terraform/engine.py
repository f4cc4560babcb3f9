"""tofu or terraform, driven: init, plan, show, apply. Everything it writes is for the owner's eyes only."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stardock.errors import EngineError
from stardock.step import Say
from stardock.terraform.changes import MACHINE, tainted_machines
from stardock.terraform.environment import passed
from stardock.terraform.messages import Transcript, cure_of
from stardock.terraform.saved_plan import SavedPlan
from stardock.writing import write_atomically

#: More logins at once run into sshd's MaxStartups on a stock PVE node (pve: 10:30:100).
PARALLELISM = 10

#: What `plan -detailed-exitcode` ends with when it does not fail.
NOTHING_TO_DO, CHANGES = 0, 2

#: Leaves rights to the owner alone: state and saved plans hold password hashes.
UMASK = 0o077


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
        """Install the provider and open the state. Raises EngineError.

        Where the folder's `.terraform.lock.hcl` is of another release of the provider, the one that the JSON pins is taken.
        """
        # terraform's init took -json only in 1.9; its plain output is short.
        code, transcript = self._stream("init", "-input=false", "-no-color")
        if code != 0 and "init -upgrade" in transcript.why():
            self.say("  another release of the provider than last time: installing it")
            code, transcript = self._stream("init", "-input=false", "-no-color", "-upgrade")
        if code != 0:
            raise self._failed("init", transcript)

    @contextlib.contextmanager
    def saved_plan(self, replace: Sequence[str] = ()) -> Iterator[SavedPlan]:
        """Plan into a 0600 file that is gone afterwards. A plan that failed is given too, as far as the engine wrote it."""
        path = self.directory / "stardock.tfplan"
        path.unlink(missing_ok=True)
        try:
            empty, transcript = self._plan(path, replace)
            yield SavedPlan(path, {} if empty or not path.exists() else self._show(path.name), transcript)
        finally:
            path.unlink(missing_ok=True)

    def _plan(self, path: Path, replace: Sequence[str]) -> tuple[bool, Transcript]:
        """Plan; whether there is nothing to do, and what was said."""
        options = ["-json", "-input=false", "-detailed-exitcode", f"-parallelism={PARALLELISM}", f"-out={path.name}"]
        code, transcript = self._stream("plan", *options, *(f"-replace={address}" for address in replace))
        failed = code not in {NOTHING_TO_DO, CHANGES}
        if failed and not path.exists():
            raise self._failed("plan", transcript)
        if failed and not transcript.errors:
            transcript.errors.append(transcript.why())
        return code == NOTHING_TO_DO, transcript

    def _show(self, *plan: str) -> dict[str, Any]:
        """Read a saved plan, or the state."""
        done = subprocess.run(
            [self.program, "show", "-json", *plan], cwd=self.directory, env=self._environ(), capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise EngineError(f"{self.name} show failed:\n{done.stderr.strip()}")
        shown: dict[str, Any] = json.loads(done.stdout)
        return shown

    def pull(self) -> bytes:
        """Read the state through the engine; empty where there is none. It holds secrets: never shown, never written."""
        done = subprocess.run([self.program, "state", "pull"], cwd=self.directory, env=self._environ(), capture_output=True, check=False)
        if done.returncode != 0:
            raise EngineError(f"{self.name} state pull failed:\n{done.stderr.decode(errors='replace').strip()}")
        return done.stdout

    @property
    def _applying(self) -> Path:
        """Exists while an apply runs, and after one that was interrupted or killed."""
        return self.directory / "stardock.applying"

    def trust_interrupted(self) -> tuple[str, ...]:
        """Take the taint off machines that an interrupted apply was making; gives their names.

        The engine cancels what the provider is doing and taints it. That VM is merely unfinished: its updates finish it. A machine whose
        creation failed by itself, in that apply or before, keeps its taint.
        """
        if not self._applying.exists():
            return ()
        names = tuple(name for name in tainted_machines(self._show()) if name not in _names_in(self._applying))
        for name in names:
            self._run("untaint", "-no-color", f"{MACHINE}.{name}")
        self._applying.unlink()
        return names

    def apply(self, plan: SavedPlan) -> None:
        """Carry out a saved plan, telling what is done. Raises EngineError."""
        broken = set(tainted_machines(plan.json.get("prior_state", {})))
        self._note_broken(broken)
        arguments = ("-json", "-input=false", f"-parallelism={PARALLELISM}", plan.path.name)
        code, transcript = self._stream("apply", *arguments, heard=lambda said: self._note_broken(broken | said.failed_machines))
        self._applying.unlink()
        if code != 0 or transcript.errors:
            raise self._failed("apply", transcript)

    def _note_broken(self, names: set[str]) -> None:
        """Write down which machines no interruption made unfit; the file itself says that an apply runs."""
        text = json.dumps(sorted(names))
        if not self._applying.exists() or self._applying.read_text(encoding="utf-8") != text:
            write_atomically(self._applying, text)

    def push_unsaved(self) -> None:
        """Save the state that a backend did not take in the last run: the engine left it in `errored.tfstate`."""
        unsaved = self.directory / "errored.tfstate"
        if unsaved.exists():
            self.say("  saving the state of the last run, which its backend did not take then")
            self._run("state", "push", unsaved.name)
            unsaved.unlink()

    def _run(self, *arguments: str) -> None:
        code, transcript = self._stream(*arguments)
        if code != 0:
            raise self._failed(arguments[0], transcript)

    def _failed(self, verb: str, transcript: Transcript) -> EngineError:
        why = transcript.why()
        return EngineError(f"{self.name} {verb} failed:\n{why}", cure=cure_of(why, self.name, self.directory))

    def _environ(self) -> dict[str, str]:
        environ = {**passed(self.environ), "TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}
        if not Path(environ.get("TF_CLI_CONFIG_FILE", "/")).exists():
            # A missing file breaks the look-up of providers, with words that do not say so.
            del environ["TF_CLI_CONFIG_FILE"]
        return environ

    def _stream(self, *arguments: str, heard: Callable[[Transcript], None] = lambda _said: None) -> tuple[int, Transcript]:
        """Run a command and show its output as it comes; an interrupt lets the engine finish what it has begun.

        `heard` is called after each line, until an interrupt.
        """
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
            umask=UMASK,
            start_new_session=True,
        ) as process:
            try:
                self._listen(process, transcript, heard)
            except BaseException:
                self._interrupt(process, transcript)
                raise
        return process.returncode, transcript

    def _listen(self, process: subprocess.Popen[str], transcript: Transcript, heard: Callable[[Transcript], None]) -> None:
        for line in process.stdout or ():
            if words := transcript.take(line):
                self.say(f"  {words}")
            heard(transcript)

    def _interrupt(self, process: subprocess.Popen[str], transcript: Transcript) -> None:
        self.say(f"stopping: {self.name} finishes what it has begun and saves its state")
        process.send_signal(signal.SIGINT)
        self._listen(process, transcript, lambda _said: None)
        process.wait()


def _names_in(path: Path) -> frozenset[str]:
    """The names in a file that a kill may have cut short."""
    try:
        return frozenset(json.loads(path.read_text(encoding="utf-8")))
    except ValueError:
        return frozenset()
