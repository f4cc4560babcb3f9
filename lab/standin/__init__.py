"""A stand-in for RKE2: a tarball of the real one's layout whose `rke2` runs a real etcd and a real kube-apiserver."""

from lab.standin.tarball import build_tarball

__all__ = ["build_tarball"]
