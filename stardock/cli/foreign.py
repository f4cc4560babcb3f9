"""Commands of other tools: what to do here instead. A command that takes things away is never answered with one that does another thing."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

from stardock.nearest import nearest, opposed

_DOWN = (
    "There is no command that takes a cluster down: one machine goes when its name stands under `remove:` in cluster.yaml, "
    "a whole cluster as docs/take-down.md says."
)
_ONE_GOES = "A machine goes when its name stands under `remove:` in cluster.yaml and `deploy` runs; drain it first (docs/take-down.md)."

#: What to do -> the words of other tools for it.
_ADVICE = {
    _DOWN: "destroy down teardown undeploy uninstall reset purge clean cleanup nuke rollback",
    _ONE_GOES: "remove delete rm drain cordon",
    "It is called `deploy` (VMs) and `bootstrap` (Kubernetes).": "apply up create converge",
    "It is called `bootstrap`.": "install provision ansible",
    "It is called `plan`; it writes nothing.": "validate check lint show diff preview",
    "Write another `distribution.version` into cluster.yaml, then run `bootstrap` (docs/bootstrap.md).": "upgrade update",
    "Write the machine into its pool in cluster.yaml, then run `deploy` and `bootstrap`.": "scale add join",
    "`drift` shows what is otherwise than planned, `doctor` what would fail; of the cluster: kubectl get nodes.": "status health",
    "`bootstrap` writes it beside cluster.yaml, as X.kubeconfig.": "kubeconfig",
    "A run that still holds the cluster is named by the command that finds it.": "unlock force-unlock",
    "Begin with a copy of examples/single/cluster.yaml.": "init new",
}


def advice(word: str, commands: list[str]) -> str:
    """What to say after `No such command`; empty where nothing is known."""
    known = next((said for said, words in _ADVICE.items() if word.lower() in words.split()), None)
    if known:
        return f" {known}"
    near = nearest(word, commands)
    return f" Did you mean '{near}'?" if near else ""


#: Options that answer a question beforehand, destroy, or give a guard up: suggested for a slip of the finger only.
_GRAVE = frozenset(
    {"--yes", "--replace", "--found-again", "--accept-loss", "--accept-new-host-keys", "--no-snapshot", "--overwrite", "--delete"}
)
#: How alike an option is then, of 1: one letter is missing, changed or too many.
_SLIP = 0.9


def harmless(option: str, near: Iterable[str]) -> list[str]:
    """The options that may be suggested in place of one that there is none of."""
    return [one for one in near if not opposed(option, one) and (one not in _GRAVE or SequenceMatcher(a=option, b=one).ratio() >= _SLIP)]
