"""Random clusters and random single edits of cluster.yaml, as data: for the rule (thousands, pure) and the real provider (a sample)."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from tests.plans import PUBLIC_KEY

Data = dict[str, Any]
Edit = Callable[[Data, random.Random], None]

#: Words of a pool or a machine, each with values that are right by themselves.
HARDWARE: dict[str, tuple[Any, ...]] = {
    "cores": (1, 2, 4, 8),
    "cpu": ("host", "x86-64-v2-AES", "x86-64-v3"),
    "memory": ("4GiB", "8GiB", "6GiB"),
    "disk": ("20GiB", "40GiB", "80GiB"),
    "disk_datastore": ("local-lvm", "nvme"),
    "firmware": ("seabios", "ovmf"),
    "chipset": ("q35", "i440fx"),
    "tpm": (True, False),
    "serial": (True, False),
    "on_boot": (True, False),
    "stop_on_destroy": (True, False),
    "description": ("one", "another"),
    "tags": (["a"], ["b", "c"]),
    "startup": ({"order": 1}, {"order": 7, "up_delay": 30}),
    "numa": (True, False),
    "sockets": (1, 2),
    "balloon": (0, "1GiB"),
    "pve_pool": ("lab", "prod"),
    "agent": ({"timeout": "5m"}, {"timeout": "1m"}),
    "data_disks": ([], [{"name": "data", "size": "10GiB"}], [{"name": "data", "size": "20GiB"}, {"name": "more", "size": "5GiB"}]),
}
POOL: dict[str, tuple[Any, ...]] = {
    "vm_id_start": (1000, 2000, 5000),
    "nodes": (["pve1"], ["pve2", "pve1"]),
    "labels": ({}, {"disk": "ssd"}),
    "taints": ([], ["a=b:NoSchedule"]),
    "image": ({"system": "debian", "url": "https://images.example/other.qcow2"}, {"system": "microos"}),
    "cloud_init": ({"packages": ["htop"]}, {}),
    "disk_interface": ("scsi0", "virtio0"),
    "interfaces": ([{"name": "ens18"}], [{"name": "ens18", "bridge": "vmbr1"}, {"name": "ens19"}]),
}
#: Words of a machine alone.
OWN: dict[str, tuple[Any, ...]] = {
    "hostname": ("one.example", "two.example"),
    "macs": ({"ens18": "02:00:00:00:00:01"}, {"ens18": "02:00:00:00:00:02"}),
    "addresses": ({"ens18": "192.168.1.77"}, {"ens18": "192.168.1.78"}),
    "nodes": (["pve1"], ["pve2", "pve1"]),
}
NIC: dict[str, tuple[Any, ...]] = {
    "bridge": ("vmbr0", "vmbr1"),
    "vlan": (10, 20),
    "model": ("virtio", "e1000"),
    "trunks": ("30;40", "31-33"),
    "mtu": (1400, 9000),
    "firewall": (True, False),
    "dns": (["192.168.1.2"], []),
    "metric": (50, 200),
    "routes": ([], [{"to": "10.9.0.0/16", "via": "192.168.1.7"}]),
    "ipv6": ({"slaac": True}, {"dhcp": True}),
}
CLUSTER: tuple[tuple[tuple[str, ...], tuple[Any, ...]], ...] = (
    (("image", "url"), ("https://images.example/new.qcow2",)),
    (("image", "system"), ("debian", "microos")),
    (("image", "checksum"), ("sha512:" + "a" * 128, "sha512:" + "b" * 128)),
    (("network", "vip"), ("192.168.1.40", "192.168.1.39")),
    (("distribution", "version"), ("v1.36.5+rke2r1", "v1.35.7+rke2r1")),
    (("cloud_init",), ({"packages": ["htop"]}, {"users": [{"name": "ops", "keys": [PUBLIC_KEY]}]})),
    (("maintenance", "slots"), ([3], [1, 2, 3])),
    (("maintenance", "timezone"), ("Europe/Berlin", "UTC")),
    (("ssh", "port"), (22, 2222)),
    (("protect",), (True, False)),
)


def a_cluster(chance: random.Random) -> Data:
    """One to four PVE nodes, one to five servers, agents in up to two pools, up to two load balancers; ranges that never meet."""
    names = {
        "server": [f"s{n}" for n in range(chance.choice((1, 3, 5)))],
        "agent": [f"a{n}" for n in range(chance.randint(0, 4))],
        "loadbalancer": [f"lb{n}" for n in range(chance.randint(0, 2))],
    }
    pools = [
        {"name": f"{role}s", "role": role, "machines": list(named), "vm_id_start": 300 * at, **_some(HARDWARE, chance)}
        for at, (role, named) in enumerate(names.items(), 1)
        if named
    ]
    offsets = {"server": 10, "agent": 60, "loadbalancer": 120}
    return {
        "cluster": "random",
        "proxmox": {"endpoint": "https://192.0.2.1:8006", "nodes": [{"name": f"pve{n}"} for n in range(1, chance.randint(2, 5))]},
        "image": {"system": "debian"},
        "ssh": {"keys": [PUBLIC_KEY]},
        "network": {"vip": "192.168.1.40", **{role: [_nic(offset, chance)] for role, offset in offsets.items()}},
        "pools": pools,
        "protect": False,
    }


def _some(words: dict[str, tuple[Any, ...]], chance: random.Random) -> Data:
    return {word: chance.choice(values) for word, values in words.items() if chance.random() < 0.15}


def _nic(offset: int, chance: random.Random) -> Data:
    static = {"base": "192.168.1.0", "offset": offset, "prefix": 24, "gateway": "192.168.1.1"}
    return {"name": "ens18", **({"static": static} if chance.random() < 0.7 else {}), **_some(NIC, chance)}


def insert_name(data: Data, chance: random.Random) -> None:
    """A new machine anywhere in a list of names."""
    names = chance.choice(data["pools"])["machines"]
    names.insert(chance.randint(0, len(names)), f"new{chance.randint(0, 99)}")


def take_name_out(data: Data, chance: random.Random) -> None:
    """A name less, sometimes under `remove`."""
    names = chance.choice(data["pools"])["machines"]
    if len(names) > 1:
        gone = names.pop(chance.randrange(len(names)))
        data["remove"] = [gone if isinstance(gone, str) else gone["name"]] if chance.random() < 0.5 else []


def reorder(data: Data, chance: random.Random) -> None:
    """Pools, names and PVE nodes in another order."""
    for ordered in (data["pools"], data["proxmox"]["nodes"], *(pool["machines"] for pool in data["pools"])):
        chance.shuffle(ordered)


def add_pve_node(data: Data, chance: random.Random) -> None:
    """One PVE node more, anywhere."""
    nodes = data["proxmox"]["nodes"]
    nodes.insert(chance.randint(0, len(nodes)), {"name": "pve9"})


def change_datastores(data: Data, chance: random.Random) -> None:
    """A PVE node keeps disks, snippets or images elsewhere."""
    node = chance.choice(data["proxmox"]["nodes"])
    node["datastores"] = {chance.choice(("disks", "snippets", "images")): "other"}


def change_pool(data: Data, chance: random.Random) -> None:
    """A pool's hardware, image, labels, ranges."""
    words = {**HARDWARE, **POOL}
    word = chance.choice(sorted(words))
    chance.choice(data["pools"])[word] = chance.choice(words[word])


def change_machine(data: Data, chance: random.Random) -> None:
    """A machine's own hardware, names, VM id or PVE node."""
    names = chance.choice(data["pools"])["machines"]
    at, words = chance.randrange(len(names)), {**HARDWARE, **OWN}
    word = chance.choice(("vm_id", "pve_node", *sorted(words)))
    value = {"vm_id": chance.randint(5000, 6000), "pve_node": chance.choice(data["proxmox"]["nodes"])["name"]}.get(word)
    own = {"name": names[at]} if isinstance(names[at], str) else names[at]
    names[at] = {**own, word: chance.choice(words[word]) if value is None else value}


def rename_pool(data: Data, chance: random.Random) -> None:
    """A pool under another name."""
    chance.choice(data["pools"])["name"] = f"pool{chance.randint(0, 99)}"


def regroup(data: Data, chance: random.Random) -> None:
    """One machine of a pool in a pool of its own."""
    pool = chance.choice(data["pools"])
    if len(pool["machines"]) > 1:
        own = {**pool, "name": "split", "machines": [pool["machines"].pop()], "vm_id_start": 7000}
        data["pools"].insert(chance.randint(0, len(data["pools"])), own)


def change_network(data: Data, chance: random.Random) -> None:
    """A role's interface: bridge, VLAN, model, DNS; or its range; or DHCP instead."""
    nic = data["network"][chance.choice(("server", "agent", "loadbalancer"))][0]
    word = chance.choice(("offset", "gateway", "dhcp", *sorted(NIC)))
    if word in NIC:
        nic[word] = chance.choice(NIC[word])
    elif word == "dhcp":
        nic.pop("static", None)
    elif "static" in nic:
        nic["static"][word] = {"offset": chance.randint(130, 200), "gateway": "192.168.1.254"}[word]


def add_interface(data: Data, chance: random.Random) -> None:
    """A second interface of a role."""
    data["network"][chance.choice(("server", "agent", "loadbalancer"))].append({"name": "ens19", "bridge": "vmbr1"})


def change_cluster(data: Data, chance: random.Random) -> None:
    """One value of the cluster's own."""
    path, values = chance.choice(CLUSTER)
    inner = data
    for key in path[:-1]:
        inner = inner.setdefault(key, {})
    inner[path[-1]] = chance.choice(values)


EDITS: tuple[Edit, ...] = (
    *(insert_name, take_name_out, reorder, add_pve_node, change_datastores, change_pool, change_pool, change_machine, change_machine),
    *(rename_pool, regroup, change_network, change_network, add_interface, change_cluster, change_cluster),
)
