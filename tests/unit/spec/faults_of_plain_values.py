"""One value of a wrong kind for each key that no other table looks at: flags in words, names with a blank, empty texts."""

from __future__ import annotations

from tests.unit.spec.conftest import Case
from tests.unit.spec.faults_of_estate import ENDPOINT, LAST, PVE1
from tests.unit.spec.faults_of_hardware import case as pool

FLAG = ("is not true or false", "without quotes")
EMPTY = ("it is empty", "delete the line")
SSH_KEYS = "keys: [id_ed25519.pub]"
ADMIN = "name: admin"
NIC = "bridge: vmbr0"
URL = "https://example.org/x"
DOCKER = "registry: docker.io"
S3 = "bucket: etcd, access_key_from: {env: A}, secret_key_from: {env: B}"
ID = "issuer: 'https://x', audiences: [a]"
PROXY = "http: 'http://x:1'"


def last(text: str, path: str, message: str, cure: str) -> Case:
    """A section at the end of the file, on one line; its key is the beginning of the path."""
    return (LAST, f"{LAST}\n{text}"), text.partition(":")[0], path, message, cure


def user(words: str, key: str, message: str, cure: str) -> Case:
    """Words of an account."""
    return last(f"cloud_init: {{users: [{{{ADMIN}, {words}}}]}}", f"cloud_init.users[0].{key}", message, cure)


def ssh(words: str, message: str, cure: str) -> Case:
    """Further arguments of ssh."""
    return (SSH_KEYS, f'extra_args: "{words}"\n  {SSH_KEYS}'), "extra_args", "ssh.extra_args", message, cure


def kured(words: str, key: str, message: str, cure: str) -> Case:
    """Words of kured."""
    return ("duration: 1h", f"duration: 1h\n  kured: {{{words}}}"), "kured", f"maintenance.kured.{key}", message, cure


def estate(words: str, key: str, message: str, cure: str) -> Case:
    """A line of the estate."""
    return (ENDPOINT, f"{ENDPOINT}\n  {words}"), words, f"proxmox.{key}", message, cure


def pve_node(words: str, key: str, message: str, cure: str) -> Case:
    """Words of the first PVE node."""
    return (PVE1, f"- {{{words}}}"), words, f"proxmox.nodes[0]{key}", message, cure


def image(words: str, key: str, message: str, cure: str) -> Case:
    """A line of the cluster's image."""
    return ("system: debian", f"system: debian\n  {words}"), words, f"image.{key}", message, cure


def nic(words: str, key: str, message: str, cure: str) -> Case:
    """A line of the load balancers' interface."""
    return (NIC, f"{NIC}\n      {words}"), words, f"network.loadbalancer[0].{key}", message, cure


def agent(words: str, key: str, message: str, cure: str) -> Case:
    """Words of the machine agent1."""
    return ("[agent1]", f"[{{name: agent1, {words}}}]"), words, f"pools[2].machines[0].{key}", message, cure


def oidc(words: str, key: str, message: str, cure: str) -> Case:
    """Words of an issuer."""
    return last(f"api_server: {{oidc: [{{{words}}}]}}", f"api_server.oidc[0].{key}", message, cure)


def audit(words: str, key: str, message: str, cure: str) -> Case:
    """Words of the audit log."""
    return last(f"api_server: {{audit: {{{words}}}}}", f"api_server.audit.{key}", message, cure)


#: What ends an API server (k8s.io/apiserver, pkg/apis/audit/validation, or before that the decoding of its types).
RULES = {
    "one_verb": ("verbs: get", "`verbs` is `get`", "a list of texts"),
    "users_by_number": ("users: [1]", "`users` is [1]", "a list of texts"),
    "resources_in_words": ("resources: pods", "`resources` is `pods`", "write for example"),
    "resources_by_name": ("resources: [pods]", "`resources` is a list", "{group: apps, resources: [deployments]}"),
    "resources_of_another_key": ("resources: [{groups: [apps]}]", "has no key `groups`", "did you mean `group`?"),
    "resources_in_a_list_of_groups": ("resources: [{group: [apps]}]", "`group` is a list", "quotes"),
    "resources_of_a_group_with_its_version": ("resources: [{group: apps/v1}]", "`apps/v1` is not a group", "without its version"),
    "resources_one": ("resources: [{resources: pods}]", "`resources` is `pods`", "a list of texts"),
    "names_of_no_resource": ("resources: [{resourceNames: [x]}]", "`resourceNames` is without `resources`", "write"),
    "another_stage": ("omitStages: [Foo]", "`Foo` is not a stage", "RequestReceived"),
    "a_star_within": ('nonResourceURLs: ["/a*b"]', "`/a*b` has a star that is not its end", "/healthz*"),
    "no_path": ("nonResourceURLs: [healthz]", "`healthz` does not begin with a slash", "/healthz*"),
    "both": ("nonResourceURLs: [/x], resources: [{group: apps}]", "`nonResourceURLs` is beside `resources`", "two rules"),
    "a_namespace_of_urls": ("nonResourceURLs: [/x], namespaces: [a]", "`nonResourceURLs` is beside `namespaces`", "two rules"),
    "a_flag_in_words": ("omitManagedFields: always", "`omitManagedFields` is `always`", "true or false"),
}


def security(words: str, key: str, message: str, cure: str) -> Case:
    """Words of pod security."""
    return last(f"api_server: {{pod_security: {{{words}}}}}", f"api_server.pod_security.{key}", message, cure)


PLAIN_VALUES: dict[str, Case] = {
    "agent_enabled_in_words": pool("agent: {enabled: 'on'}", "agent.enabled", *FLAG),
    "device_without_a_name": pool("devices: [{mapping: ''}]", "devices[0].mapping", "`` is not the name of a resource mapping", "gpu"),
    "usb_without_a_name": pool("usb: [{mapping: ''}]", "usb[0].mapping", "`` is not the name of a resource mapping", "zigbee"),
    "pcie_in_words": pool("devices: [{mapping: gpu, pcie: 1}]", "devices[0].pcie", *FLAG),
    "primary_gpu_in_words": pool("devices: [{mapping: gpu, primary_gpu: x}]", "devices[0].primary_gpu", *FLAG),
    "ha_enabled_in_words": pool("ha: {enabled: always}", "ha.enabled", *FLAG),
    "ha_relocate_11_times": pool("ha: {max_relocate: 11}", "ha.max_relocate", "max_relocate 11 is outside of 0 to 10", "1"),
    "on_boot_in_words": pool("on_boot: always", "on_boot", *FLAG),
    "stop_on_destroy_in_words": pool("stop_on_destroy: never", "stop_on_destroy", *FLAG),
    "startup_down_delay_of_a_day": pool(
        "startup: {down_delay: 86400}", "startup.down_delay", "down_delay 86400 is outside of 0 to 3600", "120"
    ),
    "interfaces_of_a_pool_empty": pool("interfaces: []", "interfaces", "it is empty", "at least one"),
    "user_data_of_a_pool_as_a_text": pool("cloud_init: {user_data: x}", "cloud_init.user_data", "`x` is not a mapping", "KEY"),
    "options_of_a_pool_as_a_list": pool("options: [v=2]", "options", "a list is not a mapping", "write {v:"),
    "options_of_a_machine_as_a_list": agent("options: [v=2]", "options", "a list is not a mapping", "write {v:"),
    "cores_of_a_machine_zero": agent("cores: 0", "cores", "0 cores are outside of 1 to 128", "2"),
    "cpu_of_a_machine_with_a_blank": agent("cpu: a b", "cpu", "`a b` is not a CPU type of PVE", "host"),
    "disk_of_a_machine_of_half_a_gib": agent("disk: 512MiB", "disk", "`512MiB` is not a whole number of GiB", "1GiB"),
    "name_of_a_machine_in_capitals": (
        ("[agent1]", "[{name: Agent_1}]"),
        "Agent_1",
        "pools[2].machines[0].name",
        "`Agent_1` is not a name",
        "agent-1",
    ),
    "package_with_a_blank": last("cloud_init: {packages: [a b]}", "cloud_init.packages[0]", "`a b` is not a package", "write for example"),
    "boot_command_that_is_a_number": last(
        "cloud_init: {user_data: {bootcmd: [5]}}", "cloud_init.user_data.bootcmd[0]", "5 is neither", "sysctl"
    ),
    "owner_of_a_file_with_a_blank": last(
        "cloud_init: {user_data: {write_files: [{path: /srv/x, content: x, owner: a b}]}}",
        "cloud_init.user_data.write_files[0].owner",
        "`a b` is not an account name",
        "admin",
    ),
    "content_from_a_variable_with_a_blank": last(
        "cloud_init: {user_data: {write_files: [{path: /srv/x, content_from: {env: A B}}]}}",
        "cloud_init.user_data.write_files[0].content_from.env",
        "`A B` is not a name",
        "write for example",
    ),
    "content_from_a_file_without_a_name": last(
        "cloud_init: {user_data: {write_files: [{path: /srv/x, content_from: {file: ''}}]}}",
        "cloud_init.user_data.write_files[0].content_from.file",
        *EMPTY,
    ),
    "content_from_a_text": last(
        "cloud_init: {user_data: {write_files: [{path: /srv/x, content_from: secret}]}}",
        "cloud_init.user_data.write_files[0].content_from",
        "`secret` is not a mapping",
        "KEY",
    ),
    "mirror_of_a_url": last(
        "registries: {mirrors: [{registry: 'https://docker.io'}]}", "registries.mirrors[0].registry", "is not a registry", "docker.io"
    ),
    "mirror_at_a_host_without_a_scheme": last(
        f"registries: {{mirrors: [{{{DOCKER}, endpoints: [x.lan]}}]}}",
        "registries.mirrors[0].endpoints[0]",
        "`x.lan` is not a URL",
        "https://",
    ),
    "mirror_with_half_a_pattern": last(
        f"registries: {{mirrors: [{{{DOCKER}, rewrite: {{'(': x}}}}]}}",
        "registries.mirrors[0].rewrite.(",
        "`(` is not a regular expression",
        "library",
    ),
    "two_mirrors_of_one_registry": last(
        f"registries: {{mirrors: [{{{DOCKER}}}, {{{DOCKER}}}]}}",
        "registries",
        "two entries of `mirrors` are about `docker.io`",
        "one entry",
    ),
    "access_to_a_path": last("registries: {access: [{registry: x/y}]}", "registries.access[0].registry", "is not a registry", "docker.io"),
    "access_of_a_user_without_a_password": last(
        f"registries: {{access: [{{{DOCKER}, user: ann}}]}}", "registries.access[0]", "belong together", "REGISTRY_PASSWORD"
    ),
    "access_of_a_user_with_a_colon": last(
        f"registries: {{access: [{{{DOCKER}, user: 'a:b'}}]}}", "registries.access[0].user", "`a:b` is not a name of a user", "puller"
    ),
    "access_by_a_password_in_clear": last(
        f"registries: {{access: [{{{DOCKER}, user: a, password_from: x}}]}}",
        "registries.access[0].password_from",
        "is not a mapping",
        "KEY",
    ),
    "access_by_no_certificate": last(
        f"registries: {{access: [{{{DOCKER}, ca: x}}]}}", "registries.access[0].ca", "no certificates in PEM", "BEGIN CERTIFICATE"
    ),
    "insecure_registry_in_words": last(f"registries: {{access: [{{{DOCKER}, insecure: always}}]}}", "registries.access[0].insecure", *FLAG),
    "a_login_for_every_registry": last(
        "registries: {access: [{registry: '*', user: a, password_from: {env: P}}]}", "registries.access[0]", "used nowhere", "for each host"
    ),
    "access_to_every_registry_beside_a_mirror_of_every_one": last(
        "registries: {mirrors: [{registry: '*', endpoints: ['https://x']}], access: [{registry: '*', insecure: true}]}",
        "registries",
        "has no effect beside",
        "the host of each endpoint",
    ),
    "embedded_registry_without_a_mirror": last("registries: {embedded: true}", "registries", "there is none", 'registry: "*"'),
    "embedded_registry_in_words": last("registries: {embedded: always}", "registries.embedded", *FLAG),
    "system_default_registry_by_url": last(
        "registries: {system_default: 'https://x'}", "registries.system_default", "is not a registry", "registry.home.arpa:5000"
    ),
    "snapshots_enabled_in_words": last("snapshots: {enabled: always}", "snapshots.enabled", *FLAG),
    "snapshots_compressed_in_words": last("snapshots: {compress: gzip}", "snapshots.compress", *FLAG),
    "snapshots_at_four_fields": last("snapshots: {schedule: '0 * * *'}", "snapshots.schedule", "is not a schedule of cron", "*/6"),
    "snapshots_kept_none": last("snapshots: {keep: 0}", "snapshots.keep", "keep 0 is outside of 1 to 1000", "5"),
    "s3_by_url": last(
        f"snapshots: {{s3: {{{S3}, endpoint: 'https://x:9000'}}}}", "snapshots.s3.endpoint", "an endpoint is a host", "x:9000"
    ),
    "s3_bucket_in_capitals": last("snapshots: {s3: {bucket: Etcd}}", "snapshots.s3.bucket", "`Etcd` is not a name of a bucket", "etcd"),
    "s3_folder_with_a_blank": last(f"snapshots: {{s3: {{{S3}, folder: a b}}}}", "snapshots.s3.folder", "is not a folder", "home/etcd"),
    "s3_region_with_a_blank": last(f"snapshots: {{s3: {{{S3}, region: a b}}}}", "snapshots.s3.region", "is not a region", "us-east-1"),
    "s3_access_key_in_clear": last("snapshots: {s3: {access_key_from: x}}", "snapshots.s3.access_key_from", "is not a mapping", "KEY"),
    "s3_secret_key_in_clear": last("snapshots: {s3: {secret_key_from: x}}", "snapshots.s3.secret_key_from", "is not a mapping", "KEY"),
    "s3_ca_that_is_none": last(f"snapshots: {{s3: {{{S3}, ca: x}}}}", "snapshots.s3.ca", "no certificates in PEM", "BEGIN"),
    "s3_insecure_in_words": last(f"snapshots: {{s3: {{{S3}, insecure: always}}}}", "snapshots.s3.insecure", *FLAG),
    "oidc_by_http": oidc("issuer: 'http://x', audiences: [a]", "issuer", "is not an issuer", "https://id"),
    "oidc_for_one_twice": oidc("issuer: 'https://x', audiences: [a, b, a]", "audiences", "`a` is there twice", "delete one"),
    "oidc_for_nobody": oidc("issuer: 'https://x', audiences: []", "audiences", "", ""),
    "oidc_without_a_claim": oidc(f"{ID}, username_claim: ''", "username_claim", *EMPTY),
    "oidc_prefix_of_a_number": oidc(f"{ID}, username_prefix: 1", "username_prefix", "is not text", "quotes"),
    "oidc_groups_without_a_claim": oidc(f"{ID}, groups_claim: ''", "groups_claim", *EMPTY),
    "oidc_groups_prefix_of_a_number": oidc(f"{ID}, groups_prefix: 1", "groups_prefix", "is not text", "quotes"),
    "oidc_claims_in_words": oidc(f"{ID}, required_claims: x", "required_claims", "is not a mapping", "KEY"),
    "oidc_ca_that_is_none": oidc(f"{ID}, ca: x", "ca", "no certificates in PEM", "BEGIN"),
    "audit_level_in_small_letters": audit("level: metadata", "level", "`metadata`", "Metadata"),
    "audit_rule_without_a_level": audit("rules: [{verbs: [get]}]", "rules[0]", "the level of this rule is None", "RequestResponse"),
    "audit_rule_with_another_key": audit("rules: [{level: None, user: [x]}]", "rules[0]", "has no key `user`", "did you mean `users`?"),
    **{
        f"audit_rule_of_{name}": audit(f"rules: [{{level: None, {words}}}]", "rules[0]", message, cure)
        for name, (words, message, cure) in RULES.items()
    },
    "audit_kept_no_day": audit("max_age: 0", "max_age", "max_age 0 is outside of 1", "30"),
    "audit_in_no_file": audit("max_files: 0", "max_files", "max_files 0 is outside of 1", "10"),
    "audit_files_of_nothing": audit("max_size: 0", "max_size", "max_size 0 is outside of 1", "100"),
    "pod_security_enforced_in_words": security("enforce: strict", "enforce", "`strict` is not one of privileged", "privileged"),
    "pod_security_audit_in_words": security("audit: strict", "audit", "`strict` is not one of privileged", "privileged"),
    "pod_security_warn_in_words": security("warn: strict", "warn", "`strict` is not one of privileged", "privileged"),
    "pod_security_of_no_namespace": security("exempt_namespaces: [A b]", "exempt_namespaces[0]", "is not a namespace", "monitoring"),
    "channel_with_a_file_of_one_release": (
        ("version: v1.36.5+rke2r1", "channel: stable\n  url: https://mirror.home.arpa/rke2.tar.gz"),
        "distribution:",
        "distribution",
        "`url` is of one release, and `channel` goes to another",
        "delete `url`, or write its `version`",
    ),
    "channel_of_a_patch": (
        ("version: v1.36.5+rke2r1", "channel: v1.36.5"),
        "channel: v1.36.5",
        "distribution.channel",
        "is not a channel",
        "stable",
    ),
    "channel_beside_a_version": (
        ("version: v1.36.5+rke2r1", "version: v1.36.5+rke2r1\n  channel: stable"),
        "distribution",
        "distribution",
        "both say which",
        "keep",
    ),
    "kubelet_reserves_by_a_word": last("kubelet: {reserve: auto}", "kubelet.reserve", *FLAG),
    "kubelet_keeps_no_core": last("kubelet: {reserve: true, reserved_cpu: 0}", "kubelet.reserved_cpu", "reserved_cpu 0 is outside", "250"),
    "kubelet_keeps_gigabytes": last("kubelet: {reserve: true, reserved_memory: 1G}", "kubelet.reserved_memory", "is not a size", "GiB"),
    "kubelet_evicts_by_a_number": last(
        "kubelet: {reserve: true, evict_below: 100}", "kubelet.evict_below", "is not a size with a unit (MiB", "GiB"
    ),
    "storage_by_another_client": last("storage_clients: [smb]", "storage_clients[0]", "`smb` is not one of iscsi, nfs", "iscsi"),
    "journal_by_a_number": last("journal: {max_use: 1000}", "journal.max_use", "is not a size with a unit (MiB", "GiB"),
    "cni_plugin_that_nobody_brings": last("cni: {plugin: weave}", "cni.plugin", "`weave`", "canal"),
    "cni_multus_in_words": last("cni: {multus: always}", "cni.multus", *FLAG),
    "cni_interface_with_a_blank": last("cni: {interface: 'ens 18'}", "cni.interface", "is not the name of an interface", "ens18"),
    "cni_encryption_by_ipsec": last("cni: {encryption: ipsec}", "cni.encryption", "`ipsec`", "wireguard"),
    "cni_kube_proxy_in_words": last("cni: {kube_proxy: never}", "cni.kube_proxy", *FLAG),
    "cni_backend_udp": last("cni: {backend: udp}", "cni.backend", "`udp`", "vxlan"),
    "cni_values_in_words": last("cni: {values: all}", "cni.values", "is not a mapping", "KEY"),
    "proxy_that_names_none": last("proxy: {no_proxy: [.lan]}", "proxy.http", "`http` is missing", "http"),
    "proxy_by_socks": last("proxy: {http: 'socks5://x:1'}", "proxy.http", "`socks5://x:1` is not the URL of a proxy", "http://proxy"),
    "proxy_with_a_password": last(f"proxy: {{{PROXY}, https: 'http://u:p@x:1'}}", "proxy.https", "holds a password", "password_from"),
    "proxy_for_a_user_without_a_password": last(f"proxy: {{{PROXY}, user: ann}}", "proxy", "belong together", "PROXY_PASSWORD"),
    "proxy_for_a_user_with_a_blank": last(f"proxy: {{{PROXY}, user: a b}}", "proxy.user", "`a b` is not a name of a user", "stardock"),
    "proxy_password_from_a_variable_with_a_blank": last(
        f"proxy: {{{PROXY}, user: ann, password_from: {{env: A B}}}}", "proxy.password_from.env", "`A B` is not a name", "write for example"
    ),
    "proxy_password_from_a_file_without_a_name": last(
        f"proxy: {{{PROXY}, user: ann, password_from: {{file: ''}}}}", "proxy.password_from.file", *EMPTY
    ),
    "no_proxy_for_a_url": last(f"proxy: {{{PROXY}, no_proxy: ['https://a']}}", "proxy.no_proxy[0]", "is neither a name", ".home.arpa"),
    "no_proxy_for_a_network_with_host_bits": last(
        f"proxy: {{{PROXY}, no_proxy: [10.0.0.5/8]}}", "proxy.no_proxy[0]", "`10.0.0.5/8` is neither", "write 10.0.0.0/8"
    ),
    "no_proxy_for_half_an_address": last(f"proxy: {{{PROXY}, no_proxy: ['10.0']}}", "proxy.no_proxy[0]", "`10.0` is neither", ".home.arpa"),
    "jump_host_by_url": (
        (SSH_KEYS, f"jump: 'ssh://bastion'\n  {SSH_KEYS}"),
        "jump",
        "ssh.jump",
        "is not a jump host as user@host:port",
        "ops@bastion.home.arpa:22",
    ),
    "jump_host_at_port_zero": ((SSH_KEYS, f"jump: 'ops@bastion:0'\n  {SSH_KEYS}"), "jump", "ssh.jump", "(1 to 65535)", ":22"),
    "jump_host_beyond_the_ports": pool("ssh_jump: 'bastion:65536'", "ssh_jump", "(1 to 65535)", "ops@bastion"),
    "jump_host_by_ipv6_far_beyond_the_ports": pool("ssh_jump: '[fd00::1]:99999'", "ssh_jump", "(1 to 65535)", "ops@bastion"),
    "jump_host_of_a_pool_with_a_blank": pool("ssh_jump: a b", "ssh_jump", "is not a jump host as user@host:port", "ops@bastion"),
    "ssh_without_a_check_of_host_keys": ssh("-o StrictHostKeyChecking=no", "known by their host keys", "--accept-new-host-keys"),
    "ssh_with_a_key_exchange_of_kerberos": ssh("-o GSSAPIKeyExchange=yes", "known by their host keys", "delete it"),
    "ssh_with_names_of_dns_for_kerberos": ssh("-o gssapitrustdns=yes", "known by their host keys", "delete it"),
    "ssh_that_hands_tickets_on": ssh("-o GSSAPIDelegateCredentials=yes", "no machine gets your agent", "delete it"),
    "ssh_with_hosts_known_elsewhere": ssh("-oUserKnownHostsFile=/dev/null", "known by their host keys", "--accept-new-host-keys"),
    "ssh_at_a_path_of_its_own": ssh("-4 -o 'controlpath /tmp/x'", "`controlpath` is not for here", "delete it"),
    "ssh_that_lends_the_agent": ssh("-A", "`-A` is not taken here", "write for example"),
    "ssh_to_another_host": ssh("server9", "`server9` is not taken here", "write for example"),
    "ssh_as_somebody_else": ssh("-o User=bob", "`User` is not for here", "write `user:`"),
    "ssh_with_half_a_quote": ssh("-o x='y", "a quote without its other half", "write for example"),
    "ssh_by_no_host": ssh("-J", "`-J` needs a value", "write for example"),
    "ssh_by_a_word_alone": ssh("-o Compression", "`Compression` is not an option of ssh", "NAME=VALUE"),
    "key_of_a_user_empty": user("keys: ['']", "keys[0]", *EMPTY),
    "sudo_in_words": user("sudo: ALL", "sudo", *FLAG),
    "password_from_a_variable_with_a_blank": user(
        "password_hash: {env: A B}", "password_hash.env", "`A B` is not a name", "write for example"
    ),
    "password_from_a_file_without_a_name": user("password_hash: {file: ''}", "password_hash.file", *EMPTY),
    "password_from_no_command": user("password_hash: {command: ''}", "password_hash.command", *EMPTY),
    "kubernetes_of_another_name": (("name: rke2", "name: k0s"), "k0s", "distribution.name", "`k0s` is not one of rke2, k3s", "rke2"),
    "tarball_by_ftp": (("name: rke2", "name: rke2\n  url: ftp://x/y"), "ftp", "distribution.url", "`ftp://x/y` is not", "https://"),
    "tarball_with_half_a_checksum": (
        ("name: rke2", f"name: rke2\n  url: {URL}\n  sha256: abc"),
        "abc",
        "distribution.sha256",
        "`abc` is not",
        "64",
    ),
    "policy_by_ftp": (
        ("name: rke2", "name: rke2\n  selinux_policy_url: ftp://x/y"),
        "ftp",
        "distribution.selinux_policy_url",
        "`ftp://x/y` is not",
        "https://",
    ),
    "policy_with_half_a_checksum": (
        ("name: rke2", f"name: rke2\n  selinux_policy_url: {URL}\n  selinux_policy_sha256: abc"),
        "abc",
        "distribution.selinux_policy_sha256",
        "`abc` is not",
        "64",
    ),
    "hook_of_no_command": last("hooks: {before_deploy: [{command: ''}]}", "hooks.before_deploy[0].command", *EMPTY),
    "hook_that_is_a_number": last("hooks: {before_bootstrap: 5}", "hooks.before_bootstrap", "5 is not a list", "write [5]"),
    "hook_after_bootstrap_that_is_a_number": last("hooks: {after_bootstrap: [5]}", "hooks.after_bootstrap[0]", "5 is not a mapping", "KEY"),
    "checksum_file_by_ftp": image("checksum_url: ftp://x/y", "checksum_url", "`ftp://x/y` is not", "https://"),
    "image_file_without_a_name": image("file: ''", "file", *EMPTY),
    "overwrite_in_words": image("overwrite: always", "overwrite", *FLAG),
    "interface_with_a_name_of_16": (
        ("- name: ens18", "- name: abcdefghijklmnop"),
        "abcdefghijklmnop",
        "network.loadbalancer[0].name",
        "is not the name of an interface",
        "ens18",
    ),
    "search_domain_of_an_interface_with_a_blank": (
        ("search: [home.arpa]", "search: [a b]"),
        "a b",
        "network.loadbalancer[0].search[0]",
        "`a b` is not a domain",
        "home.arpa",
    ),
    "slaac_in_words": nic("ipv6: {slaac: x}", "ipv6.slaac", *FLAG),
    "dhcp_of_ipv6_in_words": nic("ipv6: {dhcp: x}", "ipv6.dhcp", *FLAG),
    "offset_below_zero": (("offset: 41", "offset: -1"), "-1", "network.loadbalancer[0].static.offset", "offset -1 is negative", "base"),
    "offset_of_ipv6_below_zero": nic('ipv6: {static: {base: "fd00::", offset: -1}}', "ipv6.static.offset", "offset -1 is negative", "base"),
    "metric_of_a_route_zero": nic(
        "routes: [{to: 10.9.0.0/16, via: 192.168.1.1, metric: 0}]", "routes[0].metric", "metric 0 is outside of 1 to 4294967295", "2000"
    ),
    "kured_on_a_day_that_is_none": kured("days: [xx]", "days[0]", "`xx` is not one of mo", "mo"),
    "kured_at_hour_25": kured("start: '25:00'", "start", "`25:00` is not a time of day", "18:00"),
    "kured_until_hour_25": kured("end: '25:00'", "end", "`25:00` is not a time of day", "18:00"),
    "kured_drains_as_a_number": kured("drain_timeout: 30", "drain_timeout", "30 is not a duration", "write 30m"),
    "kured_locks_as_a_number": kured("lock_timeout: 2", "lock_timeout", "2 is not a duration", "2h"),
    "kured_period_as_a_number": kured("period: 60", "period", "60 is not a duration", "write 60m"),
    "agents_without_an_interface": (("vip: 192", "agent: []\n  vip: 192"), "agent: []", "network.agent", "it is empty", "at least one"),
    "name_server_that_is_none": (("vip: 192", "dns: [x]\n  vip: 192"), "dns: [x]", "network.dns[0]", "`x` is not", "192.168"),
    "search_domain_with_a_blank": (
        ("vip: 192", "search: [a b]\n  vip: 192"),
        "a b",
        "network.search[0]",
        "`a b` is not a domain",
        "home.arpa",
    ),
    "snippets_on_a_datastore_with_a_blank": estate(
        "datastores: {snippets: a b}", "datastores.snippets", "`a b` is not a PVE storage", "local"
    ),
    "insecure_in_words": estate("insecure: 'yes'", "insecure", *FLAG),
    "key_for_pve_nodes_without_a_name": estate("ssh: {private_key: ''}", "ssh.private_key", *EMPTY),
    "images_of_a_pve_node_on_a_number": pve_node("name: pve1, datastores: {images: 5}", ".datastores.images", "5 is not text", "quotes"),
    "snippets_of_a_pve_node_with_a_blank": pve_node(
        "name: pve1, datastores: {snippets: a b}", ".datastores.snippets", "`a b` is not a PVE storage", "local"
    ),
    "disk_of_a_pve_node_without_a_unit": pve_node("name: pve1, disk: 500", ".disk", "500 is not a size with a unit", "500GiB"),
    "name_of_a_pve_node_with_a_blank": pve_node("name: pve 1", ".name", "`pve 1` is not the name of a PVE node", "pve1"),
    "private_key_without_a_name": (("private_key: id_ed25519", "private_key: ''"), "private_key", "ssh.private_key", *EMPTY),
    "user_of_machines_in_capitals": (
        ("private_key:", "user: Admin\n  private_key:"),
        "Admin",
        "ssh.user",
        "`Admin` is not an account name",
        "admin",
    ),
}
