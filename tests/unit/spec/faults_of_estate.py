"""PVE nodes, state and hooks as they cannot be."""

from __future__ import annotations

from tests.unit.spec.conftest import Case

LAST = "protect: false"
PVE1 = "- {name: pve1, address: 192.168.1.10}"
NODES = "- {name: pve1, address: 192.168.1.10}\n    - {name: pve2, address: 192.168.1.11}"
ENDPOINT = "endpoint: https://192.168.1.10:8006"


def _state(text: str) -> tuple[str, str]:
    return LAST, f"{LAST}\nstate: {{{text}}}"


ESTATE: dict[str, Case] = {
    "a_list_of_estates": (
        (
            f"{ENDPOINT}\n  nodes:\n    {NODES}\n    - {{name: pve3, address: 192.168.1.12}}",
            f"- {ENDPOINT}\n    nodes: [pve1]\n  - {ENDPOINT.replace('1.10', '9.10')}\n    nodes: [pve2]",
        ),
        "proxmox:",
        "proxmox",
        "a list is not a mapping",
        "a cluster.yaml for each",
    ),
    "state_in_a_backend_that_is_none": (_state("backend: s4"), "s4", "state.backend", "`s4` is not one of local, s3", "for example local"),
    "state_with_a_credential": (
        _state("backend: s3, bucket: b, secret_key: hunter2"),
        "hunter2",
        "state.secret_key",
        "`secret_key` is a credential, and cluster.yaml holds none",
        "export AWS_SECRET_ACCESS_KEY",
    ),
    "state_with_a_connection_string": (
        _state('backend: pg, conn_str: "postgres://u:p@h/d"'),
        "conn_str",
        "state.conn_str",
        "is a credential",
        "export PG_CONN_STR",
    ),
    "state_with_a_password_in_its_url": (
        _state('backend: http, address: "https://u:p@h/x"'),
        "address",
        "state.address",
        "`address` holds a user name or password",
        "TF_HTTP_USERNAME and TF_HTTP_PASSWORD",
    ),
    "state_with_what_one_engine_evaluates": (
        _state("backend: s3, bucket: 'b${uuid()}'"),
        "bucket",
        "state.bucket",
        "which OpenTofu evaluates here and Terraform does not",
        "write the value itself",
    ),
    "state_with_a_setting_of_no_backend": (
        _state("backend: s3, buckett: b, bucket: b"),
        "buckett",
        "state.buckett",
        "the backend s3 has no setting `buckett`",
        "did you mean `bucket`?",
    ),
    "state_with_a_setting_of_another_backend": (
        _state("backend: pg, bucket: b"),
        "bucket",
        "state.bucket",
        "the backend pg has no setting `bucket`",
        "it has schema_name",
    ),
    "state_beside_cluster_yaml_with_a_path": (
        _state("path: x.tfstate"),
        "path",
        "state.path",
        "the backend local has no setting `path`",
        "beside cluster.yaml",
    ),
    "state_without_its_bucket": (_state("backend: gcs"), "backend", "state.backend", "the backend gcs needs `bucket`", "add `bucket: ...`"),
    "state_tried_less_than_never": (
        _state('backend: http, address: "https://h/x", retry_max: -1'),
        "retry_max",
        "state.retry_max",
        "-1 is not a whole number of 0 or more",
        "3",
    ),
    "state_with_a_flag_as_text": (
        _state('backend: s3, bucket: b, use_lockfile: "yes"'),
        "use_lockfile",
        "state.use_lockfile",
        "`yes` is not true or false",
        "true",
    ),
    "port_of_a_pve_node_without_its_address": (
        (PVE1, "- {name: pve1, ssh_port: 2222}"),
        "2222",
        "proxmox.nodes[0].ssh_port",
        "port 2222 of pve1 needs the address that it belongs to",
        "add `address: ...`",
    ),
    "two_pve_nodes_at_one_address": (
        (NODES, "- {name: pve1, address: pve.lan}\n    - {name: pve2, address: PVE.lan, ssh_port: 22}"),
        "pve2",
        "proxmox.nodes[1].address",
        "pve2 has address PVE.lan and port 22, which pve1 has already",
        "its own address",
    ),
    "user_of_a_pve_node_with_a_blank": (
        (PVE1, "- {name: pve1, ssh_user: a b}"),
        "ssh_user",
        "proxmox.nodes[0].ssh_user",
        "`a b` is not an account on a PVE node (1 to 255 of",
        "root",
    ),
    "user_of_pve_nodes_with_a_command": (
        (ENDPOINT, f"{ENDPOINT}\n  ssh: {{user: '-oProxyCommand=x'}}"),
        "user",
        "proxmox.ssh.user",
        "`-oProxyCommand=x` is not an account on a PVE node",
        "root",
    ),
    "key_of_a_pve_node_without_a_name": (
        (PVE1, "- {name: pve1, ssh_private_key: ''}"),
        "ssh_private_key",
        "proxmox.nodes[0].ssh_private_key",
        "it is empty",
        "delete the line",
    ),
    "memory_of_a_pve_node_beyond_all_bounds": (
        (PVE1, "- {name: pve1, memory: 99999999TiB}"),
        "memory",
        "proxmox.nodes[0].memory",
        "`99999999TiB` is more than 8388607TiB",
        "40GiB",
    ),
    "datastore_with_a_blank": (
        (ENDPOINT, f"{ENDPOINT}\n  datastores: {{disks: a b}}"),
        "disks",
        "proxmox.datastores.disks",
        "`a b` is not a PVE storage (at least 2 of",
        "local-lvm",
    ),
    "datastore_of_a_pve_node_like_an_option": (
        (PVE1, "- {name: pve1, datastores: {disks: '-x'}}"),
        "disks",
        "proxmox.nodes[0].datastores.disks",
        "`-x` is not a PVE storage",
        "local-lvm",
    ),
    "datastore_of_one_letter": (
        (ENDPOINT, f"{ENDPOINT}\n  datastores: {{images: a}}"),
        "images",
        "proxmox.datastores.images",
        "`a` is not a PVE storage (at least 2 of",
        "local-lvm",
    ),
    "datastore_shared_twice": (
        (ENDPOINT, f"{ENDPOINT}\n  datastores: {{shared: [nfs, ceph, nfs]}}"),
        "shared",
        "proxmox.datastores.shared",
        "`nfs` is there twice",
        "delete one",
    ),
    "bridge_of_a_pve_node_with_a_blank": (
        (PVE1, "- {name: pve1, bridges: {vmbr0: a b}}"),
        "vmbr0",
        "proxmox.nodes[0].bridges.vmbr0",
        "`a b` is not a bridge (1 to 15 of",
        "vmbr0",
    ),
    "bridge_that_no_interface_lies_on": (
        (PVE1, "- {name: pve1, bridges: {vmbr7: vmbr1}}"),
        "vmbr7",
        "proxmox.nodes[0].bridges.vmbr7",
        "no interface lies on the bridge `vmbr7`",
        "interfaces lie on vmbr0",
    ),
    "socks_proxy_with_a_scheme": (
        (ENDPOINT, f"{ENDPOINT}\n  ssh: {{socks5: 'socks5://127.0.0.1:1080'}}"),
        "socks5",
        "proxmox.ssh.socks5",
        "is not a SOCKS5 proxy: HOST:PORT",
        "127.0.0.1:1080",
    ),
    "hook_that_takes_a_word_of_time": (
        (LAST, f"{LAST}\nhooks: {{after_deploy: [{{command: 'true', timeout: soon}}]}}"),
        "soon",
        "hooks.after_deploy[0].timeout",
        "`soon` is not a time: hours, minutes, seconds",
        "10m",
    ),
    "hook_that_may_take_two_days": (
        (LAST, f"{LAST}\nhooks: {{after_deploy: [{{command: 'true', timeout: 48h}}]}}"),
        "48h",
        "hooks.after_deploy[0].timeout",
        "`48h` is outside of 1s to 24h",
        "10m",
    ),
    "hook_with_a_value_for_a_variable": (
        (LAST, f"{LAST}\nhooks: {{after_deploy: [{{command: 'true', env: [TOKEN=x]}}]}}"),
        "TOKEN",
        "hooks.after_deploy[0].env[0]",
        "is not the name of an environment variable",
        "DNS_TOKEN",
    ),
    "hook_at_a_moment_that_is_none": (
        (LAST, f"{LAST}\nhooks: {{after_deployment: ['true']}}"),
        "after_deployment",
        "hooks.after_deployment",
        "unknown key `after_deployment`",
        "`after_deploy`",
    ),
    "pve_node_without_a_cpu": (
        ("{name: pve1, address: 192.168.1.10}", "{name: pve1, address: 192.168.1.10, cores: 0}"),
        "cores: 0",
        "proxmox.nodes[0].cores",
        "cores 0 is outside of 1 to 8192",
        "16",
    ),
    "vrrp_id_of_nobody": (("vip: 192", "vrid: 256\n  vip: 192"), "256", "network.vrid", "VRRP id 256 is outside of 1 to 255", ""),
}
