"""The only reader of Proxmox: is it there, which machines of ours does it hold, what do they say of themselves."""
