"""The API token from the environment."""

from __future__ import annotations

import pytest

from stardock.errors import ConditionError
from stardock.estate.token import VARIABLE, api_token

pytestmark = pytest.mark.unit

SECRET = "11111111-2222-3333-4444-555555555555"


def test_a_token_is_taken_apart_and_its_secret_never_shown() -> None:
    token = api_token({VARIABLE: f"terraform@pve!stardock={SECRET}\n"})
    assert (token.user, token.name, token.secret) == ("terraform@pve", "stardock", SECRET)
    assert SECRET not in repr(token)


@pytest.mark.parametrize("environ", [{}, {VARIABLE: ""}, {VARIABLE: "  "}])
def test_a_missing_token_is_told_with_the_way_to_get_one(environ: dict[str, str]) -> None:
    with pytest.raises(ConditionError, match="not set") as caught:
        api_token(environ)
    assert "pveum user token add" in str(caught.value.cure)


@pytest.mark.parametrize(
    "text", [SECRET, f"root@pam={SECRET}", f"root!x={SECRET}", "root@pam!x", f"PVEAPIToken=root@pam!x={SECRET}", f"a@b!c={SECRET[:20]}"]
)
def test_a_token_of_another_shape_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(ConditionError, match="shape") as caught:
        api_token({VARIABLE: text})
    assert SECRET[:20] not in caught.value.message
