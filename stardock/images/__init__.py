"""What is learnt about disk images outside of Proxmox: publishers' checksum files, and images that lie here. Read by `runner image`."""
