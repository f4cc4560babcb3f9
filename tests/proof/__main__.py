"""`python -m tests.proof`: writes docs/proof.md and the pages of the facts."""

from __future__ import annotations

from pathlib import Path

from tests.proof import cis, conformance, facts, features, reports
from tests.proof.markers import proofs

DOCS = Path(__file__).parents[2] / "docs"


def pages() -> dict[str, str]:
    """Name below docs/ -> text."""
    found, all_sources = proofs(), facts.sources()
    by_page = {source.page: [one for one in all_sources if one.page == source.page] for source in all_sources}
    proof = features.page(features.features(), found, reports.reports()) + cis.section() + conformance.section()
    return {"proof.md": proof} | {name: facts.page(shown, found) for name, shown in by_page.items()}


if __name__ == "__main__":
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
