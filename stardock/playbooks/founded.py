"""What a bootstrap learns and keeps: whom we trust, that the cluster is founded, and its tokens when our copy is lost."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from stardock.distributions import distribution
from stardock.distributions.founding import settings
from stardock.errors import ConditionError
from stardock.model.about import About
from stardock.model.facts import Facts, Founded, MachineFacts
from stardock.workspace.secrets import Secrets

#: A host key, as `stardock.workspace.records.facts_forms` takes it.
_KEY = re.compile(r"[a-z][a-z0-9-]{1,40}(@openssh\.com)? AAAA[A-Za-z0-9+/]{1,5000}={0,3}")
#: Keys of one machine that are taken at first sight: ssh accepts one, of the kind that it uses.
_MOST_KEYS = 4
#: A machine's words; from the secrets file they go to Ansible, which would evaluate a template.
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~+/=:@-]{0,511}")


def founded_facts(about: About, facts: Facts, authority: str, versions: Mapping[str, str]) -> Facts:
    """The facts with it that the cluster is founded, with the servers as they are now, and what its machines run.

    Without an authority nothing was founded by this run, and only a cluster that the facts know gets its versions. A server of which nobody
    knew whether it is founded is known when it says what it runs.
    """
    before = facts.founded
    if not authority and before is None:
        return facts
    names, own = {machine.name for machine in about.machines}, distribution(about.distribution)
    kept = before.versions if before else {}
    running = {name: text for name, text in {**kept, **versions}.items() if name in names and own.release(text)}
    if authority:
        servers = {server.name: server.host_keys or _keys(facts, server.name) for server in about.of_role("server")}
        founded = Founded(ca_sha256=authority, servers=servers, settings=settings(own, about.options), versions=running)
    elif before:
        founded = replace(before, versions=running)
    return replace(facts, founded=founded, unknown=tuple(name for name in facts.unknown if not authority or name not in versions))


def mesh_facts(about: About, facts: Facts, keys: Mapping[str, str]) -> Facts:
    """The facts with the public keys that machines said, of those that are members still. One that two say is nobody's."""
    names = set(about.mesh)
    said = {name: key for name, key in keys.items() if list(keys.values()).count(key) == 1}
    kept = {name: key for name, key in facts.mesh_keys.items() if key not in said.values()}
    known = {name: key for name, key in {**kept, **said}.items() if name in names}
    return replace(facts, mesh_keys=dict(sorted(known.items())))


def _keys(facts: Facts, name: str) -> tuple[str, ...]:
    return facts.machines[name].host_keys if name in facts.machines else ()


def accepted_facts(about: About, facts: Facts, known_hosts: str) -> Facts:
    """The facts with the host keys that ssh accepted on first sight: the lines of its file of machines that had no key."""
    learned = _learned(about, facts, known_hosts.splitlines())
    return replace(facts, machines={**facts.machines, **learned}) if learned else facts


def _learned(about: About, facts: Facts, lines: list[str]) -> dict[str, MachineFacts]:
    """Each line `ADDRESS TYPE KEY` to the machine that has this address; any other line is somebody else's.

    A machine that has keys gets no further ones: with `--via` the file comes from another machine, which may say anything.
    """
    owners = {name: sshd.name for sshd in about.sshds if not (sshd.keys or _keys(facts, sshd.name)) for name in sshd.names}
    found: dict[str, dict[str, None]] = {}
    for line in lines:
        name, kind, key = [*line.split(), "", ""][:3]
        if name in owners and _KEY.fullmatch(f"{kind} {key}"):
            found.setdefault(owners[name], {})[f"{kind} {key}"] = None
    return {name: _with(facts, name, tuple(keys)[:_MOST_KEYS]) for name, keys in found.items()}


def _with(facts: Facts, name: str, keys: tuple[str, ...]) -> MachineFacts:
    return replace(facts.machines.get(name, MachineFacts()), host_keys=keys)


def read_back(report: Path, secrets: Path, *, again: bool) -> Secrets | None:
    """The tokens that the servers hold; None when there are none and nothing is founded (or is to be founded again).

    `ConditionError` when something is founded and no server holds both, or when servers hold different ones. `secrets`: our file of them.
    """
    said: Mapping[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    report.unlink()
    found = {tokens for tokens in map(_tokens, said["tokens"]) if tokens}
    if len(found) > 1:
        raise ConditionError("the servers hold different tokens", cure="name the cluster's secrets file with STARDOCK_SECRETS")
    if found:
        token, agent_token = found.pop()
        return Secrets(token=token, agent_token=agent_token)
    if (said["marks"] or said["holders"]) and not again:
        raise ConditionError(
            f"{secrets} is missing, the cluster is founded, and no server holds the tokens",
            cure="bring the file back, or name it with STARDOCK_SECRETS",
        )
    return None


def _tokens(lines: object) -> tuple[str, str] | None:
    """The pair of one server, which may say anything."""
    said = [line for line in lines if isinstance(line, str)] if isinstance(lines, list) else []
    values = dict(line.split("=", 1) for line in said if "=" in line)
    pair = (values.get("token", ""), values.get("agent-token", ""))
    return pair if all(map(_TOKEN.fullmatch, pair)) else None
