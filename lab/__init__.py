"""Stardock without Proxmox: an emulated PVE, machines that boot, a stand-in for RKE2 and k3s. Only `command` knows Stardock."""
