"""VMs in QEMU, as PVE runs them. Without hardware help all of it takes minutes: `make test-slow`; CI runs what is marked `ci_vm`."""
