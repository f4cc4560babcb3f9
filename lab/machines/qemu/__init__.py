"""The lab's second kind of machine: a VM in QEMU, started as PVE starts it, from a disk that boots by its own boot loader."""
