"""Keys of pools and machines as other tools call them, as `foreign_keys` has those of the other sections."""

from __future__ import annotations

from collections.abc import Mapping

from stardock.spec.foreign_root import IMAGE, OPTION, PLACED, SIZED, each

_NICS = "NICs belong under `interfaces` of a pool, or under `network` by role: write interfaces: [{%s}]"
_PROTECTED = "delete it: `protect` on the first level is true by default, and no edit of this file destroys a machine (docs/take-down.md)"
_DECIDED = "delete it: Stardock decides this itself"
_USER = "accounts belong under `cloud_init.users`: write cloud_init: {users: [{name: admin, keys: [id_ed25519.pub]}]}"
_MAPPED = "make a resource mapping of it (Datacenter, Resource Mappings), and write %s: [NAME] with the mapping's name"

#: Of machines, in pools and one by one.
_HARDWARE = {
    **each("cpus vcpu vcpus cpu_cores num_cpus core cpu_count", "cores"),
    **each("ram mem memory_mb memory_mib dedicated ram_mb", "memory"),
    **each("floating", "balloon"),
    **each("size disk_size disksize disk_gb rootfs root_disk rootfs_size disk_size_gb root_disk_size storage_size hdd boot_disk", "disk"),
    **each("storage datastore datastore_id storage_pool disk_storage", "disk_datastore"),
    **each("disks extra_disks additional_disks", "data_disks"),
    **each("cpu_type cputype", "cpu"),
    **each("bios", "firmware"),
    **each("machine machine_type", "chipset"),
    **each("onboot start_on_boot autostart", "on_boot"),
    **each("pool resource_pool pool_id", "pve_pool"),
    **each("desc notes comment", "description"),
    **each("tag", "tags"),
    **each("tpm_state", "tpm"),
    **each("gpu gpus hostpci hostpci0 pci pci_devices", "write devices: [NAME], the name of a resource mapping of the datacenter"),
    **each("qemu_agent guest_agent qemu_guest_agent", "agent"),
    **each("hastate high_availability", "ha"),
    **each("template clone full_clone clone_from template_id vm_template source_vm base_image clone_vm_id", IMAGE),
    **each("network_devices network_interfaces vnics", _NICS % "bridge: vmbr0"),
    **each("network networks nic nics net0 network_device network_interface", _NICS % "bridge: vmbr0"),
    **each("bridge", _NICS % "bridge: {}"),
    **each("vlans trunks tagged_vlans", _NICS % 'trunks: "{;}"'),
    **each("server_type instance_type flavor plan", SIZED),
    **each("location region zone datacenter", PLACED),
    **each("kubelet_args extra_args", OPTION.replace("{}", "{[]}") % "kubelet-arg"),
    **each("boot vga args smbios1 vmgenid meta cicustom citype hotplug keyboard tablet localtime cpuunits acpi kvm lock", _DECIDED),
    **each("vlan vlan_id vlan_tag", _NICS % "vlan: {}"),
    **each("gateway gw", _NICS % "static: {base: ADDRESS, gateway: {}}"),
    **each("ipconfig ipconfig0 subnet ip_range", _NICS % "static: {base: ADDRESS, gateway: ADDRESS}"),
    **each("netmask", _NICS % "static: {base: ADDRESS, prefix: {mask}, gateway: ADDRESS}"),
    **each("cidr", _NICS % "static: {base: {ip}, prefix: {bits}}"),
    **each("dns nameserver nameservers dns_servers", "name servers belong under `network.dns`: write network: {dns: {[]}}"),
    **each("iso cdrom ide2 os_image", IMAGE),
    **each("lifecycle prevent_destroy deletion_protection", _PROTECTED),
    **each("depends_on provider connection provisioner timeouts", _DECIDED),
    **each("ssh_authorized_keys", "keys belong under `ssh.keys`: write ssh: {keys: {[]}}"),
    **each("runcmd bootcmd", "it belongs to `cloud_init.user_data`: write cloud_init: {user_data: {{key}: {[]}}}"),
    **each("ip_config", _NICS % "static: {base: ADDRESS, prefix: 24, gateway: ADDRESS}"),
    **each("started vm_state scsihw scsi_hardware bootdisk boot_order", _DECIDED),
    **each("os_type qemu_os ostype operating_system", _DECIDED),
    **{
        flag: f"it belongs to `disk_options`: write disk_options: {{{flag}: {{}}}}"
        for flag in ("aio", "cache", "discard", "iothread", "ssd")
    },
    **each("initialization ciuser user username users", _USER),
    **each("sshkeys ssh_keys ssh_public_keys authorized_keys", "keys belong under `ssh.keys`: write ssh: {keys: {[]}}"),
    **each("os system", "the system belongs under `image`: write image: {system: debian}"),
}

#: Section -> its foreign keys.
KEYS: Mapping[str, Mapping[str, str]] = {
    "Pool": {
        **_HARDWARE,
        **each("replicas size_of_pool number num instances quantity node_count vm_count desired_size", "count"),
        **each("prefix name_prefix vm_name hostname name_pattern", "pattern"),
        **each("vmid vm_id vmid_start start_id id id_start", "vm_id_start"),
        **each("node target_node node_name pve_node pve_nodes target_nodes", "nodes"),
        **each("node_labels label", "labels"),
        **each("node_taints taint", "taints"),
        **each("for_each hosts names members vms servers agents workers", "machines"),
        **each("type kind roles", "role"),
        **each("ip ips address addresses", "addresses are of one machine: write machines: [{name: agent1, addresses: {ens18: ADDRESS}}]"),
    },
    "Machine": {
        **_HARDWARE,
        **each("vmid id", "vm_id"),
        **each("node target_node node_name host pve", "pve_node"),
        **each("ip address ipv4 ip_address ansible_host access_ip ansible_ssh_host", "write addresses: {ens18: {ip}}"),
        **each("mac mac_address macaddr", "write macs: {ens18: {}}"),
        **each("role type", "a pool has one role: put the machine into a pool of that role"),
        **each("fqdn host_name", "hostname"),
        **each("labels node_labels taints node_taints", "labels and taints are of a pool: make a pool of its own for the machine"),
    },
    "Host": {
        **each("ip ipv4 ip_address host ansible_host ansible_ssh_host", "address"),
        **each("internal_ip private_ip private_address internal_address access_ip", "node_ip"),
        **each("nic iface private_interface network_interface", "interface"),
        **each("user username ansible_user ssh_username", "ssh_user"),
        **each("port ansible_port", "ssh_port"),
        **each("jump bastion jump_host proxy_jump", "ssh_jump"),
        **each("os distro operating_system image", "system"),
        **each("arch cpu_arch", "architecture"),
        **each("type kind roles", "role"),
        **each("fqdn host_name", "hostname"),
        **each("node_labels label", "labels"),
        **each("node_taints taint", "taints"),
        **each("ram mem", "memory"),
        **each("cpu cpus vcpus core", "cores"),
        **each("ssh_key private_key ssh_private_key key_path ssh_key_path", "delete it: `ssh.private_key` opens hosts as well"),
        **each("users", "it belongs to `cloud_init`: write cloud_init: {users: [{name: admin, keys: [id_ed25519.pub]}]}"),
        **each("packages", "it belongs to `cloud_init`: write cloud_init: {packages: {[]}}"),
    },
    "Usb": {**each("name id device", "mapping"), **each("host vendor product", _MAPPED % "usb")},
    "Device": {**each("name id device", "mapping"), **each("host address pci_address", _MAPPED % "devices")},
    "DataDisk": {
        **each("storage datastore_id storage_pool", "datastore"),
        **each("size_gb capacity disk_size", "size"),
        **each("interface slot id serial", "name"),
        **each("mount_point mountpoint mount_path path", "mount"),
        **each("fs fstype fs_type format", "filesystem"),
    },
    "Startup": {**each("up delay", "up_delay"), **each("down", "down_delay")},
}
