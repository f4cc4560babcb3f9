"""What Stardock makes on Proxmox: images, snippets, machines. These know their props only, never the plan."""
