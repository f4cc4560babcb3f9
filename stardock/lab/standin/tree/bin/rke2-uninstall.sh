#!/bin/sh
# Removes the stand-in: program, units, configuration, data.
set -eu
[ "$(id -u)" -eq 0 ] || { echo "$(basename "$0"): must be root" >&2; exit 1; }
prefix=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
"$prefix/bin/rke2-killall.sh"
for unit in rke2-server rke2-agent; do
  systemctl disable "$unit.service" 2>/dev/null || true
  rm -f "$prefix/lib/systemd/system/$unit.service" "$prefix/lib/systemd/system/$unit.env" "/etc/systemd/system/$unit.service"
done
systemctl daemon-reload || true
rm -rf /etc/rancher/rke2 "${RKE2_DATA_DIR:-/var/lib/rancher/rke2}" /var/lib/kubelet "$prefix/share/rke2"
rmdir /etc/rancher /var/lib/rancher 2>/dev/null || true
rm -f "$prefix/bin/rke2" "$prefix/bin/rke2-killall.sh" "$prefix/bin/rke2-uninstall.sh"
