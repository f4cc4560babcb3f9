"""The version that this build claims to be; `build_release` writes this module anew for each release."""

VERSION = "v0.0.0+rke2r1"
