"""What is otherwise on Proxmox than planned, also where the engine does not look: `look` reads, `checks` judge, nothing is written."""
