"""A lock and facts in which every field holds something."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stardock.model.facts import Facts, Founded, MachineFacts
from stardock.model.lock import Lock, Pin
from stardock.model.parts import Device
from tests.plans import PUBLIC_KEY, document, plan_of

HOST_KEY = " ".join(PUBLIC_KEY.split()[:2])
FACTS = Facts(
    cluster="quickstart",
    machines={"server1": MachineFacts(addresses={"ens18": ("192.168.1.50", "fd00::5")}, host_keys=(HOST_KEY,))},
    unknown=("server2",),
    mesh_keys={"server1": "A" * 43 + "="},
    founded=Founded(
        ca_sha256="ab" * 32,
        servers={"server1": (HOST_KEY,)},
        versions={"server1": "v1.36.5+rke2r1"},
        settings={"cluster-cidr": "10.42.0.0/16"},
    ),
)


def full_document() -> dict[str, Any]:
    """The quick start, with one machine that has all that a machine can have."""
    data = document()
    data["proxmox"]["datastores"] = {"disks": "ceph", "shared": ["ceph"]}
    data["cloud_init"] = {
        "users": [{"name": "ops", "keys": [PUBLIC_KEY], "password_hash": {"env": "HASH"}}],
        "packages": ["htop"],
        "mirrors": {data["image"]["system"]: "https://mirror.example.org/x"},
        "user_data": {
            "write_files": [
                {"path": "/etc/motd", "content": "hello\n", "owner": "ops"},
                {"path": "/etc/rancher/rke2/registries.yaml", "content_from": {"env": "REGISTRIES_YAML"}},
            ],
            "runcmd": ["sysctl --system"],
            "bootcmd": ["true"],
        },
    }
    data["proxy"] = {"http": "http://proxy.home.arpa:3128", "https": "http://[fd00::5]:3128", "no_proxy": [".home.arpa", "10.0.0.0/8"]}
    data["network"]["agent"] = [
        {
            "bridge": "vmbr0",
            "zone": "kube",
            "vlan": 7,
            "trunks": "10;20",
            "mtu": 1400,
            "metric": 100,
            "static": {"base": "10.9.0.0", "offset": 10, "prefix": 24, "gateway": "10.9.0.1"},
            "ipv6": {"static": {"base": "fd00:9::", "offset": 10, "gateway": "fe80::1"}},
            "dns": ["10.9.0.1"],
            "search": ["home.arpa"],
            "routes": [{"to": "10.8.0.0/16", "via": "10.9.0.2", "metric": 7}],
        }
    ]
    agents = next(pool for pool in data["pools"] if pool["role"] == "agent")
    agents |= {
        "options": {"kubelet-arg": ["max-pods=50"], "debug": True, "snapshotter": "native"},
        "labels": {"disk": "ssd"},
        "taints": ["dedicated=storage:NoSchedule"],
        "tags": ["production"],
        "numa": True,
        "hugepages": "2MiB",
        "memory": "4GiB",
        "pve_pool": "kubernetes",
        "description": "an agent",
        "startup": {"order": 3, "up_delay": 30, "down_delay": 60},
        "data_disks": [{"name": "longhorn", "size": "20GiB", "mount": "/var/lib/longhorn"}],
        "usb": ["zigbee"],
        "disk_options": {"cache": "directsync", "aio": "native", "limits": {"mbps_rd": 200}},
        "ha": {"enabled": True},
    }
    return data


def full_lock() -> Lock:
    """Its lock, with what only other ways bring: pins, memory, a device, a file as image, an imported machine's snippets."""
    lock = plan_of(full_document())[1]
    machines = {name: lock.machines[name] for name in ("agent1", "server1")}
    agent, server = machines["agent1"].record, machines["server1"].record
    agent = replace(
        agent, kubernetes="k3s", devices=(Device(mapping="gpu", mdev="nvidia-63"),), cicustom="user=local:snippets/lab.user.yaml"
    )
    agent = replace(agent, image=replace(agent.image, checksum=f"sha512:{'b' * 128}"))
    server = replace(server, image=replace(server.image, url=None, file="images/debian.qcow2"))
    machines = {"agent1": replace(machines["agent1"], record=agent), "server1": replace(machines["server1"], record=server)}
    pin = Pin(
        checksum=f"sha256:{'a' * 64}",
        date="2026-11-21",
        checksum_url="https://example.org/SHA256SUMS",
        virtual_bytes=2 << 30,
        published="x-1.qcow2",
    )
    pins, former = {"https://example.org/x.qcow2": pin}, "v1.36.5+k3s1"
    lock = replace(lock, mesh={"agent1": "10.98.0.2", "server1": "10.98.0.1"}, sites={"agent1": "home"})
    lock = replace(lock, relays={"boat+home": "server1"}, mesh_port=51830)
    return replace(
        lock, machines=machines, images=pins, memory={"pve1": 65536}, former_release=former, channels={"rke2/stable": "v1.36.5+rke2r1"}
    )
