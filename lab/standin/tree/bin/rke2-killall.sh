#!/bin/sh
# Stops what the stand-in runs and leaves its data, as the real script does. For use inside a machine only.
[ "$(id -u)" -eq 0 ] || { echo "$(basename "$0"): must be root" >&2; exit 1; }
for unit in rke2-server rke2-agent; do
  systemctl stop "$unit.service" 2>/dev/null || true
done
data=${RKE2_DATA_DIR:-/var/lib/rancher/rke2}
# etcd and kube-apiserver end with the service; this is for those of a service that was killed.
for process in /proc/[0-9]*; do
  command=$(tr '\0' ' ' <"$process/cmdline" 2>/dev/null) || continue
  case $command in
    *"/etcd "*"$data/server/"* | *"/kube-apiserver "*"$data/server/"*) kill -9 "${process#/proc/}" 2>/dev/null || true ;;
  esac
done
