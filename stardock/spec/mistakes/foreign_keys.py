"""Keys as other tools call them -> what they are called here, or what to do instead.

By the section in which they may stand (the name of its model). What is one word is the key of that section that is meant; anything else
is the whole cure, in which `{}` is the value as it stands. The tools: Proxmox' own (qm, its API), the Terraform providers bpg and Telmate,
kubespray, k3sup, k0sctl, kubeadm, cloud-init.
"""

from __future__ import annotations

from collections.abc import Mapping

from stardock.spec.foreign_root import CNI, IMAGE, NICS_BY_ROLE, OPTION, ROOT, each
from stardock.spec.mistakes import foreign_first_boot_keys, foreign_machine_keys

_OF_A_NIC = "it is of a NIC: write agent: [{%s}], and likewise server and loadbalancer"
_TRUSTED = "delete it: the certificate is verified unless `insecure: true` says otherwise; a CA of your own: export SSL_CERT_FILE=FILE"
_TOKEN_TELLS = "delete it: the token tells who it is; the account for SSH is ssh: {user: ...}"  # noqa: S105  no secret
_SFTP = "delete it: snippets are written over SFTP, without a shell; give the account the folder (docs/proxmox.md)"


#: For hosts that are no PVE cluster.
ONE_CLUSTER = (
    "all PVE nodes are asked through one endpoint, beside `nodes`, so they must be one PVE cluster: join them with pvecm add, "
    "or write a cluster.yaml for each host, each a cluster of its own"
)
#: Section -> its foreign keys.
KEYS: Mapping[str, Mapping[str, str]] = {
    **foreign_machine_keys.KEYS,
    **foreign_first_boot_keys.KEYS,
    "Spec": ROOT,
    "Distribution": {
        **each("cidr pod_cidr cluster_cidr pods_cidr podsubnet", OPTION % "cluster-cidr"),
        **each("service_cidr svc_cidr services_cidr servicesubnet", OPTION % "service-cidr"),
        **each("network_plugin", CNI),
        **each("release k8s_version kubernetes_version rke2_version tag", "version"),
        **each("config extra_args args server_config extra_config settings flags", "options"),
        **each("type kind flavor distro", "name"),
    },
    "Proxmox": {
        **each("url api_url host hostname address api_host pm_api_url server api ip api_endpoint", "endpoint"),
        **each("node target_node node_name hosts target_nodes node_names pve_nodes", "nodes"),
        **each("storage datastore datastore_id storages", "datastores"),
        **each("user username api_user pm_user", _TOKEN_TELLS),
        **each("skip_tls_verify tls_skip_verify pm_tls_insecure insecure_skip_tls_verify", "insecure"),
        **each("verify_ssl ssl_verify verify_tls tls_verify validate_certs secure tls verify", _TRUSTED),
        **each("ssh_user ssh_username", "write ssh: {user: {}}"),
        **each("ssh_key ssh_private_key private_key", "write ssh: {private_key: {}}"),
        **each("network", NICS_BY_ROLE % "bridge: vmbr0"),
        **each("bridge", NICS_BY_ROLE % "bridge: {}"),
        **each("vlan", NICS_BY_ROLE % "vlan: {}"),
    },
    "PveNode": {
        **each("ip host hostname ip_address ssh_host", "address"),
        **each("port", "ssh_port"),
        **each("node node_name id", "name"),
        **each("user username", "ssh_user"),
        **each("private_key key ssh_key", "ssh_private_key"),
        **each("ram mem", "memory"),
        **each("cpus cpu threads", "cores"),
        **each("storage datastore datastore_id", "datastores"),
        **each("bridge", "bridges"),
        **each("endpoint url api_url", ONE_CLUSTER),
    },
    "ProxmoxSsh": {
        **each("username ssh_user", "user"),
        **each("key key_file ssh_key private_key_file key_path", "private_key"),
        **each("sudo become use_sudo", _SFTP),
        **each("proxy socks socks5_server", "socks5"),
        **each("port", "a port is of one PVE node: write ssh_port under `proxmox.nodes`, beside its `address`"),
        **each("agent", "delete it: without `private_key`, the SSH agent is used"),
        **each("node", "write `address` and `ssh_port` of a PVE node under `proxmox.nodes`"),
    },
    "Datastores": {**each("disk vms vm default storage", "disks"), **each("image iso import", "images"), **each("snippet", "snippets")},
    "Image": {
        **each("os distro distribution family", "system"),
        **each("version codename os_version", "release"),
        **each("template clone template_id vm_id vmid full_clone clone_from", IMAGE),
        **each("image_url download_url link source", "url"),
        **each("path local_file image_file", "file"),
        **each("file_id volume volid", "delete it: images do not come from Proxmox; write `url` or `file`, or `system` alone"),
        **each("sha256 sha256sum sha512 checksum_sha256", "checksum"),
        **each("storage datastore_id", "datastore"),
        **each("name filename", "write `system: debian`; the name of the file on Proxmox is `file_name`"),
    },
    "Network": {
        **each("worker workers node nodes compute", "agent"),
        **each("master masters controlplane control_plane controller controllers", "server"),
        **each("lb lbs load_balancer load_balancers loadbalancers haproxy", "loadbalancer"),
        **each("agents", "agent"),
        **each("servers", "server"),
        **each("virtual_ip vip_address api_vip apiserver_vip kube_vip loadbalancer_ip lb_ip load_balancer_ip endpoint", "vip"),
        **each("nameserver nameservers dns_servers dns_server resolvers", "dns"),
        **each("domain searchdomain search_domain search_domains dns_domain", "search"),
        **each("vrrp_id virtual_router_id router_id", "vrid"),
        **each("gateway gw", _OF_A_NIC % "static: {base: ADDRESS, gateway: {}}"),
        **each("cidr subnet base ip_range", _OF_A_NIC % "static: {base: {ip}, prefix: {bits}}"),
        **each("netmask prefix", _OF_A_NIC % "static: {base: ADDRESS, prefix: {mask}}"),
        **each("bridge", _OF_A_NIC % "bridge: {}"),
        **each("vlans trunks", _OF_A_NIC % 'trunks: "{;}"'),
        **each("ipv6 dual_stack", _OF_A_NIC % "ipv6: {slaac: true}"),
        **each("pod_cidr cluster_cidr pods_cidr podsubnet", OPTION % "cluster-cidr"),
        **each("service_cidr svc_cidr services_cidr servicesubnet", OPTION % "service-cidr"),
        **each("cni plugin network_plugin", CNI),
        **each("vlan vlan_id tag", _OF_A_NIC % "vlan: {}"),
        **each("mtu", _OF_A_NIC % "mtu: {}"),
        **each("interface interfaces nics", _OF_A_NIC % "bridge: vmbr0"),
        **each("name", _OF_A_NIC % "name: {}"),
        **each("static dhcp firewall model", _OF_A_NIC % "dhcp: true"),
    },
    "Oidc": {
        **each("url issuer_url iss", "issuer"),
        **each("client_id client audience aud", "write audiences: [{}]"),
        **each("username", "username_claim"),
        **each("groups", "groups_claim"),
        **each("client_secret", "delete it: the API server has no secret of the client's; kubectl's plugin has it"),
    },
    "Audit": {
        **each("maxage max_days", "max_age"),
        **each("maxbackup max_backup max_backups backups", "max_files"),
        **each("maxsize", "max_size"),
        **each("policy", "write its rules: [...]"),
    },
    "PodSecurity": {
        **each("level default standard", "enforce"),
        **each("namespaces exempt exemptions", "write exempt_namespaces: [...]"),
    },
    "Kubelet": {
        **each("kube_reserved system_reserved reserved", "reserve"),
        **each("memory", "reserved_memory"),
        **each("cpu", "reserved_cpu"),
        **each("eviction eviction_hard", "evict_below"),
        **each("args extra_args kubelet_args arguments", OPTION.replace("{}", "[...]") % "kubelet-arg"),
    },
    "Journal": {**each("systemmaxuse size max_size limit", "max_use")},
    "Cni": {
        **each("name type network_plugin", "plugin"),
        **each("iface flannel_iface device nic", "interface"),
        **each("flannel_backend", "backend"),
        **each("wireguard encrypted", "write encryption: wireguard"),
        **each("kube_proxy_replacement kubeproxyreplacement disable_kube_proxy", "write kube_proxy: false"),
    },
    "Interface": {
        **each("tag vlan_id vlanid vlan_tag", "vlan"),
        **each("nameserver nameservers dns_servers", "dns"),
        **each("searchdomain domain", "search"),
        **each("interface device nic", "name"),
        **each("ip address ipv4 ip_address cidr ipconfig", "write static: {base: {ip}, prefix: {bits}}"),
        **each("gateway gw", "it belongs to `static`: write static: {base: ADDRESS, gateway: {}}"),
        **each("mac mac_address macaddr", "a MAC is of one machine: write macs: {ens18: {}} there"),
        **each("dhcp4", "dhcp"),
        **each("dhcp6", "it belongs to `ipv6`: write ipv6: {dhcp: true}"),
        **each("accept_ra slaac autoconf", "it belongs to `ipv6`: write ipv6: {slaac: true}"),
        **each("ip_config", "write static: {base: ADDRESS, prefix: 24, gateway: ADDRESS}"),
        **each("addresses", "write static: {base: {ip}, prefix: {bits}}"),
        **each("netmask", "it belongs to `static`: write static: {base: ADDRESS, prefix: {mask}}"),
        **each("prefix", "it belongs to `static`: write static: {base: ADDRESS, prefix: {}}"),
        **each("gateway4", "it belongs to `static`: write static: {base: ADDRESS, gateway: {}}"),
        **each("gateway6 gw6", "it belongs to `ipv6`: write ipv6: {static: {base: ADDRESS, gateway: {}}}"),
        **each("vlans tagged_vlans trunk", "trunks"),
        **each("network bridge_name", "bridge"),
        **each("vnet", "write bridge: {}, and its SDN zone beside it as `zone`"),
        **each("rate queues link_down device_id bond", "delete it: a NIC has no such setting here"),
        **each("ip6 ipv6_address", "it belongs to `ipv6`: write ipv6: {static: {base: {}}}"),
        **each("type", "model"),
    },
    "Static": {
        **each("ip address start first cidr network subnet range", "base"),
        **each("gw router default_gateway", "gateway"),
        **each("netmask mask prefix_length prefixlen", "prefix"),
        **each("start_at", "offset"),
        **each("dns nameservers", "it is of the NIC: write `dns` beside `static`"),
    },
    "Ssh": {
        **each("key public_key public_keys authorized_keys ssh_authorized_keys pubkey pubkeys public_key_file", "keys"),
        **each("username name account", "user"),
        **each(
            "key_path key_file private_key_file private_key_path identity_file keypath",
            "private_key",
        ),
        **each("ansible_ssh_private_key_file ansible_private_key_file", "private_key"),
        **each("agent", "delete it: without `private_key`, the SSH agent is used"),
        **each("host_key_checking strict_host_key_checking", "delete it: host keys are read by `runner discover`, and always checked"),
        **each("sudo become", "delete it: an account other than root gets sudo"),
    },
    "Hooks": {
        **each("post_deploy post_apply after_apply", "after_deploy"),
        **each("pre_deploy pre_apply before_apply", "before_deploy"),
        **each("post_bootstrap post_install", "after_bootstrap"),
        **each("pre_bootstrap pre_install", "before_bootstrap"),
    },
    "Hook": {**each("cmd run script exec shell", "command")},
    "Kured": {**each("install enabled", "delete it: `addons` installs kured: write addons: {kured: { }} on the first level")},
    "Maintenance": {
        **each("days weekdays day", "delete it: windows are daily; days are kured's: write kured: {days: {[]}}"),
        **each("cron crontab", "slots"),
        **each("window windows schedule", "slots"),
        **each("tz zone", "timezone"),
        **each("length", "duration"),
    },
}
