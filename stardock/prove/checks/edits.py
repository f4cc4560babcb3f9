"""No edit of cluster.yaml makes a machine anew: what would be done is looked at, and not done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stardock.prove.bench import Bench, FailedError
from stardock.prove.check import Check
from stardock.prove.document import NO_KEY

Data = dict[str, Any]
Edit = Callable[[Data], None]


def _image(data: Data) -> None:
    data["image"] = {**data["image"], "url": "https://images.invalid/other.qcow2"}


def _order(data: Data) -> None:
    data["pools"].reverse()


def _labels(data: Data) -> None:
    data["pools"][0]["labels"] = {"stardock.invalid/prove": "edited"}


def _only_new(data: Data) -> None:
    """What only a new VM can have."""
    data["pools"][1] |= {"chipset": "i440fx", "disk": "10GiB"}


def _key(data: Data) -> None:
    data["ssh"]["keys"].append(NO_KEY)


def _package(data: Data) -> None:
    data["cloud_init"] = {"packages": ["tree"]}


#: Edits that plan nothing at all.
NOTHING: dict[str, Edit] = {"another image": _image, "labels": _labels, "what only a new VM has": _only_new, "order of pools": _order}
#: Edits of what first boot says: its files are written anew, and no machine is touched.
FILES: dict[str, Edit] = {"a key more": _key, "a package more": _package}


def nothing(bench: Bench) -> str:
    """All of them at once; where that plans anything, one by one, to name those that do."""
    if bench.edited(_all(NOTHING)):
        wrong = [f"{name} would {', '.join(planned)}" for name, edit in NOTHING.items() if (planned := bench.edited(edit))]
        raise FailedError("; ".join(wrong) or "together they plan something")
    return f"{', '.join(NOTHING)}: the engine's plan is empty"


def files(bench: Bench) -> str:
    """First-boot files are written anew, and no machine is touched."""
    planned = bench.edited(_all(FILES))
    machines = [line for line in planned if not line.startswith("snippets and images:")]
    if machines or not planned:
        raise FailedError(f"{', '.join(FILES)} would {'; '.join(machines) or 'do nothing, not even to first-boot files'}")
    return f"{', '.join(FILES)}: {planned[0]}"


def _all(edits: Mapping[str, Edit]) -> Edit:
    def edit(data: Data) -> None:
        for one in edits.values():
            one(data)

    return edit


CHECKS = (Check("edits that plan nothing", nothing), Check("edits of first boot touch no machine", files))
