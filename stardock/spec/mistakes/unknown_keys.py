"""Keys that cluster.yaml does not have: which is meant, where it belongs, what to do instead."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic_core import ErrorDetails

from stardock.distributions import DISTRIBUTIONS
from stardock.nearest import nearest
from stardock.spec import by_value
from stardock.spec.cluster import Spec
from stardock.spec.foreign_root import PLACES
from stardock.spec.hardware import Hardware
from stardock.spec.keypath import EXTENSION, Keys, path_text
from stardock.spec.mistakes import foreign, secret_words, slips
from stardock.spec.mistakes.flow import flow
from stardock.spec.mistakes.renamed import line
from stardock.spec.sections import section_at, sections_of

#: What is said beside a key that is meant, where another one is near.
_BESIDE = {"disk_datastore": " (`image.datastore` is where the downloaded image lies)"}
#: Keys that take something away or lower a guard: named with what they do, never merely as the likely word.
_CAREFUL = {
    "remove": "`remove` takes machines away for good: only if that is meant, write `remove`",
    "protect": "`protect: false` lets the cluster be destroyed: only if that is meant, write `protect`",
    "insecure": "`insecure: true` leaves the certificate unverified: better name the CA, export SSL_CERT_FILE=FILE",
    "overwrite": "`overwrite: true` downloads an image again when its size changes: only if that is meant, write `overwrite`",
}


#: Keys of a section that a line names.
_MOST = 20
#: A value up to this length is repeated in a cure.
_LONGEST = 60


def unknown_key(error: ErrorDetails, texts: Mapping[Keys, str]) -> tuple[str, str]:
    """Message and cure; the value of a secret is not shown."""
    key, section = str(error["loc"][-1]), _section(error["loc"])
    secret = secret_words.of_key(section, key)
    return secret or (f"unknown key `{key}`", _meant(error, texts))


def means(error: ErrorDetails, loc: Keys) -> bool:
    """Whether that error is an unknown key which means the key at `loc`, so that this one is not missing besides."""
    if error["type"] != "extra_forbidden" or error["loc"][:-1] != loc[:-1]:
        return False
    other = foreign.of_key(_section(error["loc"]), str(error["loc"][-1])) or ""
    return _near(error) == loc[-1] or other in PLACES.get(str(loc[-1]), ()) or f" {loc[-1]}: " in other


def fallen_out(error: ErrorDetails, errors: list[ErrorDetails]) -> str | None:
    """The section of the root that is empty and has that key of the root, which is not indented."""
    if error["type"] != "extra_forbidden" or len(error["loc"]) > 1:
        return None
    empty = [str(other["loc"][0]) for other in errors if len(other["loc"]) == 1 and other["input"] is None]
    return next((name for name in empty if (section := section_at((name,))) and error["loc"][0] in section.model_fields), None)


def _meant(error: ErrorDetails, texts: Mapping[Keys, str]) -> str:  # noqa: PLR0911  a way each
    """What to do about an unknown key: another word, another spelling, another place, or the keys that there are."""
    key, near, outer = str(error["loc"][-1]), _near(error), _outer(error["loc"])
    section, text = _section(error["loc"]), texts.get(tuple(error["loc"]))
    other = foreign.of_key(section, key)
    value = text or str(error["input"])
    told = by_value.cure(section, key, error["input"], tuple(error["loc"]), texts)
    if told is not None:
        return told
    if near is not None and key.startswith(f"{near}:"):
        return f"write `{near}: {key.removeprefix(f'{near}:')[:_LONGEST]}`, with a space after the `:`"
    if other and " " in other:
        return _filled(other.replace("{key}", key.lstrip("_.")), error, value, texts)
    if near is not None and near in _CAREFUL and near != other:
        return _CAREFUL[near]
    if near is not None:
        return f"did you mean `{near}`?{_BESIDE.get(near, '')}{line(near, error['input'], text)}"
    if key.startswith((EXTENSION, "x_")) or (key.startswith(("_", ".")) and len(error["loc"]) == 1):
        return _extension(key, first_level=len(error["loc"]) == 1)
    kubernetes = next((each for each in DISTRIBUTIONS.values() if key in each.keys.known()), None)
    if error["loc"][:-1] in {("distribution",), ()} and kubernetes is not None:
        return f"it belongs to `distribution.options`, with the other keys of {kubernetes.title}'s config.yaml"
    if outer:
        return f"it belongs to `{path_text(outer)}`, beside `{next(one for one in error['loc'][len(outer) :] if isinstance(one, str))}`"
    homes = " or ".join(f"`{home}`" for home in _homes(key))
    if len(error["loc"]) == 1 and (home := _only_home(key)) and (said := _shortly(error, value, texts)):
        return f"it belongs to {homes}: write {home}: {{{key}: {said}}}"
    return f"it belongs to {homes}" if homes else f"known here: {_listed(_known_beside(error['loc']))}"


def _shortly(error: ErrorDetails, value: str, texts: Mapping[Keys, str]) -> str | None:
    """The value, or the values of a list, where a line has room for them."""
    said = flow(error["input"], tuple(error["loc"]), texts) if isinstance(error["input"], list) else value
    return said if said and len(said) <= _LONGEST and isinstance(error["input"], str | int | list) else None


def _filled(cure: str, error: ErrorDetails, value: str, texts: Mapping[Keys, str]) -> str:
    """The cure with the value, or the values of a list, where they are short and no mapping."""
    given, at = error["input"], tuple(error["loc"])
    if isinstance(given, list) and given and all(isinstance(one, str | int) for one in given) and flow(given, at, texts):
        return foreign.filled(cure, "...", [texts.get((*at, i)) or str(one) for i, one in enumerate(given)])
    return foreign.filled(cure, value if isinstance(given, str | int | float) and len(value) <= _LONGEST and "\n" not in value else "...")


def _listed(keys: list[str]) -> str:
    """Those of the section itself first; of pools there are more than a line holds."""
    shared = Hardware.model_fields
    own = sorted(keys, key=lambda key: key in shared) if len(keys) > _MOST else keys
    return ", ".join(own[:_MOST]) + (f" and {len(own) - _MOST} more (docs/cluster-yaml.md)" if len(own) > _MOST else "")


def _only_home(key: str) -> str | None:
    """The one section of the root that has the key itself, and not in what it holds."""
    homes = [name for name in Spec.model_fields if (section := section_at((name,))) and key in section.model_fields and name != "pools"]
    return homes[0] if len(homes) == 1 and _homes(key) == homes else None


def _extension(key: str, *, first_level: bool) -> str:
    if first_level:
        return f"did you mean `{EXTENSION}{key.removeprefix('x').lstrip('_.-')}`? Keys `{EXTENSION}*` are a place for anchors"
    return f"put it on the first level of the file: only there `{EXTENSION}*` is a place for anchors"


def _outer(loc: Keys) -> Keys | None:
    """The key path of the nearest section around that has the key; the root is no home for a key of its sections."""
    ends = [end for end in range(len(loc) - 2, 0, -1) if loc[end - 1] != loc[-2]]
    return next((loc[:end] for end in ends if (section := section_at(loc[:end])) and loc[-1] in section.model_fields), None)


def _near(error: ErrorDetails) -> str | None:
    """The known key that an unknown one means or nearly is; None for other errors."""
    if error["type"] != "extra_forbidden":
        return None
    key = slips.seen(str(error["loc"][-1]))
    other = foreign.of_key(_section(error["loc"]), key)
    if other:
        return None if " " in other else other
    if ":" in key and key.partition(":")[0] in _known_beside(error["loc"]):
        return key.partition(":")[0]
    return nearest(key, _known_beside(error["loc"]))


def _section(loc: Keys) -> str:
    """The name of the model that describes the mapping around a key."""
    section = section_at(tuple(loc[:-1]))
    return section.__name__ if section else ""


def _known_beside(loc: Keys) -> list[str]:
    section = section_at(tuple(loc[:-1]))
    return list(section.model_fields) if section else []


def _homes(key: str) -> list[str]:
    """The sections of the root that have such a key."""
    return [
        name
        for name, model_field in Spec.model_fields.items()
        if any(key in section.model_fields for section in sections_of(model_field.annotation))
    ]
