"""What readers of Terraform, Ansible, cloud-init, Compose and Proxmox' own pages wrote, blind: the worst of what stood after all other tables."""

from __future__ import annotations

# ruff: noqa: E501, PLR0917  a table: a row is a line or two
from tests.unit.spec.obeyed import AGENT, Row, edit, hardware, top
from tests.unit.spec.obeyed_words import network, nic

_NO_KEY, _NO_MAPPING, _TEMPLATE = "unknown key", "is not a mapping", "this is a template, and cluster.yaml has none"
_NO_SIZE, _NO_NUMBER = "is not a size with a unit", "is not a whole number"
_KEYS = "{keys: [id_ed25519.pub]}"
_NODES = "nodes: [pve1, pve2, pve3]"
_LB = "{bridge: vmbr0, static: {base: 192.168.1.0, offset: 41, gateway: 192.168.1.1}}"
_DISK = "{datastore_id: ceph, interface: scsi0, size: 64}"


def ssh(mistake: str, told: str, obeyed: str, means: str, value: object, cause: str = _NO_KEY) -> Row:
    """A word of `ssh`."""
    key = mistake.partition(":")[0]
    return edit(
        _KEYS,
        f"{{{mistake}, keys: [id_ed25519.pub]}}",
        f"ssh.{key}",
        cause,
        told,
        f"{{{obeyed}keys: [id_ed25519.pub]}}",
        f"ssh.{means}",
        value,
    )


def deleted(mistake: str, told: str) -> Row:
    """A line of the agents' pool that goes."""
    return edit(
        AGENT,
        f"{AGENT}    {mistake}\n",
        f"pools[2].{mistake.partition(':')[0]}",
        _NO_KEY,
        f"delete it: {told}",
        AGENT,
        "pools.2.name",
        "agents",
    )


READERS: tuple[Row, ...] = (
    # one in a list, several in a list
    hardware("disk: [64GiB]", _NO_SIZE, "write 64GiB", "disk: 64GiB", "disk", 64),
    hardware("disk: [64]", _NO_SIZE, "write 64GiB", "disk: 64GiB", "disk", 64),
    hardware("memory: [8192]", _NO_SIZE, "write 8192MiB", "memory: 8192MiB", "memory", 8192),
    hardware(f"disk: [{_DISK}]", _NO_SIZE, "write disk: 64GiB, and beside it `disk_datastore: ceph` and `disk_interface: scsi0`",
             "disk: 64GiB\n    disk_datastore: ceph\n    disk_interface: scsi0", "disk_datastore", "ceph"),
    hardware(f"disk: [{_DISK}, {{size: 100, interface: scsi1}}]", _NO_SIZE, "the others belong under `data_disks`: [{name: data, size: SIZE}]",
             "disk: 64GiB\n    data_disks: [{name: data, size: 100GiB}]", "data_disks.0.size", 100),
    edit("vip: 192.168.1.40", "vip: [192.168.1.40]", "network.vip", "is not an IPv4 address", "write 192.168.1.40", "vip: 192.168.1.40", "network.vip", "192.168.1.40"),
    edit("image: {system: debian}", "image:\n  - system: debian", "image", "a list is not a mapping", "it is one, and no list: take the `- `, or the `[ ]`, away",
         "image:\n  system: debian", "image.system", "debian"),
    hardware("hardware: {cores: 4, memory: 8192, disk: 64GiB}", _NO_KEY, "beside the other keys: cores: 4, memory: 8192MiB, disk: 64GiB",
             "cores: 4\n    memory: 8192MiB\n    disk: 64GiB", "memory", 8192),
    hardware("resources: {cpus: 4, ram: 8192}", _NO_KEY, "beside the other keys: cores: 4, memory: 8192MiB", "cores: 4\n    memory: 8192MiB", "cores", 4),
    # numbers and yes
    hardware("cores: 1.5", f"1.5 {_NO_NUMBER}", "write 2", "cores: 2", "cores", 2),
    hardware("cores: four", f"`four` {_NO_NUMBER}", "write 4", "cores: 4", "cores", 4),
    *(hardware(f"onboot: {word}", _NO_KEY, f"Write on_boot: {meant}", f"on_boot: {meant}", "on_boot", meant == "true") for word, meant in (("1", "true"), ("0", "false"), ("no", "false"))),
    edit(AGENT, f"{AGENT}    taints: [{{key: a, value: b, effect: noexecute}}]\n", "pools[2].taints[0]", "there is a mapping where", "write a=b:NoExecute",
         f"{AGENT}    taints: [a=b:NoExecute]\n", "pools.2.taints.0", "a=b:NoExecute"),
    top("maintenance: {days: [Sunday]}", "maintenance.days", _NO_KEY, "days are kured's: write kured: {days: [su]}", "maintenance: {kured: {days: [su]}}",
        "maintenance.kured.days.0", "su"),
    # what another tool fills in
    *(ssh(f'private_key: "{text}"', "write the value itself", "private_key: ~/.ssh/id, ", "private_key", "~/.ssh/id", _TEMPLATE)
      for text in ("${HOME}/.ssh/id", "{{ key }}", "$HOME/.ssh/id", "$(pwd)/id")),
    edit(_KEYS, '{keys: ["${HOME}/.ssh/id.pub"]}', "ssh.keys[0]", _TEMPLATE, "write the value itself", _KEYS, "ssh.port", 22),
    edit("https://192.0.2.10:8006", "${var.endpoint}", "proxmox.endpoint", _TEMPLATE, "write the value itself", "https://192.0.2.10:8006", "proxmox.endpoint", "https://192.0.2.10:8006"),
    hardware("cores: ${var.cores}", _TEMPLATE, "write the value itself", "cores: 4", "cores", 4),
    hardware("memory: '{{ mem }}'", _TEMPLATE, "write the value itself", "memory: 8GiB", "memory", 8192),
    # Terraform's words
    top("backend: {s3: {bucket: b, key: k, region: eu-west-1}}", "backend", _NO_KEY, "write state: {backend: s3, bucket: b, key: k, region: eu-west-1}",
        "state: {backend: s3, bucket: b, key: k, region: eu-west-1}", "state.backend", "s3"),
    *(top(f"{word}: {{x: 1}}", word, _NO_KEY, "delete it: cluster.yaml is no file of Terraform's", "", "cluster", "c") for word in ("terraform", "resource", "module")),
    *(top(f"{word}: {{x: 1}}", word, _NO_KEY, "delete it: cluster.yaml has no variables", "", "cluster", "c") for word in ("variable", "outputs")),
    deleted("lifecycle: {prevent_destroy: true}", "`protect` on the first level is true by default"),
    deleted("depends_on: [servers]", "Stardock decides this itself"),
    deleted("iso: local:iso/debian-13.iso", "machines start from an image"),
    edit("machines: [agent1]", "for_each: [agent1, agent2]", "pools[2].for_each", _NO_KEY, "Write machines: [agent1, agent2]", "machines: [agent1, agent2]",
         "pools.2.machines.1.name", "agent2"),
    # Ansible's, cloud-init's and Compose's
    ssh("ansible_user: admin", "Write user: admin", "user: admin, ", "user", "admin"),
    ssh("ansible_port: 2222", "Write port: 2222", "port: 2222, ", "port", 2222),
    ssh("ansible_ssh_private_key_file: id", "Write private_key: id", "private_key: id, ", "private_key", "id"),
    ssh("agent: true", "delete it: without `private_key`, the SSH agent is used", "", "user", "root"),
    edit("machines: [agent1]", "machines: {agent1: {ansible_host: 192.168.1.61}}", "pools[2].machines", "a mapping is not a list",
         "write [{name: agent1, addresses: {ens18: 192.168.1.61}}]",
         "machines: [{name: agent1, addresses: {ens18: 192.168.1.61}}]\n    interfaces: [{static: {base: 192.168.1.0, offset: 60}}]",
         "pools.2.machines.0.addresses.ens18", "192.168.1.61"),
    top("packages: [htop, jq]", "packages", _NO_KEY, "write cloud_init: {packages: [htop, jq]}", "cloud_init: {packages: [htop, jq]}", "cloud_init.packages.1", "jq"),
    top("runcmd: [sysctl --system]", "runcmd", _NO_KEY, "write cloud_init: {user_data: {runcmd: [sysctl --system]}}",
        "cloud_init: {user_data: {runcmd: [sysctl --system]}}", "cloud_init.user_data.runcmd.0", "sysctl --system"),
    top("cloud_init: user.yml", "cloud_init", _NO_MAPPING, "no file is read here: write its write_files, runcmd and bootcmd under user_data: {...}",
        "cloud_init: {user_data: {runcmd: [a]}}", "cloud_init.user_data.runcmd.0", "a"),
    top("cloud_init: |\n  #cloud-config\n  packages: [htop]", "cloud_init", _NO_MAPPING, "take the `|` away, for keys",
        "cloud_init:\n  packages: [htop]", "cloud_init.packages.0", "htop"),
    top("services: {web: {image: nginx}}", "services", _NO_KEY, "delete it: what runs in the cluster is deployed with kubectl", "", "cluster", "c"),
    # names
    edit("machines: [agent1]", "machines: [agent1.home.arpa]", "pools[2].machines[0]", "is a whole host name", "{name: agent1, hostname: agent1.home.arpa}",
         "machines: [{name: agent1, hostname: agent1.home.arpa}]", "pools.2.machines.0.hostname", "agent1.home.arpa"),
    edit(_NODES, "nodes: [pve1.home.arpa, pve2, pve3]", "proxmox.nodes[0]", "is not the name of a PVE node", "write pve1, its name alone", _NODES, "proxmox.nodes.0.name", "pve1"),
    edit(_NODES, "nodes: [192.0.2.10, pve2, pve3]", "proxmox.nodes[0]", "is not the name of a PVE node", "write {name: pve1, address: 192.0.2.10} under",
         "nodes: [{name: pve1, address: 192.0.2.10}, pve2, pve3]", "proxmox.nodes.0.address", "192.0.2.10"),
    edit(_NODES, "nodes: [{name: pve1, hostname: 192.0.2.10}, pve2, pve3]", "proxmox.nodes[0].hostname", _NO_KEY, "Write address: 192.0.2.10",
         "nodes: [{name: pve1, address: 192.0.2.10}, pve2, pve3]", "proxmox.nodes.0.address", "192.0.2.10"),
    # networks
    *(nic(f"bridge: {word}", "write vmbr0, and beside it `vlan: 20`", "bridge: vmbr0, vlan: 20", "vlan", 20, "is a VLAN of a bridge")
      for word in ("vmbr0.20", "'vmbr0:20'", "'vmbr0,tag=20'", "vmbr0v20")),
    nic("vlan: 5000", "write one of 1 to 4094, or delete the line", "vlan: 500", "vlan", 500, "is outside of 1 to 4094"),
    nic("static: dhcp", "write dhcp: true in place of `static`", "dhcp: true", "dhcp", True, _NO_MAPPING),
    nic("ip_config: {ipv4: {address: 192.168.1.61/23, gateway: 192.168.1.1}}", "write static: {base: 192.168.1.61, prefix: 23, gateway: 192.168.1.1}",
        "static: {base: 192.168.1.61, prefix: 23, gateway: 192.168.1.1}", "static.prefix", 23),
    nic("ip_config: {ipv4: {address: dhcp}}", "write dhcp: true", "dhcp: true", "dhcp", True),
    edit(_LB, "{routes: [{to: default, via: 192.168.1.1}], static: {base: 192.168.1.0, offset: 41}}", "network.loadbalancer[0].routes[0].to", "is the default route",
         "delete the route, and write its `via` as `gateway` of `static`", _LB, "network.loadbalancer.0.static.gateway", "192.168.1.1"),
    network("interfaces: [{bridge: vmbr1, vlan: 20}]", "write agent: [{bridge: vmbr1, vlan: 20}], and likewise", "agent: [{bridge: vmbr1, vlan: 20}]", "agent.0.vlan", 20),
    network("name: ens19", "write agent: [{name: ens19}], and likewise", "agent: [{name: ens19}]", "agent.0.name", "ens19"),
    *(edit("  vip: 192.168.1.40\n", f"  {key}: {text}\n", f"network.{key}", cause, "write network: {vip: 192.168.1.40}" if key != "vip" else "write 192.168.1.40",
           "  vip: 192.168.1.40\n", "network.vip", "192.168.1.40")
      for key, text, cause in (("endpoint", "https://192.168.1.40:6443", _NO_KEY), ("vip", "192.168.1.40:6443", "is not an IPv4 address"))),
    top("controlPlaneEndpoint: k8s.home.arpa:6443", "controlPlaneEndpoint", _NO_KEY, "distribution: {options: {tls-san: [k8s.home.arpa]}}",
        "distribution: {options: {tls-san: [k8s.home.arpa]}}", "distribution.options.tls-san.0", "k8s.home.arpa"),
    edit("base: 192.168.1.0, offset: 41", "base: 192.168.1.0, offset: 192.168.1.41", "network.loadbalancer[0].static.offset", _NO_NUMBER,
         "write base: 192.168.1.41 in place of `base` and `offset`", "base: 192.168.1.41", "network.loadbalancer.0.static.base", "192.168.1.41"),
    nic("mtu: jumbo", "write for example 9000", "mtu: 9000", "mtu", 9000, _NO_NUMBER),
    edit("  vip: 192", "  dns: [192.168.1.1/24]\n  vip: 192", "network.dns[0]", "is not an IP address", "write 192.168.1.1, without its prefix",
         "  dns: [192.168.1.1]\n  vip: 192", "network.dns.0", "192.168.1.1"),
    # forms of lists and labels
    hardware("labels: 'disk=ssd,zone=a'", _NO_MAPPING, 'write {disk: "ssd", zone: "a"}', 'labels: {disk: "ssd", zone: "a"}', "labels.zone", "a"),
    edit(AGENT, f"{AGENT}    taints: ['dedicated=gpu: NoSchedule']\n", "pools[2].taints[0]", "is not a taint", "write dedicated=gpu:NoSchedule",
         f"{AGENT}    taints: [dedicated=gpu:NoSchedule]\n", "pools.2.taints.0", "dedicated=gpu:NoSchedule"),
    edit(AGENT, f"{AGENT}    data_disks: [100]\n", "pools[2].data_disks[0]", _NO_MAPPING, "write {name: data, size: 100GiB}",
         f"{AGENT}    data_disks: [{{name: data, size: 100GiB}}]\n", "pools.2.data_disks.0.size", 100),
    *(edit(AGENT, f"{AGENT}    {key}: [{device}]\n", f"pools[2].{key}[0]", "is not the name of a resource mapping",
           f"make one of {device.removeprefix('host=')} on Proxmox, and write its name", f"{AGENT}    {key}: [stick]\n", f"pools.2.{key}.0.mapping", "stick")
      for key, device in (("usb", "host=1234:5678"), ("usb", "1234:5678"), ("devices", "0000:01:00.0"), ("devices", "host=0000:01:00.0"), ("usb", "1-1.2"))),
    edit(AGENT, f"{AGENT}    usb: ['mapping=stick,usb3=1']\n", "pools[2].usb[0]", "is not the name of a resource mapping", "write stick", f"{AGENT}    usb: [stick]\n",
         "pools.2.usb.0.mapping", "stick"),
    # YAML
    edit("cluster: c\n", 'cluster: "c\n', "", "a quoted text is never closed", "add the missing quote", "cluster: c\n", "cluster", "c"),
    edit("cluster: c\n", "cluster:\n", "cluster", "it has no value", "for example `cluster: production`", "cluster: production\n", "cluster", "production"),
)  # fmt: skip
