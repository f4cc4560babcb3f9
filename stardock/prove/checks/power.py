"""Power: off and on again is no new instance; a replacement is one; what the state lost is taken back."""

from __future__ import annotations

from stardock.estate.agent import host_keys
from stardock.estate.vm_ids import granted
from stardock.prove.bench import Bench, FailedError, NotPossibleError
from stardock.prove.check import Check
from stardock.prove.inside import said
from stardock.verbs import machine as switch
from stardock.verbs.job import Options


def cycle(bench: Bench) -> str:
    """Off and on: the same host keys, so first boot did not run again."""
    before = host_keys(bench.estate, bench.vm("agent")).keys
    bench.kept["booted"] = _booted(bench)
    name = bench.machine("agent").name
    switch.stop(bench.file, name, Options(confirm=lambda _question: True, force=True), bench.say)
    switch.start(bench.file, name, Options(), bench.say)
    after = host_keys(bench.estate, bench.vm("agent")).keys
    if not before or after != before:
        raise FailedError("other host keys after a power cycle: cloud-init took it for a new instance")
    if planned := bench.planned():
        raise FailedError(f"after a power cycle a deploy would: {'; '.join(planned)}")
    return "the same host keys, and nothing to deploy"


#: Its boot, then what cloud-init remembers to have done for this instance, with the times; without cloud-init the boot alone.
_DONE = (
    "cat /proc/sys/kernel/random/boot_id; cat /var/lib/cloud/data/instance-id 2>/dev/null;"
    " find /var/lib/cloud/instances -path '*/sem/*' -printf '%f %T@\\n' 2>/dev/null | sort"
)


def _booted(bench: Bench) -> str | NotPossibleError:
    try:
        return said(bench, "agent", _DONE)
    except NotPossibleError as error:
        return error


def once(bench: Bench) -> str:
    """After the power cycle: another boot, and nothing that is done once was done again."""
    before, after = bench.kept.get("booted", NotPossibleError("nobody looked before the power cycle")), _booted(bench)
    if isinstance(before, NotPossibleError) or isinstance(after, NotPossibleError):
        raise before if isinstance(before, NotPossibleError) else NotPossibleError(str(after))
    (boot, *done), (boot_now, *done_now) = before.splitlines(), after.splitlines()
    if boot == boot_now:
        raise FailedError("it says that it is the boot of before the power cycle")
    if not done:
        raise NotPossibleError("this system keeps no list of what its first boot did; its host keys stayed")
    if again := sorted({line.partition(" ")[0] for line in {*done_now} - {*done}}):
        raise FailedError(f"first boot did this again: {', '.join(again)}")
    return f"another boot of the same instance, and none of {len(done) - 1} things was done again"


def adopt(bench: Bench) -> str:
    """The state is lost: machines of ours are taken back, none is made or started."""
    state = bench.place.own.state
    for path in (state, state.with_name(f"{state.name}.backup")):
        path.unlink(missing_ok=True)
    before = {machine.role: host_keys(bench.estate, bench.vm(machine.role)).keys for machine in bench.plan.machines}
    heard = bench.deploy()
    if not any("taken back" in line for line in heard):
        raise FailedError("nothing was taken back")
    after = {machine.role: host_keys(bench.estate, bench.vm(machine.role)).keys for machine in bench.plan.machines}
    if after != before:
        raise FailedError("a machine has other host keys: it was made anew")
    return f"{len(after)} machines taken back, each with the host keys that it had"


def replace(bench: Bench) -> str:
    """A named machine is made anew, under its id and with its name, and is another instance."""
    machine = bench.machine("agent")
    if not _outlives(bench, machine.vm_id):
        why = "PVE takes the ACL of a VM's id away with the VM, so this token may not make another under the same id"
        raise NotPossibleError(f"{why}; a token with the role on /vms may")
    before = host_keys(bench.estate, bench.vm("agent")).keys
    bench.deploy(replace=frozenset({machine.name}))
    after = host_keys(bench.estate, bench.vm("agent")).keys
    if not after or set(after) & set(before):
        raise FailedError("it has the host keys of the one before")
    return "another instance under the same id and name"


def _outlives(bench: Bench, vm_id: int) -> bool:
    """Whether the privilege on a VM's id comes from above it: then an id outside of the range has it, too."""
    return bool(granted(bench.estate, [bench.scope.last + 1])) and bool(granted(bench.estate, [vm_id]))


CHECKS = (
    Check("off and on is no new instance", cycle),
    Check("first boot does not run again", once),
    Check("machines that the state lost are taken back", adopt),
    Check("a named machine is replaced", replace),
)
