"""One mistake is told once, not once for each value that depends on it."""

from __future__ import annotations

import pytest

from tests.unit.spec.conftest import Problems, example

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (("role: server", "role: servr"), "`servr` is not one of server, agent, loadbalancer"),
        (("name: servers", 'name: ""'), "empty text is not a name"),
        (("[server1]", '["x y"]'), "`x y` is not a name"),
    ],
    ids=["misspelt role", "empty name", "machine of two words"],
)
def test_one_mistake_is_one_problem_also_where_defaults_depend_on_it(problems: Problems, edit: tuple[str, str], message: str) -> None:
    (problem,) = problems(example("single", edit))
    assert message in problem.message
