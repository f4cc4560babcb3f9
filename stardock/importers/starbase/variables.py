"""starbase's variables with its defaults. Terraform's are all objects; Ansible's come from custom.yml, over the role's defaults."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

#: starbase's word for a role -> Stardock's, in the order in which cluster.yaml shows them.
ROLES: dict[str, Literal["loadbalancer", "server", "agent"]] = {"loadbalancer": "loadbalancer", "controlplane": "server", "worker": "agent"}


class Variables(BaseModel):
    """What was read; a key that starbase does not know is told and left out."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True, hide_input_in_errors=True)


class RebootBy(Variables):
    """A word for RKE2 nodes, and one for load balancers."""

    rke2_nodes: Any = None
    lb_nodes: Any = None


class Template(Variables):
    """What goes into user-data."""

    dns_servers: tuple[str | None, ...] = ()
    ssh_public_key: str | None = ""
    hashed_password: str | None = ""
    packages: tuple[str, ...] = ("qemu-guest-agent", "screen", "htop", "policycoreutils-python-utils")
    window_duration: str = "1h"
    reboot_slots: tuple[int, ...] = (17, 18, 19, 20, 21, 22)
    minute_offsets: tuple[int, ...] = (0, 15, 30, 45)
    reboot_strategy: RebootBy = RebootBy(rke2_nodes="best-effort", lb_nodes="best-effort")
    change_repo: bool = False
    repo_domain: str = ""
    disable_rebootmgr: RebootBy = RebootBy(rke2_nodes=True, lb_nodes=False)


class CloudInit(Variables):
    """`datastore_id` holds snippets and cloud-init drives."""

    datastore_id: str = "local"
    template: Template = Template()


class NetworkConfig(Variables):
    """One NIC as the guest configures it. Anything but exactly `static`, and static without `base_ip`, is DHCP."""

    interface: str = "ens18"
    type: str | None = None
    base_ip: IPv4Address | None = None
    cidr_netmask: int | None = Field(default=None, ge=0, le=32)
    offset: int | None = None
    gateway: IPv4Address | None = None
    dns_search: tuple[str, ...] | None = None
    dns_nameserver: tuple[str, ...] | None = None


class NetworkConfigs(Variables):
    """The NICs of a role's machines, in order."""

    network_configs: tuple[NetworkConfig, ...] = (NetworkConfig(type="dhcp"),)


class Ssh(Variables):
    """Access to PVE nodes."""

    agent: bool = True
    username: str | None = ""
    private_key: str | None = ""


class Provider(Variables):
    """The API. The token is read over and never kept."""

    endpoint: str | None = ""
    api_token: Any = Field(default=None, exclude=True, repr=False)
    insecure: bool = False
    ssh: Ssh = Ssh()


class ImageDownload(Variables):
    """The disk image, once on each PVE node."""

    content_type: str = "iso"
    datastore_id: str = "local"
    url: str = "https://download.opensuse.org/tumbleweed/appliances/openSUSE-MicroOS.x86_64-OpenStack-Cloud.qcow2"
    file_name: str = "openSUSE-MicroOS.x86_64-kvm-and-xen.img"
    overwrite: bool = True
    checksum_url: str = ""
    checksum_algorithm: str = "sha256"


class Nodes(Variables):
    """Key -> full name of the machines of a role."""

    nodes: dict[str, str] = {}


class Vms(Variables):
    """The machines."""

    controlplane: Nodes = Nodes()
    loadbalancer: Nodes | None = Nodes()
    worker: Nodes | None = None


class NetworkDevice(Variables):
    """One NIC as PVE has it."""

    bridge: str = "vmbr0"
    model: str | None = "virtio"
    vlan_id: int | None = None
    mtu: int | None = None
    firewall: bool | None = False


class VmConfig(Variables):
    """The hardware of a role's machines. Memory in MiB, disk in GiB."""

    stop_on_destroy: bool = True
    vm_id_start: int = 0
    pool_id: str | None = ""
    cpu_cores: int = 2
    cpu_type: str = "x86-64-v2-AES"
    mem_dedicated: int = 2048
    mem_floating: int = 2048
    disk_size: int = 50
    disk_datastore: str = "local"
    network_devices: tuple[NetworkDevice, ...] = (NetworkDevice(bridge="vmbr1_210"),)
    qemu_agent_enabled: bool = True


class Terraform(Variables):
    """terraform.tfvars."""

    cloud_init_config: CloudInit = CloudInit()
    cloud_init_controlplane_network_config: NetworkConfigs = NetworkConfigs()
    cloud_init_worker_network_config: NetworkConfigs = NetworkConfigs()
    cloud_init_loadbalancer_network_config: NetworkConfigs = NetworkConfigs()
    cloud_provider: Provider = Provider()
    image_download_config: ImageDownload = ImageDownload()
    vms: Vms = Vms()
    controlplane_vm_config: VmConfig = VmConfig(vm_id_start=210)
    worker_vm_config: VmConfig = VmConfig(vm_id_start=220)
    loadbalancer_vm_config: VmConfig = VmConfig(vm_id_start=200)
    rke2_cloud_init_extra_packages: tuple[str, ...] = ("rke2", "rke2-selinux")
    loadbalancer_cloud_init_extra_packages: tuple[str, ...] = ("haproxy", "keepalived")
    available_nodes: dict[str, str] = {"storage0-pve": "storage0-pve"}

    def network_of(self, role: str) -> tuple[NetworkConfig, ...]:
        """The guest's NICs of a role (starbase's word)."""
        found: NetworkConfigs = getattr(self, f"cloud_init_{role}_network_config")
        return found.network_configs

    def hardware_of(self, role: str) -> VmConfig:
        """The hardware of a role (starbase's word)."""
        found: VmConfig = getattr(self, f"{role}_vm_config")
        return found

    def nodes_of(self, role: str) -> dict[str, str]:
        """Key -> full name of a role's machines in the order of Terraform's `keys()`, which counts ids, addresses and PVE nodes."""
        nodes: Nodes | None = getattr(self.vms, role)
        return dict(sorted(nodes.nodes.items())) if nodes else {}

    @property
    def pve_nodes(self) -> tuple[str, ...]:
        """The PVE nodes, in the order of Terraform's `values()`: that of their keys."""
        return tuple(self.available_nodes[key] for key in sorted(self.available_nodes))


class Keepalived(Variables):
    """The VIP."""

    priority: Any = ""
    virtual_ip: str | None = ""
    virtual_ip_prefix: int = 24
    virtual_router_id: int = 51
    network_interface: str = ""
    unicast_enabled: bool = False
    unicast_peers: Any = None


class Haproxy(Variables):
    """Its listeners and backends."""

    api_port: int = 6443
    registration_port: int = 9345
    balance_algorithm: str = "roundrobin"
    auto_generate_server: bool = True
    use_fqdn: bool = True


class EmbeddedRegistry(Variables):
    """Spegel, and the registries that it mirrors."""

    enabled: bool = False
    mirrors: tuple[str, ...] = ("docker.io", "registry.k8s.io")


class Rke2(Variables):
    """config.yaml."""

    tls_san: tuple[str | None, ...] = ()
    embedded_registry: EmbeddedRegistry = EmbeddedRegistry()
    cni: str = "canal"
    selinux: bool = True
    disable_charts: tuple[str, ...] = ()
    node_labels: tuple[str, ...] = ()


class Rke2Proxy(Variables):
    """The environment file of the RKE2 services."""

    enable_proxy: bool = False
    http_proxy: str = "http://192.168.1.1:8080"
    https_proxy: str = "http://192.168.1.1:8080"
    no_proxy: str = ""


class Ansible(Variables):
    """custom.yml."""

    keepalived: Keepalived = Keepalived()
    haproxy: Haproxy = Haproxy()
    rke2_config: Rke2 = Rke2()
    rke2_proxy: Rke2Proxy = Rke2Proxy()
    rke2_server: Any = None
    keepalived_unicast_peers: Any = None
    add_additional: bool = False
