#!/bin/sh
# What Proxmox and the stage `machines` cannot do without. Whether the image has it, and whether a package that cannot be had made
# cloud-init's whole installation fail, nobody knows beforehand.
next=$(btrfs subvolume get-default / | sed 's/.* path @//')
missing=
for package in python3 sudo qemu-guest-agent; do
  rpm --root "$next" --query --whatprovides "$package" >/dev/null 2>&1 || missing="$missing $package"
done
# shellcheck disable=SC2086 # one word a package
if test -n "$missing"; then transactional-update --non-interactive --continue --drop-if-no-change pkg install $missing; fi
# Where the agent is in the image already (Leap Micro: off); else udev starts it after the reboot that brings it.
if systemctl cat qemu-guest-agent.service >/dev/null 2>&1; then systemctl enable qemu-guest-agent.service; fi
if test -e /dev/virtio-ports/org.qemu.guest_agent.0; then systemctl start qemu-guest-agent.service; fi
