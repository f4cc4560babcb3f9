"""What the machines say that they run and were founded with, read before a bootstrap changes anything; refused what must not be done.

What they say is not trusted beyond itself: a release is one or is nothing, of config.yaml only the founding-time keys are read.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stardock.distributions import DISTRIBUTIONS, Kubernetes, distribution
from stardock.distributions.founding import founding_keys, said_of_chart, settings
from stardock.errors import ConditionError, InputErrors, RefusedError
from stardock.plan.rules.guards import Running, guard_problems
from stardock.playbooks.failure import reach_cure, result_words
from stardock.spec.tree import read_tree
from stardock.workspace.roles import refuse_other_roles
from stardock.workspace.workspace import Workspace, existing_here

#: Lines of one machine's answer; config.yaml has about a hundred keys.
_MAX_LINES = 2000
_MAX_NAME = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One machine's answer. `member`: it holds etcd's data. `package`: the RPM that its Kubernetes came from, if one did.

    `other`: another distribution that is on it; `joined`: its Kubernetes was installed by us.
    """

    member: bool = False
    joined: bool = False
    version: str = ""
    package: str = ""
    other: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)


def known(where: Workspace) -> Running:
    """What was observed of servers last; nothing where the state says that all are gone since (only discover drops their facts).

    Not of agents: one that was made anew or never comes back would hold the others up, and one that answers says itself what it runs.
    """
    founded = where.facts.founded
    if founded is None or _is_gone(where):
        return Running()
    servers = {server.name for server in where.plan.members_of("server")}
    versions = {name: version for name, version in founded.versions.items() if name in servers}
    return Running(versions=versions, settings={"": founded.settings})


def _is_gone(where: Workspace) -> bool:
    existing = existing_here(where)
    return bool(
        where.files.state.exists()
        and existing is not None
        and not any(server.name in existing for server in where.plan.of_role("server"))
        and not any(host.role == "server" for host in where.plan.hosts)
    )


def refuse(where: Workspace, running: Running) -> None:
    """Raise `InputErrors` with everything that cluster.yaml wants and the cluster cannot become, first for roles other than those seen."""
    refuse_other_roles(where)
    problems = guard_problems(where.spec, where.plan, running)
    if problems:
        raise InputErrors(str(where.files.spec), tuple(sorted(problems, key=lambda problem: problem.line or 0)))


def read_answers(report: Path, kubernetes: Kubernetes, newcomers: Collection[str] = ()) -> dict[str, Seen]:
    """What the playbook wrote down, by machine; the file goes.

    Of `newcomers` only what those say that have joined: one that is not fit stops nobody, and preflight leaves it out.
    `ConditionError` when it is none of ours, and when a machine answers SSH but not the question: what it runs is unknown, not nothing.
    """
    try:
        said = json.loads(report.read_text(encoding="utf-8"))
        report.unlink()
        answers = {str(name): seen(lines, kubernetes) for name, lines in said["answered"].items()}
        failed = {str(name): result_words(result) for name, result in said["failed"].items() if name not in newcomers}
    except (OSError, ValueError, AttributeError, TypeError, KeyError) as error:
        raise ConditionError(f"what the machines run could not be read: {error}", cure="run `runner bootstrap` again") from error
    if failed:
        _refuse_unanswered(failed)
    return {name: one for name, one in answers.items() if one.joined or name not in newcomers}


def _refuse_unanswered(failed: Mapping[str, str]) -> None:
    what = "; ".join(f"{name}: {words}" for name, words in failed.items())
    message = f"answers SSH, but could not be asked what it runs: {what}"
    raise ConditionError(message, cure=f"{reach_cure(message)}; then run `runner bootstrap` again: nothing was changed")


def seen(lines: Sequence[str], kubernetes: Kubernetes) -> Seen:
    """One machine's answer, line by line as `running.sh.j2` writes it."""
    said = [(key, value) for key, _, value in (str(line).partition("=") for line in lines[:_MAX_LINES])]
    last = {key: value for key, value in said if key not in ("file", "line")}
    versions = (text for text in (last.get("program", ""), last.get("installed", "")) if kubernetes.release(text))
    return Seen(
        member=last.get("member") == "yes",
        joined=bool(last.get("installed")),
        version=next(versions, ""),
        package="".join(character for character in last.get("package", "")[:_MAX_NAME] if character.isprintable()),
        other=last.get("other", "") if last.get("other") in DISTRIBUTIONS else "",
        settings=settings(kubernetes, _options(said, founding_keys(kubernetes))) | said_of_chart(kubernetes, last),
    )


def _options(said: Sequence[tuple[str, str]], keys: Collection[str]) -> dict[str, Any]:
    """The files in their order: the last value of a key wins, `KEY+` appends (docs.rke2.io/install/configuration)."""
    found: dict[str, Any] = {}
    for text in _files(said):
        data = read_tree(text).data
        for name, value in data.items() if isinstance(data, dict) else ():
            key = name.removesuffix("+")
            if key in keys:
                found[key] = [*_listed(found.get(key)), *_listed(value)] if name != key else value
    return found


def _files(said: Sequence[tuple[str, str]]) -> Iterator[str]:
    lines: list[str] = []
    for key, value in [*said, ("file", "")]:
        if key == "file":
            yield "\n".join(lines)
            lines = []
        elif key == "line":
            lines.append(value)


def _listed(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, list) else [value]


def running(servers: Collection[str], answers: Mapping[str, Seen]) -> Running:
    """What the machines run, if any of the servers holds the cluster's data; else nothing exists, whatever lies about."""
    members = {name: one for name, one in answers.items() if name in servers and one.member}
    agents = {name: one for name, one in answers.items() if name not in servers} if members else {}
    versions = {name: one.version for name, one in {**members, **agents}.items() if one.version}
    return Running(versions=versions, settings={name: one.settings for name, one in members.items()})


def refuse_packages(answers: Mapping[str, Seen], kubernetes: Kubernetes) -> None:
    """Raise `RefusedError` for machines whose Kubernetes is a package; RKE2's install.sh refuses too (`check_method_conflict`)."""
    packaged = {name: one.package for name, one in answers.items() if one.package}
    if packaged:
        what = ", ".join(f"{name} ({package})" for name, package in packaged.items())
        title, scripts = kubernetes.title, " or ".join(dict.fromkeys(kubernetes.uninstall.values()))
        message = f"{title} came from an RPM package on {what}: Stardock installs a release's own file, and the two get in each other's way"
        cure = f"a machine of a cluster that is in use: drain it, run {scripts} there and let it join anew, one machine at a time"
        raise RefusedError(message, cure=cure)


def refuse_others(answers: Mapping[str, Seen], kubernetes: Kubernetes) -> None:
    """Raise `RefusedError` for machines that run another distribution: both want the same ports, and its data are a cluster."""
    others = {name: distribution(one.other) for name, one in answers.items() if one.other}
    if others:
        what = ", ".join(f"{name} ({other.title})" for name, other in others.items())
        names = " or ".join(dict.fromkeys(f"`name: {other.name}`" for other in others.values()))
        message = f"another Kubernetes than {kubernetes.title} is on {what}: a cluster keeps the one that it was founded with"
        scripts = " or ".join(dict.fromkeys(script for other in others.values() for script in other.uninstall.values()))
        cure = (
            f"where that is the cluster, write {names} under `distribution` again; where it is left over and nobody needs its data, run"
            f" {scripts} on the machine; a cluster of {kubernetes.title} wants machines of its own"
        )
        raise RefusedError(message, cure=cure)
