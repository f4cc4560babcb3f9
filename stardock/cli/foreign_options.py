"""Options of other tools, and long ones with one dash, as Terraform writes them: what there is here instead."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

import click

from stardock.nearest import nearest

_ALL = (
    "One run brings all machines to what cluster.yaml says, and leaves alone what is so already; `runner bootstrap --stage` chooses stages."
)
_LOOK = (
    "`runner plan` shows what would change, `--dry-run` the steps, and `runner bootstrap --check` asks the machines; none changes anything."
)
_CONFIG = "Values come from cluster.yaml (`--file`, else STARDOCK_FILE), secrets from the environment or from files that it names."
_FORCE = "Nothing is forced: where something is refused, the message says what allows just that, with the machine's name."
_WORDS = "What Ansible says is in X.log beside cluster.yaml; `runner --debug COMMAND` shows where an error comes from."
_DOWN = "Nothing here takes a cluster down: docs/take-down.md says how one machine goes, and how all do."

#: What to say -> the options of other tools, without dashes.
ADVICE = {
    "`runner deploy --yes` (`-y`) applies without asking.": "auto-approve assume-yes approve non-interactive noconfirm no-confirm confirm",
    "Questions are asked on a terminal only; where there is none, `runner deploy` needs `--yes`.": "input interactive",
    _ALL: "limit target targets host hosts node nodes machine machines only exclude pool role roles",
    _FORCE: "force overwrite ignore-errors allow-missing skip-checks",
    _LOOK: "check diff simulate what-if noop no-op preview plan",
    "Stages instead of tags: `runner bootstrap --stage NAME`, or `--from-stage NAME`.": "tags skip-tags tag start-at-task",
    "The inventory is made from cluster.yaml; `runner bundle` writes it, for ansible-playbook by hand.": "inventory inventory-file",
    _CONFIG: "var var-file extra-vars set values config config-file vars",
    _WORDS: "verbose vv vvv log-level log debug trace quiet silent",
    "A plan is not kept in a file: `runner deploy` makes it, shows it, and applies just that one.": "out save plan-file",
    "For programs: `--format json`, of `runner plan`, `runner drift`, `runner doctor` and `runner rebalance`.": "output json format",
    "The environment says it: NO_COLOR=1. Through a pipe there is no colour.": "no-color no-colour color colour",
    "Where the state is, `state:` in cluster.yaml says: docs/state.md.": (
        "state state-out backend-config backup lock lock-timeout migrate-state"
    ),
    "What is there is always read anew; `runner drift` shows what differs from the plan.": "refresh refresh-only",
    "How much is done at a time is fixed: ten resources of Proxmox, twenty machines, servers one by one.": (
        "parallelism forks jobs serial batch-size"
    ),
    "That is for kubectl; `runner bootstrap` writes X.kubeconfig beside cluster.yaml.": (
        "kubeconfig context namespace all-namespaces kube-context"
    ),
    "User, port and key of the machines: `ssh:` in cluster.yaml; of the PVE nodes: `proxmox.ssh`.": (
        "user private-key key-file become ask-become-pass ask-pass port ssh-user ssh-key identity key"
    ),
    "`distribution.version` in cluster.yaml says which Kubernetes; `runner --version` is Stardock's own.": (
        "version kubernetes-version k8s-version rke2-version"
    ),
    "There is no vault: tokens are in X.secrets.yaml, 0600; STARDOCK_SECRETS names another file.": (
        "vault-password-file ask-vault-pass vault-id"
    ),
    "Nothing is watched: run `runner drift` or `runner plan` again, or from a timer.": "watch follow wait",
    "`runner drift` ends with exit code 2 where something differs, `runner plan --detailed-exitcode` where something is to do.": (
        "detailed-exitcode detailed-exit-code exit-code"
    ),
    _DOWN: "destroy delete remove prune purge",
}
#: Commands to which people give the name of a machine, and that are of all.
_OF_ALL = frozenset({"plan", "deploy", "discover", "bootstrap", "doctor", "drift"})
_ONE_DASH = re.compile(r"-([a-z][a-z-]+)(=.*)?")
#: Options that answer a question beforehand, destroy, or give a guard up: suggested for a slip of the finger only.
_GRAVE = frozenset(
    {"--yes", "--replace", "--found-again", "--accept-loss", "--accept-new-host-keys", "--no-snapshot", "--overwrite", "--delete"}
)
#: How alike an option is then, of 1: one letter is missing, changed or too many.
_SLIP = 0.9


def refuse_one_dash(command: click.Command, arguments: Iterable[str], ctx: click.Context) -> None:
    """Raise `UsageError` for a long option with one dash: click would read it as short ones, and `-force` as `-f orce`."""
    own = _long(command)
    for argument in arguments:
        if argument == "--":
            return
        found = _ONE_DASH.fullmatch(argument)
        if found and f"--{found[1]}" in own:
            raise click.UsageError(f"No such option '-{found[1]}'. Write it with two dashes: --{found[1]}", ctx)
        if found and _known(found[1]):
            raise unknown(f"-{found[1]}", own, ctx)


def unknown(option: str, own: Collection[str], ctx: click.Context | None) -> click.UsageError:
    """What to say of an option that a command, whose `own` long ones these are, does not have."""
    said = _known(option.lstrip("-")) or _near(option, own)
    return click.UsageError(f"No such option '{option}'.{said}", ctx)


def extra(error: click.UsageError) -> click.UsageError:
    """The same error; names of machines behind a command that takes none are answered."""
    taken = error.message.startswith("Got unexpected extra argument") and error.ctx is not None and error.ctx.info_name in _OF_ALL
    return click.UsageError(f"{error.message}. {_ALL}", error.ctx) if taken else error


def _long(command: click.Command) -> set[str]:
    """Its long options, and those of its subcommands."""
    inner = command.commands.values() if isinstance(command, click.Group) else ()
    own = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
    return own.union(*map(_long, inner), {"--help"})


def _known(word: str) -> str:
    return next((f" {said}" for said, words in ADVICE.items() if word in words.split()), "")


def _near(option: str, own: Collection[str]) -> str:
    from difflib import SequenceMatcher  # noqa: PLC0415 -- as in stardock.nearest

    near = nearest(option, own)
    if near is None or (near in _GRAVE and SequenceMatcher(a=option, b=near).ratio() < _SLIP):
        return ""
    return f" Did you mean '{near}'?"
