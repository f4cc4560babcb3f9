"""`api`, as it reaches haproxy and keepalived (parity 92 to 101). `tests/lab/quickstart/test_api.py` shows what they say to it."""

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
from stardock.spec.rules.addresses import vip_rules
from stardock.spec.rules.api import api_rules
from stardock.systems import networkd
from stardock.yamltext import yaml_text
from tests.plans import document, plan_of, quickstart_plan, spec_of
from tests.unit.ansible.rendered import ROLES, rendered

pytestmark = pytest.mark.unit

ANSIBLE = ROLES.parent
GOLDEN = Path(__file__).parent / "golden"


def plan_with(api: dict[str, Any], **network: Any) -> Plan:
    data = document() | {"api": api}
    data["network"] |= network
    return plan_of(data)[0]


def haproxy(api: dict[str, Any], **network: Any) -> str:
    return rendered(plan_with(api, **network), "lb1", "haproxy.cfg")


def keepalived(api: dict[str, Any], name: str = "lb1", **network: Any) -> str:
    return rendered(plan_with(api, **network), name, "keepalived.conf")


@pytest.mark.parametrize("name", ["haproxy.cfg", "keepalived.conf"])
def test_a_cluster_that_says_nothing_keeps_its_files_byte_for_byte(name: str) -> None:
    assert rendered(quickstart_plan(), "lb1", name) == (GOLDEN / f"quickstart-lb1-{name}").read_text()


@pytest.mark.proves("feature ways to the API")
def test_algorithm_and_times_of_checks_are_as_written() -> None:
    check = {"interval": "10s", "fast_interval": "500ms", "down_interval": "5s", "rise": 3, "fall": 2}
    text = haproxy({"haproxy": {"balance": "leastconn", "check": check}})
    assert "    balance leastconn\n" in text
    assert "verify none inter 10s fastinter 500ms downinter 5s fall 2 rise 3 observe layer4" in text


@pytest.mark.proves("feature ways to the API")
def test_backends_by_hand_stand_beside_those_of_the_pools_with_ports_of_their_own() -> None:
    by_hand = [{"name": "old1", "address": "192.168.1.99", "port": 16443}, {"name": "old2", "address": "fd00::9", "supervisor_port": 19345}]
    text = haproxy({"haproxy": {"backends": by_hand}})
    assert "    server server3 192.168.1.52:6443\n    server old1 192.168.1.99:16443\n    server old2 [fd00::9]:6443\n" in text
    assert "    server old1 192.168.1.99:9345 track api/old1\n    server old2 [fd00::9]:19345 track api/old2\n" in text
    assert "resolvers" not in text


@pytest.mark.proves("feature ways to the API")
def test_servers_by_name_are_looked_up_again_and_one_that_is_not_found_stops_nothing() -> None:
    data = document() | {"api": {"haproxy": {"by_name": True}}}
    data["pools"][1] = {"name": "servers", "role": "server", "machines": [{"name": "s1", "hostname": "s1.home.arpa"}]}
    text = rendered(plan_of(data)[0], "lb1", "haproxy.cfg")
    assert "    server s1 s1.home.arpa:6443\n" in text
    assert "    server s1 s1.home.arpa:9345 track api/s1\n" in text
    assert text.count("init-addr last,libc,none resolvers system") == 2
    assert "resolvers system\n    parse-resolv-conf\n" in text


@pytest.mark.proves("feature ways to the API")
def test_other_ports_are_listened_on_beside_the_servers_own_and_followed_by_kubeconfig_vip_servers_and_agents() -> None:
    plan = plan_with({"port": 443, "supervisor_port": 10345})
    text = rendered(plan, "lb1", "haproxy.cfg")
    assert "frontend api\n    bind *:443\n    bind *:6443\n" in text
    assert "frontend supervisor\n    bind *:10345\n    bind *:9345\n" in text
    assert "server server1 192.168.1.50:6443" in text
    assert "server lb2 192.168.1.42:443" in text
    files = inventory_files(plan, Facts(cluster="quickstart"))
    assert files["group_vars/all.yml"]["kubeconfig_server"] == "https://192.168.1.40:443"
    assert files["group_vars/loadbalancer.yml"]["keepalived_port"] == 443
    joins = {name: files[f"host_vars/{name}.yml"]["kubernetes_join_address"] for name in ("server2", "agent1")}
    assert joins == {"server2": "https://192.168.1.40:10345", "agent1": "https://192.168.1.40:9345"}


@pytest.mark.proves("feature ways to the API")
def test_k3s_has_one_port_wherever_it_is_and_who_knows_the_old_one_finds_it_still() -> None:
    data = document() | {"distribution": {"name": "k3s"}, "api": {"port": 443}}
    plan = plan_of(data)[0]
    text = rendered(plan, "lb1", "haproxy.cfg")
    assert "frontend api\n    bind *:443\n    bind *:6443\n" in text
    assert "frontend supervisor" not in text
    files = inventory_files(plan, Facts(cluster="quickstart"))
    assert files["host_vars/agent1.yml"]["kubernetes_join_address"] == "https://192.168.1.40:443"


@pytest.mark.proves("feature ways to the API")
def test_multicast_names_no_peers_and_adverts_may_be_quicker_than_a_second() -> None:
    text = keepalived({"keepalived": {"mode": "multicast", "advert": "150ms"}})
    assert "unicast" not in text
    assert "    advert_int 0.15\n" in text
    assert "vrrp_version 3" in text
    assert "    unicast_peer {\n        192.168.1.42\n    }\n" in keepalived({"keepalived": {"mode": "unicast", "advert": "2s"}})


@pytest.mark.proves("feature ways to the API")
def test_priorities_by_hand_are_kept_and_the_others_pass_over_them() -> None:
    api = {"keepalived": {"priorities": {"lb2": 150}}}
    assert ["    priority 150\n" in keepalived(api, name) for name in ("lb1", "lb2")] == [False, True]
    assert "    priority 149\n" in keepalived(api, "lb1")


@pytest.mark.proves("feature ways to the API")
def test_an_ipv6_vip_goes_where_the_first_one_is_and_is_in_the_certificates() -> None:
    data = document()
    data["network"] |= {"vip_ipv6": "fd00:10::40"}
    for role in ("loadbalancer", "server", "agent"):
        data["network"][role][0]["ipv6"] = {
            "static": {"base": "fd00:10::", "offset": {"loadbalancer": 65, "server": 80, "agent": 96}[role]}
        }
    plan = plan_of(data)[0]
    assert "    virtual_ipaddress_excluded {\n        fd00:10::40/128 dev ens18\n    }\n" in rendered(plan, "lb1", "keepalived.conf")
    text = rendered(plan, "lb1", "haproxy.cfg")
    assert "    bind *:6443\n    bind :::6443 v6only\n" in text
    assert "    bind *:9345\n    bind :::9345 v6only\n" in text
    files = inventory_files(plan, Facts(cluster="quickstart"))
    assert files["host_vars/server2.yml"]["kubernetes_config"]["tls-san"][:2] == ["192.168.1.40", "fd00:10::40"]


@pytest.mark.proves("feature ways to the API")
def test_numbers_of_haproxy_are_on_loopback_alone() -> None:
    text = haproxy({})
    assert "frontend metrics\n    mode http\n    bind 127.0.0.1:8404\n" in text
    assert text.count("mode http") == 1


def servers_alone(api: dict[str, Any], **network: Any) -> dict[str, Any]:
    """The quick start without its load balancers."""
    data = document() | {"api": api}
    data["pools"] = data["pools"][1:]
    data["network"] |= network
    return data


@pytest.mark.proves("feature VIP on servers by keepalived")
def test_servers_carry_the_vip_without_haproxy_and_give_it_up_when_their_api_is_not_ready() -> None:
    plan = plan_of(servers_alone({"on_servers": "keepalived"}))[0]
    text = rendered(plan, "server2", "keepalived.conf")
    assert "    unicast_src_ip 192.168.1.51\n    unicast_peer {\n        192.168.1.50\n        192.168.1.52\n    }\n" in text
    assert 'script "/etc/keepalived/api-ready 6443"' in text
    assert "    track_script {\n        api_listens\n        api_ready\n    }\n" in text
    assert "weight" not in text.replace("Without weight", "")
    assert "haproxy" not in text
    files = inventory_files(plan, Facts(cluster="quickstart"))
    assert not [name for name in files["group_vars/server.yml"] if name.startswith("haproxy")]
    assert files["group_vars/all.yml"]["kubeconfig_server"] == "https://192.168.1.40:6443"
    joins = {name: files[f"host_vars/{name}.yml"]["kubernetes_join_address"] for name in ("server1", "server2", "agent1")}
    assert set(joins.values()) == {"https://192.168.1.40:9345"}
    assert files["host_vars/server3.yml"]["kubernetes_config"]["tls-san"][0] == "192.168.1.40"
    assert {"keepalived", "curl"} <= set(files["host_vars/server1.yml"]["machine_packages"])
    assert "keepalived" not in files["host_vars/agent1.yml"]["machine_packages"]
    assert "keepalived_vip" not in files["host_vars/agent1.yml"]


def two_pools(by: str) -> dict[str, Any]:
    """Servers whose NICs have different names, in one subnet; the second pool has another NIC before it."""
    data = servers_alone({"on_servers": by})
    static = data["network"]["server"][0]["static"]
    other = [
        {"name": "eth0", "bridge": "vmbr1", "static": {"base": "10.5.0.0", "prefix": 24, "offset": 70}},
        {"name": "eth7", "bridge": "vmbr0", "static": {"base": static["base"], "prefix": static.get("prefix", 24), "offset": 70}},
    ]
    data["pools"].insert(1, {"name": "others", "role": "server", "count": 2, "pattern": "other{n}", "interfaces": other})
    return data


def test_each_server_carries_the_vip_on_its_own_interface_of_the_vips_subnet() -> None:
    plan = plan_of(two_pools("keepalived"))[0]
    assert "interface ens18\n" in rendered(plan, "server1", "keepalived.conf")
    text = rendered(plan, "other1", "keepalived.conf")
    assert "    interface eth7\n" in text
    assert "        192.168.1.40/24 dev eth7\n" in text
    assert "unicast_src_ip 192.168.1.70\n" in text
    assert "ens18" not in text


def test_an_edit_of_the_interface_of_a_server_that_carries_the_vip_leaves_it_its_vip() -> None:
    plans = [plan_of(servers_alone(api))[0] for api in ({"on_servers": "keepalived"}, {})]
    kept = ["KeepConfiguration=static\n" in networkd.networks(plan.machine("server1"))[0].content for plan in plans]
    assert kept == [True, False]


def test_a_server_that_may_carry_it_by_kube_vip_keeps_it_when_networkd_starts_anew() -> None:
    """kube-vip/kube-vip#173: a restart of networkd takes it, and kube-vip looks again after seconds."""
    path, keeps = "/etc/systemd/network/05-stardock-ens18.network.d/50-kube-vip.conf", "[Network]\nKeepConfiguration=static\n"

    def found(data: dict[str, Any], name: str) -> list[dict[str, Any]]:
        files = inventory_files(plan_of(data)[0], Facts(cluster="quickstart"))[f"host_vars/{name}.yml"]["machine_files"]
        return [file for file in files if "kube-vip.conf" in file["path"]]

    (file,) = found(servers_alone({"on_servers": "kube-vip"}), "server2")
    assert (file["path"], file["content"].endswith(keeps), file["applies"]) == (path, True, "networkd")
    assert found(servers_alone({"on_servers": "kube-vip"}), "agent1") == []
    for api in ({"on_servers": "keepalived"}, {}):
        assert found(servers_alone(api), "server2") == [{"path": path, "state": "absent", "applies": "networkd"}]
    assert [file["path"] for file in found(flatcar(), "server1")] == [path]
    micro = servers_alone({"on_servers": "kube-vip"})
    micro["pools"][0]["image"] = {"system": "microos"}
    assert found(micro, "server1") == [], "NetworkManager leaves addresses alone that it did not put there"


def test_kube_vip_is_refused_where_servers_would_carry_the_vip_on_interfaces_of_different_names() -> None:
    with pytest.raises(InputErrors) as caught:
        plan_of(two_pools("kube-vip"))
    (problem,) = caught.value.problems
    assert "the VIP would be on ens18 of server1, eth7 of other1" in problem.message
    assert "`on_servers: keepalived`" in (problem.cure or "")


@pytest.mark.parametrize("kube_proxy", [True, False])
def test_kube_vip_is_refused_where_nobody_serves_the_service_by_which_it_asks_the_api(kube_proxy: bool, tmp_path: Path) -> None:
    data = servers_alone({"on_servers": "kube-vip"}) | {"cni": {"plugin": "none", "kube_proxy": kube_proxy}}
    (tmp_path / "cluster.yaml").write_text(yaml_text(data))
    if kube_proxy:
        load_spec(tmp_path / "cluster.yaml")
        return
    with pytest.raises(InputErrors) as caught:
        load_spec(tmp_path / "cluster.yaml")
    (problem,) = caught.value.problems
    assert (problem.path, "the Service `kubernetes`, which nobody serves" in problem.message) == ("api.on_servers", True)


def flatcar(**network: Any) -> dict[str, Any]:
    """kube-vip on servers whose system names interfaces itself."""
    data = servers_alone({"on_servers": "kube-vip"}, **network)
    data["pools"][0]["image"] = {"system": "flatcar"}
    return data


def test_kube_vip_finds_the_interface_itself_where_the_system_names_interfaces() -> None:
    path = "/var/lib/rancher/rke2/server/manifests/stardock-kube-vip.yaml"
    files = inventory_files(plan_of(flatcar())[0], Facts(cluster="quickstart"))
    (content,) = [file["content"] for file in files["host_vars/server1.yml"]["machine_files"] if file["path"] == path]
    assert "vip_interface" not in content
    assert "192.168.1.40" in content


def test_an_interface_by_name_is_refused_there() -> None:
    (problem,) = vip_rules(spec_of(flatcar(vip_interface="ens18")))
    assert (problem.path, problem.cure) == (
        "network.vip_interface",
        "delete it: kube-vip takes the interface of the default route there",
    )


def test_an_address_that_servers_listen_at_alone_is_refused_where_they_hold_the_vip() -> None:
    data = servers_alone({"on_servers": "keepalived"})
    data["distribution"]["options"] = {"bind-address": "192.168.1.50"}
    (problem,) = api_rules(spec_of(data))
    assert problem.path == "distribution.options.bind-address"
    data["distribution"]["options"] = {"bind-address": "::"}
    assert [*api_rules(spec_of(data))] == []


def test_so_is_one_of_a_pool_or_of_a_machine_where_it_is_said_and_counts() -> None:
    data = servers_alone({"on_servers": "keepalived"})
    data["distribution"]["options"] = {"bind-address": "192.168.1.50"}
    servers = data["pools"][0]
    servers["options"] = {"bind-address": "::"}
    assert [*api_rules(spec_of(data))] == [], "the pool's wins"
    servers["options"] = {"bind-address": "192.168.1.51"}
    (problem,) = api_rules(spec_of(data))
    assert (problem.path, "at 192.168.1.51 alone" in problem.message) == ("pools[0].options.bind-address", True)
    servers["options"] = {"bind-address": "::"}
    servers.pop("count", None), servers.pop("pattern", None)
    servers["machines"] = [{"name": f"server{n}"} for n in (1, 2, 3)]
    servers["machines"][2]["options"] = {"bind-address": "127.0.0.1"}
    (problem,) = api_rules(spec_of(data))
    assert problem.path == "pools[0].machines[2].options.bind-address"


@pytest.mark.proves("feature VIP on servers by kube-vip")
def test_kube_vip_is_a_daemon_set_on_servers_alone_that_holds_the_vip_by_arp_and_a_lease() -> None:
    path = "/var/lib/rancher/rke2/server/manifests/stardock-kube-vip.yaml"
    files = inventory_files(plan_of(servers_alone({"on_servers": "kube-vip"}))[0], Facts(cluster="quickstart"))
    assert not any(key.startswith("keepalived") for key in files["group_vars/server.yml"])
    machine_files = {file["path"]: file for file in files["host_vars/server1.yml"]["machine_files"]}
    *rights, daemons = yaml.safe_load_all(machine_files[path]["content"])
    assert [one["kind"] for one in rights] == ["ServiceAccount", "ClusterRole", "ClusterRoleBinding"]
    (container,) = daemons["spec"]["template"]["spec"]["containers"]
    environment = {one["name"]: one.get("value") for one in container["env"]}
    assert {"address": "192.168.1.40", "vip_interface": "ens18", "port": "6443", "cp_enable": "true"}.items() <= environment.items()
    assert (environment["vip_arp"], environment["vip_leaderelection"], environment["vip_nodename"]) == ("true", "true", None)
    assert "svc_enable" not in environment
    assert path not in {file["path"] for file in files["host_vars/agent1.yml"]["machine_files"]}
    assert files["group_vars/all.yml"]["kubernetes_former_kube_vip"] == ""
    without = inventory_files(quickstart_plan(), Facts(cluster="quickstart"))
    assert path not in {file["path"] for file in without["host_vars/server1.yml"]["machine_files"]}, "it goes after what it became"
    assert without["group_vars/all.yml"]["kubernetes_former_kube_vip"] == path
    assert files["group_vars/all.yml"]["endpoint_exists"] is False


@pytest.mark.proves("feature external address of the API", "case 15-own-load-balancer")
@pytest.mark.parametrize(
    ("host", "url"), [("api.home.arpa", "api.home.arpa"), ("192.0.2.5", "192.0.2.5"), ("2001:db8::5", "[2001:db8::5]")]
)
def test_what_exists_is_where_machines_join_and_kubeconfig_and_certificates_name_it(host: str, url: str) -> None:
    data = servers_alone({"external": host, "port": 443})
    del data["network"]["vip"]
    plan = plan_of(data)[0]
    files = inventory_files(plan, Facts(cluster="quickstart"))
    assert files["group_vars/all.yml"]["kubeconfig_server"] == f"https://{url}:443"
    assert files["host_vars/server2.yml"]["kubernetes_join_address"] == f"https://{url}:9345"
    assert files["host_vars/server2.yml"]["kubernetes_config"]["tls-san"][0] == host
    probed = {key: files["group_vars/all.yml"][f"endpoint_{key}"] for key in ("host", "ports", "supervisor_port", "exists")}
    assert probed == {"host": host, "ports": [443, 9345, 6443], "supervisor_port": 9345, "exists": True}
    assert plan.load_balancing is None
    assert plan.warnings == ()


def plays(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((ANSIBLE / name).read_text())
    return found


def test_every_haproxy_listens_at_a_new_port_before_the_vip_must_answer_there_since_it_may_be_on_any_load_balancer() -> None:
    roles = [[role["role"] for role in play.get("roles", ())] for play in plays("loadbalancers.yml") if play["hosts"] == "loadbalancer"]
    assert roles == [["together", "haproxy"], ["together", "keepalived"]]
    assert [play["serial"] for play in plays("loadbalancers.yml") if play["hosts"] == "loadbalancer"] == [1, 1]


def test_a_change_of_haproxy_reloads_it_in_place_and_moves_no_address() -> None:
    """A move is an outage (0.13 s and more), and ends the connections that the old process would keep."""
    text = (ROLES / "haproxy/tasks/main.yml").read_text()
    services = [task["ansible.builtin.systemd_service"] for task in yaml.safe_load(text) if "ansible.builtin.systemd_service" in task]
    assert [service["name"] for service in services] == ["haproxy.service"]
    assert "reloaded" in services[0]["state"]
    assert "keepalived" not in text


def test_the_vip_comes_up_first_on_a_server_that_has_an_api_and_an_edit_of_vrrp_waits_for_the_stage_servers() -> None:
    last = plays("founder.yml")[-1]
    elsewhere, looks, carries, answers = last["tasks"]
    assert last["hosts"] == "server"
    assert elsewhere["when"] == "inventory_hostname != hostvars['localhost'].founding_first"
    assert looks["register"] in carries["when"]
    assert carries["ansible.builtin.include_role"] == {"name": "keepalived"}
    assert answers["ansible.builtin.include_role"] == {"name": "endpoint"}
