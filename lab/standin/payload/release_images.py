"""The names of a release's images, as upstream has them; the tags are ours where the content is."""

from __future__ import annotations

RANCHER = "docker.io/rancher"
PAUSE = f"{RANCHER}/mirrored-pause:3.6"
ETCD = f"{RANCHER}/hardened-etcd:lab"
KUBERNETES = f"{RANCHER}/hardened-kubernetes:lab"
FLANNEL = f"{RANCHER}/hardened-flannel:lab"
COREDNS = f"{RANCHER}/hardened-coredns:v1.12.4-build20260101"
HELM = f"{RANCHER}/klipper-helm:v0.9.10-build20251111"
