"""The lab's network: bridges, VLANs, a router with DHCP and DNS, and packages for machines that reach nothing else."""
