"""Cures that once did harm when they were obeyed: another role, a lost prefix, a name that nobody meant, the removal of a good token."""

from __future__ import annotations

# ruff: noqa: E501  a table: a row is a line or two
from tests.unit.spec.obeyed import AGENT, Row, edit, hardware, role, top

_NO_KEY, _SECRET = "unknown key", "is a secret, and secrets are never in cluster.yaml"
_POOL = "  - name: agents\n    role: agent\n    machines: [agent1]\n"
_STATIC = "static: {base: 192.168.1.0, offset: 41, gateway: 192.168.1.1}"


def no_role(pool: str, told: str) -> Row:
    """A pool without a role; it was meant as agents."""
    return edit(
        _POOL, f"  - {{{pool}}}\n", "pools[2].role", "`role` is missing", told, f"  - {{role: agent, {pool}}}\n", "pools.2.role", "agent"
    )


def names(machines: str, told: str, obeyed: str, name: str) -> Row:
    """Machines of the agents' pool."""
    return edit(
        "machines: [agent1]",
        f"machines: [{machines}]",
        "pools[2].machines[0]",
        "is not a name",
        told,
        obeyed,
        "pools.2.members.0.name",
        name,
    )


def counted(base: str, told: str, prefix: int) -> Row:
    """The range of the load balancers, with its prefix."""
    return edit(_STATIC, f"static: {{{base}, gateway: 192.168.1.1}}", f"network.loadbalancer[0].static.{base.partition(':')[0]}", "", told,
                f"static: {{base: 192.168.1.41, prefix: {prefix}, gateway: 192.168.1.1}}", "network.loadbalancer.0.static.prefix", prefix)  # fmt: skip


def password(where: str, obeyed: str) -> Row:
    """A login of machines, at a place of its own."""
    key = where.replace(": {", ".").partition(":")[0]
    return top(where, key, _SECRET, "cloud_init: {users: [{name: admin, password_hash: {env: ADMIN_PASSWORD_HASH}}]}", obeyed,
               "cloud_init.users.0.password_hash.env", "ADMIN_PASSWORD_HASH")  # fmt: skip


_USERS = "cloud_init: {users: [{name: admin, password_hash: {env: ADMIN_PASSWORD_HASH}}]}"

HARM: tuple[Row, ...] = (
    # roles
    no_role("name: workers, machines: [worker1]", "add `role: agent`"),
    no_role("name: gpu-workers, machines: [gpu1]", "add `role: agent`"),
    no_role("name: big, machines: [worker1]", "add `role: agent`"),
    no_role("name: big, machines: [big1]", "`server` (etcd and the control plane), `agent` (runs workloads) or `loadbalancer`"),
    no_role("name: web-servers, machines: [web1]", "`agent` (runs workloads)"),
    no_role("name: nodes, machines: [node1]", "`agent` (runs workloads)"),
    edit("role: server, machines: [server1]}", "machines: [server1]}", "pools[1].role", "`role` is missing", "add `role: server`",
         "role: server, machines: [server1]}", "pools.1.role", "server"),
    edit("  - name: agents\n    role: agent\n", "  - role: agent\n", "pools[2].name", "`name` is missing", "add `name: agents`",
         "  - name: agents\n    role: agent\n", "pools.2.name", "agents"),
    *(role(word, "agent") for word in ("rke2-agent", "k3s_agent", "kube_node", "k8s-node", "slave", "agents", "worker-nodes", "rke2-worker-node")),
    *(role(word, "server") for word in ("rke2-server", "kube_control_plane", "kube-master", "servers", "control-plane-node")),
    edit(AGENT, "role: [agent]\n", "pools[2].role", "is not one of", "write agent, without brackets", AGENT, "pools.2.role", "agent"),
    edit(AGENT, "role: [worker]\n", "pools[2].role", "is not one of", "it is called `agent` here", AGENT, "pools.2.role", "agent"),
    *(edit(AGENT, f"role: {word}\n", "pools[2].role", "is not one of", "`agent` (runs workloads)", AGENT, "pools.2.role", "agent")
      for word in ("ingress", "storage", "primary")),
    *(edit("pools:", f"{word}:", word, _NO_KEY, "role: server", "pools:", "pools.1.role", "server")
      for word in ("masters", "controlplane", "control_plane", "servers", "controllers")),
    *(edit("pools:", f"{word}:", word, _NO_KEY, "role: agent", "pools:", "pools.2.role", "agent") for word in ("workers", "agents")),
    # logins are no token
    edit(AGENT, f"{AGENT}    password: hunter2\n", "pools[2].password", _SECRET, _USERS, AGENT, "pools.2.role", "agent"),
    edit(AGENT, f"{AGENT}    cipassword: hunter2\n", "pools[2].cipassword", _SECRET, _USERS, AGENT, "pools.2.role", "agent"),
    password("cipassword: hunter2", _USERS),
    password("cloud_init: {password: hunter2}", _USERS),
    top("cloud_init: {user_data: {password: hunter2}}", "cloud_init.user_data.password", _SECRET, _USERS, _USERS,
        "cloud_init.users.0.password_hash.env", "ADMIN_PASSWORD_HASH"),
    top("password: hunter2", "password", _SECRET, "a password of an account is `password_hash` under `cloud_init.users`", "", "cluster", "c"),
    top("cloud_init: {users: {admin: hunter2}}", "cloud_init.users", "a mapping is not a list", "begin each item with `- `", _USERS,
        "cloud_init.users.0.name", "admin"),
    top("cloud_init: {users: {admin: {password: hunter2}}}", "cloud_init.users", "a mapping is not a list", "begin each item with `- `", _USERS,
        "cloud_init.users.0.name", "admin"),
    edit("  nodes: [pve1, pve2, pve3]\n", "  nodes: {pve1: {password: hunter2}}\n", "proxmox.nodes", "a mapping is not a list", "begin each item with `- `",
         "  nodes: [pve1, pve2, pve3]\n", "proxmox.nodes.0.name", "pve1"),
    # values that nobody gave
    hardware("ballooning: false", _NO_KEY, "Write balloon: 0", "balloon: 0", "balloon", 0),
    hardware("ballooning: 2048", _NO_KEY, "Write balloon: 2048MiB", "balloon: 2048MiB", "balloon", 2048),
    # prefixes
    counted("base: 192.168.1.41/16", "write base: 192.168.1.41, and beside it `prefix: 16`", 16),
    counted("address: 192.168.1.41/16", "Write base: 192.168.1.41, and beside it `prefix: 16`", 16),
    counted("ip: 192.168.1.41/255.255.0.0", "Write base: 192.168.1.41, and beside it `prefix: 16`", 16),
    edit("  vip: 192", "  netmask: 255.255.0.0\n  vip: 192", "network.netmask", _NO_KEY, "prefix: 16}", "  vip: 192", "network.vip", "192.168.1.40"),
    edit(AGENT, f"{AGENT}    netmask: 255.255.0.0\n", "pools[2].netmask", _NO_KEY, "prefix: 16, gateway", AGENT, "pools.2.role", "agent"),
    # the state
    top("state: {type: gcs}", "state.type", "no setting `type`", "write `backend: gcs`", "state: {backend: gcs, bucket: x}", "state.backend", "gcs"),
    top("state: {bucket: x}", "state.bucket", "no setting `bucket`", "if another backend is meant, write `backend: s3` or `backend: gcs` with it",
        "state: {backend: gcs, bucket: x}", "state.backend", "gcs"),
    # several names, and none
    names("'agent[1:3]'", 'write `count: 3` and `pattern: "agent{n}"` instead', 'count: 3\n    pattern: "agent{n}"', "agent1"),
    names("agent1..3", 'write `count: 3` and `pattern: "agent{n}"` instead', 'count: 3\n    pattern: "agent{n}"', "agent1"),
    names("'agent{1..3}'", 'write `count: 3` and `pattern: "agent{n}"` instead', 'count: 3\n    pattern: "agent{n}"', "agent1"),
    names("'agent[01:03]'", "[agent01, ..., agent03]", "machines: [agent01, agent02, agent03]", "agent01"),
    names("agent4 agent5", "in a list: [agent4, agent5]", "machines: [agent4, agent5]", "agent4"),
    edit("machines: [agent1]", "machines: agent4 agent5", "pools[2].machines", "is not a list", "in a list: [agent4, agent5]",
         "machines: [agent4, agent5]", "pools.2.members.0.name", "agent4"),
    edit("machines: [agent1]", "machines: ['{{ name }}']", "pools[2].machines[0]", "this is a template", "no variables and no templates",
         "machines: [agent1]", "pools.2.members.0.name", "agent1"),
    edit("cluster: c\n", "cluster: ${var.x}\n", "cluster", "this is a template", "no variables and no templates", "cluster: x\n", "cluster", "x"),
    # flags of disks
    *(hardware(f"{flag}: false", _NO_KEY, f"write disk_options: {{{flag}: false}}", f"disk_options: {{{flag}: false}}", f"disk_options.{flag}", False)
      for flag in ("discard", "ssd", "iothread")),
    # a key twice
    edit("  nodes: [pve1, pve2, pve3]\n", "  nodes: [pve1]\n  nodes: [pve2, pve3]\n", "proxmox.nodes", "is here twice", "put what both hold under one",
         "  nodes: [pve1, pve2, pve3]\n", "proxmox.nodes.2.name", "pve3"),
)  # fmt: skip

#: What is told without a value: nothing of the file says which.
NO_VALUE = ("ram: lots", "cpus: many", "ballooning: true")
