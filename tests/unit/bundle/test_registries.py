"""`registries`: registries.yaml on all nodes, and the options beside it (parity 111)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from stardock.bundle.inventory import inventory_files
from stardock.errors import InputErrors
from stardock.model.facts import Facts
from stardock.model.plan import Plan
from stardock.spec import load_spec
from stardock.workspace.lock import to_json
from stardock.yamltext import yaml_text
from tests.hostile_texts import CERTIFICATE
from tests.plans import document, plan_of

pytestmark = pytest.mark.unit

PATH = "/etc/rancher/rke2/registries.yaml"
AUTHORITIES = "/etc/rancher/rke2/stardock-registries.pem"
REGISTRIES: dict[str, Any] = {
    "mirrors": [
        {"registry": "docker.io", "endpoints": ["https://r.home.arpa:5000"], "rewrite": {"^library/(.*)": "cache/$1"}},
        {"registry": "*"},
    ],
    "access": [
        {"registry": "r.home.arpa:5000", "user": "puller", "password_from": {"env": "REGISTRY_PASSWORD"}, "ca": CERTIFICATE},
        {"registry": "old.home.arpa", "insecure": True},
    ],
    "embedded": True,
    "system_default": "r.home.arpa:5000",
}


def planned(registries: dict[str, Any] | None, **more: Any) -> Plan:
    return plan_of(document() | more | ({"registries": registries} if registries else {}))[0]


def host(plan: Plan, name: str) -> dict[str, Any]:
    return inventory_files(plan, Facts(cluster="quickstart"))[f"host_vars/{name}.yml"]


def files(plan: Plan, name: str, kind: str = "machine_files") -> dict[str, dict[str, Any]]:
    return {file["path"]: file for file in host(plan, name)[kind]}


@pytest.mark.proves("feature registries")
@pytest.mark.parametrize("name", ["server1", "agent1"])
def test_registries_yaml_is_on_all_nodes_for_root_alone_with_the_wildcard_in_quotes(name: str) -> None:
    file = files(planned(REGISTRIES), name, "machine_secret_files")[PATH]
    assert (file["mode"], file["applies"]) == ("0600", "rke2")
    assert '\n  "*": {}\n' in file["content"]
    (fill,) = file["fills"]
    assert yaml.safe_load(file["content"]) == {
        "mirrors": {
            "docker.io": {"endpoint": ["https://r.home.arpa:5000"], "rewrite": {"^library/(.*)": "cache/$1"}},
            "*": {},
        },
        "configs": {
            "r.home.arpa:5000": {"auth": {"username": "puller", "password": fill["mark"]}, "tls": {"ca_file": AUTHORITIES}},
            "old.home.arpa": {"tls": {"insecure_skip_verify": True}},
        },
    }
    assert files(planned(REGISTRIES), name)[AUTHORITIES]["content"] == CERTIFICATE


def test_a_load_balancer_pulls_no_image() -> None:
    plan = planned(REGISTRIES)
    assert not {PATH, AUTHORITIES} & (files(plan, "lb1") | files(plan, "lb1", "machine_secret_files")).keys()


def test_a_password_is_in_no_lock() -> None:
    plan, lock = plan_of(document() | {"registries": REGISTRIES})
    assert plan.secret_sources == {"env:REGISTRY_PASSWORD"}
    assert "REGISTRY_PASSWORD" not in to_json(lock)


def test_without_a_password_it_is_a_file_in_clear() -> None:
    plan = planned({"mirrors": [{"registry": "docker.io", "endpoints": ["http://r.lan:5000"]}]})
    assert yaml.safe_load(files(plan, "agent1")[PATH]["content"]) == {"mirrors": {"docker.io": {"endpoint": ["http://r.lan:5000"]}}}
    assert files(plan, "agent1")[PATH]["mode"] == "0600"


@pytest.mark.proves("feature registries")
def test_the_embedded_registry_and_the_default_one_are_options_of_servers() -> None:
    plan = planned(REGISTRIES)
    config = host(plan, "server1")["kubernetes_config"]
    assert (config["embedded-registry"], config["system-default-registry"]) == (True, "r.home.arpa:5000")
    assert not {"embedded-registry", "system-default-registry"} & host(plan, "agent1")["kubernetes_config"].keys()


@pytest.mark.proves("feature registries")
def test_without_the_key_what_stardock_wrote_goes_and_nobody_elses_file() -> None:
    found = files(planned(None), "agent1")
    assert (found[PATH]["state"], found[PATH]["applies"]) == ("absent", "rke2")
    assert found[PATH]["begins"].startswith("# Written by Stardock")
    assert found[AUTHORITIES]["state"] == "absent"


def test_a_file_of_the_users_own_is_theirs_without_the_key_and_refused_beside_it() -> None:
    own = {"user_data": {"write_files": [{"path": PATH, "content": "mirrors: {}\n"}]}}
    assert files(planned(None, cloud_init=own), "agent1")[PATH]["content"] == "mirrors: {}\n"
    assert files(planned({"system_default": "r.lan"}, cloud_init=own), "agent1")[PATH]["content"] == "mirrors: {}\n"
    with pytest.raises(InputErrors) as caught:
        planned(REGISTRIES, cloud_init=own)
    assert "is a file that Stardock writes itself" in caught.value.problems[0].message


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("embedded-registry", True, "`embedded-registry` is what `registries.embedded` says (line "),
        ("system-default-registry", "x.lan", "`system-default-registry` is what `registries.system_default` says (line "),
        ("private-registry", "/etc/x", "`private-registry` names another file than the one that `registries` is written to"),
    ],
)
def test_what_is_told_twice_is_refused_at_the_option(tmp_path: Path, option: str, value: Any, message: str) -> None:
    data = document() | {"registries": REGISTRIES}
    data["distribution"] = {"name": "rke2", "options": {option: value}}
    (tmp_path / "cluster.yaml").write_text(yaml_text(data))
    with pytest.raises(InputErrors) as caught:
        load_spec(tmp_path / "cluster.yaml")
    (problem,) = caught.value.problems
    assert message in problem.message
    assert problem.path == f"distribution.options.{option}"


@pytest.mark.parametrize(
    ("pattern", "name"),
    [("(?!cache/)(.*)", "x"), ("(?<=a)b", "x"), ("(?>a)b", "x"), (r"^docker\.io/(.*)", "x"), ('a"b', "x"), ("a", 'x"'), ("a", "\\1")],
)
def test_a_rewrite_that_no_containerd_obeys_is_refused(tmp_path: Path, pattern: str, name: str) -> None:
    """Go's regular expressions look neither ahead nor back, and k3s writes them into hosts.toml as they are."""
    mirror = {"registry": "docker.io", "endpoints": ["https://r.lan"], "rewrite": {pattern: name}}
    (tmp_path / "cluster.yaml").write_text(yaml_text(document() | {"registries": {"mirrors": [mirror]}}))
    with pytest.raises(InputErrors) as caught:
        load_spec(tmp_path / "cluster.yaml")
    (problem,) = caught.value.problems
    assert problem.path.startswith("registries.mirrors[0].rewrite")


@pytest.mark.parametrize("pattern", ["^library/(.*)", "(?i)^a[.]b/(.*)", "(?P<all>.+?)", "(?:a|b)*"])
def test_what_go_reads_as_python_does_is_taken(pattern: str) -> None:
    mirror = {"registry": "docker.io", "endpoints": ["https://r.lan"], "rewrite": {pattern: "x/$1"}}
    assert planned({"mirrors": [mirror]}).registries.mirrors[0].rewrite == {pattern: "x/$1"}
