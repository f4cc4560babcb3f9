"""Stardock without Proxmox: an emulated PVE, machines that boot, a stand-in for RKE2. Only `command` knows Stardock."""
