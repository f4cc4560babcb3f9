"""Power: off and on again is no new instance; a replacement is one; what the state lost is taken back."""

from __future__ import annotations

from stardock.estate.agent import host_keys
from stardock.estate.vm_ids import granted
from stardock.prove.bench import Bench, FailedError, NotPossibleError
from stardock.prove.check import Check
from stardock.verbs import machine as switch
from stardock.verbs.job import Options


def cycle(bench: Bench) -> str:
    """Off and on: the same host keys, so first boot did not run again."""
    before = host_keys(bench.estate, bench.vm("agent")).keys
    name = bench.machine("agent").name
    switch.stop(bench.file, name, Options(confirm=lambda _question: True, force=True), bench.say)
    switch.start(bench.file, name, Options(), bench.say)
    after = host_keys(bench.estate, bench.vm("agent")).keys
    if not before or after != before:
        raise FailedError("other host keys after a power cycle: cloud-init took it for a new instance")
    if planned := bench.planned():
        raise FailedError(f"after a power cycle a deploy would: {'; '.join(planned)}")
    return "the same host keys, and nothing to deploy"


def adopt(bench: Bench) -> str:
    """The state is lost: machines of ours are taken back, none is made or started."""
    state = bench.place.own.state
    for path in (state, state.with_name(f"{state.name}.backup")):
        path.unlink(missing_ok=True)
    before = {machine.role: host_keys(bench.estate, bench.vm(machine.role)).keys for machine in bench.plan.machines}
    said = bench.deploy()
    if not any("taken back" in line for line in said):
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
    Check("machines that the state lost are taken back", adopt),
    Check("a named machine is replaced", replace),
)
