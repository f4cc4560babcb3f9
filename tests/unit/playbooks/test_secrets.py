"""The secrets file: private, whole, and never quoted in a message."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stardock.errors import ConditionError, InputErrors
from stardock.model.cluster_files import ClusterFiles
from stardock.playbooks.founded import read_back
from stardock.workspace.secrets import Secrets, load_secrets, make_secrets, save_secrets, secrets_file

pytestmark = pytest.mark.unit

PAIR = ["token=K", "agent-token=A"]
SECRETS = Path("cluster.secrets.yaml")


def report(tmp_path: Path, **said: Any) -> Path:
    path = tmp_path / "report.json"
    path.write_text(json.dumps({"marks": [], "holders": [], "tokens": [], **said}))
    return path


def test_made_saved_and_read_again(tmp_path: Path) -> None:
    made = make_secrets()
    save_secrets(tmp_path / "s.yaml", made)
    assert load_secrets(tmp_path / "s.yaml") == made
    assert (tmp_path / "s.yaml").stat().st_mode & 0o777 == 0o600
    assert made != make_secrets()
    assert len(made.token) == len(made.agent_token) == 64


def test_a_token_of_any_characters_survives(tmp_path: Path) -> None:
    strange = Secrets(token='K10ab::server:a"b\\c: {{ x }} #', agent_token="yes")
    save_secrets(tmp_path / "s.yaml", strange)
    assert load_secrets(tmp_path / "s.yaml") == strange


def test_repr_shows_no_token() -> None:
    assert "sesame" not in repr(Secrets(token="sesame", agent_token="sesame"))


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    save_secrets(tmp_path / "s.yaml", make_secrets())
    (tmp_path / "s.yaml").chmod(0o640)
    with pytest.raises(ConditionError, match="others") as caught:
        load_secrets(tmp_path / "s.yaml")
    assert "chmod 600" in str(caught.value.cure)


@pytest.mark.parametrize(
    "text", ["", "stardock_token: sesame\n", "stardock_token: [sesame\n", "- sesame\n", "stardock_token: 1\nstardock_agent_token: 2\n"]
)
def test_a_damaged_file_is_told_without_quoting_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.yaml").write_text(text)
    (tmp_path / "s.yaml").chmod(0o600)
    with pytest.raises(InputErrors) as caught:
        load_secrets(tmp_path / "s.yaml")
    assert "sesame" not in repr(caught.value.problems)


def test_the_environment_names_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = ClusterFiles(tmp_path / "cluster.yaml")
    monkeypatch.delenv("STARDOCK_SECRETS", raising=False)
    assert secrets_file(files) == tmp_path / "cluster.secrets.yaml"
    monkeypatch.setenv("STARDOCK_SECRETS", "/elsewhere/s.yaml")
    assert secrets_file(files) == Path("/elsewhere/s.yaml")


def test_read_back_from_a_server_and_the_report_goes(tmp_path: Path) -> None:
    path = report(tmp_path, marks=["x"], holders=["server1"], tokens=[["token=", "agent-token="], PAIR, None, PAIR])
    assert read_back(path, SECRETS, again=False) == Secrets(token="K", agent_token="A")
    assert not path.exists()


def test_nothing_founded_nothing_read(tmp_path: Path) -> None:
    assert read_back(report(tmp_path), SECRETS, again=False) is None


@pytest.mark.parametrize("said", [{"marks": ["x"]}, {"holders": ["server1"]}])
def test_founded_and_no_tokens_is_refused_with_cure(tmp_path: Path, said: dict[str, Any]) -> None:
    with pytest.raises(ConditionError, match="the cluster is founded") as caught:
        read_back(report(tmp_path, **said), SECRETS, again=False)
    assert "STARDOCK_SECRETS" in str(caught.value.cure)
    assert read_back(report(tmp_path, **said), SECRETS, again=True) is None


def test_servers_with_different_tokens_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConditionError, match="different tokens"):
        read_back(report(tmp_path, tokens=[PAIR, ["token=Z", "agent-token=A"]]), SECRETS, again=False)


@pytest.mark.parametrize("token", ["{{ lookup('pipe', 'id') }}", "#jinja2: x", "a b", "a\x1b[2J", "a'b", "K" * 513])
def test_what_cannot_be_a_token_is_none(tmp_path: Path, token: str) -> None:
    """It would be handed to Ansible as a variable, which evaluates templates."""
    path = report(tmp_path, marks=["x"], tokens=[[f"token={token}", "agent-token=A"], ["a line of no kind"]])
    with pytest.raises(ConditionError, match="no server holds the tokens"):
        read_back(path, SECRETS, again=False)
