"""registries.yaml, from which k3s and RKE2 make containerd's settings at each start of their services (k3s, pkg/agent/containerd).

Its form: docs.rke2.io/install/private_registry. A registry without endpoints has an empty entry, by which nodes share its images
(docs.k3s.io/installation/registry-mirror).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stardock.bundle.secret_text import Marks
from stardock.distributions import distribution
from stardock.model.host import Member
from stardock.model.plan import Plan
from stardock.model.registries import Access, Mirror
from stardock.systems import HEAD
from stardock.yamltext import yaml_text

Files = tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]


def registry_files(plan: Plan, machine: Member) -> Files:
    """A machine's files about registries: those in clear, or that go, and those with a secret.

    Authorities are in one file, so that one that is no longer named leaves none behind.
    """
    own, wanted = distribution(plan.distribution.name), plan.registries
    pem = "".join(dict.fromkeys(one.ca for one in wanted.access if one.ca))
    authorities = {"path": own.registry_authorities, "mode": "0644", "applies": own.name}
    clear: list[Mapping[str, Any]] = [{**authorities, "content": pem} if pem else {**authorities, "state": "absent"}]
    if not wanted.mirrors and not wanted.access:
        users = {file.path for file in machine.files} | {file.path for file in machine.secret_files}
        gone = {"path": own.registries, "state": "absent", "begins": HEAD, "applies": own.name}
        return ([*clear, gone], []) if own.registries not in users else (clear, [])
    marks = Marks()
    mirrors = {one.registry: _mirror(one) for one in wanted.mirrors}
    configs = {one.registry: _config(one, marks, own.registry_authorities) for one in wanted.access}
    text = yaml_text({key: value for key, value in (("mirrors", mirrors), ("configs", configs)) if value})
    file = marks.file(own.registries, HEAD + text, applies=own.name)
    if wanted.sources:
        return clear, [file]
    return [*clear, {key: value for key, value in file.items() if key != "fills"}], []


def _mirror(one: Mirror) -> dict[str, Any]:
    endpoints = {"endpoint": list(one.endpoints)} if one.endpoints else {}
    return {**endpoints, **({"rewrite": dict(one.rewrite)} if one.rewrite else {})}


def _config(one: Access, marks: Marks, authorities: str) -> dict[str, Any]:
    tls: dict[str, Any] = {"ca_file": authorities} if one.ca else {"insecure_skip_verify": True} if one.insecure else {}
    login = {"username": one.user, "password": marks.of(one.password_source, "yaml")} if one.password_source else {}
    return {**({"auth": login} if login else {}), **({"tls": tls} if tls else {})}
