"""Stardock without Proxmox: an emulated PVE, machines, a stand-in RKE2. Imports nothing else of stardock."""
