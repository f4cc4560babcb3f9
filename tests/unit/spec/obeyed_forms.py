"""A mapping, a list or one value where another of them belongs, and lines of Proxmox' own configuration."""

from __future__ import annotations

# ruff: noqa: E501, PLR0917  a table: a row is a line or two
from tests.unit.spec.obeyed import AGENT, BASE, Row, edit, estate, hardware, top

_POOLS = BASE[BASE.index("pools:") :]
_NETWORK = BASE[BASE.index("network:") : BASE.index("pools:")]
_IMAGE = "image: {system: debian}"
_NODES = "nodes: [pve1, pve2, pve3]"
_URL = "https://cloud.debian.org/images/cloud/trixie/latest/debian-13-generic-amd64.qcow2"
_NO_LIST, _NO_MAPPING, _NO_KEY, _NO_TEXT = (
    "a mapping is not a list",
    "is not a mapping",
    "unknown key",
    "there is a mapping where text belongs",
)


def form(mistake: str, cause: str, cure: str, means: str, value: object) -> Row:
    """A line of the agents' pool, whose cure is what stands behind its key."""
    key = mistake.partition(":")[0]
    return hardware(mistake, cause, f"write {cure}", f"{key}: {cure}", means, value)


def machines(mistake: str, cure: str, means: str, value: object) -> Row:
    """Machines of the agents' pool as a mapping."""
    return edit("machines: [agent1]", f"machines: {mistake}", "pools[2].machines", _NO_LIST, f"write {cure}", f"machines: {cure}",
                f"pools.2.machines.{means}", value)  # fmt: skip


def image(text: str, cure: str, means: str, value: object) -> Row:
    """The image as one value."""
    return edit(_IMAGE, f"image: {text}", "image", _NO_MAPPING, f"write {cure}", f"image: {cure}", f"image.{means}", value)


def nic(mistake: str, key: str, cause: str, told: str, obeyed: str, means: str, value: object) -> Row:
    """The NIC of agents."""
    line = "  agent: [{{{}}}]\n  vip: 192"
    return edit(
        "  vip: 192", line.format(mistake), f"network.agent[0].{key}", cause, told, line.format(obeyed), f"network.agent.0.{means}", value
    )


def pve(line: str, told: str, obeyed: str, means: str, value: object) -> Row:
    """A line of qm.conf(5) in the agents' pool."""
    return hardware(line, _NO_KEY, told, obeyed, means, value)


FORMS: tuple[Row, ...] = (
    # mappings for lists
    edit("machines: [lb1, lb2]", "machines: {lb1: 192.168.1.71, lb2: {ip: 192.168.1.72}}", "pools[0].machines", _NO_LIST,
         "write [{name: lb1, addresses: {ens18: 192.168.1.71}}, {name: lb2, addresses: {ens18: 192.168.1.72}}]",
         "machines: [{name: lb1, addresses: {ens18: 192.168.1.71}}, {name: lb2, addresses: {ens18: 192.168.1.72}}]", "pools.0.machines.1.addresses.ens18",
         "192.168.1.72"),
    machines("{agent1: {cores: 4}, agent2: }", "[{name: agent1, cores: 4}, agent2]", "0.cores", 4),
    machines("{agent1: {cpus: 4, memory: 8192}}", "[{name: agent1, cores: 4, memory: 8192MiB}]", "0.memory", 8192),
    machines("{agent1: pve2}", "[{name: agent1, pve_node: pve2}]", "0.pve_node", "pve2"),
    machines("{name: agent1, cores: 4}", "[{name: agent1, cores: 4}]", "0.cores", 4),
    edit(_NODES, "nodes: {pve1: 192.0.2.10, pve2: 192.0.2.11, pve3: }", "proxmox.nodes", _NO_LIST,
         "write [{name: pve1, address: 192.0.2.10}, {name: pve2, address: 192.0.2.11}, pve3]",
         "nodes: [{name: pve1, address: 192.0.2.10}, {name: pve2, address: 192.0.2.11}, pve3]", "proxmox.nodes.1.address", "192.0.2.11"),
    edit(_NODES, "nodes: {pve1: {ip: 192.0.2.10}}", "proxmox.nodes", _NO_LIST, "write [{name: pve1, address: 192.0.2.10}]",
         "nodes: [{name: pve1, address: 192.0.2.10}]", "proxmox.nodes.0.address", "192.0.2.10"),
    edit(_POOLS, "pools:\n  server: {machines: [server1]}\n  workers: {machines: [w1]}\n", "pools", _NO_LIST,
         "write [{name: server, role: server, machines: [server1]}, {name: workers, role: agent, machines: [w1]}]",
         "pools: [{name: server, role: server, machines: [server1]}, {name: workers, role: agent, machines: [w1]}]", "pools.1.role", "agent"),
    edit(_POOLS, "pools: {servers: [server1], agents: 3}\n", "pools", _NO_LIST,
         'write [{name: servers, role: server, machines: [server1]}, {name: agents, role: agent, count: 3, pattern: "agent{n}"}]',
         'pools: [{name: servers, role: server, machines: [server1]}, {name: agents, role: agent, count: 3, pattern: "agent{n}"}]',
         "pools.1.members.2.name", "agent3"),
    form("nodes: {pve1: 2, pve2: 1}", _NO_LIST, "[pve1, pve2]", "nodes.1", "pve2"),
    form("interfaces: {ens18: {bridge: vmbr1}}", _NO_LIST, "[{name: ens18, bridge: vmbr1}]", "interfaces.0.bridge", "vmbr1"),
    form("interfaces: {bridge: vmbr1, static: {base: 192.168.1.90}}", _NO_LIST, "[{bridge: vmbr1, static: {base: 192.168.1.90}}]",
         "interfaces.0.static.base", "192.168.1.90"),
    form("data_disks: {data: 10GiB}", _NO_LIST, "[{name: data, size: 10GiB}]", "data_disks.0.size", 10),
    form("data_disks: {data: {size: 10GiB, mount: /srv/x}}", _NO_LIST, "[{name: data, size: 10GiB, mount: /srv/x}]", "data_disks.0.mount", "/srv/x"),
    top("cloud_init: {users: {admin: {keys: [id_ed25519.pub]}}}", "cloud_init.users", _NO_LIST, "write [{name: admin, keys: [id_ed25519.pub]}]",
        "cloud_init: {users: [{name: admin, keys: [id_ed25519.pub]}]}", "cloud_init.users.0.name", "admin"),
    top("cloud_init: {users: {admin: id_ed25519.pub}}", "cloud_init.users", _NO_LIST, "write [{name: admin, keys: [id_ed25519.pub]}]",
        "cloud_init: {users: [{name: admin, keys: [id_ed25519.pub]}]}", "cloud_init.users.0.name", "admin"),
    top("cloud_init: {users: [admin]}", "cloud_init.users[0]", _NO_MAPPING, "write {name: admin, keys: [id_ed25519.pub]}",
        "cloud_init: {users: [{name: admin, keys: [id_ed25519.pub]}]}", "cloud_init.users.0.name", "admin"),
    top("cloud_init: {users: admin}", "cloud_init.users", "is not a list", "write [{name: admin, keys: [id_ed25519.pub]}]",
        "cloud_init: {users: [{name: admin, keys: [id_ed25519.pub]}]}", "cloud_init.users.0.name", "admin"),
    top("remove: {agent8: false, agent9: true}", "remove", _NO_LIST, "write [agent9]", "remove: [agent9]", "remove.0", "agent9"),
    edit("  vip: 192", "  dns: {servers: [1.1.1.1]}\n  vip: 192", "network.dns", _NO_LIST, "write [1.1.1.1]", "  dns: [1.1.1.1]\n  vip: 192",
         "network.dns.0", "1.1.1.1"),
    # one value for a mapping
    image(_URL, f"{{system: debian, url: {_URL}}}", "url", _URL),
    image("debian-13.qcow2", "{system: debian, file: debian-13.qcow2}", "file", "debian-13.qcow2"),
    edit(_IMAGE, "image: https://x.example/mine.qcow2", "image", _NO_MAPPING, "write {system: NAME, url: https://x.example/mine.qcow2}, NAME being one of",
         "image: {system: ubuntu, url: https://x.example/mine.qcow2}", "image.url", "https://x.example/mine.qcow2"),
    image("~/images/ubuntu-24.04.qcow2", "{system: ubuntu, file: ~/images/ubuntu-24.04.qcow2}", "file", "~/images/ubuntu-24.04.qcow2"),
    edit(_NETWORK, "network: 192.168.1.0/24\n", "network", _NO_MAPPING, "write {agent: [{static: {base: 192.168.1.0, prefix: 24}}]}", _NETWORK,
         "network.vip", "192.168.1.40"),
    edit(_NETWORK, "network: dhcp\n", "network", _NO_MAPPING, "delete it", _NETWORK, "network.vip", "192.168.1.40"),
    edit(_NETWORK, "network: vmbr1\n", "network", _NO_MAPPING, "write {agent: [{bridge: vmbr1}]}", _NETWORK, "network.vip", "192.168.1.40"),
    *(form(f"startup: {text}", _NO_MAPPING, cure, "startup.order", 1) for text, cure in
      (("order=1", "{order: 1}"), ("'order=1,up=30'", "{order: 1, up_delay: 30}"), ("1", "{order: 1}"))),
    form("agent: enabled=1", _NO_MAPPING, "{enabled: true}", "agent.enabled", True),
    form("disk_options: discard=on,ssd=1", _NO_MAPPING, "{discard: true, ssd: true}", "disk_options.ssd", True),
    form("interfaces: vmbr3", "is not a list", "[{bridge: vmbr3}]", "interfaces.0.bridge", "vmbr3"),
    edit(AGENT, f"{AGENT}    interfaces: ['virtio,bridge=vmbr3,tag=7']\n", "pools[2].interfaces[0]", _NO_MAPPING, "write {bridge: vmbr3, vlan: 7}",
         f"{AGENT}    interfaces: [{{bridge: vmbr3, vlan: 7}}]\n", "pools.2.interfaces.0.vlan", 7),
    nic("static: 192.168.1.90/24", "static", _NO_MAPPING, "write {base: 192.168.1.90, prefix: 24}", "static: {base: 192.168.1.90, prefix: 24}",
        "static.base", "192.168.1.90"),
    *(nic(f"ipv6: {word}", "ipv6", _NO_MAPPING, "write {slaac: true}", "ipv6: {slaac: true}", "ipv6.slaac", True) for word in ("auto", "slaac", "true")),
    nic("ipv6: dhcp", "ipv6", _NO_MAPPING, "write {dhcp: true}", "ipv6: {dhcp: true}", "ipv6.dhcp", True),
    edit("  vip: 192", "  agent: 192.168.1.0/24\n  vip: 192", "network.agent", "is not a list", "write [{static: {base: 192.168.1.0, prefix: 24}}]",
         "  agent: [{static: {base: 192.168.1.0, prefix: 24, offset: 60}}]\n  vip: 192", "network.agent.0.static.prefix", 24),
    top("distribution: v1.36.5+rke2r1", "distribution", _NO_MAPPING, "write {version: v1.36.5+rke2r1}", "distribution: {version: v1.36.5+rke2r1}",
        "distribution.version", "v1.36.5+rke2r1"),
    top("distribution: k3s", "distribution", _NO_MAPPING, "write {name: k3s}", "distribution: {name: k3s}", "distribution.name", "k3s"),
    top("distribution: k0s", "distribution", _NO_MAPPING, "write {name: rke2} or {name: k3s}: no other is installed", "distribution: {name: rke2}",
        "distribution.name", "rke2"),
    top("distribution: v1.36.5+k3s1", "distribution", _NO_MAPPING, "write {name: k3s, version: v1.36.5+k3s1}",
        "distribution: {name: k3s, version: v1.36.5+k3s1}", "distribution.version", "v1.36.5+k3s1"),
    top("distribution: {version: v1.36.5+k3s1}", "distribution.version", "is not a release of RKE2 (vX.Y.Z+rke2rN), but of k3s",
        "write `name: k3s` beside it, or for example v1.36.5+rke2r1", "distribution: {name: k3s, version: v1.36.5+k3s1}",
        "distribution.name", "k3s"),
    top("distribution: {name: k3s, version: v1.36.5+rke2r1}", "distribution.version", "is not a release of k3s (vX.Y.Z+k3sN), but of RKE2",
        "write `name: rke2` beside it, or for example v1.36.5+k3s1", "distribution: {name: k3s, version: v1.36.5+k3s1}",
        "distribution.version", "v1.36.5+k3s1"),
    top("distribution: {name: k3s, options: {cni: cilium}}", "distribution.options.cni", "`cni` is a key of RKE2; k3s does not have it",
        "`cni: {encryption: wireguard}`", "distribution: {name: k3s}\ncni: {encryption: wireguard}", "cni.encryption", "wireguard"),
    top("state: s3://tf/c.tfstate", "state", _NO_MAPPING, "write {backend: s3, bucket: tf, key: c.tfstate}", "state: {backend: s3, bucket: tf, key: c.tfstate, region: x}",
        "state.backend", "s3"),
    top("state: terraform.tfstate", "state", _NO_MAPPING, "delete it", "", "state.backend", "local"),
    top("maintenance: {kured: true}", "maintenance.kured", _NO_MAPPING, "delete it, and write addons: {kured: {}}", "addons: {kured: {}}",
        "addons.kured.version", None),
    top("addons: {kured: true}", "addons.kured", _NO_MAPPING, "write {}", "addons: {kured: {}}", "addons.kured.version", None),
    top("addons: {kured: 6.1.0}", "addons.kured", _NO_MAPPING, "write {version: 6.1.0}", "addons: {kured: {version: 6.1.0}}",
        "addons.kured.version", "6.1.0"),
    top("addons: {metallb: false}", "addons.metallb", _NO_MAPPING, "delete it", "", "addons.metallb", None),
    top("addons: {metallb: true}", "addons.metallb", _NO_MAPPING, "write {pools: [{name: default, addresses: [192.168.1.200-192.168.1.220]}]}",
        "addons: {metallb: {pools: [{name: default, addresses: [192.168.1.200-192.168.1.220]}]}}", "addons.metallb.pools.0.name", "default"),
    top("addons: {metrics_server: false}", "addons.metrics_server", _NO_MAPPING, "write {enabled: false}",
        "addons: {metrics_server: {enabled: false}}", "addons.metrics_server.enabled", False),
    top("addons: {ingress: nginx}", "addons.ingress", _NO_MAPPING, "write {controller: ingress-nginx}",
        "addons: {ingress: {controller: ingress-nginx}}", "addons.ingress.controller", "ingress-nginx"),
    top("addons: {ingress: false}", "addons.ingress", _NO_MAPPING, "write {controller: none}", "addons: {ingress: {controller: none}}",
        "addons.ingress.controller", "none"),
    top("addons: {kube_vip: true}", "addons.kube_vip", _NO_MAPPING, "write {addresses: [192.168.1.200-192.168.1.220]}",
        "addons: {kube_vip: {addresses: [192.168.1.200-192.168.1.220]}}", "addons.kube_vip.addresses.0", "192.168.1.200-192.168.1.220"),
    top("traefik: {}", "traefik", "unknown key `traefik`", "write addons: {ingress: {controller: traefik}}",
        "addons: {ingress: {controller: traefik}}", "addons.ingress.controller", "traefik"),
    top("maintenance: {kured: {install: true}}", "maintenance.kured.install", "unknown key `install`", "write addons: {kured: { }}",
        "addons: {kured: { }}", "addons.kured.version", None),
    top("cert_manager: {}", "cert_manager", "unknown key `cert_manager`", "write addons: {cert_manager: { }}",
        "addons: {cert_manager: { }}", "addons.cert_manager.version", None),
    edit("ssh: {keys: [id_ed25519.pub]}", "ssh: id_ed25519.pub", "ssh", _NO_MAPPING, "write {keys: [id_ed25519.pub]}", "ssh: {keys: [id_ed25519.pub]}",
         "ssh.port", 22),
    edit("ssh: {keys: [id_ed25519.pub]}", "ssh: [id_ed25519.pub]", "ssh", _NO_MAPPING, "write {keys: [id_ed25519.pub]}", "ssh: {keys: [id_ed25519.pub]}",
         "ssh.port", 22),
    estate("datastores: ceph", _NO_MAPPING, "write {disks: ceph}", "datastores: {disks: ceph}", "proxmox.datastores.disks", "ceph"),
    estate("ssh: terraform", _NO_MAPPING, "write {user: terraform}", "ssh: {user: terraform}", "proxmox.ssh.user", "terraform"),
    *(edit("machines: [lb1, lb2]", f"machines: [{{name: lb1, addresses: {text}}}, lb2]", "pools[0].machines[0].addresses", _NO_MAPPING, "write {ens18: 192.168.1.77}",
           "machines: [{name: lb1, addresses: {ens18: 192.168.1.77}}, lb2]", "pools.0.machines.0.addresses.ens18", "192.168.1.77")
      for text in ("192.168.1.77", "[192.168.1.77]", "192.168.1.77/24")),
    # mappings for one value
    hardware("cpu: {cores: 4, type: host}", _NO_TEXT, "write cpu: host, and beside it `cores: 4`", "cpu: host\n    cores: 4", "cores", 4),
    hardware("cpu: {cores: 4}", _NO_TEXT, "write cores: 4", "cores: 4", "cores", 4),
    hardware("memory: {dedicated: 4096}", "a mapping is not a size", "write memory: 4096MiB", "memory: 4096MiB", "memory", 4096),
    hardware("memory: {dedicated: 4096, floating: 2048}", "a mapping is not a size", "write memory: 4096MiB, and beside it `balloon: 2048MiB`",
             "memory: 4096MiB\n    balloon: 2048MiB", "balloon", 2048),
    hardware("disk: {size: 64, datastore: ceph}", "a mapping is not a size", "write disk: 64GiB, and beside it `disk_datastore: ceph`",
             "disk: 64GiB\n    disk_datastore: ceph", "disk_datastore", "ceph"),
    edit("cluster: c\n", "cluster: {name: c}\n", "cluster", "a mapping is not text", "write c", "cluster: c\n", "cluster", "c"),
    edit("vip: 192.168.1.40", "vip: {address: 192.168.1.40, interface: ens18}", "network.vip", "a mapping is not", "write vip: 192.168.1.40, and beside it `vip_interface: ens18`",
         "vip: 192.168.1.40\n  vip_interface: ens18", "network.vip_interface", "ens18"),
    edit("cluster: c\n", "cluster: [c]\n", "cluster", "a list is not text", "c", "cluster: c\n", "cluster", "c"),
    nic("bridge: [vmbr4]", "bridge", "there is a list where text belongs", "write vmbr4", "bridge: vmbr4", "bridge", "vmbr4"),
    # Proxmox' own lines
    pve("net0: 'virtio,bridge=vmbr5,tag=10'", "interfaces: [{bridge: vmbr5, vlan: 10}]", "interfaces: [{bridge: vmbr5, vlan: 10}]", "interfaces.0.vlan", 10),
    pve("net0: 'e1000=BC:24:11:00:00:01,bridge=vmbr5,firewall=1'", "interfaces: [{bridge: vmbr5, firewall: true, model: e1000}]; its MAC is of one machine: macs: {ens18: BC:24:11:00:00:01}",
        "interfaces: [{bridge: vmbr5, firewall: true, model: e1000}]", "interfaces.0.model", "e1000"),
    pve("ipconfig0: ip=dhcp", "delete it", "", "role", "agent"),
    pve("ipconfig0: 'ip=192.168.1.90/24,gw=192.168.1.1'", "interfaces: [{static: {base: 192.168.1.90, prefix: 24, gateway: 192.168.1.1}}]",
        "interfaces: [{static: {base: 192.168.1.90, prefix: 24, gateway: 192.168.1.1}}]", "interfaces.0.static.gateway", "192.168.1.1"),
    *(pve(line, "write disk: 32GiB, and beside it `disk_datastore: ceph`", "disk: 32GiB\n    disk_datastore: ceph", "disk_datastore", "ceph")
      for line in ("scsi0: ceph:32", "scsi0: 'ceph:vm-100-disk-0,size=32G'", "rootfs: 'ceph:vm-100-disk-0,size=32G'", "rootfs: ceph:32")),
    pve("scsi0: 'ceph:32,ssd=1,discard=on'", "`disk_options: {discard: true, ssd: true}`", "disk: 32GiB\n    disk_datastore: ceph\n    disk_options: {discard: true, ssd: true}",
        "disk_options.ssd", True),
    pve("virtio0: ceph:32", "and `disk_interface: virtio0`", "disk: 32GiB\n    disk_datastore: ceph\n    disk_interface: virtio0", "disk_interface", "virtio0"),
    pve("scsi1: ceph:32", "write data_disks: [{name: data1, size: 32GiB, datastore: ceph}]", "data_disks: [{name: data1, size: 32GiB, datastore: ceph}]",
        "data_disks.0.size", 32),
    pve("ide2: 'local:cloudinit'", "delete it", "", "role", "agent"),
    pve("hostpci0: 'mapping=gpu,pcie=1'", "write devices: [{mapping: gpu, pcie: true}]", "devices: [{mapping: gpu, pcie: true}]", "devices.0.mapping", "gpu"),
    pve("hostpci0: '0000:01:00.0'", "make a resource mapping of it (Datacenter, Resource Mappings), and write devices: [NAME]", "devices: [gpu]", "devices.0.mapping", "gpu"),
    pve("usb0: host=1234:5678", "make a resource mapping of it (Datacenter, Resource Mappings), and write usb: [NAME]", "usb: [zigbee]", "usb.0.mapping", "zigbee"),
    pve("usb0: mapping=zigbee", "write usb: [zigbee]", "usb: [zigbee]", "usb.0.mapping", "zigbee"),
    pve("efidisk0: 'ceph:1,efitype=4m'", "write firmware: ovmf", "firmware: ovmf", "firmware", "ovmf"),
    pve("tpmstate0: 'ceph:1,version=v2.0'", "write tpm: true", "tpm: true", "tpm", True),
    pve("serial0: socket", "write serial: true", "serial: true", "serial", True),
)  # fmt: skip
