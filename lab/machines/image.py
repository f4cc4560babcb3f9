"""The root that machines boot from: Debian 12 as its cloud image is, as far as a container allows; built once, kept in the cache.

Differs from Debian's cloud image: no kernel and no boot loader, neither netplan nor ifupdown (cloud-init then renders for
systemd-networkd, whose match by MAC holds on a veth), apt goes through the lab's relay and takes no recommended packages, units
that only make sense on hardware are masked, and timers that would fetch packages by themselves are off. docs/lab.md lists it.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.cache import cache_root
from lab.commands import run
from lab.errors import LabError
from lab.network.mirror import Mirror
from lab.network.relay_address import RELAY_URL

CODENAME = "bookworm"
_PACKAGES = (
    *("apt-utils", "ca-certificates", "cloud-guest-utils", "cloud-init", "curl", "dbus", "iproute2", "iputils-ping", "kmod", "less"),
    *("libnss-resolve", "netbase", "nftables", "openssh-server", "openssl", "procps", "python3", "python3-apt", "sudo"),
    *("systemd", "systemd-resolved", "systemd-sysv", "systemd-timesyncd", "udev", "unattended-upgrades"),
)

#: would fail or wait in a container, or fetch by themselves
_MASKED = ("e2scrub_reap.service", "systemd-pstore.service", "systemd-remount-fs.service")
_DISABLED = ("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "fstrim.timer")

#: What a VM has and a container lacks, for a kubelet and a container runtime: cgroups that it may write (they are this machine's own),
#: kernel settings that it may write (copies: the kernel is the host's), a kernel log (an empty one), mounts that containers see.
_NODE = """\
#!/bin/sh
set -eu
while read -r _ place kind options _; do
  case $kind,$options in cgroup*,ro,*) mount -o remount,bind,rw "$place" ;; esac
done </proc/mounts
mkdir -p /run/lab-sysctl
for setting in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
  copy=/run/lab-sysctl/$(echo "$setting" | tr / .)
  cat "/proc/sys/$setting" >"$copy"
  mount --bind "$copy" "/proc/sys/$setting"
done
[ -e /dev/kmsg ] || ln -s null /dev/kmsg
mount --make-rshared /
"""
_NODE_UNIT = """\
[Unit]
Description=What a VM has and a container lacks
DefaultDependencies=no
Before=sysinit.target
After=local-fs.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/lab-node
"""
#: file -> content, below the root
_FILES = {
    "etc/apt/apt.conf.d/90lab": f'Acquire::http::Proxy "{RELAY_URL}";\nAcquire::Languages "none";\nAPT::Install-Recommends "false";\n',
    "etc/cloud/cloud.cfg.d/90_dpkg.cfg": "datasource_list: [NoCloud, None]\n",
    "etc/cloud/cloud.cfg.d/95_lab.cfg": "locale: C.UTF-8\napt: {preserve_sources_list: true}\n",
    "etc/dpkg/dpkg.cfg.d/lab": "force-unsafe-io\n",
    "etc/machine-id": "",
    "etc/systemd/system/lab-node.service": _NODE_UNIT,
    # what sysctl.d asks for reaches those copies, as it reaches the kernel of a VM; all else is read-only here, and is passed over
    "etc/systemd/system/systemd-sysctl.service.d/lab.conf": "[Unit]\nAfter=lab-node.service\n",
    # cloud-init's networkd renderer drops `accept-ra: false`; the lab has no IPv6 router, and networkd would wait 13 s for one
    **{f"etc/systemd/network/10-cloud-init-ens{number}.network.d/lab.conf": "[Network]\nIPv6AcceptRA=no\n" for number in range(18, 26)},
}
#: A data disk is a folder: a container has no block devices, and a unit that is bound to one would fail, with all that wants its mount.
_DATA_DISKS = """\
#!/bin/sh
for format in /etc/systemd/system/stardock-format-*.service; do
  [ -e "$format" ] || continue
  name=${format##*/stardock-format-} && name=${name%.service}
  mount=$(sed -n 's/^Before=\\([^ ]*\\.mount\\) .*/\\1/p' "$format")
  mkdir -p "/var/lib/lab-disks/$name"
  sed "/^Requires=/d; /^After=/d; s,^What=.*,What=/var/lib/lab-disks/$name," "/etc/systemd/system/$mount" |
    sed 's,^Type=.*,Type=none\\nOptions=bind,' >"$2/$mount"
  ln -s /dev/null "$2/stardock-format-$name.service"
  ln -s /dev/null "$2/stardock-grow-$name.service"
done
"""
#: likewise, of programs; systemd runs generators at boot and when it reads its units again
_PROGRAMS = {"etc/systemd/system-generators/lab-data-disks": _DATA_DISKS, "usr/local/sbin/lab-node": _NODE}
#: packages that no machine has: a release of Kubernetes brings their programs
_TAKEN = ("busybox-static", "iptables", "libip4tc2", "libip6tc2", "libnetfilter-conntrack3", "libnfnetlink0", "libxtables12", "runc")
_TAKE = """\
mkdir -p "$1/var/tmp/taken" && cd "$1/var/tmp/taken" && APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get download {packages} &&
for package in *.deb; do chroot "$1" dpkg -x "/var/tmp/taken/$package" /var/tmp/taken/files; done && rm -f ./*.deb
"""
_APT = ('Acquire::Languages "none"', 'APT::Install-Recommends "false"', 'Acquire::Retries "3"')
_UNNEEDED = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides what the image is; its key is the hash of this."""

    sources: tuple[str, ...]
    packages: tuple[str, ...] = _PACKAGES
    revision: int = 3

    @property
    def key(self) -> str:
        """16 hexadecimal digits; a changed recipe is another image beside the old one."""
        parts = (self, _MASKED, _DISABLED, sorted(_FILES.items()), sorted(_PROGRAMS.items()), _APT, _UNNEEDED, _TAKEN, _TAKE)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def image_root(mirror: Mirror) -> Path:
    """The unpacked root, built if the cache lacks it (about a minute). Never write into it: it is the lower layer of every machine."""
    recipe = Recipe(mirror.sources(CODENAME))
    folder = cache_root() / "images" / recipe.key
    with _alone(folder):
        if not (folder / "root").is_dir():
            _build(recipe, folder, mirror.proxy)
    return folder / "root"


def programs_of(root: Path) -> Path:
    """The unpacked packages that were fetched with an image, and are in none of its machines."""
    return root.with_name("programs")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two labs that start together build one image."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(recipe: Recipe, folder: Path, proxy: str | None) -> None:
    unfinished = folder / "root.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    with (folder / "log").open("wb") as log:
        done = subprocess.run(_mmdebstrap(recipe, unfinished, proxy), stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
    if done.returncode:
        words = (folder / "log").read_text(errors="replace").strip().splitlines()[-5:]
        raise LabError(f"the image did not build: {' | '.join(words)}", f"the whole log is {folder}/log")
    _take(unfinished, programs_of(folder / "root"))
    _finish(unfinished)
    # apt's binary caches hold as long as the lists are the same: they save each machine seconds
    run(["chroot", str(unfinished), "apt-cache", "gencaches"], seconds=120)
    unfinished.rename(folder / "root")


def _mmdebstrap(recipe: Recipe, root: Path, proxy: str | None) -> list[str]:
    """Package lists stay in the image: a machine's first `apt-get update` then asks only whether they are still current."""
    apt = [*_APT, *([f'Acquire::http::Proxy "{proxy}"'] if proxy else [])]
    return [
        "mmdebstrap", "--variant=minbase", "--format=directory", "--skip=cleanup/apt/lists",
        *(f"--aptopt={option}" for option in apt), "--dpkgopt=force-unsafe-io",
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in _UNNEEDED),
        f"--include={','.join(recipe.packages)}", f"--customize-hook={_TAKE.format(packages=' '.join(_TAKEN))}",
        CODENAME, str(root), *recipe.sources,
    ]  # fmt: skip


def _take(root: Path, programs: Path) -> None:
    shutil.rmtree(programs, ignore_errors=True)
    shutil.move(root / "var/tmp/taken/files", programs)
    shutil.rmtree(root / "var/tmp/taken")


def _finish(root: Path) -> None:
    """What every machine must make anew is taken away; what a container cannot do is masked."""
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    (root / "etc/apt/apt.conf.d/99mmdebstrap").unlink(missing_ok=True)
    for name, content in (_FILES | _PROGRAMS).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
        (root / name).chmod(0o755 if name in _PROGRAMS else 0o644)
    for unit in _MASKED:
        _link(root / "etc/systemd/system" / unit, "/dev/null")
    for unit in _DISABLED:
        (root / "etc/systemd/system/timers.target.wants" / unit).unlink(missing_ok=True)
    for wanted, unit in _ENABLED:
        place = "/etc/systemd/system" if f"etc/systemd/system/{unit}" in _FILES else "/lib/systemd/system"
        _link(root / "etc/systemd/system" / wanted / unit, f"{place}/{unit}")
    _link(root / "etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf")


#: Debian leaves networkd off; its cloud image has it on
_ENABLED = (
    ("sysinit.target.wants", "lab-node.service"),
    ("multi-user.target.wants", "systemd-networkd.service"),
    ("sockets.target.wants", "systemd-networkd.socket"),
    ("network-online.target.wants", "systemd-networkd-wait-online.service"),
    ("multi-user.target.wants", "systemd-resolved.service"),
)


def _link(path: Path, target: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(target)
