"""Stardock: one cluster.yaml becomes a highly available Kubernetes cluster on Proxmox VE."""
