"""Links of README and the pages."""

from __future__ import annotations

import pytest

from tests.plans import ROOT
from tests.unit.docs.pages import README, Page, pages

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_every_anchor_to_a_heading(page: Page) -> None:
    wrong = [target for target in page.links if not leads_somewhere(page, target)]
    assert not wrong, f"{page.name}: {wrong}"


def leads_somewhere(page: Page, target: str) -> bool:
    file, _, anchor = target.partition("#")
    path = (page.path.parent / file).resolve() if file else page.path
    return path.is_relative_to(ROOT) and path.exists() and (not anchor or anchor in Page(path).anchors)


def test_every_page_is_reached_from_the_readme() -> None:
    reached, todo = set(), [README]
    while todo:
        page = todo.pop()
        if page.path in reached:
            continue
        reached.add(page.path)
        targets = [(page.path.parent / target.partition("#")[0]).resolve() for target in page.links]
        todo += [Page(path) for path in targets if path.suffix == ".md" and path.is_file()]
    assert {page.name for page in pages()} - {Page(path).name for path in reached} == set()


def test_every_example_is_named_in_the_readme_or_the_pages() -> None:
    texts = "".join(page.text for page in pages())
    assert [path.name for path in (ROOT / "examples").iterdir() if f"examples/{path.name}" not in texts] == []
