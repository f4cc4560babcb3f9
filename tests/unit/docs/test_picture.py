"""The picture in README is the quick start as it is planned."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from tests.plans import ROOT, quickstart_plan
from tests.unit.docs.pages import README

pytestmark = pytest.mark.unit

PICTURE = ROOT / "docs/picture.svg"


def texts() -> list[str]:
    """What is written in it, in order."""
    drawn = ElementTree.parse(PICTURE).getroot()  # noqa: S314  our own file
    return [element.text or "" for element in drawn.iter("{http://www.w3.org/2000/svg}text")]


def test_the_readme_shows_it_and_says_in_words_what_it_shows() -> None:
    assert re.search(r"!\[[^\]]{20,}\]\(docs/picture\.svg\)", README.text)


def test_it_has_each_machine_with_its_address_and_pve_node_and_the_vip() -> None:
    plan, shown = quickstart_plan(), texts()
    assert plan.load_balancing
    assert f"virtual IP {plan.load_balancing.vip}" in shown
    for machine in plan.machines:
        assert shown[shown.index(machine.name) + 1] == machine.interfaces[0].address
        behind = shown[shown.index(machine.name) :]
        assert next(text for text in behind if text.startswith("PVE node")) == f"PVE node {machine.pve_node}"


def test_it_has_colours_for_light_and_dark_and_names_no_other_host() -> None:
    text = PICTURE.read_text(encoding="utf-8")
    assert "prefers-color-scheme: dark" in text
    assert re.findall(r"https?://[^\s\"]+", text) == ["http://www.w3.org/2000/svg"]
