"""What Proxmox fetches is what its publisher published, or the check says that nobody knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from stardock.errors import ConditionError
from stardock.images import publisher
from stardock.prove import journal
from stardock.prove.bench import Bench, NotPossibleError
from stardock.prove.checks import made
from stardock.prove.place import Place
from stardock.prove.things import Volume, things
from tests.plans import document as example
from tests.unit.prove.proofs import SCOPE, WANTED, proof_document

pytestmark = pytest.mark.unit

DIGEST = "0a" * 64


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Before anything is made."""
    place = Place(tmp_path / "cluster.prove")
    place.folder.mkdir()
    place.prepare()
    bench = Bench(place, SCOPE, proof_document(example(), WANTED), None, lambda _line: None, WANTED)  # type: ignore[arg-type]
    bench.write()
    journal.begin(place.journal, SCOPE, journal.Proxmox("https://pve1:8006", "home", "a@pve"))
    return bench


def test_the_publishers_checksum_is_planned_so_that_proxmox_compares_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def fetched(url: str) -> str:
        asked.append(url)
        return f"{DIGEST}  debian-13-generic-amd64.qcow2\n"

    monkeypatch.setattr(publisher, "fetched", fetched)
    bench.pin()
    assert {placed.image.checksum for placed in bench.plan.images} == {f"sha512:{DIGEST}"}
    (image,) = {one for one in things(bench.plan) if isinstance(one, Volume) and one.what == "image"}
    written = journal.read(bench.place.journal)
    assert written is not None
    assert image in written.things, "its name is another one now, and a clean-up knows it"
    assert made.verified(bench).endswith(f"publisher's checksum: {bench.plan.images[0].image.file_name} sha512:{DIGEST}")
    bench.pin()
    assert len(asked) == 1, "what is pinned stays"


def test_where_the_publisher_is_not_reached_the_image_is_taken_as_it_comes_and_nobody_says_it_was_verified(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(url: str) -> str:
        raise ConditionError(f"{url}: cannot be reached")

    monkeypatch.setattr(publisher, "fetched", away)
    bench.pin()
    assert {placed.image.checksum for placed in bench.plan.images} == {None}
    with pytest.raises(NotPossibleError, match=r"amd64.qcow2 was taken as it came: https://.*SHA512SUMS: cannot be reached"):
        made.verified(bench)
