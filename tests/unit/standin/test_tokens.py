from __future__ import annotations

import pytest

from lab.standin.payload import tokens

pytestmark = pytest.mark.unit
AUTHORITY = b"-----BEGIN CERTIFICATE-----\n"


def test_the_full_form_survives_a_round_trip() -> None:
    token = tokens.parse(tokens.full("server", "pass:word", AUTHORITY))
    assert token == tokens.Token(tokens.ca_hash(AUTHORITY), "server", "pass:word")
    tokens.check_authority(token, AUTHORITY)


def test_the_short_form_is_a_password_and_accepts_any_authority() -> None:
    token = tokens.parse("secret")
    assert token == tokens.Token("", "", "secret")
    tokens.check_authority(token, AUTHORITY)


def test_another_authority_is_refused() -> None:
    with pytest.raises(ValueError, match="does not match the Cluster CA"):
        tokens.check_authority(tokens.parse(tokens.full("server", "p", AUTHORITY)), b"other")


@pytest.mark.parametrize(("text", "words"), [
    ("", "must not be empty"), ("K10abc::server:p", "hash length"), (f"K10{'a' * 64}::server", "invalid token format"),
    (f"K10{'a' * 64}", "invalid token format"),
])  # fmt: skip
def test_a_damaged_token_is_refused_without_showing_it(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        tokens.parse(text)


def test_a_token_is_not_shown_by_accident() -> None:
    assert "secret" not in repr(tokens.parse("secret"))
