"""A stand-in for RKE2: a tarball of the real one's layout whose `rke2` does RKE2's own part and starts the real programs."""

from lab.standin.tarball import build_tarball

__all__ = ["STANDS_FOR", "build_tarball"]

#: The one distribution (`distribution.name`) that there is a stand-in of.
STANDS_FOR = "rke2"
