"""Machines that really boot: systemd-nspawn containers, and VMs in QEMU (`qemu`)."""
