"""The command `runner`: a table of commands, loaded only when used, and the one place that prints errors.

Start-up is kept under 150 ms: this module imports click and `stardock.errors`, and the table carries each command's help line, so that
neither `runner --help` nor the shell's completion imports a command. A command's module has its options, and imports what it works with
(`NAME_view`) when it runs. Exit codes: docs/exit-codes.md.
"""

from __future__ import annotations

import importlib
import io
import os
import signal
import sys
import traceback
from types import FrameType
from typing import Any

import click
from click.shell_completion import CompletionItem

from stardock.cli.foreign_options import extra, refuse_one_dash, unknown
from stardock.cli.told import printable, say
from stardock.errors import InputErrors, Problem, StardockError, of_system
from stardock.shipped import ROOT, own_programs_first
from stardock.writing import keep_others_from_writing

INTERRUPTED = 130
TERMINATED = 143
#: As a shell has it of a program that SIGPIPE ended: whoever read the output has enough.
UNREAD = 128 + signal.SIGPIPE
UNEXPECTED = 70
#: A command that is in a checkout only.
LAB = "lab"

#: name -> ("module:attribute", what it does in one line); shown in this order.
COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("stardock.cli.init:init", "Write a first cluster.yaml, commented; never over one that is there."),
    "schema": ("stardock.cli.schema:schema", "Print the JSON schema of cluster.yaml."),
    "plan": ("stardock.cli.plan:plan", "Show what is decided for every machine; writes nothing."),
    "rebalance": ("stardock.cli.rebalance:rebalance", "Propose moves between PVE nodes; makes none."),
    "lock": ("stardock.cli.lock:lock", "Accept or forget what the lock holds for a name."),
    "image": ("stardock.cli.image:image", "Pin the images of new machines, and show which machine has which."),
    "proxmox-role": ("stardock.cli.proxmox_role:proxmox_role", "Print the commands that give a token just what this plan needs."),
    "doctor": ("stardock.cli.doctor:doctor", "Check that Proxmox and this machine are as the plan needs them; changes nothing."),
    "deploy": ("stardock.cli.deploy:deploy", "Bring the machines on Proxmox to what cluster.yaml says."),
    "discover": ("stardock.cli.discover:discover", "Read addresses and SSH host keys of the machines through Proxmox."),
    "bootstrap": ("stardock.cli.bootstrap:bootstrap", "Make a Kubernetes cluster of the machines."),
    "runs": ("stardock.cli.runs:runs", "List the last runs of bootstrap with the times of their stages."),
    "bundle": ("stardock.cli.bundle:bundle", "Write the Ansible half as a directory, or one tar, that works on its own."),
    "kured": ("stardock.cli.kured:kured", "Print kured for this cluster: Helm values, or an ArgoCD Application."),
    "machine": ("stardock.cli.machine:machine", "Show machines' power; start, stop, reset one; read its console."),
    "drift": ("stardock.cli.drift:drift", "Show what differs on Proxmox from the plan; changes nothing."),
    "prove": ("stardock.cli.prove:prove", "Prove Stardock on your Proxmox: machines of its own, checked, and removed."),
    "import": ("stardock.cli.imports:imports", "Take over a cluster that another tool made."),
    "version": ("stardock.cli.version:version", "Print the versions of what works together here."),
    "lab": ("lab.command.verbs:lab", "Stardock without Proxmox: an emulated estate on this machine."),
}
#: The same names, as a person looks for them.
GROUPS: dict[str, tuple[str, ...]] = {
    "To start": ("init", "schema", "proxmox-role", "import", "lab", "version"),
    "Day to day": ("plan", "deploy", "discover", "bootstrap", "image", "kured", "bundle"),
    "To look and to repair": ("doctor", "drift", "machine", "runs", "lock", "rebalance", "prove"),
}


class Runner(click.Group):
    """A group whose commands are imported when they are called, and whose errors become a message and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        """Give the table's names in the table's order, for the shell's completion: those that are there."""
        return [name for name in COMMANDS if name != LAB or (ROOT / LAB).is_dir()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of that name; None when the table lacks it."""
        if cmd_name not in COMMANDS:
            return None
        if cmd_name == LAB and not (ROOT / LAB).is_dir():
            raise click.UsageError("the lab is no part of an installed Stardock: run it in a checkout (make lab-setup; docs/lab.md)", ctx)
        module, attribute = COMMANDS[cmd_name][0].split(":")
        command = getattr(importlib.import_module(module), attribute)
        return command if isinstance(command, click.Command) else None

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """As click does, with the table's help lines: it would import every command for its own."""
        names = [CompletionItem(name, help=COMMANDS[name][1]) for name in self.list_commands(ctx) if name.startswith(incomplete)]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 -- click's signature
        """Write the table, without importing what it names."""
        for title, names in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name, COMMANDS[name][1]) for name in names])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with what to do here instead, or a suggestion for a name that is nearly one of ours."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from stardock.cli.foreign import advice  # noqa: PLC0415 -- only for a word that is no command

            ctx.fail(f"No such command '{printable(args[0])}'.{advice(args[0], list(COMMANDS))}")
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and name != LAB and any(word[:1] == "-" and word[1:2] != "-" for word in rest):  # the lab starts programs
            refuse_one_dash(command, rest, ctx)
        return name, command, rest

    def make_context(self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any) -> click.Context:
        """As click does; `--help` is printed here, and whoever read it may be gone."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except BrokenPipeError:
            _hush()
            raise click.exceptions.Exit(UNREAD) from None

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; every error leaves here as an exit code."""
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, click.Abort):
            click.echo("interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except click.NoSuchOption as error:
            own = {option for parameter in (error.ctx.command.params if error.ctx else ()) for option in parameter.opts}
            raise unknown(error.option_name, own, error.ctx) from None
        except BrokenPipeError:
            _hush()
            ctx.exit(UNREAD)
        except click.UsageError as error:
            raise extra(error) from None
        except (click.ClickException, click.exceptions.Exit):
            raise
        except Exception as error:  # noqa: BLE001 -- the one place where an error becomes words
            ctx.exit(_report(error, debug=bool(ctx.params.get("debug"))))


def _hush() -> None:
    """Nobody reads any more (`runner plan | head -1`): what is left in the buffers goes nowhere, instead of a message at exit.

    As docs.python.org/3/library/signal.html#note-on-sigpipe has it. SIGPIPE itself stays ignored: it would kill a deploy whose
    connection to Proxmox breaks, and leave the engine running.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())


def _report(error: Exception, *, debug: bool) -> int:
    """Print what is wrong and what to do to stderr; the exit code."""
    if debug:
        click.echo(printable("".join(traceback.format_exception(error))), err=True, nl=False)
    if isinstance(error, OSError):
        error = of_system(error) or error
    if isinstance(error, StardockError):
        say("\n".join(message_lines(error)), err=True)
        return error.exit_code
    last = (str(error).splitlines() or [""])[0]
    say(f"error: {type(error).__name__}: {last}".rstrip(": "), err=True)
    click.echo("  this is a fault of Stardock's, not yours; `runner --debug COMMAND ...` shows where it happened", err=True)
    return UNEXPECTED


def message_lines(error: StardockError) -> list[str]:
    """Make the lines that a person sees: for a file's problems each with file:line and key path, then every cure."""
    if isinstance(error, InputErrors):
        lines = [line for problem in error.problems for line in _problem_lines(error.file, problem)]
        return [*lines, f"error: {error.message}"]
    return [f"error: {error.message}", *_cure_lines(error.cure)]


def _problem_lines(file: str, problem: Problem) -> list[str]:
    place = f"{file}:{problem.line}" if problem.line is not None else file
    key = f"{problem.path}: " if problem.path else ""
    return [f"{place}: {key}{problem.message}", *_cure_lines(problem.cure)]


def _cure_lines(cure: str | None) -> list[str]:
    return [f"  {line}" for line in cure.splitlines()] if cure else []


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    # As an exception, so that a command ends the tofu or ansible-playbook that it started.
    raise SystemExit(TERMINATED)


@click.group(cls=Runner, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, default=bool(os.environ.get("STARDOCK_DEBUG")), help="Show the traceback of an error.")
@click.version_option(package_name="stardock", message="%(version)s")
def runner(debug: bool) -> None:
    """Stardock: one cluster.yaml becomes a highly available Kubernetes cluster on Proxmox VE, and stays one."""


def main() -> None:
    """Entry point of the console script."""
    keep_others_from_writing()
    own_programs_first(os.environ)
    signal.signal(signal.SIGTERM, _terminate)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that does not know a character is no reason to stop
    runner.main(args=sys.argv[1:], prog_name="runner")
