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
from stardock.model.facts import Facts, Founded, MachineFacts, known_hosts
from stardock.workspace.facts import save_facts, save_known_hosts
from stardock.workspace.secrets import Secrets, secrets_file
from stardock.workspace.workspace import Workspace

#: A machine's words; from the secrets file they go to Ansible, which would evaluate a template.
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~+/=:@-]{0,511}")


def remember(workspace: Workspace, authority: str, versions: Mapping[str, str]) -> None:
    """Write into the facts that the cluster is founded, with the servers as they are now, and what its machines run.

    Without an authority nothing was founded by this run, and only a cluster that the facts know gets its versions.
    """
    before = workspace.facts.founded
    if not authority and before is None:
        return
    names, own = {machine.name for machine in workspace.plan.machines}, distribution(workspace.plan.distribution.name)
    kept = before.versions if before else {}
    running = {name: text for name, text in {**kept, **versions}.items() if name in names and own.release(text)}
    if authority:
        servers = {server.name: _keys(workspace.facts, server.name) for server in workspace.plan.of_role("server")}
        founding = settings(own, workspace.plan.distribution.options)
        founded = Founded(ca_sha256=authority, servers=servers, settings=founding, versions=running)
    elif before:
        founded = replace(before, versions=running)
    fresh = replace(workspace.facts, founded=founded, unknown=() if authority else workspace.facts.unknown)
    if fresh != workspace.facts:
        save_facts(workspace.files.facts, fresh)


def _keys(facts: Facts, name: str) -> tuple[str, ...]:
    return facts.machines[name].host_keys if name in facts.machines else ()


def remember_host_keys(workspace: Workspace, accepted: Path) -> Facts:
    """Take the host keys that ssh accepted on first sight (beyond the known ones) into facts and known_hosts; gives the facts."""
    facts = workspace.facts
    known = set(known_hosts(workspace.plan, facts))
    fresh = [line for line in accepted.read_text(encoding="utf-8").splitlines() if f"{line}\n" not in known and line.strip()]
    if not fresh:
        return facts
    facts = replace(facts, machines={**facts.machines, **_learned(workspace, fresh)})
    save_facts(workspace.files.facts, facts)
    save_known_hosts(workspace.files.known_hosts, workspace.plan, facts)
    return facts


def _learned(workspace: Workspace, lines: list[str]) -> dict[str, MachineFacts]:
    """Each line `ADDRESS TYPE KEY` to the machine that has this address."""
    owners: dict[str, str] = {}
    for machine in workspace.plan.machines:
        probe = replace(workspace.facts, machines={**workspace.facts.machines, machine.name: _with(workspace.facts, machine.name, ("x",))})
        names = next(line.split()[0] for line in known_hosts(replace(workspace.plan, machines=(machine,)), probe))
        owners |= dict.fromkeys(names.split(","), machine.name)
    found: dict[str, tuple[str, ...]] = {}
    for line in lines:
        name, kind, key = line.split()[:3]
        if name in owners:
            found[owners[name]] = (*found.get(owners[name], ()), f"{kind} {key}")
    return {name: _with(workspace.facts, name, (*_keys(workspace.facts, name), *keys)) for name, keys in found.items()}


def _with(facts: Facts, name: str, keys: tuple[str, ...]) -> MachineFacts:
    return replace(facts.machines.get(name, MachineFacts()), host_keys=keys)


def read_back(report: Path, workspace: Workspace, *, again: bool) -> Secrets | None:
    """The tokens that the servers hold; None when there are none and nothing is founded (or is to be founded again).

    `ConditionError` when something is founded and no server holds both, or when servers hold different ones.
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
            f"{secrets_file(workspace.files)} is missing, the cluster is founded, and no server holds the tokens",
            cure="bring the file back, or name it with STARDOCK_SECRETS",
        )
    return None


def _tokens(lines: object) -> tuple[str, str] | None:
    """The pair of one server, which may say anything."""
    said = [line for line in lines if isinstance(line, str)] if isinstance(lines, list) else []
    values = dict(line.split("=", 1) for line in said if "=" in line)
    pair = (values.get("token", ""), values.get("agent-token", ""))
    return pair if all(map(_TOKEN.fullmatch, pair)) else None
