from __future__ import annotations

from pathlib import Path

import pytest

from lab.standin.payload import config, credentials
from lab.standin.payload.journal import FatalError
from lab.standin.payload.paths import Paths

pytestmark = pytest.mark.unit


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    (tmp_path / "etc/rancher/rke2/config.yaml.d").mkdir(parents=True)
    return Paths(tmp_path, tmp_path, tmp_path / "data")


def write(paths: Paths, text: str, name: str = "config.yaml") -> None:
    (paths.config / name).write_text(text)


def test_scalars_lists_and_booleans_become_texts(paths: Paths) -> None:
    write(paths, "node-name: a\ntls-san: [x, y]\ndisable-kube-proxy: true\nkube-apiserver-arg: 'a=b,c'\n")
    read = config.load(paths, "server")
    assert read.text("node-name") == "a"
    assert read.items("tls-san") == ("x", "y")
    assert read.flag("disable-kube-proxy")
    assert read.items("kube-apiserver-arg") == ("a=b,c",)
    assert read.text("token", "none") == "none"


def test_an_item_of_networks_or_addresses_may_hold_several_with_commas(paths: Paths) -> None:
    write(paths, "cluster-cidr: ['10.42.0.0/16,fd42::/56']\nnode-ip: [10.0.0.1, 'fd00::1, fd00::2']\nkube-apiserver-arg: ['a=b,c']\n")
    read = config.load(paths, "server")
    assert read.items("cluster-cidr") == ("10.42.0.0/16", "fd42::/56")
    assert read.items("node-ip") == ("10.0.0.1", "fd00::1", "fd00::2")
    assert read.items("kube-apiserver-arg") == ("a=b,c",)


def test_the_last_file_wins_and_a_plus_appends(paths: Paths) -> None:
    write(paths, "token: first\ntls-san: [a]\nnode-label: [k=v]\n")
    write(paths, "tls-san+: [b]\n", "config.yaml.d/10.yaml")
    write(paths, "token: last\nnode-label: [k=w]\n", "config.yaml.d/20.yaml")
    read = config.load(paths, "server")
    assert (read.text("token"), read.items("tls-san"), read.items("node-label")) == ("last", ("a", "b"), ("k=w",))


@pytest.mark.parametrize(("text", "words"), [
    ("tls-sann: [x]", "unknown key 'tls-sann'"), ("- a", "not a mapping"), ("token: [a, b]", "token takes one value"),
    ("tls-san: [{a: b}]", "a list of texts"), ("a: [", "config.yaml"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused(paths: Paths, text: str, words: str) -> None:
    write(paths, text)
    with pytest.raises(FatalError, match=words):
        config.load(paths, "server")


def test_an_agent_does_not_take_a_server_s_keys(paths: Paths) -> None:
    write(paths, "tls-san: [x]")
    config.load(paths, "server")
    with pytest.raises(FatalError, match="unknown key 'tls-san'"):
        config.load(paths, "agent")


def test_no_file_is_an_empty_configuration(paths: Paths) -> None:
    assert not config.load(paths, "server").values


def test_a_token_may_come_from_a_file(paths: Paths, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("word\n")
    write(paths, f"token-file: {tmp_path / 'secret'}")
    token = credentials.given(config.load(paths, "agent"))
    assert token is not None
    assert token.password == "word"
    write(paths, "token-file: /nonexistent")
    with pytest.raises(FatalError, match="token-file"):
        credentials.given(config.load(paths, "agent"))


def test_an_agent_token_is_the_node_user_s_only_password(paths: Paths) -> None:
    paths.tls.mkdir(parents=True)
    (paths.tls / "server-ca.crt").write_text("a certificate")
    write(paths, "token: s\nagent-token: a\n")
    assert credentials.settle(paths, config.load(paths, "server")) == credentials.Passwords("s", "a")
    write(paths, "token: s\n")
    assert credentials.settle(paths, config.load(paths, "server")) == credentials.Passwords("s", "s")


def test_another_token_than_the_data_s_is_refused(paths: Paths) -> None:
    (paths.etcd / "member/wal").mkdir(parents=True)
    paths.tls.mkdir(parents=True)
    (paths.tls / "server-ca.crt").write_text("a certificate")
    write(paths, "token: first\n")
    credentials.settle(paths, config.load(paths, "server"))
    assert (paths.server / "token").stat().st_mode & 0o777 == 0o600
    write(paths, "token: second\n")
    with pytest.raises(FatalError, match="encrypted with different token"):
        credentials.settle(paths, config.load(paths, "server"))
