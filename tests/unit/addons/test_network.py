"""Traffic to Services: kube-vip's addresses, one ingress controller, and what the distribution gives up for them."""

from __future__ import annotations

from typing import Any

import pytest

from stardock.addons import ingress, kube_vip_services
from stardock.yamltext import yaml_text
from tests.unit.addons.planning import POOLS, inventory, manifests, planned, problem, values
from tests.unit.addons.test_addons import GOLDEN

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature add-ons")]

ADDRESSES = {"addresses": ["192.168.1.230-192.168.1.239", "192.168.1.248/29"]}


def distribution(name: str, version: str | None = None, **options: Any) -> dict[str, Any]:
    return {"distribution": {"name": name, "options": options, **({"version": version} if version else {})}}


@pytest.mark.parametrize(
    ("wanted", "name", "options"),
    [
        ({}, "rke2", {"ingress-controller": "traefik"}),
        ({"controller": "ingress-nginx"}, "rke2", {"ingress-controller": "ingress-nginx"}),
        ({"source": "chart"}, "rke2", {"ingress-controller": "none"}),
        ({"controller": "none"}, "rke2", {"ingress-controller": "none"}),
        ({}, "k3s", {}),
        ({"source": "chart"}, "k3s", {"disable": ["traefik"]}),
        ({"source": "chart", "controller": "ingress-nginx"}, "k3s", {"disable": ["traefik"]}),
        ({"controller": "none"}, "k3s", {"disable": ["traefik"]}),
    ],
)
def test_the_distributions_own_goes_where_another_is_wished_and_only_there(
    wanted: dict[str, Any], name: str, options: dict[str, Any]
) -> None:
    assert planned({"ingress": wanted}, **distribution(name)).distribution.options == options


def test_without_the_key_the_distribution_does_what_it_does() -> None:
    assert planned({}).distribution.options == {}


def test_what_is_disabled_already_stays_so_once() -> None:
    plan = planned({"ingress": {"source": "chart"}, "kube_vip": ADDRESSES}, **distribution("k3s", disable=["traefik", "local-storage"]))
    assert plan.distribution.options["disable"] == ["traefik", "local-storage", "servicelb"]


@pytest.mark.parametrize(("name", "chart"), [("rke2", "rke2-traefik"), ("k3s", "traefik")])
def test_values_for_the_distributions_own_are_a_config_of_its_chart(name: str, chart: str) -> None:
    secrets = [{"name": "more", "keys": ["values.yaml"]}]
    plan = planned({"ingress": {"values": {"a": 1}, "values_secrets": secrets}}, **distribution(name))
    ((config,),) = manifests(plan).values()
    assert (config["kind"], config["metadata"]["name"], config["spec"]["valuesSecrets"]) == ("HelmChartConfig", chart, secrets)
    assert values(plan, "ingress") == {"a": 1}
    assert manifests(planned({"ingress": {}}, **distribution(name))) == {}


@pytest.mark.parametrize(
    ("addons", "name", "options", "addresses"),
    [
        ({}, "rke2", {}, False),
        ({"metallb": {"pools": POOLS}}, "rke2", {}, True),
        ({"kube_vip": ADDRESSES}, "rke2", {}, True),
        ({}, "rke2", {"enable-servicelb": True}, True),
        ({}, "k3s", {}, True),
        ({}, "k3s", {"disable": "servicelb,traefik"}, False),
        ({}, "k3s", {"disable-cloud-controller": True}, False),
    ],
)
@pytest.mark.parametrize("controller", ["traefik", "ingress-nginx"])
def test_its_own_chart_listens_on_each_node_where_nobody_gives_addresses(
    addons: dict[str, Any], name: str, options: dict[str, Any], addresses: bool, controller: str
) -> None:
    wanted = {**addons, "ingress": {"source": "chart", "controller": controller}}
    found = values(planned(wanted, **distribution(name, **options)), "ingress")
    own = found.get("controller", found)
    service, kind = own["service"], own.get("kind") or own.get("deployment", {}).get("kind")
    assert (service.get("spec") or service)["type"] == ("LoadBalancer" if addresses else "ClusterIP")
    assert kind == (None if addresses else "DaemonSet")


def test_traefiks_class_has_the_name_that_it_has_from_the_distribution() -> None:
    """Without a name the chart calls it as its release (traefik/templates/ingressclass.yaml)."""
    assert values(planned({"ingress": {"source": "chart"}}), "ingress")["ingressClass"]["name"] == "traefik"


@pytest.mark.parametrize(
    ("wanted", "name", "warned"),
    [
        ({}, "traefik", False),
        ({"source": "chart"}, "traefik", False),
        ({"controller": "ingress-nginx"}, "nginx", False),
        ({"controller": "ingress-nginx"}, "traefik", True),
        ({"source": "chart"}, "ingress-traefik", True),
        ({"source": "chart", "values": {"ingressClass": {"name": "web"}}}, "web", False),
        ({"controller": "none"}, "web", False),
        (None, "web", False),
    ],
)
def test_certificates_that_wait_for_an_ingress_of_another_class_are_warned_of(
    wanted: dict[str, Any] | None, name: str, warned: bool
) -> None:
    acme = {"email": "me@example.org", "ingress_class": name}
    addons = {"cert_manager": {"issuers": [{"name": "public", "acme": acme}]}, **({} if wanted is None else {"ingress": wanted})}
    found = [one for one in planned(addons).warnings if "issuer public" in one]
    assert [f"`{name}`" in one for one in found] == ([True] if warned else [])


@pytest.mark.parametrize(
    ("name", "options", "refused"),
    [
        ("rke2", {}, True),
        ("rke2", {"ingress-controller": "none"}, False),
        ("rke2", {"ingress-controller": "traefik"}, True),
        ("rke2", {"disable": ["rke2-traefik"]}, False),
        ("rke2", {"disable": "rke2-traefik,rke2-ingress-nginx"}, False),
        ("k3s", {}, True),
        ("k3s", {"disable": ["traefik"]}, False),
    ],
)
def test_an_ingress_controller_among_charts_is_refused_beside_the_distributions_own(
    name: str, options: dict[str, Any], refused: bool
) -> None:
    addons = {"charts": [{"name": "web", "chart": "oci://registry.example.org/charts/traefik", "version": "41.3.0"}]}
    if not refused:
        assert planned(addons, **distribution(name, **options)).addons
        return
    found = problem(addons, **distribution(name, **options))
    assert (found.path, found.cure) == ("addons.charts[0]", "write `ingress: {controller: none}` under `addons`, or delete the chart")
    assert "brings one of its own" in found.message
    assert planned({**addons, "ingress": {"controller": "none"}}, **distribution(name)).addons, "the cure"


def test_k3s_brings_no_ingress_nginx() -> None:
    found = problem({"ingress": {"controller": "ingress-nginx"}}, **distribution("k3s"))
    assert (found.path, found.message) == ("addons.ingress.controller", "k3s brings traefik, and no ingress-nginx")
    assert "`source: chart`" in str(found.cure)


def test_a_release_that_brings_ingress_nginx_beside_traefik_only_is_refused_where_it_is_asked_for_alone() -> None:
    wanted = {"ingress": {"controller": "ingress-nginx"}}
    found = problem(wanted, **distribution("rke2", "v1.37.1+rke2r1"))
    assert (found.path, found.message) == ("addons.ingress", "RKE2 v1.37.1+rke2r1 does not bring ingress-nginx alone any more")
    assert planned(wanted, **distribution("rke2", "v1.36.5+rke2r1")).addons


def test_that_ingress_nginx_is_retired_is_a_warning() -> None:
    (warning,) = [one for one in planned({"ingress": {"controller": "ingress-nginx"}}).warnings if "nginx" in one]
    assert "no fixes since March 2026" in warning


@pytest.mark.parametrize("name", ["ingress", "kube_vip"])
def test_each_is_written_as_it_was(name: str) -> None:
    text = yaml_text(manifests(planned({"ingress": {"source": "chart"}} if name == "ingress" else {"kube_vip": ADDRESSES})))
    golden = GOLDEN / f"{name}.yaml"
    assert text == golden.read_text(), f"if that is meant, write it into {golden}"


def test_an_interface_of_kube_vips_is_told_and_without_agents_it_runs_on_servers() -> None:
    plan = planned({"kube_vip": {**ADDRESSES, "interface": "ens19"}})
    daemon = manifests(plan)["kube-vip"][-1]["spec"]["template"]["spec"]
    assert {"name": "vip_servicesinterface", "value": "ens19"} in daemon["containers"][0]["env"]
    terms = daemon["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert terms[0]["matchExpressions"][0]["operator"] == "DoesNotExist"


@pytest.mark.parametrize(
    ("addresses", "told"),
    [
        (ADDRESSES["addresses"], {"range-global": "192.168.1.230-192.168.1.239,192.168.1.248-192.168.1.255"}),
        (["192.168.1.248/29", "192.168.1.230"], {"range-global": "192.168.1.248-192.168.1.255,192.168.1.230-192.168.1.230"}),
        (["2001:db8::/126"], {"range-global": "2001:db8::-2001:db8::3"}),
    ],
)
def test_all_of_kube_vips_addresses_are_told_as_ranges_since_beside_a_network_its_cloud_provider_reads_none(
    addresses: list[str], told: dict[str, str]
) -> None:
    assert values(planned({"kube_vip": {"addresses": addresses}}), "kube-vip-cloud-provider")["cm"]["data"] == told


def test_an_address_of_the_plan_is_not_kube_vips() -> None:
    found = problem({"kube_vip": {"addresses": ["192.168.1.41-192.168.1.45"]}})
    assert (found.path, found.message) == (
        "addons.kube_vip.addresses[0]",
        "192.168.1.41-192.168.1.45 of kube_vip holds the address of lb1, 192.168.1.41",
    )


def test_servers_of_rke2_keep_the_file_of_the_control_planes_kube_vip_as_it_was() -> None:
    variables = inventory(planned({"kube_vip": ADDRESSES}))
    assert "stardock-kube-vip.yaml" in variables["group_vars/all.yml"]["kubernetes_former_kube_vip"]
    assert kube_vip_services.RELEASES
    assert ingress.CONTROLLERS["traefik"].releases
