#!/bin/sh
# Stops what the stand-in runs and leaves its data, as the real script does: the service, its containers, their mounts, the CNI's links.
# For use inside a machine only.
[ "$(id -u)" -eq 0 ] || { echo "$(basename "$0"): must be root" >&2; exit 1; }
data=${RKE2_DATA_DIR:-/var/lib/rancher/rke2}

with_children() { # a process and all below it: who kills a container's shim alone leaves the container
  cat "/proc/$1/task"/*/children 2>/dev/null | tr ' ' '\n' | while read -r child; do
    [ -z "$child" ] || with_children "$child"
  done
  echo "$1"
}

ours() { # etcd and kube-apiserver of a service that was killed, and the shims of containers
  for process in /proc/[0-9]*; do
    command=$(tr '\0' ' ' <"$process/cmdline" 2>/dev/null) || continue
    case $command in
      *"/etcd "*"$data/server/"* | *"/kube-apiserver "*"$data/server/"* | *"/containerd-shim-runc-v2 "*/run/k3s/containerd/*) echo "${process#/proc/}" ;;
    esac
  done
}

unmount_below() {
  while read -r _ place _; do
    case $place in "$1" | "$1"/*) echo "$place" ;; esac
  done </proc/mounts | sort -r | while read -r place; do umount "$place" 2>/dev/null || umount -l "$place" 2>/dev/null || true; done
}

for unit in rke2-server rke2-agent; do
  systemctl stop "$unit.service" 2>/dev/null || true
done
for process in $(ours); do
  # shellcheck disable=SC2046 # a list of numbers
  kill -9 $(with_children "$process") 2>/dev/null || true
done
for folder in /run/k3s /var/lib/kubelet/pods /run/netns "$data/agent"; do unmount_below "$folder"; done
rm -rf /run/k3s /var/lib/cni /run/flannel
rm -f /run/netns/cni-*
for link in cni0 flannel.1 flannel-v6.1; do
  ip link delete "$link" 2>/dev/null || true
done
for table in ip ip6; do
  nft delete table "$table" kube-proxy 2>/dev/null || true
done
true
