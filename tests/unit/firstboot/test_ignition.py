"""Flatcar's first boot: what the Ignition document says, judged by Ignition's own parser (tools/ignition), its warnings as errors.

Rendered and validated; no Flatcar is booted by our tests.
"""

from __future__ import annotations

import json
import subprocess
from typing import Any
from urllib.parse import unquote

import pytest

from lab.cache import cache_root
from stardock.firstboot import documents
from stardock.model.machine import User, UserFile
from tests.machines import KEY, interface, machine, machines
from tests.plans import document, plan_of

pytestmark = pytest.mark.unit

PARSER = cache_root() / "tools/ignition/current/bin/validate"


def flatcar(**changes: Any) -> Any:
    return machine("server1", "server", 12, system_name="flatcar", **changes)


def text_of(subject: Any) -> str:
    """As Terraform renders it: the hash in its place."""
    return "".join("$6$salt$hash" if variable else text for text, variable in documents("testing", subject).user_parts())


def parsed(subject: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text_of(subject))
    return document


def words_of_the_parser(text: str) -> str:
    """What ignition-validate says; nothing at all when it takes the document without a warning."""
    assert PARSER.exists(), "not built: run tools/install ignition"
    done = subprocess.run([PARSER, "-"], input=text, capture_output=True, text=True, check=False)
    words = done.stdout + done.stderr
    assert words or done.returncode == 0
    return words


def written(subject: Any) -> dict[str, str]:
    files = parsed(subject)["storage"]["files"]
    return {file["path"]: unquote(file["contents"]["source"].removeprefix("data:,")) for file in files}


FULL = flatcar(
    hostname="server1.home.arpa",
    timezone="Europe/Berlin",
    interfaces=(interface(12), interface(13, name="ens19", address=None, prefix=None, gateway=None, dns=(), search=())),
    users=(User(name="root", keys=(KEY,)), User(name="admin", keys=(KEY, KEY + "2"), password_variable="password_hash_admin")),
    files=(
        UserFile(path="/etc/motd", content="50 % of ${path} \u00e9\n"),
        UserFile(path="/home/admin/x", content="", mode="0600", owner="admin"),
    ),
    commands=("echo 'once'", "true"),
    boot_commands=("modprobe br_netfilter",),
)


@pytest.mark.proves("feature flatcar")
@pytest.mark.parametrize("subject", [*machines("flatcar"), FULL], ids=lambda each: each.hostname)
def test_ignitions_own_parser_takes_every_document_without_a_warning(subject: Any) -> None:
    assert words_of_the_parser(text_of(subject)) == ""


@pytest.mark.proves("feature k3s on Flatcar")
@pytest.mark.parametrize("name", ["server1", "agent1", "agent2", "agent3"])
def test_ignitions_own_parser_takes_every_document_of_the_example_without_a_warning(name: str) -> None:
    subject = plan_of(document("flatcar-k3s"))[0].machine(name)
    assert subject.image.system == "flatcar"
    assert words_of_the_parser(text_of(subject)) == ""


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ('"mask": true', '"maskd": true'),
        ('"version": "3.4.0"', '"version": "9.9.9"'),
        ('"path": "/etc/hostname"', '"path": "etc/hostname"'),
        ('"source": "data:', '"source": "nothing:'),
    ],
)
def test_the_parser_finds_what_is_planted(wrong: str, words: str) -> None:
    text = text_of(flatcar())
    assert wrong in text
    assert words_of_the_parser(text.replace(wrong, words, 1))


@pytest.mark.proves("feature flatcar")
def test_it_is_spec_3_and_every_file_overwrites() -> None:
    document = parsed(FULL)
    assert document["ignition"] == {"version": "3.4.0"}
    assert all(file["overwrite"] is True for file in (*document["storage"]["files"], *document["storage"]["links"]))


def test_hostname_time_zone_users_and_keys_are_in_it() -> None:
    document = parsed(FULL)
    assert written(FULL)["/etc/hostname"] == "server1.home.arpa\n"
    assert document["storage"]["links"][0]["target"] == "../usr/share/zoneinfo/Europe/Berlin"
    assert document["passwd"]["users"] == [
        {"name": "root", "sshAuthorizedKeys": [KEY]},
        {"name": "admin", "shell": "/bin/bash", "passwordHash": "$6$salt$hash", "sshAuthorizedKeys": [KEY, KEY + "2"]},
    ]
    assert "admin ALL=(ALL) NOPASSWD:ALL" in written(FULL)["/etc/sudoers.d/stardock"]
    assert "PasswordAuthentication no" in written(FULL)["/etc/ssh/sshd_config.d/10-stardock.conf"]


def test_the_network_is_matched_by_mac() -> None:
    files = [text for path, text in sorted(written(FULL).items()) if "/network/" in path and "cni" not in path]
    assert [text.split("[Match]\n")[1].split("\n")[0] for text in files] == ["MACAddress=bc:24:11:00:00:0c", "MACAddress=bc:24:11:00:00:0d"]
    assert "Address=192.168.1.12/24\n" in files[0]
    assert "Gateway=192.168.1.1\n" in files[0]
    assert "DHCP=ipv4" in files[1]
    assert not [text for text in files if "Name=" in text]


def test_units_that_reboot_or_bring_another_containerd_are_masked() -> None:
    masked = {unit["name"] for unit in parsed(flatcar())["systemd"]["units"] if unit.get("mask")}
    reboots = {"locksmithd.service", "systemd-sysupdate-reboot.service", "systemd-sysupdate-reboot.timer"}
    assert masked == reboots | {"docker.service", "docker.socket", "containerd.service"}


def test_update_strategy_console_log_level_and_python_are_in_files() -> None:
    files = written(flatcar())
    assert "REBOOT_STRATEGY=off\n" in files["/etc/flatcar/update.conf"]
    assert "kernel.printk = 4 4 1 7\n" in files["/etc/sysctl.d/80-stardock-console.conf"]
    assert files["/etc/flatcar/enabled-sysext.conf"] == "python\n"
    assert "Unmanaged=yes" in files["/etc/systemd/network/05-stardock-cni.network"]


def test_the_users_files_and_commands_become_files_and_units() -> None:
    document, files = parsed(FULL), written(FULL)
    assert files["/etc/motd"] == "50 % of ${path} \u00e9\n"
    own = next(file for file in document["storage"]["files"] if file["path"] == "/home/admin/x")
    assert (own["mode"], own["user"]) == (0o600, {"name": "admin"})
    assert files["/etc/stardock/first-boot.sh"] == "#!/bin/sh\necho 'once'\ntrue\n"
    units = {unit["name"]: unit["contents"] for unit in document["systemd"]["units"] if "contents" in unit}
    assert "ConditionPathExists=!/var/lib/stardock/first-boot" in units["stardock-first-boot.service"]
    assert set(units) == {"stardock-first-boot.service", "stardock-every-boot.service"}
    assert not [unit for unit in parsed(flatcar())["systemd"]["units"] if "contents" in unit]


def test_only_the_password_is_live_to_terraform() -> None:
    (before, _), live, (behind, _) = documents("testing", FULL).user_parts()
    assert live[1] == "password_hash_admin"
    assert before.endswith('"passwordHash": "')
    assert behind.startswith('"')


@pytest.mark.proves("feature flatcar")
def test_units_pass_systemds_own_verifier(tmp_path: Any) -> None:
    for unit in parsed(FULL)["systemd"]["units"]:
        if "contents" in unit:
            path = tmp_path / unit["name"]
            path.write_text(unit["contents"].replace("/usr/bin/touch", "/bin/true").replace("/etc/stardock/", "/bin/"))
            done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(path)], capture_output=True, text=True, check=False)
            assert unit["name"] not in done.stderr, done.stderr
