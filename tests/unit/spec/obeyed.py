"""Natural mistakes and words of other tools: what is written, words of cause and cure, the cure as obeyed, and what it means then.

`mistake` takes the place of `where` in BASE; `obeyed` takes the place of `mistake` as the cure says it; `means` is what the file then says,
by key path. `told` are words of the cure: those that `obeyed` was written from.
"""

from __future__ import annotations

# ruff: noqa: E501, PLR0917  a table: a row is a line or two, its columns are positions
from dataclasses import dataclass

BASE = """cluster: c
proxmox:
  endpoint: https://192.0.2.10:8006
  nodes: [pve1, pve2, pve3]
image: {system: debian}
ssh: {keys: [id_ed25519.pub]}
network:
  vip: 192.168.1.40
  loadbalancer: [{bridge: vmbr0, static: {base: 192.168.1.0, offset: 41, gateway: 192.168.1.1}}]
pools:
  - {name: lbs, role: loadbalancer, machines: [lb1, lb2]}
  - {name: servers, role: server, machines: [server1]}
  - name: agents
    role: agent
    machines: [agent1]
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One mistake."""

    where: str
    mistake: str
    key: str
    cause: str
    told: str
    obeyed: str
    means: str
    value: object


AGENT = "role: agent\n"


def hardware(mistake: str, cause: str, told: str, obeyed: str, means: str, value: object) -> Row:
    """A line of the agents' pool."""
    return Row(AGENT, f"{AGENT}    {mistake}\n", f"pools[2].{mistake.partition(':')[0]}", cause, told, f"{AGENT}    {obeyed}\n",
               f"pools.2.{means}", value)  # fmt: skip


def top(mistake: str, key: str, cause: str, told: str, obeyed: str, means: str, value: object) -> Row:
    """A line on the first level."""
    return Row("cluster: c\n", f"cluster: c\n{mistake}\n", key, cause, told, f"cluster: c\n{obeyed}\n" if obeyed else "cluster: c\n",
               means, value)  # fmt: skip


def estate(mistake: str, cause: str, told: str, obeyed: str, means: str, value: object) -> Row:
    """A line of `proxmox`, beside its endpoint and nodes."""
    place = "  nodes: [pve1, pve2, pve3]\n"
    after = f"{place}  {obeyed}\n" if obeyed else place
    return Row(place, f"{place}  {mistake}\n", f"proxmox.{mistake.partition(':')[0]}", cause, told, after, means, value)


def label(text: str, value: str) -> Row:
    """The value of a label, which is text."""
    return Row(AGENT, f"{AGENT}    labels: {{v: {text}}}\n", "pools[2].labels.v", f"{text} is not text", f'"{value}"',
               f'{AGENT}    labels: {{v: "{value}"}}\n', "pools.2.labels.v", value)  # fmt: skip


def edit(where: str, mistake: str, key: str, cause: str, told: str, obeyed: str, means: str, value: object) -> Row:
    """Any other place."""
    return Row(where, mistake, key, cause, told, obeyed, means, value)


def size(key: str, text: str, told: str, value: int) -> Row:
    """Memory in MiB, a disk in GiB."""
    return hardware(f"{key}: {text}", "is not a size with a unit", f"write {told}", f"{key}: {told}", key, value)


def role(word: str, meant: str) -> Row:
    """A role as other tools call it."""
    return edit("role: agent\n", f"role: {word}\n", "pools[2].role", f"`{word}` is not one of", f"`{meant}`", f"role: {meant}\n",
                "pools.2.role", meant)  # fmt: skip


_NO_KEY = "unknown key"
_SECRET = "is a secret, and secrets are never in cluster.yaml"

ROWS: tuple[Row, ...] = (
    *(role(word, "agent") for word in ("worker", "workers", "node", "nodes", "compute", "Worker")),
    *(role(word, "server") for word in ("master", "masters", "controlplane", "control_plane", "control-plane", "controlPlane", "cp")),
    # sizes: the number of the file, in what Proxmox counts
    size("memory", "4096", "4096MiB", 4096),
    size("memory", "'4096'", "4096MiB", 4096),
    size("memory", "04096", "4096MiB", 4096),
    size("memory", "0x1000", "4096MiB", 4096),
    size("memory", "1e3", "1000MiB", 1000),
    size("memory", "4", "4GiB", 4096),
    size("memory", "4G", "4GiB", 4096),
    size("memory", "8 gb", "8GiB", 8192),
    size("memory", "4096M", "4096MiB", 4096),
    size("memory", "4.5GiB", "4608MiB", 4608),
    size("balloon", "2048", "2048MiB", 2048),
    hardware("balloon: no", "is not a size", "write 0 for none", "balloon: 0", "balloon", 0),
    size("disk", "40", "40GiB", 40),
    size("disk", "40G", "40GiB", 40),
    size("disk", "1.5TiB", "1536GiB", 1536),
    hardware("disk: ceph:64", "is not a size", "write 64GiB, and beside it `disk_datastore: ceph`", "disk: 64GiB\n    disk_datastore: ceph", "disk", 64),
    # numbers and words, as they stand in the file
    hardware("cores: '4'", "`4` is not a whole number", "write 4", "cores: 4", "cores", 4),
    hardware("cores: 010", "010 is not a whole number", "write 10", "cores: 10", "cores", 10),
    hardware("cores: 2.0", "2.0 is not a whole number", "write 2", "cores: 2", "cores", 2),
    hardware("cores: 1e1", "1e1 is not a whole number", "write 10", "cores: 10", "cores", 10),
    hardware("cpu: 4", "4 is not a CPU type", "write `cores: 4`", "cores: 4", "cores", 4),
    hardware("numa: 1", "1 is not true or false", "write true", "numa: true", "numa", True),
    hardware("on_boot: off", "`off` is not true or false", "write false", "on_boot: false", "on_boot", False),
    hardware("ha: yes", "`yes` is not a mapping", "write true", "ha: true", "ha.enabled", True),
    hardware("agent: 1", "1 is not a mapping", "write {enabled: true}", "agent: {enabled: true}", "agent.enabled", True),
    top("protect: yes", "protect", "`yes` is not true or false", "write true", "protect: true", "protect", True),
    label("1.10", "1.10"),
    label("0x10", "0x10"),
    label("1e3", "1e3"),
    label("1_000", "1_000"),
    label("true", "true"),
    edit(AGENT, f"{AGENT}    labels: {{v: ~}}\n", "pools[2].labels.v", "it has no value", 'write ""', f'{AGENT}    labels: {{v: ""}}\n',
         "pools.2.labels.v", ""),
    edit(AGENT, f"{AGENT}    labels: {{v: 12:30}}\n", "pools[2].labels", "not a label", 'write v: "12-30"',
         f'{AGENT}    labels: {{v: "12-30"}}\n', "pools.2.labels.v", "12-30"),
    hardware("labels: [tier=1.10]", "a list is not a mapping", 'write {tier: "1.10"}', 'labels: {tier: "1.10"}', "labels.tier", "1.10"),
    hardware("taints: a=b:noschedule", "is not a list", "write [a=b:noschedule]", "taints: [a=b:NoSchedule]", "taints.0", "a=b:NoSchedule"),
    edit(AGENT, f"{AGENT}    taints: [{{key: a, value: b, effect: NoExecute}}]\n", "pools[2].taints[0]", "there is a mapping where",
         "write a=b:NoExecute", f"{AGENT}    taints: [a=b:NoExecute]\n", "pools.2.taints.0", "a=b:NoExecute"),
    top("maintenance: {slots: [08]}", "maintenance.slots[0]", "08 is not", "write 8", "maintenance: {slots: [8]}", "maintenance.slots.0", 8),
    top("maintenance: {duration: 60}", "maintenance.duration", "60 is not a duration", "write 60m", "maintenance: {duration: 60m}",
        "maintenance.duration", 60),
    top("maintenance: {duration: 1:30}", "maintenance.duration", "`1:30` is not", "write 1h30m", "maintenance: {duration: 1h30m}",
        "maintenance.duration", 90),
    top("maintenance: {kured: {start: 6:30}}", "maintenance.kured.start", "`6:30` is not", 'write "06:30"',
        'maintenance: {kured: {start: "06:30"}}', "maintenance.kured.start", "06:30"),
    top("maintenance: {kured: {days: [Monday]}}", "maintenance.kured.days[0]", "`Monday` is not one of", "`mo`",
        "maintenance: {kured: {days: [mo]}}", "maintenance.kured.days.0", "mo"),
    top("maintenance: {timezone: europe/berlin}", "maintenance.timezone", "is not a time zone", "write Europe/Berlin",
        "maintenance: {timezone: Europe/Berlin}", "maintenance.timezone", "Europe/Berlin"),
    top("cloud_init: {user_data: {write_files: [{path: /a, content: x, permissions: 0o600}]}}",
        "cloud_init.user_data.write_files[0].permissions", "is not a mode", 'write "0600"',
        'cloud_init: {user_data: {write_files: [{path: /a, content: x, permissions: "0600"}]}}',
        "cloud_init.user_data.write_files.0.permissions", "0600"),
    # other tools' words for hardware
    *(hardware(f"{word}: 4", _NO_KEY, "Write cores: 4", "cores: 4", "cores", 4) for word in ("cpus", "vcpus", "cpu_cores")),
    *(hardware(f"{word}: 8192", _NO_KEY, "Write memory: 8192MiB", "memory: 8192MiB", "memory", 8192) for word in ("ram", "mem", "dedicated")),
    *(hardware(f"{word}: 64", _NO_KEY, "Write disk: 64GiB", "disk: 64GiB", "disk", 64) for word in ("size", "disk_size", "diskSize")),
    *(hardware(f"{word}: ceph", _NO_KEY, "Write disk_datastore: ceph", "disk_datastore: ceph", "disk_datastore", "ceph")
      for word in ("storage", "datastore_id")),
    hardware("vmid: 400", _NO_KEY, "Write vm_id_start: 400", "vm_id_start: 400", "vm_id_start", 400),
    hardware("onboot: true", _NO_KEY, "Write on_boot: true", "on_boot: true", "on_boot", True),
    hardware("machine: pc", _NO_KEY, "Write chipset: i440fx", "chipset: i440fx", "chipset", "i440fx"),
    hardware("bios: uefi", _NO_KEY, "Write firmware: ovmf", "firmware: ovmf", "firmware", "ovmf"),
    hardware("qemu_agent: 1", _NO_KEY, "Write agent: {enabled: true}", "agent: {enabled: true}", "agent.enabled", True),
    hardware("target_node: pve2", _NO_KEY, "Write nodes: [pve2]", "nodes: [pve2]", "nodes.0", "pve2"),
    hardware("bridge: vmbr7", _NO_KEY, "interfaces: [{bridge: vmbr7}]", "interfaces: [{bridge: vmbr7}]", "interfaces.0.bridge", "vmbr7"),
    hardware("vlan: 20", _NO_KEY, "interfaces: [{vlan: 20}]", "interfaces: [{vlan: 20}]", "interfaces.0.vlan", 20),
    hardware("template: 9000", _NO_KEY, "delete it: machines start from an image", "", "machines.0.name", "agent1"),
    hardware("clone: debian-tmpl", _NO_KEY, "delete it: machines start from an image", "", "machines.0.name", "agent1"),
    # machines
    edit("machines: [agent1]", "replicas: 3", "pools[2].replicas", _NO_KEY, "Write count: 3", 'count: 3\n    pattern: "agent{n}"', "pools.2.count", 3),
    edit("machines: [agent1]", "count: 3", "pools[2]", "does not say which machines", 'add `pattern: "agent{n}"`', 'count: 3\n    pattern: "agent{n}"',
         "pools.2.pattern", "agent{n}"),
    edit("machines: [agent1]", "machines: agent1", "pools[2].machines", "is not a list", "write [agent1]", "machines: [agent1]",
         "pools.2.machines.0.name", "agent1"),
    edit("machines: [agent1]", "nodes: [agent1]", "pools[2]", "does not say which machines", "write `machines` in its place", "machines: [agent1]",
         "pools.2.machines.0.name", "agent1"),
    edit("machines: [agent1]", "machines: [Agent_1]", "pools[2].machines[0]", "is not a name", "write agent-1", "machines: [agent-1]",
         "pools.2.machines.0.name", "agent-1"),
    edit("machines: [agent1]", "machines: [17]", "pools[2].machines[0]", "begins with a digit", "write m17", "machines: [m17]",
         "pools.2.machines.0.name", "m17"),
    edit("machines: [agent1]", "machines: [{name: agent1, target_node: pve2}]", "pools[2].machines[0].target_node", _NO_KEY, "Write pve_node: pve2",
         "machines: [{name: agent1, pve_node: pve2}]", "pools.2.machines.0.pve_node", "pve2"),
    edit("machines: [lb1, lb2]", "machines: [{name: lb1, ip: 192.168.1.77}, lb2]", "pools[0].machines[0].ip", _NO_KEY,
         "write addresses: {ens18: 192.168.1.77}", "machines: [{name: lb1, addresses: {ens18: 192.168.1.77}}, lb2]",
         "pools.0.machines.0.addresses.ens18", "192.168.1.77"),
    *(edit("pools:", f"{word}:", word, _NO_KEY, "machines belong under `pools`", "pools:", "pools.2.name", "agents")
      for word in ("workers", "nodes", "masters", "machines", "node_pools")),
    # network
    edit("vip: 192.168.1.40", "vip: 192.168.1.40/24", "network.vip", "is not an IPv4 address", "write 192.168.1.40, without", "vip: 192.168.1.40",
         "network.vip", "192.168.1.40"),
    *(edit("  vip: 192", f"  {word}: [1.1.1.1]\n  vip: 192", f"network.{word}", _NO_KEY, "`dns`", "  dns: [1.1.1.1]\n  vip: 192", "network.dns.0",
           "1.1.1.1") for word in ("nameservers", "dns_servers", "nameserver")),
    edit("  vip: 192", "  dns: 1.1.1.1\n  vip: 192", "network.dns", "is not a list", "write [1.1.1.1]", "  dns: [1.1.1.1]\n  vip: 192",
         "network.dns.0", "1.1.1.1"),
    *(edit("  vip: 192", f"  {word}: [{{bridge: vmbr5}}]\n  vip: 192", f"network.{word}", _NO_KEY, f"`{meant}`",
           f"  {meant}: [{{bridge: vmbr5}}]\n  vip: 192", f"network.{meant}.0.bridge", "vmbr5")
      for word, meant in (("worker", "agent"), ("workers", "agent"), ("master", "server"), ("controlPlane", "server"))),
    edit("  vip: 192", "  agent: {bridge: vmbr5}\n  vip: 192", "network.agent", "a mapping is not a list", "write [{bridge: vmbr5}]",
         "  agent: [{bridge: vmbr5}]\n  vip: 192", "network.agent.0.bridge", "vmbr5"),
    edit("  vip: 192", "  cidr: 192.168.1.0/24\n  vip: 192", "network.cidr", _NO_KEY, "agent: [{static: {base: 192.168.1.0, prefix: 24}}]",
         "  agent: [{static: {base: 192.168.1.0, prefix: 24, offset: 60}}]\n  vip: 192", "network.agent.0.static.prefix", 24),
    edit("gateway: 192.168.1.1}", "gw: 192.168.1.1}", "network.loadbalancer[0].static.gw", _NO_KEY, "Write gateway: 192.168.1.1",
         "gateway: 192.168.1.1}", "network.loadbalancer.0.static.gateway", "192.168.1.1"),
    edit("gateway: 192.168.1.1}", "gateway: 192.168.1.1, netmask: 255.255.254.0}", "network.loadbalancer[0].static.netmask", _NO_KEY,
         "Write prefix: 23", "gateway: 192.168.1.1, prefix: 23}", "network.loadbalancer.0.static.prefix", 23),
    edit("{bridge: vmbr0, static", "{bridge: vmbr0, tag: 5, static", "network.loadbalancer[0].tag", _NO_KEY, "Write vlan: 5",
         "{bridge: vmbr0, vlan: 5, static", "network.loadbalancer.0.vlan", 5),
    # the estate
    *(edit("endpoint: https://192.0.2.10:8006", f"{word}", f"proxmox.{word.partition(':')[0]}", _NO_KEY, "Write endpoint: https://192.0.2.10:8006",
           "endpoint: https://192.0.2.10:8006", "proxmox.endpoint", "https://192.0.2.10:8006")
      for word in ("host: 192.0.2.10", "api_url: https://192.0.2.10:8006/api2/json", "url: 192.0.2.10:8006")),
    edit("https://192.0.2.10:8006", "192.0.2.10", "proxmox.endpoint", "is not the URL", "write https://192.0.2.10:8006", "https://192.0.2.10:8006",
         "proxmox.endpoint", "https://192.0.2.10:8006"),
    edit("nodes: [pve1, pve2, pve3]", "node: pve1", "proxmox.node", _NO_KEY, "Write nodes: [pve1]", "nodes: [pve1]", "proxmox.nodes.0.name", "pve1"),
    estate("storage: ceph", _NO_KEY, "Write datastores: {disks: ceph}", "datastores: {disks: ceph}", "proxmox.datastores.disks", "ceph"),
    *(estate(f"{word}: 'a@pve!b=0123'", _SECRET, "PROXMOX_VE_API_TOKEN", "", "proxmox.nodes.0.name", "pve1")
      for word in ("api_token", "token", "token_secret", "pm_api_token_secret", "password", "apiToken")),
    estate("verify_ssl: true", _NO_KEY, "delete it: the certificate is verified", "", "proxmox.insecure", None),
    edit("  nodes: [pve1", "  ssh: {user: terraform, sudo: true}\n  nodes: [pve1", "proxmox.ssh.sudo", _NO_KEY,
         "delete it: snippets are written over SFTP", "  ssh: {user: terraform}\n  nodes: [pve1", "proxmox.ssh.user", "terraform"),
    # image, keys, release
    edit("image: {system: debian}", "image: debian", "image", "is not a mapping", "write {system: debian}", "image: {system: debian}",
         "image.system", "debian"),
    edit("image: {system: debian}", "image: {os: debian}", "image.os", _NO_KEY, "Write system: debian", "image: {system: debian}",
         "image.system", "debian"),
    edit("image: {system: debian}", "os: debian", "os", _NO_KEY, "image: {system: debian}", "image: {system: debian}", "image.system", "debian"),
    edit("{system: debian}", "{system: local:import/debian-12-generic-amd64.qcow2}", "image.system", "is a file",
         "write `system: debian, release: 12`", "{system: debian, release: 12}", "image.release", "12"),
    edit("{system: debian}", "{system: debian, template: 9000}", "image.template", _NO_KEY, "delete it", "{system: debian}", "image.system", "debian"),
    edit("keys: [id", "public_keys: [id", "ssh.public_keys", _NO_KEY, "`keys`", "keys: [id", "ssh.port", 22),
    edit("{keys: [id_ed25519.pub]}", "{keys: id_ed25519.pub}", "ssh.keys", "is not a list", "write [id_ed25519.pub]", "{keys: [id_ed25519.pub]}",
         "ssh.port", 22),
    top("k8s_version: v1.36.5+rke2r1", "k8s_version", _NO_KEY, "write distribution: {version: v1.36.5+rke2r1}", "distribution: {version: v1.36.5+rke2r1}",
        "distribution.version", "v1.36.5+rke2r1"),
    top("distribution: {version: v1.36.5}", "distribution.version", "is not a release", "v1.36.5+rke2r1", "distribution: {version: v1.36.5+rke2r1}",
        "distribution.version", "v1.36.5+rke2r1"),
    top("distribution: rke2", "distribution", "is not a mapping", "write {name: rke2}", "distribution: {name: rke2}", "distribution.name", "rke2"),
    top("pod_cidr: 10.44.0.0/16", "pod_cidr", _NO_KEY, "distribution: {options: {cluster-cidr: 10.44.0.0/16}}",
        "distribution: {options: {cluster-cidr: 10.44.0.0/16}}", "distribution.options.cluster-cidr", "10.44.0.0/16"),
    top("cluster_name: other", "cluster_name", _NO_KEY, "`cluster`", "", "cluster", "c"),
    top("password: hunter2", "password", _SECRET, "delete the line", "", "cluster", "c"),
    top("rke2_token: hunter2", "rke2_token", _SECRET, "STARDOCK_SECRETS", "", "cluster", "c"),
    top("cloud_init: {users: [{name: a, password: hunter2}]}", "cloud_init.users[0].password", _SECRET, "password_hash: {env: ADMIN_PASSWORD_HASH}",
        "cloud_init: {users: [{name: a, password_hash: {env: ADMIN_PASSWORD_HASH}}]}", "cloud_init.users.0.password_hash.env", "ADMIN_PASSWORD_HASH"),
    top("cloud_init: {users: [{name: a, password_hash: $6$hunter2}]}", "cloud_init.users[0].password_hash", "this is a secret itself",
        "write {env: ADMIN_PASSWORD_HASH}", "cloud_init: {users: [{name: a, password_hash: {env: ADMIN_PASSWORD_HASH}}]}",
        "cloud_init.users.0.password_hash.env", "ADMIN_PASSWORD_HASH"),
    top("remove: agent9", "remove", "is not a list", "write [agent9]", "remove: [agent9]", "remove.0", "agent9"),
    top("destroy: true", "destroy", _NO_KEY, "docs/take-down.md", "", "protect", True),
)  # fmt: skip
