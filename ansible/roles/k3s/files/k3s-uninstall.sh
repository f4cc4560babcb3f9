#!/bin/sh
# Takes k3s away, with its data. Packages stay.
test "$(id -u)" -eq 0 || exec sudo --preserve-env=K3S_DATA_DIR "$0" "$@"
data=${K3S_DATA_DIR:-/var/lib/rancher/k3s}
case $0 in *k3s-agent-*) unit=k3s-agent.service ;; *) unit=k3s.service ;; esac
bin=/usr/local/bin

"$bin/k3s-killall.sh"
systemctl disable "$unit"
systemctl reset-failed "$unit" 2>/dev/null
rm -f "/etc/systemd/system/$unit" "/etc/systemd/system/$unit.env"
systemctl daemon-reload

for other in /etc/systemd/system/k3s*.service; do
    test ! -e "$other" || { echo "$other is there too: the program and its data stay"; exit 0; }
done

for name in kubectl crictl ctr; do
    test "$(readlink "$bin/$name")" != k3s || rm -f "$bin/$name"
done
# A file system of its own is emptied, and stays mounted.
empty() {
    if ! awk -v begin="$1" '$2 == begin || index($2, begin "/") == 1 { found = 1 } END { exit !found }' /proc/self/mounts; then
        rm -rf "$1"
        return
    fi
    for path in "$1"/* "$1"/.[!.]*; do
        if test -d "$path" && test ! -L "$path"; then empty "$path"; else rm -f "$path"; fi
    done
}
empty "$data"
empty /var/lib/kubelet
rm -rf /etc/rancher/k3s /run/k3s /run/flannel
rm -f /etc/stardock/k3s /etc/stardock/k3s-labels
rm -f "$bin/k3s" "$bin/k3s-killall.sh" "$0"
