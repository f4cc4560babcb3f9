"""Password hashes: from their source to TF_VAR_*, and into no message."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from shlex import quote
from types import SimpleNamespace
from typing import Any, cast

import pytest

from stardock.errors import ConditionError
from stardock.model.machine import User
from stardock.model.plan import Plan
from stardock.spec.cloud_init import CloudInit, SecretSource
from stardock.spec.cluster import Spec
from stardock.terraform.variables import password_variables
from tests.unit.estate.test_sightings import _plan

pytestmark = pytest.mark.unit

HASH = "$6$salt$abcdef"
VARIABLE = "TF_VAR_password_ada"


def _spec(**source: Any) -> Spec:
    users = [{"name": "ada", "password_hash": SecretSource(**source)}] if source else []
    # the sections that are read; a whole cluster.yaml would hide what matters here
    return cast("Spec", SimpleNamespace(cloud_init=CloudInit.model_validate({"users": users}), pools=()))


@pytest.fixture
def plan() -> Plan:
    plan = _plan("s1", "s2")
    users = (User(name="ada", password_variable="password_ada"), User(name="bob"))
    return replace(plan, machines=tuple(replace(machine, users=users) for machine in plan.machines))


@pytest.mark.parametrize("source", [{"env": "ADA"}, {"file": "ada.hash"}, {"command": "cat ada.hash | head -1"}])
def test_a_hash_comes_from_environment_file_or_command(tmp_path: Path, plan: Plan, source: dict[str, str]) -> None:
    (tmp_path / "ada.hash").write_text(HASH + "\n")
    assert password_variables(_spec(**source), plan, tmp_path, {"ADA": HASH}) == {VARIABLE: HASH}


def test_a_hash_that_the_environment_already_gives_to_the_engine_is_left_to_it(tmp_path: Path, plan: Plan) -> None:
    assert password_variables(_spec(env="ADA"), plan, tmp_path, {VARIABLE: HASH}) == {}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"env": "ADA"}, "ADA is not set"),
        ({"file": "none"}, "cannot be read"),
        ({"command": "exit 3"}, "failed: exit 3"),
        ({"file": "clear"}, "does not give the hash"),
        ({}, "nothing says"),
    ],
)
def test_a_source_that_gives_no_hash_is_named_and_its_value_is_not(tmp_path: Path, plan: Plan, source: dict[str, str], words: str) -> None:
    (tmp_path / "clear").write_text("hunter2")
    with pytest.raises(ConditionError, match=words) as caught:
        password_variables(_spec(**source), plan, tmp_path, {})
    assert "hunter2" not in f"{caught.value.message} {caught.value.cure}"


@pytest.mark.parametrize("value", ["", " ", "hunter2", "!"])
def test_what_the_environment_holds_for_the_engine_must_be_a_hash_too(tmp_path: Path, plan: Plan, value: str) -> None:
    with pytest.raises(ConditionError, match=f"{VARIABLE} is in the environment and is no hash of a password for ada") as caught:
        password_variables(_spec(env="ADA"), plan, tmp_path, {VARIABLE: value, "ADA": HASH})
    assert caught.value.cure == f"unset {VARIABLE}"
    assert "hunter2" not in caught.value.message


def test_two_users_whose_names_make_one_variable_are_refused_though_one_is_only_on_a_machine_that_stays(tmp_path: Path, plan: Plan) -> None:
    first, second = plan.machines
    ours, lasts = (User(name=name, password_variable="password_ops_a") for name in ("ops-a", "ops_a"))
    both = replace(plan, machines=(replace(first, users=(ours,)), replace(second, users=(lasts,))))
    with pytest.raises(ConditionError, match=r"the passwords of ops-a and ops_a \(on s2\) would both be TF_VAR_password_ops_a"):
        password_variables(_spec(), both, tmp_path, {})


def test_a_file_for_a_hash_is_made_for_its_owner_alone_and_never_over_one_that_is_there(tmp_path: Path, plan: Plan) -> None:
    with pytest.raises(ConditionError) as caught:
        password_variables(_spec(file="it's.hash"), plan, tmp_path, {})
    file = quote(f"{tmp_path}/it's.hash")
    assert caught.value.cure == f"(umask 077; openssl passwd -6 >{file})"
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConditionError) as caught:
        password_variables(_spec(file="folder"), plan, tmp_path, {})
    assert "openssl" not in str(caught.value.cure)
