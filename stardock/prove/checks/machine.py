"""Machines from within: who gets in, how first boot ended, disks, what SELinux denied, whether an update asks for a reboot."""

from __future__ import annotations

import subprocess

from stardock.prove.bench import Bench, FailedError, NotPossibleError
from stardock.prove.check import Check
from stardock.prove.document import DATA
from stardock.prove.inside import said, tried
from stardock.systems import SENTINEL

#: Of a disk's planned size, what a file system on it may say that it has: tables, a boot partition, what is kept for root.
_LEAST = 0.8
#: Exit codes of our own scripts: what a system has not, so that the check is not possible.
_NOT_HERE = 90
_UNREAD = 92
_MODES = frozenset({"enforcing", "permissive", "disabled"})
_FIRST_BOOT_SECONDS = 900  # packages, on a slow line
_KERNEL_SECONDS = 900

_FIRST_BOOT = f"""command -v cloud-init >/dev/null || exit {_NOT_HERE}
cloud-id
cloud-init status --wait >/dev/null 2>&1
cloud-init status --long || true"""
_ROOT = "findmnt --noheadings --output FSTYPE / && df --block-size=1 --output=size / | tail -1"
#: The journal is searched by grep, for systemd may be built without its own (journalctl(1), --grep).
_DENIED = f"""command -v getenforce >/dev/null || exit {_NOT_HERE}
getenforce || exit
test -s /var/log/audit/audit.log || test -n "$(journalctl --quiet --boot --no-pager --lines 1 2>/dev/null)" || exit {_UNREAD}
{{ cat /var/log/audit/audit.log; journalctl --quiet --boot --no-pager; }} 2>/dev/null | grep 'avc: *denied' | tail -3"""
#: What comes with a kernel is the update that every system reboots for; the one that runs is installed again.
_UPDATE = f"""command -v apt-get >/dev/null || exit {_NOT_HERE}
kernel=$(dpkg-query --search "/boot/vmlinuz-$(uname -r)" 2>/dev/null | cut -d: -f1)
test -n "$kernel" || exit {_NOT_HERE + 1}
export DEBIAN_FRONTEND=noninteractive
rm -f {SENTINEL} || exit 1
{{ apt-get --quiet --quiet update && apt-get --quiet --quiet --yes install --reinstall "$kernel"; }} >&2 || exit 1
test -e {SENTINEL} && echo "$kernel" """


def user(bench: Bench) -> str:
    """The proof's key lets in, and the machine is the one whose host key the guest agent told."""
    names = {role: said(bench, role, "hostname") for role in ("server", "agent")}
    wrong = {role: name for role, name in names.items() if name != bench.machine(role).hostname}
    if wrong:
        raise FailedError("; ".join(f"the {role} is called {name}, not {bench.machine(role).hostname}" for role, name in wrong.items()))
    return f"{bench.plan.ssh.user} gets in by the proof's key, at the host keys that the agent told"


def first_boot(bench: Bench) -> str:
    """It saw its seed and came to its end."""
    done = tried(bench, "agent", _FIRST_BOOT, seconds=_FIRST_BOOT_SECONDS)
    if done.returncode == _NOT_HERE:
        raise NotPossibleError("this system has no cloud-init; that its key and name are there says that it read its seed")
    source, _, status = done.stdout.strip().partition("\n")
    lines = [line.strip() for line in status.splitlines()]
    if "status: done" not in lines:
        raise FailedError(f"cloud-init, of the source {source}: {'; '.join(lines)[:600]}")
    return f"cloud-init found its seed as {source} and says that it is done"


def grown(bench: Bench) -> str:
    """Its root file system has the size that was planned, and not the image's."""
    kind, _, size = said(bench, "agent", _ROOT).partition("\n")
    if kind == "overlay":
        raise NotPossibleError("its root is an overlay, and no disk of its own")
    wanted, found = bench.machine("agent").disk_gib, int(size) / 2**30
    if found < wanted * _LEAST:
        raise FailedError(f"its root file system has {found:.1f} GiB of a disk of {wanted} GiB")
    return f"its root file system has {found:.1f} GiB of a disk of {wanted} GiB"


def sentinel(bench: Bench) -> str:
    """An update that needs a reboot leaves the file by which kured knows; the machine does not reboot itself."""
    boot = said(bench, "agent", "cat /proc/sys/kernel/random/boot_id")
    done = tried(bench, "agent", _UPDATE, seconds=_KERNEL_SECONDS)
    if done.returncode == _NOT_HERE:
        raise NotPossibleError("nobody wrote yet how an update is forced on this system")
    if done.returncode == _NOT_HERE + 1:
        raise NotPossibleError("the kernel that runs there is of no package of its own")
    if done.returncode:
        raise FailedError(f"after its kernel was installed again there is no {SENTINEL}: {' '.join(done.stderr[-400:].split())}")
    if said(bench, "agent", "cat /proc/sys/kernel/random/boot_id") != boot:
        raise FailedError("it rebooted by itself")
    return f"{done.stdout.strip()} was installed again: {SENTINEL} is there, and it runs on"


def data_disk(bench: Bench) -> str:
    """Kubernetes' machines have their data disks where they were planned, from before it starts."""
    role = next(iter(bench.wanted.first["server"])) if bench.wanted else "server"
    found = tried(bench, role, f"findmnt --noheadings --output SOURCE {DATA}")
    if found.returncode:
        raise FailedError(f"nothing is mounted at {DATA} of {role}")
    return f"{found.stdout.strip()} is mounted at {DATA}"


def denials(bench: Bench) -> str:
    """SELinux let all of it do what it does, on machines that came later, too."""
    told, unasked = _asked(bench)
    if wrong := "; ".join(f"{end}: {words}" for end, done in told.items() if (words := _denied(done))):
        raise FailedError(wrong)
    unseen = unasked | {end: words for end, done in told.items() if (words := _unseen(done))}
    if unseen:
        raise NotPossibleError(f"nobody could look {'; '.join(f'of {end}: {words}' for end, words in unseen.items())}")
    modes = dict.fromkeys(_mode(done) for done in told.values())
    return f"nothing was denied since each booted; SELinux is {', '.join(modes)}"


def _asked(bench: Bench) -> tuple[dict[str, subprocess.CompletedProcess[str]], dict[str, str]]:
    """What each said, and why others could not be asked: one that another check could not make hides no denial of the rest."""
    told, unasked = {}, {}
    for end in bench.ends():
        try:
            told[end] = tried(bench, end, _DENIED)
        except (FailedError, NotPossibleError) as error:
            unasked[end] = str(error)
    return told, unasked


def _mode(done: subprocess.CompletedProcess[str]) -> str:
    """As getenforce(8) says it, in small letters; empty where it does not."""
    return done.stdout.partition("\n")[0].strip().lower()


def _denied(done: subprocess.CompletedProcess[str]) -> str:
    """What is wrong on one machine, in words; empty: nothing that was seen."""
    if done.returncode in {_NOT_HERE, _UNREAD}:
        return ""
    if done.returncode:
        return f"the look for denials ended with {done.returncode}: {' '.join(done.stderr[-300:].split())}"
    if _mode(done) not in _MODES:
        return f"SELinux does not say its mode: {done.stdout[:100].strip() or 'nothing'}"
    return " ".join(done.stdout.partition("\n")[2].split())[:300]


def _unseen(done: subprocess.CompletedProcess[str]) -> str:
    """Why one machine was not looked at; empty: it was."""
    if done.returncode == _NOT_HERE:
        return "this system has no SELinux"
    if done.returncode == _UNREAD:
        return "neither the audit log nor the journal has a line that can be read"
    return "SELinux is disabled" if _mode(done) == "disabled" else ""


ALONE = (
    Check("the key opens the machines", user),
    Check("first boot came to its end", first_boot),
    Check("the disk has grown", grown),
)
UPDATED = (Check("an update leaves the reboot's sentinel", sentinel),)
CLUSTER = (
    Check("the data disk is mounted", data_disk),
    Check("SELinux denied nothing", denials),
)
