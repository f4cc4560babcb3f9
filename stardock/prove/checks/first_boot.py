"""First boot, as far as Proxmox and the guest agent tell."""

from __future__ import annotations

from stardock.estate.agent import addresses_of, host_keys
from stardock.prove.bench import Bench, FailedError
from stardock.prove.check import Check


def nics(bench: Bench) -> str:
    """The agent tells an address at each NIC's MAC: the guest found its NIC by it, under the name that was planned."""
    facts = bench.workspace().facts.machines
    for machine in bench.plan.machines:
        told = addresses_of(bench.estate, bench.vm(machine.role))
        if told.reason is not None:
            raise FailedError(f"the {machine.role} {told.reason.words}")
        for nic in machine.interfaces:
            if not told.by_mac.get(nic.mac):
                raise FailedError(f"the {machine.role} has no address at the MAC of {nic.name}; it told of {len(told.by_mac)} others")
            if not facts[machine.name].addresses.get(nic.name):
                raise FailedError(f"no address of {nic.name} of the {machine.role} is in the facts")
    return "an address at each planned MAC"


def keys(bench: Bench) -> str:
    """Host keys are read through the agent, and are those in the facts."""
    facts = bench.workspace().facts.machines
    for machine in bench.plan.machines:
        told = host_keys(bench.estate, bench.vm(machine.role))
        if not told.keys:
            raise FailedError(f"the {machine.role} tells no host key{': ' + told.reason.words if told.reason else ''}")
        if not set(facts[machine.name].host_keys) & set(told.keys):
            raise FailedError(f"the {machine.role} tells other host keys than a moment ago")
    return "host keys through the agent, the same twice"


CHECKS = (Check("NICs by MAC, addresses through the agent", nics), Check("host keys through the agent", keys))
