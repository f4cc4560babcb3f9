"""Names of files on PVE nodes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stardock.model.file_names import DOCUMENTS, Document, image_file, snippet_file

pytestmark = pytest.mark.unit

LABEL = st.from_regex(r"[a-z]([a-z-]{0,6}[a-z])?", fullmatch=True)


def test_two_clusters_whose_names_run_together_share_no_snippet() -> None:
    assert snippet_file("home", "lab-x", "user") != snippet_file("home-lab", "x", "user")


@settings(max_examples=200, deadline=None)
@given(st.tuples(LABEL, LABEL, st.sampled_from(DOCUMENTS)), st.tuples(LABEL, LABEL, st.sampled_from(DOCUMENTS)))
def test_a_snippet_is_of_one_cluster_machine_and_document(one: tuple[str, str, Document], other: tuple[str, str, Document]) -> None:
    assert (snippet_file(*one) == snippet_file(*other)) == (one == other)


def test_two_clusters_share_no_image_file() -> None:
    assert image_file("home", "debian-x.qcow2") != image_file("home-debian", "x.qcow2")
