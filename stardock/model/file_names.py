"""What files of a cluster are called on PVE nodes.

A dot parts the words, since no name of a cluster or machine holds one: the cluster `home` with a machine `lab-x` and the cluster
`home-lab` with a machine `x` share no file.
"""

from __future__ import annotations

from typing import Literal

#: The documents of first boot, each a snippet of its own.
Document = Literal["user", "network", "meta"]
DOCUMENTS: tuple[Document, ...] = ("user", "network", "meta")


def snippet_file(cluster: str, machine: str, document: Document) -> str:
    """Name the snippet of one document of a machine."""
    return f"{cluster}.{machine}.{document}.yaml"


def image_file(cluster: str, file_name: str) -> str:
    """Name a cluster's copy of an image; clusters that share a datastore share no file, since each deletes its own."""
    return f"{cluster}.{file_name}"
