#!/bin/sh
# Stops k3s with all of its pods, and takes down what they leave in the kernel: mounts, name spaces, interfaces, rules. Data stay.
test "$(id -u)" -eq 0 || exec sudo --preserve-env=K3S_DATA_DIR "$0" "$@"
data=${K3S_DATA_DIR:-/var/lib/rancher/k3s}

for unit in /etc/systemd/system/k3s*.service; do
    test ! -s "$unit" || systemctl stop "${unit##*/}"
done

# KillMode=process leaves the shims of pods, and pods are their children.
shims() { ps -e -o pid= -o args= | awk -v begin="$data/data/" 'index($2, begin) == 1 && $2 ~ /\/bin\/containerd-shim/ { print $1 }'; }
tree() {
    for process in "$@"; do
        echo "$process"
        # shellcheck disable=SC2046
        tree $(ps -o pid= --ppid "$process")
    done
}
# shellcheck disable=SC2046
running=$(tree $(shims))
# shellcheck disable=SC2086
test -z "$running" || kill -KILL $running 2>/dev/null

for place in /run/k3s /var/lib/kubelet/pods /var/lib/kubelet/plugins /run/netns/cni-; do
    awk -v begin="$place" 'index($2, begin) == 1 { print $2 }' /proc/self/mounts | sort -r | while read -r path; do
        umount -f "$path" && rm -rf "$path"
    done
done

ip netns list 2>/dev/null | awk '/^cni-/ { print $1 }' | xargs -r -n 1 ip netns delete
ip -o link show master cni0 2>/dev/null | awk -F': ' '{ sub(/@.*/, "", $2); print $2 }' | xargs -r -n 1 ip link delete
for interface in cni0 flannel.1 flannel-v6.1 flannel-wg flannel-wg-v6 kube-ipvs0; do
    test ! -e "/sys/class/net/$interface" || ip link delete "$interface"
done
rm -rf /var/lib/cni
for tables in iptables ip6tables; do
    command -v $tables-save >/dev/null || continue
    $tables-save | grep -v -e KUBE- -e CNI- | grep -v -i flannel | $tables-restore
done
true
