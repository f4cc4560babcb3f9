"""The Debian mirror that this machine itself uses, read from apt: the lab names no host of its own."""

from __future__ import annotations

import json
import os
import re
import shlex
from dataclasses import asdict, dataclass
from functools import cache
from urllib.parse import urlsplit

from lab.commands import run
from lab.errors import LabError

_VARIABLE = "STARDOCK_LAB_MIRROR"
_TARGETS = ("apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)", "Created-By: Packages")
_RELEASE = re.compile(r"(?P<codename>[a-z]+)(?P<suffix>-security|-updates)?$")
#: where the archive stands on every full Debian mirror
_ARCHIVE = re.compile(r"/debian/?$")
_SECURITY = re.compile(r"/debian-security/?$")


@dataclass(frozen=True, slots=True)
class Mirror:
    """`archive` and `security` are URLs without a trailing slash; `proxy` is the one that apt itself is told to use."""

    archive: str
    security: str | None
    proxy: str | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Tells a process that is started of it (`told_mirror`); not by an argument, since a proxy's URL may have a password."""
        return {_VARIABLE: json.dumps(asdict(self))}

    @property
    def schemes(self) -> dict[str, str]:
        """host[:port] -> http or https, of every site that packages may come from."""
        sites = [urlsplit(url) for url in (self.archive, self.security) if url]
        return {site.netloc: site.scheme for site in sites}

    def sources(self, codename: str) -> tuple[str, ...]:
        """Source lines for a release, always plain http: machines go through the relay, which then speaks the mirror's own scheme."""
        lines = [f"deb {_plain(self.archive)} {codename}{suffix} main" for suffix in ("", "-updates")]
        return (*lines, f"deb {_plain(self.security)} {codename}-security main") if self.security else tuple(lines)


def told_mirror() -> Mirror:
    """What whoever started this process told it."""
    return Mirror(**json.loads(os.environ[_VARIABLE]))


@cache
def configured_mirror() -> Mirror:
    """What apt of this machine is configured with; it takes a second to say so. Raises LabError when none is a Debian mirror."""
    return parse(run(_TARGETS), run(["apt-config", "shell", "proxy", "Acquire::http::Proxy"]))


def parse(targets: str, proxy: str) -> Mirror:
    """The mirror from `apt-get indextargets` (a release and a URI a line) and `apt-config shell proxy ...`."""
    uris = [line.split()[1].rstrip("/") for line in targets.splitlines() if len(line.split()) == 2 and _RELEASE.match(line.split()[0])]  # noqa: PLR2004
    archive = next((uri for uri in uris if _ARCHIVE.search(uri)), None)
    if archive is None:
        raise LabError("apt knows no Debian mirror", "add one to /etc/apt/sources.list (a URL that ends in /debian) and run apt-get update")
    return Mirror(archive, next((uri for uri in uris if _SECURITY.search(uri)), None), _proxy(proxy))


def _proxy(shell: str) -> str | None:
    words = shlex.split(shell.partition("=")[2])
    return words[0] if words and words[0] not in {"", "DIRECT"} else None


def _plain(url: str | None) -> str:
    return re.sub(r"^https:", "http:", url or "")
