"""A mapping or a list where one value belongs: other tools nest what cluster.yaml keeps beside each other (`memory: {dedicated: 4096}`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import ErrorDetails

from stardock.spec.foreign_root import each
from stardock.spec.keypath import Keys
from stardock.spec.mistakes import foreign, renamed
from stardock.spec.mistakes.flow import flow

Texts = Mapping[Keys, str]

#: Key -> how other tools call, below it, the value itself and what stands beside it here.
_NESTED: Mapping[str, Mapping[str, str]] = {
    "cpu": {**each("cores count num vcpus cpus number", "cores"), "sockets": "sockets", "numa": "numa", **each("type model name", "cpu")},
    "memory": {
        **each("dedicated size amount total maximum max value", "memory"),
        **each("floating minimum min balloon ballooning", "balloon"),
        "hugepages": "hugepages",
    },
    "disk": {
        **each("size size_gb capacity", "disk"),
        **each("datastore datastore_id storage storage_pool pool", "disk_datastore"),
        **each("interface slot", "disk_interface"),
    },
    "vip": {**each("address ip value", "vip"), **each("interface dev device", "vip_interface")},
}
#: Under which words the value itself lies, where nothing else is said of it.
_ITSELF = ("name", "value", "id", "address", "ip", "size", "url", "system", "path", "file", "mapping")


def cure(error: ErrorDetails, texts: Texts) -> str | None:
    """What to write in place of the mapping; None where nothing tells."""
    given, at = error["input"], tuple(error["loc"])
    if isinstance(given, list) and given and isinstance(given[0], dict) and at and str(at[-1]) in _NESTED:
        return _first(str(at[-1]), given, at, texts)
    if isinstance(given, list):
        one = flow(given[0], (*at, 0), texts) if len(given) == 1 and isinstance(given[0], str | int) else None
        return f"write {one}" if one else None
    if not isinstance(given, dict) or not at:  # a lock's field is read by itself, without a place
        return None
    key = str(at[-1])
    return _nested(key, given, at, texts) if key in _NESTED else _itself(given, at, texts)


def _first(key: str, given: list[Any], at: Keys, texts: Texts) -> str | None:
    """Of a list of mappings, as the bpg provider and Ansible's modules have disks, the first; further disks have a key of their own."""
    first = _nested(key, given[0], (*at, 0), texts)
    others = len(given) > 1 and key == "disk"
    return f"{first}; the others belong under `data_disks`: [{{name: data, size: SIZE}}]" if first and others else first


def _nested(key: str, given: Mapping[str, Any], at: Keys, texts: Texts) -> str | None:
    named = [(word, _NESTED[key].get(foreign.plain(word)), value) for word, value in given.items()]
    lines = [renamed.pair(ours, value, texts.get((*at, word))) for word, ours, value in named if ours]
    written = sorted((one for one in lines if one), key=lambda one: not one.startswith(f"{key}: "))
    if not written:
        return None
    first, *rest = written
    beside = " and ".join(f"`{one}`" for one in rest)
    return f"write {first}" + (f", and beside it {beside}" if rest else "")


def _itself(given: Mapping[str, Any], at: Keys, texts: Texts) -> str | None:
    """The one value that is there, or the one that is called so."""
    word = next(iter(given)) if len(given) == 1 else next((word for word in _ITSELF if word in given), None)
    value = given.get(word) if word else None
    one = flow(value, (*at, str(word)), texts) if isinstance(value, str | int | float) else None
    return f"write {one}" if one else None
