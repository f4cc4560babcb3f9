"""What was observed: `X.facts.json` (addresses, host keys, whether the cluster was founded) and `X.known_hosts`. Never allocated from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from stardock.model.facts import Facts, known_hosts
from stardock.model.plan import Plan
from stardock.workspace.records import forms
from stardock.workspace.records.document import Words, read_document
from stardock.workspace.records.facts_forms import facts_forms
from stardock.writing import write_atomically

CURE = "facts are only observed: delete the file and run `runner discover`; keys of a mesh come back with `runner bootstrap --stage mesh`"


def load_facts(path: Path, cluster: str, servers: Iterable[str] = ()) -> Facts:
    """Read the facts of a cluster. `InputErrors` when damaged or of another cluster.

    `servers` may exist: all of them are unknown where there is no file, and where it says neither who is unknown (older ones do not) nor
    that something is founded. Whoever saves these facts, for whatever reason, thus never makes known what is not.
    """
    document = read_document(path, Words(name="facts", cure=CURE, conflict=CURE))
    unknown = tuple(sorted(servers))
    if document is None:
        return Facts(cluster=cluster, unknown=unknown)
    facts = forms.read(document, _adapter(), document.data, facts_forms())
    if facts.cluster != cluster:
        forms.tell(document, [(("cluster",), f"these are the facts of the cluster {facts.cluster}, not {cluster}")])
    return facts if "unknown" in document.data or facts.founded else replace(facts, unknown=unknown)


def save_facts(path: Path, facts: Facts) -> None:
    """Write facts atomically; the same facts give the same bytes."""
    write_atomically(path, json.dumps(asdict(facts), indent=2, sort_keys=True) + "\n")


def save_known_hosts(path: Path, plan: Plan, facts: Facts) -> None:
    """Write the host keys of the plan's machines in OpenSSH's format; keys of machines that are gone go with this."""
    write_atomically(path, "".join(known_hosts(plan, facts)))


@cache
def _adapter() -> TypeAdapter[Facts]:
    return TypeAdapter(Facts)
