"""A starbase cluster's files, written for these tests from the facts of its version 0.3.1; and its VMs as PVE keeps them."""

from __future__ import annotations

from pathlib import Path

#: Everything in order: two load balancers, four servers (whose keys sort otherwise than they are declared), one worker.
TFVARS = """\
# what a user of starbase has
cloud_init_config = {
  datastore_id = "local"
  template = {
    dns_servers    = []
    ssh_public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHRlc3RzLW9mLXN0YXJkb2NrLW5vLXByaXZhdGUta2V5IQ test"
    hashed_password = "$6$planted$notarealhash"
    packages = ["qemu-guest-agent", "htop"]
    window_duration = "1h"
    reboot_slots = [17, 18]
    minute_offsets = [0, 15, 30, 45]
    reboot_strategy = { rke2_nodes = "best-effort", lb_nodes = "best-effort" }
    change_repo = false
    repo_domain = "https://mirror.example/opensuse"
    disable_rebootmgr = { rke2_nodes = true, lb_nodes = false }
  }
}
cloud_init_controlplane_network_config = {
  network_configs = [{ interface = "ens18", type = "static", base_ip = "192.168.1.0", cidr_netmask = 24, offset = 50,
    gateway = "192.168.1.1", dns_search = ["lan"], dns_nameserver = ["192.168.1.1"] }]
}
cloud_init_worker_network_config = {
  network_configs = [{ interface = "ens18", type = "static", base_ip = "192.168.1.77", cidr_netmask = 24, offset = 60,
    gateway = "192.168.1.1" }]
}
cloud_init_loadbalancer_network_config = {
  network_configs = [{ interface = "ens18", type = "static", base_ip = "192.168.1.0", cidr_netmask = 24, offset = 41,
    gateway = "192.168.1.1" }]
}
cloud_provider = {
  endpoint  = "ENDPOINT"
  api_token = "root@pam!planted=00000000-planted-secret"
  insecure  = false
  ssh = { agent = false, username = "root", private_key = "PRIVATE_KEY" }
}
vms = {
  controlplane = {
    nodes = {
      "control0"  = "ktest0.lan"
      "control1"  = "ktest1.lan"
      "control2"  = "ktest2.lan"
      "control10" = "ktest10.lan"
    }
  }
  loadbalancer = { nodes = { lb1 = "kload1.lan", lb0 = "kload0.lan" } }
  worker       = { nodes = { "worker0" : "kworker0.lan" } }
}
controlplane_vm_config = {
  stop_on_destroy = true
  vm_id_start     = 210
  pool_id         = ""
  cpu_cores       = 2
  cpu_type        = "x86-64-v2-AES"
  mem_dedicated   = 8192
  mem_floating    = 4096
  disk_size       = 50
  disk_datastore  = "local-lvm"
  network_devices = [{ bridge = "vmbr0", model = "virtio", vlan_id = 100, mtu = 1400, firewall = false }]
  qemu_agent_enabled = true
}
worker_vm_config = {
  stop_on_destroy = true
  vm_id_start     = 220
  pool_id         = ""
  cpu_cores       = 2
  cpu_type        = "x86-64-v2-AES"
  mem_dedicated   = 4096
  mem_floating    = 4096
  disk_size       = 50
  disk_datastore  = "local-lvm"
  network_devices = [{ bridge = "vmbr0" }]
  qemu_agent_enabled = true
}
loadbalancer_vm_config = {
  stop_on_destroy = true
  vm_id_start     = 200
  pool_id         = ""
  cpu_cores       = 2
  cpu_type        = "x86-64-v2-AES"
  mem_dedicated   = 1024
  mem_floating    = 1024
  disk_size       = 50
  disk_datastore  = "local-lvm"
  network_devices = [{ bridge = "vmbr0" }]
  qemu_agent_enabled = true
}
rke2_cloud_init_extra_packages = ["rke2", "rke2-selinux", "open-iscsi"]
available_nodes = {
  pve3 = "pve3"
  pve1 = "pve1"
  pve2 = "pve2"
}
"""

CUSTOM = """\
keepalived:
  virtual_ip: "192.168.1.40"
  virtual_ip_prefix: 24
  virtual_router_id: 51
  network_interface: "{{ ansible_default_ipv4.interface }}"
rke2_config:
  tls_san: [""]
  embedded_registry: {enabled: true, mirrors: [docker.io]}
  cni: canal
  selinux: true
  disable_charts: [rke2-ingress-nginx]
"""

#: Full name -> what starbase 0.3.1 gives it: VM id, PVE node, address. Keys and PVE nodes count in alphabetical order.
GIVEN = {
    "kload0.lan": (200, "pve1", "192.168.1.41"),
    "kload1.lan": (201, "pve2", "192.168.1.42"),
    "ktest0.lan": (210, "pve1", "192.168.1.50"),
    "ktest1.lan": (211, "pve2", "192.168.1.51"),
    "ktest10.lan": (212, "pve3", "192.168.1.52"),
    "ktest2.lan": (213, "pve1", "192.168.1.53"),
    "kworker0.lan": (220, "pve1", "192.168.1.60"),
}


def mac_of(vm_id: int) -> str:
    """A MAC as PVE makes one up."""
    return f"BC:24:11:5A:00:{vm_id - 100:02X}"


def checkout(directory: Path, *, tfvars: str = TFVARS, custom: str | None = CUSTOM, endpoint: str = "", private_key: str = "id") -> Path:
    """The files where starbase's documents put them."""
    (directory / "infra").mkdir(parents=True, exist_ok=True)
    text = tfvars.replace("ENDPOINT", endpoint or "https://192.0.2.1:8006").replace("PRIVATE_KEY", private_key)
    (directory / "infra/terraform.tfvars").write_text(text)
    if custom is not None:
        (directory / "bootstrap/vars").mkdir(parents=True, exist_ok=True)
        (directory / "bootstrap/vars/custom.yml").write_text(custom)
    return directory


def vm_options(full_name: str) -> dict[str, str]:
    """The request by which starbase's provider (0.73.2) creates a VM, apart from the disk's image."""
    role = next(role for role in ("load", "test", "worker") if full_name.startswith(f"k{role}"))
    memory, balloon = {"load": (1024, 1024), "test": (8192, 4096), "worker": (4096, 4096)}[role]
    mac = mac_of(GIVEN[full_name][0])
    return {
        "name": full_name,
        "acpi": "1",
        "agent": "enabled=1,fstrim_cloned_disks=0,type=virtio",
        "bios": "seabios",
        "boot": "order=virtio0;net0",
        "balloon": str(balloon),
        "memory": str(memory),
        "cores": "2",
        "sockets": "1",
        "cpu": "x86-64-v2-AES",
        "numa": "0",
        "keyboard": "en-us",
        "onboot": "1",
        "ostype": "other",
        "scsihw": "virtio-scsi-pci",
        "tablet": "1",
        "virtio0": "local-lvm:50,aio=io_uring,backup=1,cache=none,discard=on,iothread=1,replicate=1",
        "ide2": "local-lvm:cloudinit",
        "cicustom": f"network=local:snippets/{full_name}-network-config,user=local:snippets/{full_name}-user-data",
        "net0": f"virtio={mac},bridge=vmbr0,firewall=0" + (",mtu=1400,tag=100" if role == "test" else ""),
    }
