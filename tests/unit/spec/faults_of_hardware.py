"""Values of a VM's hardware as PVE or its provider would refuse them."""

from __future__ import annotations

from tests.unit.spec.conftest import Case


def pool(line: str) -> tuple[str, str]:
    """The edit that adds a line to the pool of load balancers."""
    return ("count: 2", f"count: 2\n    {line}")


def case(line: str, key: str, message: str, cure: str) -> Case:
    """A line that is wrong at a key of that pool; it is told at this line."""
    return pool(line), line.partition(":")[0] + ":", f"pools[0].{key}", message, cure


HARDWARE: dict[str, Case] = {
    "balloon_without_a_unit": case("balloon: 512", "balloon", "512 is not a size with a unit", "write 512MiB, as Proxmox counts memory"),
    "balloon_false": case("balloon: false", "balloon", "false is not a size", "write 0 for none"),
    "sockets_five": case("sockets: 5", "sockets", "sockets 5 is outside of 1 to 4", "1"),
    "numa_in_words": case("numa: on_all", "numa", "`on_all` is not true or false", "true or false"),
    "hugepages_of_4_kib": case("hugepages: 4KiB", "hugepages", "`4KiB` is not one of any, 2MiB, 1GiB", "for example any"),
    "firmware_bios": case("firmware: bios", "firmware", "`bios` is not one of seabios, ovmf", "seabios"),
    "chipset_pc": case("chipset: pc", "chipset", "`pc` is not one of q35, i440fx", "it is called `i440fx` here"),
    "cpu_of_another_architecture": (
        ("cores: 1\n", "cores: 1\n    cpu: cortex-a72\n"),
        "cpu:",
        "pools[0].cpu",
        "`cortex-a72` is an ARM CPU",
        "x86-64-v2-AES or host",
    ),
    "cpu_with_a_blank": (
        ("cores: 1\n", "cores: 1\n    cpu: host, flags\n"),
        "cpu:",
        "pools[0].cpu",
        "`host, flags` is not a CPU type of PVE",
        "host",
    ),
    "pve_pool_with_a_blank": case("pve_pool: my pool", "pve_pool", "`my pool` is not a pool of PVE", "kubernetes"),
    "pve_pool_of_four_levels": case("pve_pool: a/b/c/d", "pve_pool", "up to three levels", "kubernetes"),
    "tag_in_capitals": case("tags: [Prod]", "tags[0]", "`Prod` is not a tag of PVE", "write prod"),
    "description_of_9000_characters": case(f"description: {'x' * 9000}", "description", "has 9000 characters; PVE takes 8192", "shorten"),
    "disk_datastore_with_a_comma": case("disk_datastore: 'nvme,ssd=1'", "disk_datastore", "`nvme,ssd=1` is not a PVE storage", "local-lvm"),
    "data_disk_name_of_21_characters": case(
        f"data_disks: [{{name: {'d' * 21}, size: 1GiB}}]", "data_disks[0].name", "is not a disk's name (1 to 20", "longhorn"
    ),
    "data_disk_of_half_a_gib": case("data_disks: [{name: d, size: 512MiB}]", "data_disks[0].size", "not a whole number of GiB", "1GiB"),
    "data_disk_on_a_datastore_with_a_comma": case(
        "data_disks: [{name: d, size: 1GiB, datastore: 'nvme,ssd=1'}]",
        "data_disks[0].datastore",
        "`nvme,ssd=1` is not a PVE storage",
        "local",
    ),
    "data_disk_with_ntfs": case(
        "data_disks: [{name: d, size: 1GiB, filesystem: ntfs}]", "data_disks[0].filesystem", "`ntfs` is not one of ext4, xfs", "ext4"
    ),
    "data_disk_at_a_relative_path": case(
        "data_disks: [{name: d, size: 1GiB, mount: srv}]", "data_disks[0].mount", "`srv` is not a mount point", "/var/lib/longhorn"
    ),
    "data_disk_that_climbs_out": case(
        "data_disks: [{name: d, size: 1GiB, mount: /srv/../etc}]", "data_disks[0].mount", "is not a mount point", "absolute path"
    ),
    "data_disk_over_the_systems_etc": case(
        "data_disks: [{name: d, size: 1GiB, mount: /etc/rancher}]", "data_disks[0].mount", "belongs to the operating system", "/srv/data"
    ),
    "data_disk_over_var_lib": case(
        "data_disks: [{name: d, size: 1GiB, mount: /var/lib}]", "data_disks[0].mount", "`/var/lib` belongs to", "/var/lib/longhorn"
    ),
    "16_data_disks": case(
        f"data_disks: [{', '.join(f'{{name: d{n}, size: 1GiB}}' for n in range(16))}]",
        "data_disks",
        "16 data disks; a VM has room for 15",
        "delete 1",
    ),
    "17_devices": case(f"devices: [{', '.join(f'gpu{n}' for n in range(17))}]", "devices", "17 devices; a VM has room for 16", "delete 1"),
    "device_by_pci_address": case("devices: ['0000:01:00.0']", "devices[0]", "is not the name of a resource mapping", "gpu"),
    "aio_of_windows": case("disk_options: {aio: iocp}", "disk_options.aio", "`iocp` is not one of io_uring, native, threads", "io_uring"),
    "backup_in_words": case("disk_options: {backup: never}", "disk_options.backup", "`never` is not true or false", "write false"),
    "cache_on": case("disk_options: {cache: on}", "disk_options.cache", "`on` is not one of none, writethrough", "none"),
    "discard_as_pve_writes_it": case("disk_options: {discard: ignore}", "disk_options.discard", "`ignore` is not true or", "true or false"),
    "iothread_as_a_number": case("disk_options: {iothread: 1}", "disk_options.iothread", "1 is not true or false", "write true"),
    "replicate_as_a_number": case("disk_options: {replicate: 0}", "disk_options.replicate", "0 is not true or false", "write false"),
    "ssd_in_words": case("disk_options: {ssd: nvme}", "disk_options.ssd", "`nvme` is not true or false", "true or false"),
    "limits_of_nothing": case(
        "disk_options: {limits: {mbps_rd: 0}}", "disk_options.limits.mbps_rd", "limit (MB/s) 0 is outside of 1 to 1000000", "200"
    ),
    **{
        f"limit_{name}": case(
            f"disk_options: {{limits: {{{name}: fast}}}}", f"disk_options.limits.{name}", "`fast` is not a whole", "digits"
        )
        for way in ("rd", "wr")
        for name in (f"mbps_{way}", f"mbps_{way}_max", f"iops_{way}", f"iops_{way}_max")
    },
    "burst_without_a_limit": case(
        "disk_options: {limits: {iops_wr_max: 500}}",
        "disk_options.limits",
        "the burst `iops_wr_max: 500` is not above a limit `iops_wr`",
        "write `iops_wr: 500` with a larger `iops_wr_max`",
    ),
    "burst_below_its_limit": case(
        "disk_options: {limits: {mbps_rd: 200, mbps_rd_max: 100}}",
        "disk_options.limits",
        "the burst `mbps_rd_max: 100` is not above",
        "200",
    ),
    "native_aio_through_a_cache": case(
        "disk_options: {aio: native, cache: writeback}", "disk_options", "`aio: native` needs a cache of none or directsync", "threads"
    ),
    "data_disk_as_an_ssd": case(
        "data_disks: [{name: d, size: 1GiB, ssd: true}]",
        "data_disks[0]",
        "a data disk is on virtio, for which PVE has no `ssd`",
        "delete it",
    ),
    "usb_by_its_ids": case("usb: ['10c4:ea60']", "usb[0]", "`10c4:ea60` is not the name of a resource mapping", "zigbee"),
    "usb3_in_words": case("usb: [{mapping: zigbee, usb3: 1}]", "usb[0].usb3", "1 is not true or false", "write true"),
    "5_usb_devices": case(f"usb: [{', '.join(f'stick{n}' for n in range(5))}]", "usb", "5 USB devices; a VM has room for 4", "delete 1"),
    "startup_order_negative": case("startup: {order: -1}", "startup.order", "order -1 is outside of 0 to 1000000", "10"),
    "startup_delay_of_a_day": case("startup: {up_delay: 86400}", "startup.up_delay", "up_delay 86400 is outside of 0 to 3600", "30"),
    "agent_timeout_as_a_number": case("agent: {timeout: 30}", "agent.timeout", "30 is not a duration", "write 30m"),
    "ha_restart_11_times": case("ha: {max_restart: 11}", "ha.max_restart", "max_restart 11 is outside of 0 to 10", "1"),
    "ha_in_words": case("ha: always", "ha", "`always` is not a mapping", "write true"),
    "tpm_as_its_version": case("tpm: 2.0", "tpm", "2.0 is not true or false", "true or false"),
    "mdev_with_a_blank": case(
        "devices: [{mapping: gpu, mdev: nvidia 63}]", "devices[0].mdev", "`nvidia 63` is not a mediated device type", "nvidia-63"
    ),
    "serial_in_words": case("serial: ttyS0", "serial", "`ttyS0` is not true or false", "true or false"),
}
