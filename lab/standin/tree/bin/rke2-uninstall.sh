#!/bin/sh
# Removes the stand-in: program, units, configuration, data. As shipped it looks below /usr/local only, as the real one does on most
# systems: whoever unpacks it elsewhere rewrites the path (RKE2's installer does) or sets INSTALL_RKE2_ROOT.
set -eu
[ "$(id -u)" -eq 0 ] || { echo "$(basename "$0"): must be run as root" >&2; exit 1; }
root=${INSTALL_RKE2_ROOT:-/usr/local}
"$(dirname "$0")/rke2-killall.sh"
for unit in rke2-server rke2-agent; do
  systemctl disable "$unit.service" 2>/dev/null || true
  systemctl reset-failed "$unit.service" 2>/dev/null || true
done
find "$root/lib/systemd/system" -name 'rke2-*' -delete
find /etc/systemd/system -name 'rke2-*.service' -delete
systemctl daemon-reload || true
rm -f "$root/bin/rke2" "$root/bin/rke2-killall.sh"
rm -rf "$root/share/rke2" /etc/rancher/rke2 /etc/rancher/node /etc/cni /opt/cni/bin /var/lib/cni /var/log/pods /var/log/containers
rm -rf "${RKE2_DATA_DIR:-/var/lib/rancher/rke2}" /var/lib/kubelet
rmdir /etc/rancher /var/lib/rancher 2>/dev/null || true
rm -f "$root/bin/rke2-uninstall.sh"
