from __future__ import annotations

from pathlib import Path

import pytest

from lab.standin.payload import profile
from lab.standin.payload.config import Config, Role
from lab.standin.payload.journal import FatalError
from lab.standin.payload.paths import Paths

pytestmark = pytest.mark.unit
GOOD = {**profile.KUBELET_KERNEL}


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = Paths(tmp_path, tmp_path, tmp_path / "data")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\netcd:x:52034:52034::/:/sbin/nologin\n")
    (tmp_path / "etc/group").write_text("etcd:x:52034:\n")
    set_kernel(paths, GOOD)
    return paths


def set_kernel(paths: Paths, values: dict[str, int]) -> None:
    for name, value in values.items():
        file = paths.root / "proc/sys" / name.replace(".", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{value}\n")


def demanded(paths: Paths, role: Role = "server", **keys: str) -> str:
    """The fatal words, or nothing."""
    try:
        profile.demand(paths, Config(role, {key.replace("_", "-"): (value,) for key, value in keys.items()}))
    except FatalError as error:
        return str(error)
    return ""


@pytest.mark.proves("reality D25")
def test_cis_wants_four_kernel_settings_and_a_server_the_user_etcd(paths: Paths) -> None:
    assert not demanded(paths, profile="cis")
    set_kernel(paths, {"kernel.panic": 0, "vm.panic_on_oom": 2})
    words = "invalid kernel parameter value vm.panic_on_oom=2 - expected 0\ninvalid kernel parameter value kernel.panic=0 - expected 10\n"
    assert demanded(paths, profile="cis") == words
    assert not demanded(paths, profile="etcd")
    set_kernel(paths, GOOD)
    (paths.root / "etc/passwd").write_text("etcdx:x:1:1::/:/bin/sh\n")
    (paths.root / "etc/group").unlink()
    words = "missing required: user: unknown user etcd\nmissing required: group: unknown group etcd\n"
    assert [demanded(paths, profile=name) for name in ("cis", "etcd")] == [words, words]
    assert not demanded(paths, "agent", profile="cis")


def test_etcd_runs_under_its_account_with_a_profile_and_as_root_without(paths: Paths) -> None:
    assert profile.etcd_account(paths, Config("server", {"profile": ("etcd",)})) == (52034, 52034)
    assert profile.etcd_account(paths, Config("server", {})) is None


def test_other_profiles_and_a_denied_protection_are_refused(paths: Paths) -> None:
    assert demanded(paths, profile="cis-1.23") == "invalid value provided for --profile flag"
    assert (
        demanded(paths, profile="cis", protect_kernel_defaults="false") == "--protect-kernel-defaults must be true when using --profile=cis"
    )
    assert not demanded(paths)


def test_a_kubelet_that_must_protect_the_kernel_s_defaults_ends_where_they_are_others(paths: Paths) -> None:
    set_kernel(paths, {"kernel.panic": 0})
    words = "[invalid kernel flag: kernel/panic, expected value: 10, actual value: 0]"
    assert profile.kernel_refusal(paths, Config("agent", {"protect-kernel-defaults": ("true",)})) == words
    assert profile.kernel_refusal(paths, Config("agent", {"profile": ("cis",)})) == words
    assert not profile.kernel_refusal(paths, Config("agent", {"protect-kernel-defaults": ("false",)}))
    assert not profile.kernel_refusal(paths, Config("agent", {}))
