"""A newer cloud-init than the lab's own: Debian 13's package, taken from the configured mirror once and unpacked. Nothing is installed."""

from __future__ import annotations

import subprocess
from pathlib import Path

from stardock.lab.cache import cache_root
from stardock.lab.mirror import configured_mirror

#: The release whose cloud-init stands for those of rolling systems; MicroOS and Ubuntu 24.04 have the same or a later one.
RELEASE = "trixie"


def newer_cloud_init() -> Path:
    """The unpacked package; cached."""
    folder = cache_root() / "cloud-init" / RELEASE
    if not (folder / "root").is_dir():
        _download(folder)
    return folder / "root"


def _download(folder: Path) -> None:
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    sources = folder / "sources.list"
    sources.write_text(f"deb {configured_mirror().archive} {RELEASE} main\n")
    places = {"Etc::sourcelist": sources, "Etc::sourceparts": "-", "State::lists": folder / "lists", "Cache": folder / "cache"}
    options = [word for key, value in places.items() for word in ("-o", f"Dir::{key}={value}")]
    # the keys of a release that is not this machine's may be missing here: nothing of the package is run outside of a test
    trust = ["-o", "Acquire::AllowInsecureRepositories=true", "-o", "Acquire::Languages=none", "-o", "APT::Get::AllowUnauthenticated=true"]
    subprocess.run(["apt-get", *options, *trust, "update"], check=True, capture_output=True, timeout=300)
    subprocess.run(["apt-get", *options, *trust, "download", "cloud-init"], check=True, capture_output=True, timeout=120, cwd=folder)
    package = next(folder.glob("cloud-init_*.deb"))
    subprocess.run(["dpkg-deb", "--extract", str(package), str(folder / "unpacked")], check=True, timeout=60)
    (folder / "unpacked").rename(folder / "root")
