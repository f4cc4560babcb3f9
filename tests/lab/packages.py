"""Programs of Debian that judge what we write, taken from the configured mirror once and unpacked. Nothing is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from lab.cache import cache_root
from lab.network.mirror import configured_mirror
from lab.patience import patient


def unpacked(release: str, *packages: str) -> Path:
    """The root of some packages of a release (`bookworm`, `trixie`), one over the other; cached."""
    folder = cache_root() / "judges" / "-".join((release, *packages))
    if not (folder / "root").is_dir():
        shutil.rmtree(folder, ignore_errors=True)
        _download(folder, release, packages)
        (folder / "unpacked").rename(folder / "root")
    return folder / "root"


def _download(folder: Path, release: str, packages: tuple[str, ...]) -> None:
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    sources = folder / "sources.list"
    sources.write_text(f"deb {configured_mirror().archive} {release} main\n")
    places = {"Etc::sourcelist": sources, "Etc::sourceparts": "-", "State::lists": folder / "lists", "Cache": folder / "cache"}
    options = [word for key, value in places.items() for word in ("-o", f"Dir::{key}={value}")]
    # the keys of a release that is not this machine's may be missing here: nothing of the package is run outside of a test
    trust = ["-o", "Acquire::AllowInsecureRepositories=true", "-o", "Acquire::Languages=none", "-o", "APT::Get::AllowUnauthenticated=true"]
    subprocess.run(["apt-get", *options, *trust, "update"], check=True, capture_output=True, timeout=patient(300))
    subprocess.run(["apt-get", *options, *trust, "download", *packages], check=True, capture_output=True, timeout=patient(120), cwd=folder)
    for package in sorted(folder.glob("*.deb")):
        subprocess.run(["dpkg-deb", "--extract", str(package), str(folder / "unpacked")], check=True, timeout=patient(60))
