"""A stand-in for RKE2 and k3s: a release of the real one's layout whose program does its own part and starts the real programs."""

from lab.standin.release import build_release

__all__ = ["build_release"]
