"""Keys of the first level as other tools call them, as `foreign_keys` has those of the sections.

The tools: kube-hetzner, hetzner-k3s, k3s-ansible, k3sup, k0sctl, kubespray, kubeadm, Talos, and modules of Terraform for Proxmox.
"""

from __future__ import annotations

from collections.abc import Mapping


def each(words: str, cure: str) -> dict[str, str]:
    """The same for each of some words."""
    return dict.fromkeys(words.split(), cure)


#: What is said of machines that do not belong under `pools`: as a whole, and by role.
UNDER_POOLS = "machines belong under `pools`"
POOLS = f"{UNDER_POOLS}, a pool a role: - {{name: NAME, role: server, agent or loadbalancer, machines: [...]}}"
BY_POOL: Mapping[str, str] = {
    role: f"{UNDER_POOLS}: write pools: [{{name: {name}s, role: {role}, machines: [{name}1]}}], and the other pools beside it"
    for role, name in (("server", "server"), ("agent", "agent"), ("loadbalancer", "lb"))
}
#: Root key -> cures that say where what it holds stands: it is not told to be missing besides.
PLACES = {"pools": (POOLS, *BY_POOL.values())}
IMAGE = "delete it: machines start from an image, not from a template; `image: {system: debian}` says which (docs/images.md)"
NICS_BY_ROLE = "NICs belong under `network`, by role: write network: {agent: [{%s}]}, and likewise server and loadbalancer"
OPTION = "it belongs to `distribution.options`, in the words of the distribution's config.yaml: write distribution: {options: {%s: {}}}"
ADDONS = "it belongs under `addons`, which has charts and manifests of your own as well (docs/how-to/add-ons.md)"
_CERT_MANAGER = "it belongs to `addons`: write addons: {cert_manager: { }}"
_CHARTS = "it belongs to `addons`: write addons: {charts: [...]}, each with a name, chart, repo and version"
_INGRESS = "it belongs to `addons`: write addons: {ingress: {controller: traefik}}"
_LONGHORN = "it belongs to `addons`: write addons: {longhorn: { }}, and beside it storage_clients: [iscsi, nfs]"
_METALLB = "it belongs to `addons`: write addons: {metallb: {pools: [{name: default, addresses: [FIRST-LAST]}]}}"
PLACED = "delete it: `nodes` of `proxmox`, and of pools, say where machines are made"
SIZED = "write cores, memory and disk of each pool: cores: 2, memory: 4GiB, disk: 40GiB"
CNI = "it belongs to `cni`: write cni: {plugin: {}}"
VERSION = "write distribution: {version: ...}, the whole tag of a release of RKE2 or k3s"
_OPTIONS = "it belongs to `distribution.options`, key by key, in the words of its config.yaml: write distribution: {options: {KEY: VALUE}}"
_NO_OBJECT = "delete it: cluster.yaml is no object of Kubernetes"
VIP = "it belongs to `network`: write network: {vip: {}}"
_LB = "delete it: load balancers hold the virtual IP; write network: {vip: ADDRESS}, and a pool of role loadbalancer"
_ANCHORS = "only keys that begin with `x-` are a place for anchors: write `x-{key}:`"
_REGISTRIES = "it belongs to `registries`: write registries: {mirrors: [{registry: docker.io, endpoints: [URL]}]}"
_TERRAFORM = "delete it: cluster.yaml is no file of Terraform's; `runner deploy` makes provider and resources of what stands here"
_VALUES = "delete it: cluster.yaml has no variables; `runner deploy` ends with addresses, for programs `runner plan --format json` has them"
_COMPOSE = "delete it: what runs in the cluster is deployed with kubectl or helm; here stand its machines, under `pools`"
_USER_DATA = "it belongs to `cloud_init.user_data`: write cloud_init: {user_data: {%s: {[]}}}"
_SNAPSHOTS = "it belongs to `snapshots`: write snapshots: {schedule: ...}"

ROOT: Mapping[str, str] = {
    **each("name cluster_name clustername", "cluster"),
    **each("nodes machines node_pools nodepools pool instances vms virtual_machines all children inventory machine node_count", POOLS),
    **each("masters master servers controllers controller controlplane control_plane controlplanes masters_pool", BY_POOL["server"]),
    **each("control_plane_nodepools control_plane_nodes master_nodes server_nodes control_nodes control_planes", BY_POOL["server"]),
    **each("server_count master_count control_plane_count controlplane_count controller_count num_servers num_masters", BY_POOL["server"]),
    **each(
        "workers worker agents worker_node_pools workers_pool agent_nodepools worker_nodepools agent_nodes worker_nodes", BY_POOL["agent"]
    ),
    **each("agent_count worker_count num_agents num_workers workers_count agents_count", BY_POOL["agent"]),
    **each("lbs loadbalancers load_balancers lb_count", BY_POOL["loadbalancer"]),
    **each("pve proxmox_ve provider", "proxmox"),
    **each("template clone vm_template template_id", IMAGE),
    **each("os system operating_system", "it belongs to `image`: write image: {system: {}}"),
    **each("k8s_version kubernetes_version kube_version rke2_version k3s_version version rke_version k0s_version", VERSION),
    **each("initial_k3s_channel k3s_channel channel rke2_channel", "it belongs to `distribution`: write distribution: {channel: {}}"),
    **each("install_k3s_version install_rke2_version talos_version", VERSION),
    **each("kubernetes rke2 k8s k3s k0s rke", "distribution"),
    **each("cidr pod_cidr cluster_cidr kube_pods_subnet podsubnet pods_cidr cluster_ipv4_cidr pod_network_cidr", OPTION % "cluster-cidr"),
    **each("service_cidr svc_cidr kube_service_addresses servicesubnet services_cidr service_ipv4_cidr", OPTION % "service-cidr"),
    **each("kube_network_plugin network_plugin cni_plugin", CNI),
    **each("tls_san sans api_sans tls_sans additional_tls_sans", OPTION.replace("{}", "{[]}") % "tls-san"),
    **each("extra_server_args extra_agent_args k3s_server_args k3s_exec_server_args server_args agent_args kubelet_args", _OPTIONS),
    **each("ingress traefik", _INGRESS),
    **each("argocd argo_cd", "it belongs to `addons`: write addons: {argo_cd: { }}"),
    **each("flux fluxcd", "it belongs to `addons`: write addons: {flux: { }}"),
    **each("longhorn enable_longhorn", _LONGHORN),
    **each("charts helm_charts", _CHARTS),
    **each("metallb metallb_ip_range metal_lb_ip_range", _METALLB),
    **each("ingress_controller ingress_class", _INGRESS),
    **each("manifests", "it belongs to `addons`: write addons: {manifests: {[]}}"),
    **each("cert_manager", _CERT_MANAGER),
    **each(
        "storage_class csi ccm monitoring",
        ADDONS,
    ),
    **each("virtual_ip api_vip apiserver_vip controlplaneendpoint api_endpoint apiserver_endpoint kube_apiserver_endpoint", VIP),
    **each("control_plane_endpoint control_plane_vip loadbalancer_ip lb_ip load_balancer_ip vip_address", VIP),
    **each("lb load_balancer kube_vip keepalived haproxy load_balancer_type", _LB),
    **each("bridge", NICS_BY_ROLE % "bridge: {}"),
    **each("vlan vlan_id", NICS_BY_ROLE % "vlan: {}"),
    **each("gateway gw", NICS_BY_ROLE % "static: {base: ADDRESS, gateway: {}}"),
    **each("dns nameserver nameservers dns_servers", "name servers belong under `network`: write network: {dns: {[]}}"),
    **each("ssh_keys ssh_public_keys authorized_keys sshkeys", "keys belong under `ssh.keys`: write ssh: {keys: {[]}}"),
    **each("ssh_public_key public_key", "keys belong under `ssh.keys`: write ssh: {keys: {[]}}"),
    **each(
        "ssh_key ssh_private_key ssh_key_path private_key ssh_key_file ansible_ssh_private_key_file private_ssh_key_path",
        "it belongs to `ssh`: write ssh: {private_key: {}}",
    ),
    **each("user ssh_user username ansible_user ansible_ssh_user", "it belongs to `ssh`: write ssh: {user: {}}"),
    **each("ssh_port ansible_port", "it belongs to `ssh`: write ssh: {port: {}}"),
    **each("endpoint api_url proxmox_url pm_api_url proxmox_host proxmox_api_url", "it is `endpoint` of `proxmox`: https://HOST:8006"),
    **each("proxmox_nodes pve_nodes target_nodes proxmox_node target_node", "it belongs to `proxmox`: write nodes: {[]} there"),
    **each("storage datastore datastore_id datastores", "it belongs to `proxmox`: write datastores: {disks: {}} there"),
    **each("terraform required_providers required_version providers resource resources data module modules", _TERRAFORM),
    **each("variable output outputs environment env environments", _VALUES),
    **each("services volumes", _COMPOSE),
    **each("ssh_authorized_keys", "keys belong under `ssh.keys`: write ssh: {keys: {[]}}"),
    **each("runcmd bootcmd", _USER_DATA % "{key}"),
    **each("write_files files", (_USER_DATA % "write_files").replace("{[]}", "[...]")),
    **each("users accounts", "it belongs to `cloud_init`: write cloud_init: {users: [{name: admin, keys: [id_ed25519.pub]}]}"),
    **each("initialization", "accounts and keys belong under `ssh` and `cloud_init`, addresses under `network`: delete it"),
    **each("hostname fqdn preserve_hostname manage_etc_hosts", "delete it: a machine is called as its pool names it"),
    **each("apiversion kind metadata spec", _NO_OBJECT),
    **each(
        "kube_reserved system_reserved eviction_hard kubelet_reserved", "write kubelet: {reserve: true}, for a part by each machine's size"
    ),
    **each("journald journald_max_use", "it belongs to `journal`: write journal: {max_use: 1GiB}"),
    **each("oidc", "it belongs to `api_server`: write api_server: {oidc: [{issuer: URL, audiences: [CLIENT_ID]}]}"),
    **each("audit audit_policy audit_log kubernetes_audit", "it belongs to `api_server`: write api_server: {audit: {level: Metadata}}"),
    **each("pod_security psa pod_security_admission", "it belongs to `api_server`: write api_server: {pod_security: {enforce: baseline}}"),
    **each("timezone tz system_timezone", "it belongs to `maintenance`: write maintenance: {timezone: {}}"),
    **each("destroy delete deletion", "nothing goes by a key: docs/take-down.md says how a machine or a cluster goes"),
    **each("removed", "`remove` takes machines away for good: if that is meant, write `remove`"),
    **each("region location datacenter network_region zone availability_zone", PLACED),
    **each("server_type instance_type flavor node_size", SIZED),
    **each("backup backups etcd etcd_backup etcd_snapshots", _SNAPSHOTS),
    **each("registry private_registries mirrors registry_mirrors registries_yaml", _REGISTRIES),
    **each("http_proxy", "it belongs to `proxy`: write proxy: {http: {}}"),
    **each("https_proxy", "it belongs to `proxy`: write proxy: {https: {}}"),
    **each("no_proxy noproxy", "it belongs to `proxy`: write no_proxy: {[]} there, beside `http`"),
    **each("anchors aliases defaults default common definitions templates vars variables globals shared", _ANCHORS),
    **each("base values locals pool_defaults machine_defaults vm_defaults node_defaults", _ANCHORS),
}
