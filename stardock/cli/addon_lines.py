"""The add-ons of a plan for a person: each with its release, the values that its chart gets, and where its secrets come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stardock.model.addons import Addon
from stardock.yamltext import yaml_text


def addon_lines(addons: Iterable[Addon]) -> Iterator[str]:
    """A line an add-on, and its values below it."""
    for one in addons:
        where = f" in {one.namespace}" if one.namespace else ""
        yield f"add-on {' '.join(word for word in (one.name, one.version) if word)} ({one.source}){where}"
        if one.values:
            yield from (f"    {line}" for line in yaml_text(one.values).splitlines())
        if one.secrets:
            yield f"    secrets from {', '.join(one.secrets.values())}: bootstrap puts them on servers, nobody else sees them"
