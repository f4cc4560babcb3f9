"""`runner prove`: machines of its own on a real Proxmox, checked one by one, and taken away again."""
