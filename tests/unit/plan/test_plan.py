"""The plan as a whole: what it says of the examples, its warnings, its speed, its contract."""

from __future__ import annotations

import time

import pytest

from stardock.bundle.balancing import own_variables
from stardock.plan.build import build
from stardock.plan.views.contract import document as contract
from tests.plans import PUBLIC_KEY, plan_of, quickstart_plan, single_plan, spec_of
from tests.unit.plan.clusters import cluster, interface, numbered, pool

pytestmark = pytest.mark.unit


def test_the_quick_start_is_planned_as_its_file_says() -> None:
    plan = quickstart_plan()
    assert [(m.name, m.pve_node, m.vm_id, m.address) for m in plan.machines] == [
        ("lb1", "pve1", 200, "192.168.1.41"),
        ("lb2", "pve2", 201, "192.168.1.42"),
        ("server1", "pve1", 210, "192.168.1.50"),
        ("server2", "pve2", 211, "192.168.1.51"),
        ("server3", "pve3", 212, "192.168.1.52"),
        ("agent1", "pve1", 220, "192.168.1.60"),
    ]
    assert plan.load_balancing is not None
    assert (plan.load_balancing.vip, plan.load_balancing.interfaces) == ("192.168.1.40", {"lb1": "ens18", "lb2": "ens18"})
    assert plan.tls_san == ("192.168.1.40", "192.168.1.50", "server1", "192.168.1.51", "server2", "192.168.1.52", "server3")
    assert plan.warnings == ()
    assert plan.machine("lb1").tags == ("stardock", "quickstart", "loadbalancer")


def test_one_server_without_a_vip_joins_nobody_and_has_no_address_before_it_is_observed() -> None:
    plan = single_plan()
    assert (plan.founder, plan.endpoint, plan.load_balancing) == ("server1", None, None)
    assert plan.warnings == ()


def test_one_load_balancer_is_allowed() -> None:
    assert plan_of(cluster(["pve1"], server=["s1"], loadbalancer=["lb1"]))[0].warnings == ()


def test_a_vip_on_a_dhcp_interface_stands_alone() -> None:
    data = cluster(["pve1"], server=["s1"], loadbalancer=["lb1"])
    data["network"]["loadbalancer"] = [{"name": "ens18"}]
    plan = plan_of(data)[0]
    assert own_variables(plan, plan.machine("lb1"), {"lb1": "10.0.0.9"})["keepalived_vip_prefix"] == 32


def test_the_vip_lies_on_the_interface_whose_subnet_holds_it_or_on_the_named_one() -> None:
    data = cluster(["pve1"], server=["s1"], loadbalancer=["lb1"])
    other = {"name": "ens19", "static": {"base": "10.9.0.0", "offset": 5, "prefix": 24}}
    data["network"]["loadbalancer"] = [other, {**interface(20), "name": "ens20"}]
    balancing = plan_of(data)[0].load_balancing
    assert balancing is not None
    assert balancing.interfaces == {"lb1": "ens20"}
    data["network"]["vip_interface"] = "ens19"
    named = plan_of(data)[0].load_balancing
    assert named is not None
    assert named.interfaces == {"lb1": "ens19"}


def test_warnings_tell_what_is_allowed_but_unwise() -> None:
    data = cluster(["pve1", "pve2"], server=["s1", "s2"], loadbalancer=["lb1", "lb2"])
    pool(data, "server")["memory"] = "2GiB"
    data["maintenance"] = {"slots": [3], "offsets": [0, 10]}
    data["network"]["server"][0]["dns"] = ["10.0.3.232"]
    assert plan_of(data)[0].warnings == (
        "2 servers: an even number survives no more failures than 1 do; make it 1 or 3",
        "s1, s2: less than 4GiB of memory, RKE2's minimum of a server",
        "the load balancers lb1 and lb2 may reboot 10 minutes apart; a boot takes up to 15",
        "s1's address 10.0.3.232 is also named as a DNS server",
    )


def test_services_in_the_network_of_pods_are_told_and_not_refused_since_a_founded_cluster_cannot_change() -> None:
    data = cluster(["pve1"], server=["s1"])
    data["distribution"] = {"options": {"service-cidr": "10.42.128.0/17"}}
    said = "10.42.0.0/16, of pods (cluster-cidr), overlaps 10.42.128.0/17, of services (service-cidr): a new cluster wants them apart"
    assert said in plan_of(data)[0].warnings


def test_users_are_the_account_of_bootstrap_and_the_others_without_their_secrets() -> None:
    data = cluster(["pve1"], server=["s1"])
    data["ssh"]["user"] = "ops"
    data["cloud_init"] = {"users": [{"name": "on-call", "keys": [PUBLIC_KEY], "sudo": False, "password_hash": {"env": "HASH"}}]}
    ops, on_call = plan_of(data)[0].machine("s1").users
    assert (ops.name, ops.keys, ops.sudo, ops.password_variable) == ("ops", (PUBLIC_KEY,), True, None)
    assert (on_call.name, on_call.sudo, on_call.password_variable) == ("on-call", False, "password_hash_on_call")


def test_own_hardware_and_own_interfaces_win_over_the_pools_and_the_roles() -> None:
    data = cluster(["pve1"], server=["s1", {"name": "s2", "cores": 16, "cpu": "host", "memory": "64GiB", "disk": "100GiB"}])
    pool(data, "server")["interfaces"] = [{"name": "ens18", "static": {"base": "10.5.0.10", "prefix": 24}}]
    s1, s2 = plan_of(data)[0].machines
    assert (s1.cores, s1.cpu_type, s1.memory_mib, s1.disk_gib) == (2, "x86-64-v2-AES", 4096, 40)
    assert (s2.cores, s2.cpu_type, s2.memory_mib, s2.disk_gib) == (16, "host", 65536, 100)
    assert (s1.address, s2.address) == ("10.5.0.10", "10.5.0.11")


def test_the_json_contract() -> None:
    data = cluster(["pve1"], server=["s1"], agent=["a1"])
    data["network"]["agent"] = [{"name": "ens18"}]
    _, lock = plan_of(data)
    pool(data, "server")["machines"] = [{"name": "s1", "vm_id": 1001}]
    data["image"] = {"system": "debian", "datastore": "nfs"}
    document = contract(plan_of(data, lock)[0])
    macs = [lock.machines[name].record.interfaces[0].mac for name in ("s1", "a1")]
    window = {"start": "17:00", "duration_minutes": 60}
    make = {"retained": False, "reboots_itself": False, "cores": 2, "memory_mib": 4096, "disk_gib": 40}
    assert document == {
        "format": 1,
        "cluster": "test",
        "distribution": {"name": "rke2", "version": "v1.36.5+rke2r1"},
        "founder": "s1",
        "vip": None,
        "hosts": [],
        "mesh": None,
        "addons": [],
        "removed": [],
        "warnings": [],
        "machines": [
            {
                "name": "s1",
                "role": "server",
                "pool": "servers",
                "pve_node": "pve1",
                "vm_id": 1000,
                "hostname": "s1",
                "addresses": [{"interface": "ens18", "address": "10.0.3.232", "gateway": "10.0.0.1", "mac": macs[0], "ipv6": None}],
                "window": window,
                **make,
            },
            {
                "name": "a1",
                "role": "agent",
                "pool": "agents",
                "pve_node": "pve1",
                "vm_id": 3000,
                "hostname": "a1",
                "addresses": [{"interface": "ens18", "address": None, "gateway": None, "mac": macs[1], "ipv6": None}],
                "window": window,
                **make,
            },
        ],
        "changes": [
            {"machine": "s1", "field": "vm_id", "old": "1000", "new": "1001"},
            {"machine": "s1", "field": "image.datastore", "old": "local", "new": "nfs"},
            {"machine": "a1", "field": "image.datastore", "old": "local", "new": "nfs"},
        ],
    }


def test_a_thousand_machines_are_planned_in_well_under_a_second_of_cpu() -> None:
    data = cluster(numbered("pve", 20), server=numbered("s", 5), agent=numbered("a", 993, 4), loadbalancer=["lb1", "lb2"])
    spec = spec_of(data)
    started = time.process_time()
    plan, lock = build(spec, None, "cluster.yaml")
    build(spec, lock, "cluster.yaml")
    assert len(plan.machines) == 1000
    assert time.process_time() - started < 2
