from __future__ import annotations

from typing import cast

import pytest

from lab.standin.payload import membership
from lab.standin.payload.etcd import Etcd, EtcdError, Member

pytestmark = pytest.mark.unit
ONE, TWO, THREE = (f"https://10.0.0.{number}:2380" for number in (1, 2, 3))


def member(name: str, url: str, *, learner: bool = False) -> Member:
    return Member(url, name, (url,), (), learner)


class Book:
    """An etcd that only remembers."""

    def __init__(self, *members: Member) -> None:
        self.entries = list(members)

    def members(self) -> list[Member]:
        return self.entries

    def add_learner(self, url: str) -> None:
        if any(entry.learner for entry in self.entries):
            raise EtcdError("etcdserver: too many learner members in cluster")
        self.entries.append(member("", url, learner=True))


def admit(book: Book, name: str, node: str, url: str) -> str:
    return membership.admit(cast("Etcd", book), name, node, url)


def test_a_joiner_becomes_a_learner() -> None:
    book = Book(member("server1-aa", ONE))
    assert admit(book, "server2-bb", "server2", TWO) == f"server1-aa={ONE},server2-bb={TWO}"
    assert [entry.learner for entry in book.entries] == [False, True]


def test_a_joiner_that_was_killed_after_it_was_added_finds_its_place_again() -> None:
    book = Book(member("server1-aa", ONE), member("", TWO, learner=True))
    assert admit(book, "server2-bb", "server2", TWO) == f"server1-aa={ONE},server2-bb={TWO}"
    assert len(book.entries) == 2


def test_a_second_learner_has_to_wait() -> None:
    book = Book(member("server1-aa", ONE), member("", TWO, learner=True))
    with pytest.raises(EtcdError, match="too many learner"):
        admit(book, "server3-cc", "server3", THREE)


def test_a_name_that_etcd_still_holds_is_refused() -> None:
    book = Book(member("server1-aa", ONE), member("server2-bb", TWO))
    with pytest.raises(membership.DuplicateNameError, match="duplicate node name found"):
        admit(book, "server2-cc", "server2", TWO)


def test_names_with_hyphens_are_not_mixed_up() -> None:
    book = Book(member("server-1-aa", ONE))
    admit(book, "server-bb", "server", TWO)
    assert len(book.entries) == 2
