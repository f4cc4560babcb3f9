"""How the API server decides who may do what: `authorization-mode` and what goes with it.

Sources:
- kubernetes, pkg/kubeapiserver/options/authorization.go `Validate`: a mode that it does not know, one that is there twice, Webhook or ABAC
  without its file, a file without its mode, and `authorization-config` beside any of the others end the API server;
  pkg/kubeapiserver/authorizer/modes has the modes;
- k3s, pkg/daemons/control/server.go, sets Node,RBAC unless `authorization-config` names a file; pkg/util/args.go `GetArgs` passes several
  arguments of one name one behind the other, and the API server's flag is a list that each of them adds to. Blanks are not taken off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stardock.distributions.arguments import items, named
from stardock.distributions.fault import Fault
from stardock.nearest import nearest

_OPTION = "kube-apiserver-arg"
_MODE = "authorization-mode"
_CONFIG = "authorization-config"
#: What k3s and RKE2 themselves say, and need: kubelets by the first, everything else by the second.
_NEEDED = ("Node", "RBAC")
#: Mode -> the argument with the file that it works by.
_FILES = {"Webhook": "authorization-webhook-config-file", "ABAC": "authorization-policy-file"}
_KNOWN = ("AlwaysAllow", "AlwaysDeny", *_FILES, *_NEEDED)
#: What `authorization-config` excludes.
_EXCLUDED = (_MODE, "authorization-webhook-")


def _cure(title: str) -> str:
    return f"delete it: {title} says {','.join(_NEEDED)}"


@dataclass(frozen=True, slots=True)
class _Argument:
    """One item of the option."""

    item: int
    name: str
    text: str

    @property
    def adds(self) -> bool:
        return self.text.partition("=")[0].rstrip().endswith(("+", "-"))

    @property
    def modes(self) -> list[str]:
        _, equals, value = self.text.partition("=")
        return value.split(",") if equals else ["true"]


def mode_faults(title: str, options: Mapping[str, Any]) -> Iterator[Fault]:
    """What lets everybody in, shuts everybody out, or ends the API server."""
    said = [_Argument(item, named(text)[0], text) for item, text in enumerate(items(options, _OPTION))]
    if any(one.name == _CONFIG for one in said):
        yield from _beside_a_file(said)
        return
    modes = [one for one in said if one.name == _MODE]
    before = list(_NEEDED) if not modes or modes[0].adds else []
    given = [*((mode, None) for mode in before), *((mode, one.item) for one in modes for mode in one.modes)]
    names = {one.name for one in said}
    yield from _each(title, given, names)
    yield from _without_their_mode(said, {mode for mode, _ in given})
    lacking = [mode for mode in _NEEDED if mode not in [one for one, _ in given]]
    if lacking and all(mode in _KNOWN for mode, _ in given) and not {"AlwaysAllow", "AlwaysDeny"} & {mode for mode, _ in given}:
        yield Fault(
            _OPTION, f"without {' and '.join(lacking)} no node joins, and {title}'s own parts may do nothing", _cure(title), modes[-1].item
        )


def _beside_a_file(said: list[_Argument]) -> Iterator[Fault]:
    for one in said:
        if one.name.startswith(_EXCLUDED):
            message = f"`{one.name}` beside `{_CONFIG}` ends the API server: they exclude each other"
            yield Fault(_OPTION, message, "write it into that file, or delete one of the two", one.item)


def _each(title: str, given: list[tuple[str, int | None]], names: set[str]) -> Iterator[Fault]:
    for index, (mode, item) in enumerate(given):
        earlier = [one for one, _ in given[:index]]
        found = _of_mode(title, mode, earlier, names)
        if found:
            yield Fault(_OPTION, *found, item)


def _of_mode(title: str, mode: str, earlier: list[str], names: set[str]) -> tuple[str, str] | None:
    if mode == "AlwaysAllow":
        return "with AlwaysAllow everybody who reaches the API may do everything, each pod among them", _cure(title)
    if mode == "AlwaysDeny":
        return f"with AlwaysDeny nobody may do anything, {title} itself among them", _cure(title)
    if mode not in _KNOWN:
        near = nearest(mode.strip(), (*_FILES, *_NEEDED))
        cure = f"write {near}, commas without blanks" if near else _cure(title)
        return f"`{mode}` is no mode of authorization, and the API server ends on it", cure
    if mode in earlier:
        return (
            f"`{mode}` is there twice, and the API server ends on it",
            "keep one; `+=` adds to Node,RBAC",
        )
    if mode in _FILES and _FILES[mode] not in names:
        cure = f"add {_FILES[mode]}=/PATH/FILE, of a file on every server, or delete the mode"
        return f"`{mode}` asks for `{_FILES[mode]}`, and the API server ends without it", cure
    return None


def _without_their_mode(said: list[_Argument], modes: set[str]) -> Iterator[Fault]:
    for mode, file in _FILES.items():
        for one in said:
            if one.name == file and mode not in modes:
                message = f"`{file}` is for the mode {mode}, which is not there: the API server ends"
                yield Fault(_OPTION, message, f"add {_MODE}+={mode}, or delete it", one.item)
