"""Words of kube-hetzner, k3s-ansible, k0sctl, kubespray, netplan and the bpg provider, and what lets a machine go."""

from __future__ import annotations

# ruff: noqa: E501, PLR0917  a table: a row is a line or two
from tests.unit.spec.obeyed import AGENT, BASE, Row, edit, hardware, top

_NO_KEY = "unknown key"
_POOLS = BASE[BASE.index("pools:") :]
_GOES = "take it out of its pool, and write `remove: [NAME]` on the first level (docs/take-down.md)"
_SERVER = "{name: servers, role: server, machines: [s1]}"


def nic(mistake: str, told: str, obeyed: str, means: str, value: object, cause: str = _NO_KEY) -> Row:
    """The NIC of agents."""
    line = "  agent: [{{{}}}]\n  vip: 192"
    key = f"network.agent[0].{mistake.partition(':')[0]}"
    return edit("  vip: 192", line.format(mistake), key, cause, told, line.format(obeyed), f"network.agent.0.{means}", value)


def network(mistake: str, told: str, obeyed: str, means: str, value: object) -> Row:
    """A line of `network`."""
    return edit("  vip: 192", f"  {mistake}\n  vip: 192", f"network.{mistake.partition(':')[0]}", _NO_KEY, told, f"  {obeyed}\n  vip: 192",
                f"network.{means}", value)  # fmt: skip


def elsewhere(mistake: str, pool: str, means: str, value: object) -> Row:
    """Machines on the first level; a pool of servers is beside them when that is obeyed."""
    pools = f"pools: [{pool}, {_SERVER}]\n" if "role: server" not in pool else f"pools: [{pool}]\n"
    return edit(_POOLS, f"{mistake}\n", mistake.partition(":")[0], _NO_KEY, f"write pools: [{pool}], and the other pools beside it", pools,
                f"pools.0.{means}", value)  # fmt: skip


def option(mistake: str, key: str, value: object) -> Row:
    """What is one of RKE2's options."""
    text = mistake.partition(": ")[2]
    cure = f"distribution: {{options: {{{key}: {text}}}}}"
    return top(mistake, mistake.partition(":")[0], _NO_KEY, f"write {cure}", cure, f"distribution.options.{key}", value)


def file(mistake: str, key: str, cause: str, told: str, obeyed: str, means: str, value: object) -> Row:
    """A file of first boot."""
    line = "cloud_init: {{user_data: {{write_files: [{{path: /a, {}}}]}}}}"
    return top(line.format(mistake), f"cloud_init.user_data.write_files[0]{key}", cause, told, line.format(obeyed),
               f"cloud_init.user_data.write_files.0.{means}", value)  # fmt: skip


def machine(mistake: str, key: str, told: str, obeyed: str = "") -> Row:
    """A machine of the agents' pool that says something of itself."""
    return edit("machines: [agent1]", f"machines: [agent0, {{name: agent1, {mistake}}}]", f"pools[2].machines[1].{key}", _NO_KEY, told,
                f"machines: [agent0{obeyed}]", "pools.2.machines.0.name", "agent0")  # fmt: skip


WORDS: tuple[Row, ...] = (
    # machines on the first level
    elsewhere("workers: 3", '{name: agents, role: agent, count: 3, pattern: "agent{n}"}', "members.2.name", "agent3"),
    elsewhere("server_count: 3", '{name: servers, role: server, count: 3, pattern: "server{n}"}', "members.2.name", "server3"),
    elsewhere("control_plane_nodepools: [{name: cp, count: 3, server_type: cpx11}]", '{name: cp, role: server, count: 3, pattern: "cp{n}"}', "role", "server"),
    elsewhere("masters: [m1, m2]", "{name: servers, role: server, machines: [m1, m2]}", "members.1.name", "m2"),
    elsewhere("masters: {m1: {cores: 4}}", "{name: servers, role: server, machines: [{name: m1, cores: 4}]}", "members.0.cores", 4),
    elsewhere("workers: [{name: w1, cpus: 4}]", "{name: agents, role: agent, machines: [{name: w1, cores: 4}]}", "members.0.cores", 4),
    # what lets a machine go
    *(machine(mistake, mistake.partition(":")[0], _GOES) for mistake in ("state: absent", "remove: true", "enabled: false", "count: 0", "ensure: absent", "deleted: yes")),
    *(machine(mistake, mistake.partition(":")[0], "delete it: what is named here is wanted", ", agent1") for mistake in ("state: present", "enabled: true", "remove: false")),
    hardware("enabled: false", _NO_KEY, _GOES, "", "role", "agent"),
    # names that count up
    *(edit("machines: [agent1]", f"count: 2\n    {line}", f"pools[2].{line.partition(':')[0]}", cause, told, f'count: 2\n    pattern: "{pattern}"',
           "pools.2.members.1.name", name) for line, cause, told, pattern, name in (
        ("name_prefix: agent-", _NO_KEY, 'Write pattern: "agent-{n}"', "agent-{n}", "agent-2"),
        ("name_prefix: agent", _NO_KEY, 'Write pattern: "agent{n}"', "agent{n}", "agent2"),
        ("pattern: agent%d", "must contain {n} once", 'write "agent{n}"', "agent{n}", "agent2"),
        ("pattern: agent-%02d", "must contain {n} once", 'write "agent-{n}"', "agent-{n}", "agent-2"),
        ("pattern: 'agent-{{ i }}'", "must contain {n} once", 'write "agent-{n}"', "agent-{n}", "agent-2"),
        ("pattern: agent", "must contain {n} once", 'write "agent{n}"', "agent{n}", "agent2"))),
    # VLANs and addresses
    hardware("vlans: [10, 20]", _NO_KEY, 'write interfaces: [{trunks: "10;20"}]', 'interfaces: [{trunks: "10;20"}]', "interfaces.0.trunks.1", "20"),
    network("vlans: [10, 20]", 'write agent: [{trunks: "10;20"}]', 'agent: [{trunks: "10;20"}]', "agent.0.trunks.0", "10"),
    nic("net0: 'virtio,bridge=vmbr5,tag=10'", "did you mean `bridge`, `vlan`? Write bridge: vmbr5, vlan: 10", "bridge: vmbr5, vlan: 10", "vlan", 10),
    nic("net0: 'e1000=BC:24:11:00:00:01,bridge=vmbr5'", "Write bridge: vmbr5, model: e1000; its MAC is of one machine: macs: {ens18: BC:24:11:00:00:01}",
        "bridge: vmbr5, model: e1000", "model", "e1000"),
    nic("net1: vmbr5", "did you mean `bridge`? Write bridge: vmbr5", "bridge: vmbr5", "bridge", "vmbr5"),
    nic("net0: e1000", "did you mean `model`? Write model: e1000", "model: e1000", "model", "e1000"),
    nic("e1000: 'BC:24:11:00:00:01'", "did you mean `model`? Write model: e1000; its MAC is of one machine", "model: e1000", "model", "e1000"),
    nic("ipconfig0: ip=dhcp", "did you mean `dhcp`? Write dhcp: true", "dhcp: true", "dhcp", True),
    nic("ipconfig0: 'ip=192.168.1.90/24,gw=192.168.1.1'", "Write static: {base: 192.168.1.90, prefix: 24, gateway: 192.168.1.1}",
        "static: {base: 192.168.1.90, prefix: 24, gateway: 192.168.1.1}", "static.gateway", "192.168.1.1"),
    nic("gw6: 'fe80::1'", "write ipv6: {static: {base: ADDRESS, gateway: fe80::1}}", "ipv6: {static: {base: 'fd00::5', gateway: 'fe80::1'}}, static: {base: 192.168.1.90}",
        "ipv6.static.gateway", "fe80::1"),
    nic("vlans: [10, 20]", 'Write trunks: "10;20"', 'trunks: "10;20"', "trunks.1", "20"),
    *(nic(f"{key}: dhcp", "write dhcp: true", "dhcp: true", "dhcp", True) for key in ("ip", "address", "addresses")),
    nic("addresses: [192.168.1.90/24]", "write static: {base: 192.168.1.90, prefix: 24}", "static: {base: 192.168.1.90, prefix: 24}", "static.base", "192.168.1.90"),
    nic("dhcp4: true", "Write dhcp: true", "dhcp: true", "dhcp", True),
    nic("dhcp6: true", "write ipv6: {dhcp: true}", "ipv6: {dhcp: true}", "ipv6.dhcp", True),
    nic("accept_ra: true", "write ipv6: {slaac: true}", "ipv6: {slaac: true}", "ipv6.slaac", True),
    nic("gateway4: 192.168.1.1", "write static: {base: ADDRESS, gateway: 192.168.1.1}", "static: {base: 192.168.1.90, gateway: 192.168.1.1}", "static.gateway", "192.168.1.1"),
    nic("nameservers: {addresses: [1.1.1.1]}", "Write dns: [1.1.1.1]", "dns: [1.1.1.1]", "dns.0", "1.1.1.1"),
    network("nameservers: {addresses: [1.1.1.1], search: [lan]}", "Write dns: [1.1.1.1]", "dns: [1.1.1.1]", "dns.0", "1.1.1.1"),
    network("nameservers: [1.1.1.1, 9.9.9.9]", "Write dns: [1.1.1.1, 9.9.9.9]", "dns: [1.1.1.1, 9.9.9.9]", "dns.1", "9.9.9.9"),
    network("ipv6: true", "write agent: [{ipv6: {slaac: true}}]", "agent: [{ipv6: {slaac: true}}]", "agent.0.ipv6.slaac", True),
    # the first level
    *(edit("network:\n  vip: 192.168.1.40\n", f"{line}: 192.168.1.40\nnetwork:\n", line, _NO_KEY, "write network: {vip: 192.168.1.40}",
           "network:\n  vip: 192.168.1.40\n", "network.vip", "192.168.1.40") for line in ("vip", "apiserver_endpoint", "control_plane_vip")),
    option("cluster_ipv4_cidr: 10.44.0.0/16", "cluster-cidr", "10.44.0.0/16"),
    top("cni_plugin: cilium", "cni_plugin", _NO_KEY, "write cni: {plugin: cilium}", "cni: {plugin: cilium}", "cni.plugin", "cilium"),
    top("cni: calico", "cni", "`calico` is not a mapping", "write {plugin: calico}", "cni: {plugin: calico}", "cni.plugin", "calico"),
    option("tls_sans: [k8s.home.arpa]", "tls-san", ["k8s.home.arpa"]),
    top("initial_k3s_channel: stable", "initial_k3s_channel", _NO_KEY, "write distribution: {channel: stable}", "distribution: {channel: stable}",
        "distribution.channel", "stable"),
    top("system_timezone: Europe/Berlin", "system_timezone", _NO_KEY, "write maintenance: {timezone: Europe/Berlin}", "maintenance: {timezone: Europe/Berlin}",
        "maintenance.timezone", "Europe/Berlin"),
    *(top(line, line.partition(":")[0], _NO_KEY, "delete it", "", "cluster", "c")
      for line in ("region: eu-central", "kube_vip: true", "location: fsn1")),
    top("private_registries: {mirrors: {}}", "private_registries", _NO_KEY, "write registries: {mirrors: [{registry: docker.io, endpoints: [URL]}]}",
        "registries: {mirrors: [{registry: docker.io, endpoints: [https://x]}]}", "registries.mirrors.0.endpoints.0", "https://x"),
    top('registries: {mirrors: {docker.io: {endpoints: ["https://x"]}, "*": {}}}', "registries.mirrors", "a mapping is not a list",
        'write [{registry: docker.io, endpoints: [https://x]}, {registry: "*"}]',
        'registries: {mirrors: [{registry: docker.io, endpoints: ["https://x"]}, {registry: "*"}]}', "registries.mirrors.1.registry", "*"),
    top("http_proxy: http://p.lan:1", "http_proxy", _NO_KEY, "write proxy: {http: http://p.lan:1}", "proxy: {http: http://p.lan:1}", "proxy.http", "http://p.lan:1"),
    *(top(f"{key}: &a {{cores: 2}}", key, _NO_KEY, told, f"{told}: {{cores: 2}}", "cluster", "c")
      for key, told in (("_anchors", "x-anchors"), (".anchors", "x-anchors"), ("anchors", "x-anchors"), ("defaults", "x-defaults"), ("x_agent", "x-agent"))),
    edit("ssh: {keys: [id_ed25519.pub]}", "ssh_keys: [id_ed25519.pub]", "ssh_keys", _NO_KEY, "write ssh: {keys: [id_ed25519.pub]}",
         "ssh: {keys: [id_ed25519.pub]}", "ssh.port", 22),
    # lists that are written as lists
    hardware("node_taints: a=b:NoSchedule", _NO_KEY, "Write taints: [a=b:NoSchedule]", "taints: [a=b:NoSchedule]", "taints.0", "a=b:NoSchedule"),
    hardware("node_labels: tier=web", _NO_KEY, 'Write labels: {tier: "web"}', 'labels: {tier: "web"}', "labels.tier", "web"),
    hardware("extra_disks: 40", _NO_KEY, "Write data_disks: [{name: data, size: 40GiB}]", "data_disks: [{name: data, size: 40GiB}]", "data_disks.0.size", 40),
    top("cloud_init: {user: admin}", "cloud_init.user", _NO_KEY, "Write users: [{name: admin, keys: [id_ed25519.pub]}]",
        "cloud_init: {users: [{name: admin, keys: [id_ed25519.pub]}]}", "cloud_init.users.0.name", "admin"),
    hardware("server_type: cpx11", _NO_KEY, "write cores, memory and disk of each pool", "cores: 2", "cores", 2),
    # devices
    edit(AGENT, f"{AGENT}    usb: [{{name: zigbee}}]\n", "pools[2].usb[0].name", _NO_KEY, "Write mapping: zigbee", f"{AGENT}    usb: [{{mapping: zigbee}}]\n",
         "pools.2.usb.0.mapping", "zigbee"),
    edit(AGENT, f"{AGENT}    devices: [{{id: gpu}}]\n", "pools[2].devices[0].id", _NO_KEY, "Write mapping: gpu", f"{AGENT}    devices: [{{mapping: gpu}}]\n",
         "pools.2.devices.0.mapping", "gpu"),
    # a name that is the key of its item
    edit("machines: [agent1]", "machines: [{agent1: {cores: 4}}]", "pools[2].machines[0].name", "`name` is missing", "write {name: agent1, cores: 4}",
         "machines: [{name: agent1, cores: 4}]", "pools.2.machines.0.cores", 4),
    edit("nodes: [pve1, pve2, pve3]", "nodes: [{pve1: 192.0.2.10}]", "proxmox.nodes[0].name", "`name` is missing", "write {name: pve1, address: 192.0.2.10}",
         "nodes: [{name: pve1, address: 192.0.2.10}]", "proxmox.nodes.0.address", "192.0.2.10"),
    edit("nodes: [pve1, pve2, pve3]", "nodes: [{node: pve1}]", "proxmox.nodes[0].node", _NO_KEY, "Write name: pve1", "nodes: [{name: pve1}]",
         "proxmox.nodes.0.name", "pve1"),
    edit("nodes: [pve1, pve2, pve3]", "nodes: pve1 pve2", "proxmox.nodes", "is not a list", "write [pve1, pve2]", "nodes: [pve1, pve2]",
         "proxmox.nodes.1.name", "pve2"),
    edit("nodes: [pve1, pve2, pve3]", "nodes: 3", "proxmox.nodes", "is not a list", "write the names of the PVE nodes", "nodes: [pve1, pve2, pve3]",
         "proxmox.nodes.2.name", "pve3"),
    edit(_POOLS, "pools:\n  servers: {count: 3}\n  workers: {count: 2}\n", "pools", "is not a list",
         'write [{name: servers, role: server, count: 3, pattern: "server{n}"}, {name: workers, role: agent, count: 2, pattern: "worker{n}"}]',
         'pools: [{name: servers, role: server, count: 3, pattern: "server{n}"}, {name: workers, role: agent, count: 2, pattern: "worker{n}"}]',
         "pools.1.members.1.name", "worker2"),
    # numbers, times, days
    *(hardware(f"cpu: {text}", "is not a CPU type", "write `cores: 4`", "cores: 4", "cores", 4) for text in ("'4'", "4 cores", "4 vCPU")),
    hardware("tags: 'k8s;prod'", "is not a list", "write [k8s, prod]", "tags: [k8s, prod]", "tags.1", "prod"),
    top("maintenance: {slots: '02:00'}", "maintenance.slots", "is not a list", "write [2]", "maintenance: {slots: [2]}", "maintenance.slots.0", 2),
    top("maintenance: {window: 02:00-04:30}", "maintenance.window", _NO_KEY, "Write slots: [2], and beside it `duration: 2h30m`",
        "maintenance: {slots: [2], duration: 2h30m}", "maintenance.duration", 150),
    top("maintenance: 02:00-04:00", "maintenance", "is not a mapping", "write {slots: [2], duration: 2h}", "maintenance: {slots: [2], duration: 2h}",
        "maintenance.duration", 120),
    top("maintenance: {duration: 2}", "maintenance.duration", "is not a duration", "write 2h or 2m, with its unit", "maintenance: {duration: 2h}",
        "maintenance.duration", 120),
    top("maintenance: {kured: {days: sunday}}", "maintenance.kured.days", "is not a list", "write [su]", "maintenance: {kured: {days: [su]}}",
        "maintenance.kured.days.0", "su"),
    edit("image: {system: debian}", "image: noble", "image", "is not a mapping", "write {system: ubuntu, release: 24.04}", "image: {system: ubuntu, release: 24.04}",
         "image.release", "24.04"),
    top("rke2_version: v1.36.5+rke2r1", "rke2_version", _NO_KEY, "write distribution: {version: v1.36.5+rke2r1}", "distribution: {version: v1.36.5+rke2r1}",
        "distribution.version", "v1.36.5+rke2r1"),
    top("hooks: {post_deploy: [x]}", "hooks.post_deploy", _NO_KEY, "did you mean `after_deploy`?", "hooks: {after_deploy: [x]}", "hooks.after_deploy.0.command", "x"),
    edit("machines: [lb1, lb2]", "machines: [{name: lb1, macs: 'BC:24:11:00:00:01'}, lb2]", "pools[0].machines[0].macs", "is not a mapping",
         'write {ens18: "BC:24:11:00:00:01"}', 'machines: [{name: lb1, macs: {ens18: "BC:24:11:00:00:01"}}, lb2]', "pools.0.machines.0.macs.ens18", "BC:24:11:00:00:01"),
    edit("machines: [lb1, lb2]", "machines: [{name: lb1, ip: 192.168.1.77/24}, lb2]", "pools[0].machines[0].ip", _NO_KEY,
         "write addresses: {ens18: 192.168.1.77}", "machines: [{name: lb1, addresses: {ens18: 192.168.1.77}}, lb2]", "pools.0.machines.0.addresses.ens18",
         "192.168.1.77"),
    edit(AGENT, f"{AGENT}    data_disks: [{{size: 100GiB}}]\n", "pools[2].data_disks[0].name", "`name` is missing", "add `name: data`",
         f"{AGENT}    data_disks: [{{name: data, size: 100GiB}}]\n", "pools.2.data_disks.0.name", "data"),
    # files of first boot
    file("content_from: {path: ./x.yaml}", ".content_from.path", _NO_KEY, "Write file: ./x.yaml", "content_from: {file: ./x.yaml}", "content_from.file", "./x.yaml"),
    file("content_from: {env: $X}", ".content_from.env", "is not a name of an environment variable", "write X", "content_from: {env: X}", "content_from.env", "X"),
    file("content_from: $X", ".content_from", "is not a mapping", "write {env: X}", "content_from: {env: X}", "content_from.env", "X"),
    file("content_from: {env: A, mode: 0640}", ".content_from.mode", _NO_KEY, 'write permissions: "0640" beside `path`', 'content_from: {env: A}, permissions: "0640"',
         "permissions", "0640"),
    file("source: ./motd", ".source", _NO_KEY, "content_from: {file: ./motd}", "content_from: {file: ./motd}", "content_from.file", "./motd"),
    file("content: x, mode: 644", ".mode", _NO_KEY, 'Write permissions: "0644"', 'content: x, permissions: "0644"', "permissions", "0644"),
    file("content: x, owner: 'root:root'", ".owner", "names a group", "write root", "content: x, owner: root", "owner", "root"),
    file("content: x, content_from: {env: A}", "", "exactly one of", "delete `content` where it holds a secret", "content_from: {env: A}", "content_from.env", "A"),
    # choices
    edit("{system: debian}", "{system: alpine}", "image.system", "`alpine` is not offered: there are debian, ubuntu,", "write `system: debian`",
         "{system: debian}", "image.system", "debian"),
    edit("{system: debian}", "{system: rocky9}", "image.system", "is not offered", "write `system: debian`", "{system: debian}", "image.system", "debian"),
    top("distribution: {name: k0s}", "distribution.name", "`k0s` is not one of rke2, k3s", "write one of them, for example rke2", "distribution: {name: rke2}",
        "distribution.name", "rke2"),
    edit(AGENT, f"{AGENT}    tags: [Kubernetes]\n", "pools[2].tags[0]", "is not a tag of PVE", "write kubernetes", f"{AGENT}    tags: [kubernetes]\n",
         "pools.2.tags.0", "kubernetes"),
    top("proxmox_nodes: [pve1]", "proxmox_nodes", _NO_KEY, "it belongs to `proxmox`: write nodes: [pve1] there", "", "proxmox.nodes.0.name", "pve1"),
)  # fmt: skip
