"""One quick-start cluster through its life: the tests of this folder run in the order of `tests/conftest.py`, and each leaves it whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.cluster import Cluster, example_as


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The quick start with a fourth PVE node that the cluster file does not know yet; deployed by cdktf, bootstrapped."""
    example = example_as("accepted", tmp_path_factory.mktemp("accepted"))
    text = example.read_text()
    fourth = "    - {name: pve4, address: 192.168.1.13}\n"
    third = "    - {name: pve3, address: 192.168.1.12}\n"
    assert third in text
    example.write_text(text.replace(third, third + fourth))
    cluster = Cluster("accepted", example)
    cluster.up()
    try:
        cluster.edit(r"^.*name: pve4.*\n", "")
        cluster.cdktf("deploy")
        cluster.inside("runner", "discover", "-f", str(cluster.file))
        cluster.bootstrap()
        yield cluster
    finally:
        cluster.down()
