"""What HOST is brought: this environment's own versions as wheels, chosen by what HOST says that it is."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from stardock.errors import ConditionError
from stardock.model.jump import Jump
from stardock.playbooks.via import door, entry, keeper, wheels
from stardock.playbooks.via.kubeconfig import own_text
from stardock.playbooks.via.wheels import Platform, needed, own_wheel, platform_of

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature bootstrap on another machine")]

HERE = Platform((3, 11), "glibc", 36, "x86_64")


@pytest.mark.parametrize(
    ("tag", "takes"),
    [
        ("py3-none-any", True),
        ("py2.py3-none-any", True),
        ("py2-none-any", False),
        ("cp311-cp311-manylinux_2_17_x86_64", True),
        ("cp311-cp311-manylinux2014_x86_64", True),
        ("cp311-cp311-manylinux_2_37_x86_64", False),
        ("cp311-cp311-manylinux_2_17_aarch64", False),
        ("cp311-cp311-musllinux_1_2_x86_64", False),
        ("cp312-cp312-manylinux_2_17_x86_64", False),
        ("cp37-abi3-manylinux_2_34_x86_64", True),
        ("cp312-abi3-manylinux_2_34_x86_64", False),
        ("cp311-cp311-linux_x86_64", False),
        ("cp311-cp311-win_amd64", False),
    ],
)
def test_a_wheel_is_taken_where_its_tag_says_that_it_runs(tag: str, takes: bool) -> None:
    assert HERE.takes(tag) == takes


def test_ansible_and_all_that_it_needs_here_is_named_and_nothing_of_tests_or_extras() -> None:
    names = {wheels.name(one) for one in needed()}
    assert {"ansible-core", "ansible-runner", "jinja2", "markupsafe", "pyyaml", "cryptography", "cffi", "pexpect", "ptyprocess"} <= names
    assert names.isdisjoint({"pytest", "babel", "stardock", "cdktf", "pydantic"})


def test_wheels_are_the_same_bytes_and_the_folders_name_follows_them() -> None:
    made = own_wheel()
    own_wheel.cache_clear()
    assert own_wheel() == made
    assert wheels.key() == wheels.key()
    with zipfile.ZipFile(io.BytesIO(made)) as wheel:
        names = wheel.namelist()
    assert "stardock/playbooks/ansible.py" in names
    assert not [name for name in names if "_shipped" in name or "__pycache__" in name]


def test_ansible_runs_from_the_wheels_and_the_standard_library_alone(tmp_path: Path) -> None:
    """In a Python that sees nothing else: what HOST has after `entry`."""
    for data in wheels.wheels_for(wheels.here()).values():
        with zipfile.ZipFile(io.BytesIO(data)) as wheel:
            wheel.extractall(tmp_path / "lib")
    program = (
        "import stardock.playbooks.ansible, stardock.playbooks.via.keeper, ansible.cli.playbook, sys; print('pydantic' in sys.modules)"
    )
    clean = {"PATH": os.defpath, "PYTHONPATH": str(tmp_path / "lib"), "LANG": "C.UTF-8"}
    base = Path(sys.base_prefix) / "bin/python3"
    done = subprocess.run(
        [str(base), "-P", "-s", "-S", "-c", program], env=clean, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("False", 0), done.stderr


def test_what_does_not_fit_is_downloaded_in_the_same_version_and_a_failure_names_what_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 1, "", "ERROR: No matching distribution found for cffi\n")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(ConditionError, match="No matching distribution") as caught:
        wheels.wheels_for(Platform((3, 13), "musl", 2, "aarch64"))
    (command,) = asked
    assert command[command.index("--python-version") + 1] == "3.13"
    assert "musllinux_1_2_aarch64" in command
    version = next(one.version for one in needed() if wheels.name(one) == "pyyaml")
    assert f"pyyaml=={version}" in command
    assert "ansible-core" not in " ".join(command), "it runs anywhere, and is made from here"
    assert "PIP_FIND_LINKS" in (caught.value.cure or "")


def test_pip_imports_nothing_of_the_working_folder_and_gets_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pip.py").write_text("raise SystemExit('of the working folder')\n")
    (tmp_path / "wheels").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROXMOX_VE_API_TOKEN", "root@pam!x=secret")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PIP_FIND_LINKS", "wheels https://example.org/wheels")
    asked: dict[str, Any] = {}

    def run(command: list[str], **how: Any) -> subprocess.CompletedProcess[str]:
        asked.update(how, command=command)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    wheels._downloaded([one for one in needed() if wheels.name(one) == "pyyaml"], Platform((3, 13), "musl", 2, "aarch64"))
    assert asked["command"][1:4] == ["-P", "-m", "pip"]
    assert Path(asked["cwd"]) not in (tmp_path, *tmp_path.parents)
    assert asked["env"].keys().isdisjoint({"PROXMOX_VE_API_TOKEN", "PYTHONPATH"})
    assert "PATH" in asked["env"]
    assert asked["env"]["PIP_FIND_LINKS"] == f"{tmp_path}/wheels https://example.org/wheels"


def test_pip_is_told_of_proxies_and_certificates_as_before() -> None:
    told = {"https_proxy": "http://p", "HTTPS_PROXY": "http://p", "SSL_CERT_FILE": "/c", "PIP_NO_INDEX": "1", "HOME": "/h"}
    assert wheels.environment(told | {"GITHUB_TOKEN": "x", "AWS_SECRET_ACCESS_KEY": "x", "STARDOCK_SECRETS": "x"}) == told


HELLO: dict[str, Any] = {
    "python": [3, 12, 1], "implementation": "cpython", "machine": "aarch64", "libc": "glibc", "libc_version": "2.39",
}  # fmt: skip


def test_what_host_says_of_itself_is_read() -> None:
    assert platform_of(HELLO) == Platform((3, 12), "glibc", 39, "aarch64")
    assert platform_of(HELLO | {"libc": "", "libc_version": ""}).libc == "musl"


@pytest.mark.parametrize(
    "lie",
    [
        {"python": [3, 9, 1]},
        {"python": "3.12"},
        {"python": [3]},
        {"python": ["--index-url=x", 1, 2]},
        {"implementation": "pypy"},
        {"machine": "x86_64 --index-url=http://x"},
        {"machine": ["x"]},
        {"machine": ""},
    ],
)
def test_what_cannot_be_a_platform_is_refused_and_reaches_no_command(lie: dict[str, Any]) -> None:
    with pytest.raises(ConditionError, match="HOST"):
        platform_of(HELLO | lie)


def test_the_first_program_imports_the_standard_library_alone() -> None:
    program = f"{Path(entry.__file__).read_text()}\nimport sys; print([name for name in sys.modules if name.startswith('stardock')])"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_of_two_agents_ssh_is_told_the_lent_one_first_and_hosts_key_must_be_known() -> None:
    words = door.command(Jump("host", "ops", 2222), Path("/k"), "pass")
    assert words[0] == "ssh-agent"
    assert "StrictHostKeyChecking=yes" in words
    assert "BatchMode=yes" in words
    assert words[words.index("-p") + 1] == "2222"
    assert words[3].rstrip().endswith('exec ssh -o "ForwardAgent=$lent" $tried -i "$key" "$@"')
    assert door.environment({"SSH_AUTH_SOCK": "/mine", "A": "b"}) == {"A": "b", door.OWN_AGENT: "/mine", "SSH_ASKPASS_REQUIRE": "never"}


@pytest.mark.parametrize("what", ["a link", "a file", "wide"])
def test_a_folder_in_memory_that_is_not_this_accounts_alone_is_refused(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "PLACES", (str(tmp_path),))
    monkeypatch.setattr(keeper, "_is_memory", lambda _: True)
    path = tmp_path / f"stardock-{os.getuid()}"
    if what == "a link":
        path.symlink_to("/etc")
    elif what == "a file":
        path.write_text("")
    else:
        path.mkdir()
        path.chmod(0o755)
    with pytest.raises(ConditionError, match="is not this account's alone"):
        keeper._base()


def test_without_memory_nothing_is_written_to_a_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "PLACES", (str(tmp_path),))
    with pytest.raises(ConditionError, match="no file system in memory") as caught:
        keeper._base()
    assert "mount -t tmpfs" in (caught.value.cure or "")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_releases_is_one_of_hosts_and_is_missed_in_words(tmp_path: Path) -> None:
    keeper._look_for("")
    keeper._look_for(str(tmp_path))
    with pytest.raises(ConditionError, match="no folder on HOST"):
        keeper._look_for(str(tmp_path / "nothing"))


CERTIFICATE = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCmEK"
KEY = "LS0tLS1CRUdJTiBFQyBQUklWQVRFIEtFWS0tLS0tCmEK"
GOOD = f"certificate-authority-data: {CERTIFICATE}\nclient-certificate-data: {CERTIFICATE}\nclient-key-data: {KEY}\n"


def test_of_a_kubeconfig_three_values_are_taken_and_the_rest_is_ours() -> None:
    """Else `kubectl` would run what an `exec` names, or ask another server."""
    evil = GOOD + "server: https://evil:6443\ninsecure-skip-tls-verify: true\nusers: [{user: {exec: {command: id}}}]\n"
    text = own_text(evil, "home", "https://10.0.0.1:6443")
    assert "exec" not in text
    assert "evil" not in text
    assert "insecure" not in text
    assert "server: https://10.0.0.1:6443" in text
    assert own_text(text, "home", "https://10.0.0.1:6443") == text, "so that the next run changes nothing"


def test_a_kubeconfig_with_another_authority_than_the_founded_one_is_refused() -> None:
    founded = hashlib.sha256(base64.b64decode(CERTIFICATE)).hexdigest()
    assert own_text(GOOD, "home", "https://10.0.0.1:6443", founded)
    with pytest.raises(ConditionError, match="another authority"):
        own_text(GOOD, "home", "https://10.0.0.1:6443", "ab" * 32)


@pytest.mark.parametrize("lost", ["certificate-authority-data", "client-certificate-data", "client-key-data"])
@pytest.mark.parametrize("other", ["", "x: {{ lookup('pipe', 'id') }}", f"x: {KEY[:-4]}!!!!", "x: aGVsbG8="])
def test_a_kubeconfig_that_lacks_a_value_is_refused(lost: str, other: str) -> None:
    lines = [line if not line.startswith(lost) else other.replace("x:", f"{lost}:") for line in GOOD.splitlines()]
    with pytest.raises(ConditionError, match=lost):
        own_text("\n".join(lines), "home", "https://10.0.0.1:6443")


def test_an_installation_that_lacks_a_file_is_told_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = next(one for one in needed() if wheels.name(one) == "ansible-runner")
    monkeypatch.setattr(type(one), "locate_file", lambda _self, path: tmp_path / path)
    with pytest.raises(ConditionError, match="ansible-runner is not whole here"):
        list(wheels._files(one))
