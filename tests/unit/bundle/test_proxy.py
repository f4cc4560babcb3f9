"""`proxy`: what reaches machines of it, and what is reached without it (parity 114, the origin's fault 57)."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

import pytest

from stardock.bundle import write_bundle
from stardock.bundle.inventory import inventory_files
from stardock.bundle.proxy import INTERPRETER
from stardock.errors import InputErrors
from stardock.firstboot.user import user_data
from stardock.model.facts import Facts, MachineFacts
from stardock.model.plan import Plan
from stardock.systems import SYSTEMS
from stardock.workspace.lock import to_json
from tests.plans import document, plan_of

pytestmark = pytest.mark.unit

URL = "http://proxy.home.arpa:3128"
FACTS = Facts(cluster="quickstart")
SERVER_FILE, AGENT_FILE = "/etc/default/rke2-server", "/etc/default/rke2-agent"


def planned(proxy: dict[str, Any] | None, system: str = "debian", **more: Any) -> Plan:
    data = document() | more | ({"proxy": proxy} if proxy else {})
    data["image"]["system"] = system
    return plan_of(data)[0]


def files_of(plan: Plan, name: str, facts: Facts = FACTS, kind: str = "machine_files") -> dict[str, dict[str, Any]]:
    return {file["path"]: file for file in inventory_files(plan, facts)[f"host_vars/{name}.yml"][kind]}


def variables(file: dict[str, Any]) -> dict[str, str]:
    """A file as systemd and a shell read it: no value needs more than its quotes."""
    lines = [line.removeprefix("export ") for line in file["content"].splitlines() if "='" in line]
    return {name: value.strip("'") for name, _, value in (line.partition("=") for line in lines)}


@pytest.mark.proves("feature proxy")
def test_services_get_both_names_in_the_environment_file_of_their_unit_for_root_alone_and_restart_in_turn() -> None:
    plan = planned({"http": URL})
    for name, path in (("server1", SERVER_FILE), ("agent1", AGENT_FILE)):
        file = files_of(plan, name)[path]
        assert (file["mode"], file["applies"]) == ("0600", "rke2")
        found = variables(file)
        assert {found[key] for key in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy")} == {URL}
        assert found["NO_PROXY"] == found["no_proxy"]
    assert not {SERVER_FILE, AGENT_FILE} & files_of(plan, "lb1").keys(), "a load balancer has no such unit"


@pytest.mark.proves("feature proxy")
def test_no_proxy_is_computed_from_loopback_cluster_networks_domain_machines_networks_vip_and_names() -> None:
    options = {
        "cluster-cidr": "10.50.0.0/16",
        "service-cidr": "10.51.0.0/16",
        "cluster-domain": "k.home.arpa",
        "tls-san": ["api.home.arpa"],
    }
    plan = planned({"http": URL, "no_proxy": [".lan", "10.9.0.0/16"]}, distribution={"name": "rke2", "options": options})
    direct = variables(files_of(plan, "server1")[SERVER_FILE])["NO_PROXY"].split(",")
    assert direct == [
        *("localhost", "127.0.0.0/8", "::1", "10.50.0.0/16", "10.51.0.0/16", ".svc", ".k.home.arpa"),
        *("192.168.1.0/24", "api.home.arpa", ".lan", "10.9.0.0/16"),
    ]


def test_the_vip_stands_for_itself_where_no_network_of_the_machines_holds_it() -> None:
    plan = planned({"http": URL})
    assert plan.load_balancing is not None
    plan = replace(plan, load_balancing=replace(plan.load_balancing, vip="10.77.0.9"))
    assert "10.77.0.9" in variables(files_of(plan, "server1")[SERVER_FILE])["NO_PROXY"].split(",")


def test_an_address_that_bootstrap_downloads_from_stands_for_itself_in_that_python_alone_since_it_knows_no_networks() -> None:
    """A service that restarts because the place of a release moved would be one too many."""
    distribution = {"name": "rke2", "url": "http://10.9.0.5:8080/rke2.tar.gz", "sha256": "0" * 64}
    found = files_of(planned({"http": URL, "no_proxy": ["10.9.0.0/16"]}, distribution=distribution), "server1")
    assert proxy_bypass_environment("10.9.0.5", {"no": variables(found[INTERPRETER])["NO_PROXY"]})
    assert found[SERVER_FILE] == files_of(planned({"http": URL, "no_proxy": ["10.9.0.0/16"]}), "server1")[SERVER_FILE]
    found = files_of(planned({"http": URL}, distribution=distribution), "server1")
    assert not proxy_bypass_environment("10.9.0.5", {"no": variables(found[INTERPRETER])["NO_PROXY"]}), "nobody said that it goes directly"


def test_addresses_that_dhcp_gave_stand_for_themselves_unless_a_network_of_the_users_holds_them() -> None:
    data = document("single") | {"proxy": {"http": URL}}
    facts = Facts(cluster="single", machines={"server1": MachineFacts(addresses={"ens18": ("10.8.0.7",)})})
    (name,) = (machine.name for machine in plan_of(data)[0].machines)
    assert "10.8.0.7" in variables(files_of(plan_of(data)[0], name, facts)[SERVER_FILE])["NO_PROXY"].split(",")
    data["proxy"]["no_proxy"] = ["10.8.0.0/16"]
    assert "10.8.0.7" not in variables(files_of(plan_of(data)[0], name, facts)[SERVER_FILE])["NO_PROXY"].split(",")


def test_one_machine_more_changes_no_file_of_the_others() -> None:
    before = planned({"http": URL})
    data = document() | {"proxy": {"http": URL}}
    data["pools"][2]["machines"] = ["agent1", "agent2"]
    assert files_of(before, "server1")[SERVER_FILE] == files_of(plan_of(data)[0], "server1")[SERVER_FILE]


@pytest.mark.proves("feature proxy")
def test_downloads_run_under_a_python_that_knows_the_proxy_and_no_command_line_does() -> None:
    plan = planned({"http": URL, "https": "http://other:1"})
    shared = inventory_files(plan, FACTS)["group_vars/all.yml"]
    assert shared["kubernetes_downloader"] == shared["machine_downloader"] == INTERPRETER
    for name in ("lb1", "server1"):
        file = files_of(plan, name)[INTERPRETER]
        assert file["mode"] == "0700"
        assert variables(file)["https_proxy"] == "http://other:1"
    without = inventory_files(planned(None), FACTS)["group_vars/all.yml"]
    assert without["kubernetes_downloader"] == without["machine_downloader"] == "/usr/bin/python3"


def test_that_python_hands_everything_on(tmp_path: Path) -> None:
    script = tmp_path / "python"
    script.write_text(files_of(planned({"http": URL}), "server1")[INTERPRETER]["content"])
    script.chmod(0o700)
    code = "import sys, urllib.request as r; print(r.getproxies()['http'], r.getproxies()['https'], sys.argv[1:], sys.stdin.read())"
    done = subprocess.run([str(script), "-c", code, "a b"], input="stdin", capture_output=True, text=True, check=True)
    assert done.stdout == f"{URL} {URL} ['a b'] stdin\n"


@pytest.mark.proves("feature proxy")
@pytest.mark.parametrize(
    ("system", "path"), [("debian", "/etc/apt/apt.conf.d/52stardock-proxy"), ("microos", "/etc/sysconfig/proxy"), ("flatcar", None)]
)
def test_package_managers_know_it_from_first_boot_on_and_bootstrap_writes_the_same(system: str, path: str | None) -> None:
    data = document() | {"proxy": {"http": URL, "no_proxy": ["mirror.lan", "10.0.0.0/8"]}}
    data["pools"] = [data["pools"][1] | {"image": {"system": system}}]
    data["network"].pop("vip")
    plan = plan_of(data)[0]
    known = SYSTEMS[system].files_of(plan.machine("server1"))
    found = [file for file in known if URL in file.content]
    assert [file.path for file in found] == ([path] if path else [])
    if path:
        assert files_of(plan, "server1")[path]["content"] == found[0].content
        assert "mirror.lan" in found[0].content


def test_apt_reads_it(tmp_path: Path) -> None:
    written = user_data(planned({"http": URL, "no_proxy": ["m.lan", ".lan"]}).machine("lb1"))["write_files"]
    (file,) = (file for file in written if file["path"].endswith("stardock-proxy"))
    (tmp_path / "conf").write_text(file["content"])
    done = subprocess.run(["apt-config", "-c", str(tmp_path / "conf"), "dump", "Acquire"], capture_output=True, text=True, check=True)
    assert f'Acquire::http::Proxy "{URL}";' in done.stdout
    assert 'Acquire::https::Proxy::m.lan "DIRECT";' in done.stdout
    assert '"DIRECT"' in done.stdout
    assert "Proxy::.lan" not in done.stdout


@pytest.mark.proves("feature proxy")
def test_without_the_key_what_stardock_wrote_goes_and_nobody_elses_file() -> None:
    found = files_of(planned(None), "server1")
    for path in (SERVER_FILE, "/etc/apt/apt.conf.d/52stardock-proxy"):
        assert found[path]["state"] == "absent"
        assert found[path]["begins"].startswith("# Written by Stardock")
    assert found[SERVER_FILE]["applies"] == "rke2"
    assert found[INTERPRETER] == {"path": INTERPRETER, "state": "absent"}


@pytest.mark.proves("feature proxy")
def test_a_password_is_in_no_plan_lock_bundle_or_first_boot_and_machines_get_marks_to_fill(tmp_path: Path) -> None:
    data = document() | {"proxy": {"http": URL, "https": "http://plain:1", "user": "ann", "password_from": {"env": "PROXY_PASSWORD"}}}
    plan, lock = plan_of(data)
    assert plan.secret_sources == {"env:PROXY_PASSWORD"}
    assert "plain:1" not in to_json(lock)
    assert "proxy" not in json.dumps(user_data(plan.machine("server1")))
    assert not {SERVER_FILE, INTERPRETER} & files_of(plan, "server1").keys()
    secret = files_of(plan, "server1", kind="machine_secret_files")
    assert secret.keys() == {SERVER_FILE, INTERPRETER, "/etc/apt/apt.conf.d/52stardock-proxy"}
    assert {file["mode"] for file in secret.values()} == {"0600", "0700"}
    for file in secret.values():
        (fill,) = file["fills"]
        assert (fill["source"], fill["kind"]) == ("env:PROXY_PASSWORD", "url")
        assert f"http://ann:{fill['mark']}@plain:1" in file["content"]
    write_bundle(plan, FACTS, tmp_path / "bundle")
    assert '{source: "env:PROXY_PASSWORD", content: ...}' in (tmp_path / "bundle/README.md").read_text()


def test_a_record_that_has_it_in_clear_has_no_second_owner() -> None:
    """A machine that left cluster.yaml is as last planned."""
    plan = planned({"http": URL})
    other = planned({"http": URL, "user": "ann", "password_from": {"env": "PROXY_PASSWORD"}})
    mixed = replace(other, machines=plan.machines)
    assert "/etc/apt/apt.conf.d/52stardock-proxy" not in files_of(mixed, "server1", kind="machine_secret_files")
    assert files_of(replace(plan, proxy=None), "server1")["/etc/apt/apt.conf.d/52stardock-proxy"].get("state") is None


@pytest.mark.parametrize("path", [SERVER_FILE, "/etc/apt/apt.conf.d/52stardock-proxy"])
def test_a_file_of_the_users_own_for_it_beside_the_key_is_refused(path: str) -> None:
    data = document() | {"proxy": {"http": URL}}
    data["cloud_init"] = {"user_data": {"write_files": [{"path": path, "content": "x"}]}}
    with pytest.raises(InputErrors) as caught:
        plan_of(data)
    (problem,) = caught.value.problems
    assert "is a file that Stardock writes itself" in problem.message
    data.pop("proxy")
    assert path in files_of(plan_of(data)[0], "server1")
