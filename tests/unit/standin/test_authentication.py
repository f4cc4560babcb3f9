from __future__ import annotations

from pathlib import Path

import pytest

from lab.standin.payload import apiserver
from lab.standin.payload.authentication import Version, leaves_anonymous_alone, refusal
from lab.standin.payload.config import Config
from lab.standin.payload.paths import Paths

pytestmark = pytest.mark.unit
GATE = "AnonymousAuthConfigurableEndpoints=true"


def said(tmp_path: Path, version: str, written: str, *, anonymous: bool = True, gates: str = "") -> str:
    file = tmp_path / "auth.yaml"
    rest = "anonymous: {enabled: true}\n" if anonymous else "jwt: []\n"
    file.write_text(f"apiVersion: apiserver.config.k8s.io/{written}\nkind: AuthenticationConfiguration\n{rest}")
    return refusal(Version.of(version), {"authentication-config": str(file), "feature-gates": gates})


@pytest.mark.proves("reality D19")
@pytest.mark.parametrize(("version", "written", "words"), [
    ("v1.33.3+rke2r1", "v1", 'no kind "AuthenticationConfiguration" is registered for version "apiserver.config.k8s.io/v1"'),
    ("v1.33.3+rke2r1", "v1beta1", ""), ("v1.32.9+rke2r1", "v1beta1", ""), ("v1.34.0+rke2r1", "v1", ""), ("v1.34.0+rke2r1", "v1beta1", ""),
    ("v1.29.1+rke2r1", "v1beta1", "no kind"), ("v1.31.14+rke2r1", "v1beta1", "anonymous: Forbidden: anonymous is not supported when"),
    ("v1.30.2+rke2r1", "v1beta1", 'unknown field "anonymous"'), ("v1.36.5+rke2r1", "v9", ""),
])  # fmt: skip
def test_each_minor_takes_the_kinds_that_it_knows(tmp_path: Path, version: str, written: str, words: str) -> None:
    found = said(tmp_path, version, written)
    assert words in found
    assert bool(words) == bool(found)


def test_1_31_takes_the_field_with_its_feature_gate(tmp_path: Path) -> None:
    assert not said(tmp_path, "v1.31.14+rke2r1", "v1beta1", gates=GATE)
    assert not said(tmp_path, "v1.31.14+rke2r1", "v1beta1", anonymous=False)


@pytest.mark.parametrize("content", ["", "[", "a: b", "apiVersion: example.com/v1\nkind: AuthenticationConfiguration"])
def test_what_is_no_such_file_is_left_to_the_real_api_server(tmp_path: Path, content: str) -> None:
    (tmp_path / "auth.yaml").write_text(content)
    assert not refusal(Version.of("v1.31.1"), {"authentication-config": str(tmp_path / "auth.yaml")})
    assert not refusal(Version.of("v1.31.1"), {"authentication-config": str(tmp_path / "none.yaml")})
    assert not refusal(Version.of("v1.31.1"), {})


@pytest.mark.proves("reality D19")
@pytest.mark.parametrize(("version", "alone"), [
    ("v1.33.1+rke2r1", False), ("v1.33.2+rke2r1", True), ("v1.32.5+rke2r1", False), ("v1.32.6+rke2r1", True), ("v1.31.10+rke2r1", True),
    ("v1.30.9+rke2r1", False), ("v1.36.5+rke2r1", True), ("no version", True),
])  # fmt: skip
def test_before_rke2_8137_its_own_flag_clashes_with_the_file(monkeypatch: pytest.MonkeyPatch, version: str, alone: bool) -> None:
    monkeypatch.setattr(apiserver, "VERSION", version)
    assert leaves_anonymous_alone(Version.of(version)) is alone
    paths, config = Paths(Path("/"), Path("/tools"), Path("/data")), Config("server", {"kube-apiserver-arg": ("authentication-config=/x",)})
    assert ("--anonymous-auth=false" not in apiserver.command(paths, config, "10.0.0.1")) is alone
