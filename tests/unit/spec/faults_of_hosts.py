"""`hosts`: each key as it cannot be, and hosts that meet machines, networks and each other."""

from __future__ import annotations

from tests.unit.spec.conftest import Case
from tests.unit.spec.faults_of_estate import LAST
from tests.unit.spec.faults_of_plain_values import last

PI = "name: pi1, role: agent, address: 192.168.1.99, system: debian"
VERSION = "version: v1.36.5+rke2r1"


def host(words: str, key: str, message: str, cure: str) -> Case:
    """Further words of one that is sound without them."""
    return last(f"hosts: [{{{PI}, {words}}}]", f"hosts[0].{key}".rstrip("."), message, cure)


def other(old: str, new: str, key: str, message: str, cure: str) -> Case:
    """One with another value."""
    assert old in PI
    return last(f"hosts: [{{{PI.replace(old, new)}}}]", f"hosts[0].{key}", message, cure)


def two(first: str, second: str, key: str, message: str, cure: str) -> Case:
    """Two of them."""
    return last(f"hosts: [{{{first}}}, {{{second}}}]", f"hosts[1].{key}", message, cure)


HOSTS: dict[str, Case] = {
    "host_by_its_name_alone": last("hosts: pi1", "hosts", "`pi1` is not a list", "write [pi1]"),
    "hosts_by_name": last(
        f"hosts: {{{PI.partition(', ')[0].partition(': ')[2]}: {{role: agent}}}}", "hosts", "not a list", "write [{name: pi1, role: agent}]"
    ),
    "host_of_a_name_that_is_none": other("name: pi1", "name: Pi_1", "name", "is not a name", "pi"),
    "host_of_a_machines_name": other("name: pi1", "name: agent1", "name", "two machines are named `agent1`", "another name"),
    "host_of_a_machines_host_name": host("hostname: server1", "", "two machines' host names are named `server1`", "another name"),
    "host_name_of_a_host_that_is_none": host("hostname: pi_1", "hostname", "is not a host name", "server1.home.arpa"),
    "host_as_a_load_balancer": other("role: agent", "role: loadbalancer", "role", "no load balancer of ours", "api: {external: ADDRESS}"),
    "host_of_another_tools_role": other("role: agent", "role: worker", "role", "is not one of server, agent", "`agent`"),
    "host_without_an_address": other(", address: 192.168.1.99", "", "address", "`address` is missing", "add `address: ...`"),
    "host_by_name_alone": other("192.168.1.99", "pi1.home.arpa", "address", "is no IPv4 address", "add `node_ip: ADDRESS`"),
    "host_address_with_a_prefix": other("192.168.1.99", "192.168.1.99/24", "address", "is not an address or a host name", "192.168.1.30"),
    "host_node_ip_that_is_none": host("node_ip: pi1", "node_ip", "is not an IPv4 address", "192.168.1.40"),
    "host_node_ipv6_that_is_none": host("node_ipv6: pi1", "node_ipv6", "is not an IPv6 address", "fd00:10::1"),
    "host_among_pods": other("192.168.1.99", "10.42.7.7", "address", "10.42.7.7 is among the addresses of pods", "cluster-cidr"),
    "host_is_a_pve_node": other("192.168.1.99", "192.168.1.10", "address", "is the PVE node pve1", "put a VM on it"),
    "host_is_the_vip": (
        (LAST, f"{LAST}\nhosts: [{{{PI.replace('192.168.1.99', '192.168.1.40')}}}]"),
        "vip:",
        "network.vip",
        "the VIP 192.168.1.40 is the address of `pi1`",
        "nobody has",
    ),
    "host_interface_of_a_distribution_that_is_told_none": host(
        "interface: eth0", "interface", "is told no interface by node", "cni: {interface"
    ),
    "host_interface_that_is_no_name": host("interface: 'eth 0'", "interface", "is not a name of an interface", "eth0"),
    "host_of_a_system_that_is_none": other("debian", "raspbian", "system", "is not one of debian, ubuntu, other", "write debian"),
    "host_without_a_system": other(", system: debian", "", "system", "`system` is missing", "add `system: ...`"),
    "host_processor_as_the_kernel_calls_it": host("architecture: aarch64", "architecture", "`aarch64` is not one of", "write arm64"),
    "host_processor_of_32_bits": host("architecture: armv7l", "architecture", "32 bits", "64-bit system"),
    "host_without_a_core": host("cores: 0", "cores", "0 cores are outside", "2"),
    "host_memory_without_a_unit": host("memory: 4", "memory", "is not a size with a unit", "4GiB"),
    "host_size_unknown_where_a_part_is_kept": (
        (LAST, f"{LAST}\nkubelet: {{reserve: true}}\nhosts: [{{{PI}}}]"),
        "hosts",
        "hosts[0]",
        "that of pi1 is not known: cores and memory",
        "add what it has",
    ),
    "host_ssh_user_that_is_none": host("ssh_user: Pi User", "ssh_user", "is not an account name", "admin"),
    "host_ssh_port_that_is_none": host("ssh_port: 70000", "ssh_port", "70000", "22"),
    "host_jump_that_is_none": host("ssh_jump: 'a b'", "ssh_jump", "is not a jump host", "ops@bastion.home.arpa:22"),
    "host_key_that_is_none": host("host_keys: [SHA256:abc]", "host_keys[0]", "is not a public host key", "ssh_host_ed25519_key.pub"),
    "host_label_that_is_none": host("labels: {a b: c}", "labels", "not a label of Kubernetes", "topology"),
    "host_label_of_the_distribution": host(
        "labels: {node-role.kubernetes.io/control-plane: 'true'}", "labels.node-role.kubernetes.io/control-plane", "", ""
    ),
    "host_taint_that_is_none": host("taints: [gpu]", "taints[0]", "`gpu` is not a taint", "gpu:NoSchedule"),
    "host_two_values_of_one_taint": host(
        "taints: ['a=b:NoSchedule', 'a=c:NoSchedule']", "taints[1]", "a node cannot have both", "keep one"
    ),
    "host_option_of_the_cluster": host(
        "options: {cluster-cidr: 10.0.0.0/8}", "options.cluster-cidr", "the same on all machines", "options"
    ),
    "host_with_a_key_of_ansibles": host("ansible_user: pi", "ansible_user", "unknown key `ansible_user`", "ssh_user"),
    "host_with_a_key_of_its_own": host("ssh_key: id_pi", "ssh_key", "unknown key `ssh_key`", "`ssh.private_key` opens hosts as well"),
    "host_kured_that_is_no_flag": host("kured: sometimes", "kured", "is not true or false", ""),
    "host_with_commands_of_a_first_boot": host(
        "cloud_init: {user_data: {runcmd: [reboot]}}", "cloud_init.user_data.runcmd", "pi1 has no first boot of ours", "by hand"
    ),
    "host_with_a_password": host(
        "cloud_init: {users: [{name: ann, password_hash: {env: X}}]}", "cloud_init.users[0].password_hash", "had its own", "passwd"
    ),
    "host_packages_that_are_its_owners": last(
        f"hosts: [{{{PI.replace('debian', 'other')}, cloud_init: {{packages: [htop]}}}}]",
        "hosts[0].cloud_init.packages",
        "packages of pi1 are its owner's",
        "by hand",
    ),
    "host_file_twice": host(
        "cloud_init: {user_data: {write_files: [{path: /etc/motd, content: a}, {path: /etc/motd, content: b}]}}",
        "cloud_init.user_data.write_files[1].path",
        "written twice on pi1",
        "delete one",
    ),
    "host_user_twice": host(
        "cloud_init: {users: [{name: ann}, {name: ann}]}", "cloud_init.users[1].name", "has a user `ann`", "another name"
    ),
    "two_hosts_of_one_address": two(
        PI, PI.replace("pi1", "pi2"), "address", "pi2 is reached at 192.168.1.99, port 22, and so is pi1", "ssh_port"
    ),
    "two_hosts_of_one_node_ip": two(
        PI,
        f"{PI.replace('pi1', 'pi2').replace('.99', '.98')}, node_ip: 192.168.1.99",
        "node_ip",
        "have the same address",
        "another address",
    ),
    "host_to_be_removed": (
        (LAST, f"{LAST}\nhosts: [{{{PI}}}]\nremove: [pi1]"),
        "remove",
        "remove[0]",
        "`pi1` is a host",
        "docs/how-to/hosts.md",
    ),
    "arm64_file_without_its_sum": (
        (VERSION, f"{VERSION}\n  url_arm64: https://example.org/rke2"),
        "distribution",
        "distribution",
        "`url_arm64` is set but `sha256_arm64` is not",
        "add `sha256_arm64:`",
    ),
    "arm64_file_by_a_path": (
        (VERSION, f"{VERSION}\n  url_arm64: rke2.tar.gz\n  sha256_arm64: {'ab' * 32}"),
        "url_arm64",
        "distribution.url_arm64",
        "is not a URL",
        "",
    ),
    "arm64_sum_that_is_none": (
        (VERSION, f"{VERSION}\n  sha256_arm64: abc"),
        "sha256_arm64",
        "distribution.sha256_arm64",
        "64",
        "",
    ),
}
