"""`runner prove`: for each part machines of its own, the checks in order, and everything taken away again."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from stardock.errors import ConditionError, RefusedError
from stardock.estate.connection import Estate
from stardock.estate.identity import repoid_of
from stardock.estate.pools import is_there
from stardock.estate.removal import volumes_on
from stardock.estate.token import PROOF
from stardock.estate.vm_ids import usable
from stardock.model.plan import Plan
from stardock.model.settings import Proxmox
from stardock.prove import clean
from stardock.prove.bench import Bench
from stardock.prove.check import Outcome, run
from stardock.prove.document import Wanted
from stardock.prove.leftovers import owner
from stardock.prove.parts import Part, parts
from stardock.prove.place import Place, place_of
from stardock.prove.plans import data_of, first_wanted, whole_plan
from stardock.prove.releases import folder_of, releases
from stardock.prove.scope import PREFIX, Scope
from stardock.prove.things import Budget, budget, datastores, most
from stardock.step import Say, Step
from stardock.writing import refuse_link

LOCK_VARIABLE = "STARDOCK_LOCK"
SECRETS_VARIABLE = "STARDOCK_SECRETS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the person asked for. `confirm` asks; None: nobody is there. `keep`: leave the machines of the last part as they are.

    `only`: names of checks; none: all. What others need is made in any case. `vip`: an address that nobody has, for clusters.
    """

    file: Path
    systems: tuple[str, ...]
    pool: str
    ids: tuple[int, int]
    distributions: tuple[str, ...] = ()
    vip: str | None = None
    only: tuple[str, ...] = ()
    keep: bool = False
    confirm: Callable[[str], bool] | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        """What it consists of."""
        return parts(self.systems, self.distributions, self.vip, self.only)


@dataclass(frozen=True, slots=True)
class Ready:
    """What was found out before anything is made.

    `plan` is one of the proof's; `need` what it has at one time; `repoid` which build of Proxmox it is.
    """

    place: Place
    estate: Estate
    version: str
    plan: Plan
    need: Budget
    repoid: str = ""


def scope_of(asked: Asked) -> Scope:
    """A scope with a name that nobody has."""
    return Scope(f"{PREFIX}{secrets.token_hex(4)}", asked.pool, *asked.ids)


def plans_ahead(asked: Asked) -> list[Plan]:
    """A plan a part, whole, by names and ids that may turn out otherwise. `InputErrors` for what is wrong in the person's file."""
    scope = scope_of(asked)
    return [whole_plan(asked.file, first_wanted(scope, one.system, one.cluster)) for one in asked.parts]


def steps(asked: Asked) -> tuple[Step, ...]:
    """What would be done, for --dry-run."""
    last = "leave the machines (--keep): `runner prove --clean` removes them" if asked.keep else "remove what was made"
    return (
        Step("check", "the token, the pool, free VM ids", lambda: None),
        Step("confirm", question(asked, most(map(budget, plans_ahead(asked)))), lambda: None),
        *(Step(one.title, f"make the machines, {len(one.checks)} checks, {last}", lambda: None) for one in asked.parts),
        Step("report", "write what was found, without names and addresses of yours", lambda: None),
    )


def question(asked: Asked, need: Budget) -> str:
    """The budget, as a person is asked about it: parts come one after the other, and the largest counts."""
    what = f"{need.cores} cores, {need.memory_mib / 1024:g} GiB of memory, {need.disk_gib} GiB of disks"
    return f"Make {need.machines} VMs at a time in the pool {asked.pool}, ids from {asked.ids[0]}-{asked.ids[1]}: {what}?"


def ready(asked: Asked) -> Ready:
    """Look whether it can be done. Nothing is written. Raises InputErrors, ConditionError, RefusedError."""
    plans, place = plans_ahead(asked), place_of(asked.file)
    refuse_link(place.folder)
    refuse_left(place)
    for version in (each for name in asked.distributions for each in releases(name)):
        folder_of(version)
    estate = Estate.from_environment(replace(plans[0].proxmox, cluster=PROOF), seconds=clean.ANSWER_SECONDS)
    found = Ready(place, estate, estate.check(), plans[0], most(map(budget, plans)), repoid_of(estate))
    if not is_there(estate, asked.pool):
        cure = "runner proxmox-role --prove prints the commands that make it and a token for it, for root on a PVE node"
        raise ConditionError(f"there is no PVE pool {asked.pool}, or this token is not shown it", cure=cure)
    _ids(asked, estate, plans[0].proxmox, sum(len(plan.machines) for plan in plans))
    return found


def refuse_left(place: Place) -> None:
    """Raise RefusedError where a journal is there: looked at before anything, and again by who holds `alone`."""
    if place.journal.exists():
        raise RefusedError(f"an earlier proof left something: {place.journal} names it", cure="runner prove --clean")


def confirm(asked: Asked, need: Budget) -> None:
    """Raise RefusedError unless a person says yes to the budget."""
    asking = question(asked, need)
    if asked.confirm is None:
        raise RefusedError(f"nothing was made: there is no terminal to ask at, and no --yes. {asking}", cure="add --yes")
    if not asked.confirm(asking):
        raise RefusedError("you said no: nothing was made")


def outcomes(asked: Asked, found: Ready, say: Say, log: Say) -> Iterator[Outcome]:
    """Make, check, remove; outcomes as they come. `say` is for the person, `log` for what the verbs say.

    Interrupted, it leaves what is there: `runner prove --clean` takes it away.
    """
    found.place.answers.unlink(missing_ok=True)  # of a run that was killed
    os.environ[LOCK_VARIABLE] = "write"  # the lock of its machines is its own, also where CI freezes others
    os.environ.pop(SECRETS_VARIABLE, None)  # and so are its tokens: that names the person's
    wished = asked.parts
    for part in wished:
        found.place.prepare()
        bench = _bench(asked, found, part, log)
        bench.begin()
        say(f"{part.title}: {bench.scope.cluster}")
        yield from _checked(part, bench, say, keep=asked.keep and part is wished[-1])


def _checked(part: Part, bench: Bench, say: Say, *, keep: bool) -> Iterator[Outcome]:
    """Its machines go whatever came of the checks, but not when the person interrupts."""
    try:
        yield from run(part.checks, bench, part.system, part.cluster.distribution if part.cluster else "")
    except Exception:
        clean.clean(bench.place, say, lambda _question: True)
        raise
    if keep:
        say(f"its machines are left as they are ({bench.file}); `runner prove --clean` removes them")
    else:
        clean.clean(bench.place, say, lambda _question: True)


def _ids(asked: Asked, estate: Estate, proxmox: Proxmox, count: int) -> tuple[int, ...]:
    """Of the whole proof, or of one part: PVE takes the right to an id away with its VM, so each serves once.

    None whose disks somebody has though no VM does: the provider has PVE free all disks with a VM's id in their names
    (`delete_unreferenced_disks_on_destroy`; PVE::QemuServer, `destroy_vm`).
    """
    first, last = asked.ids
    disks = {owner(volume) for place in datastores(proxmox) for volume in volumes_on(estate, *place)}
    vm_ids = usable(estate, (vm_id for vm_id in range(first, last + 1) if vm_id not in disks), count)
    if len(vm_ids) < count:
        cure = "run the commands of `runner proxmox-role --prove` again: PVE takes the right to an id away with its VM; or name other --ids"
        raise ConditionError(f"of the VM ids {first}-{last}, {len(vm_ids)} are free and granted; {count} are needed", cure=cure)
    return vm_ids


def _bench(asked: Asked, found: Ready, part: Part, log: Say) -> Bench:
    scope = scope_of(asked)
    wanted = Wanted(scope=scope, system=part.system, vm_ids=(), cluster=part.cluster, key=_key(found.place))
    wanted = replace(wanted, vm_ids=_ids(asked, found.estate, found.plan.proxmox, len(wanted.names)))
    return Bench(found.place, scope, data_of(asked.file, wanted), found.estate, log, wanted)


def _key(place: Place) -> str:
    """A new key pair for these machines; the public half."""
    path = place.machines / "id_ed25519"
    for old in (path, path.with_suffix(".pub")):
        old.unlink(missing_ok=True)
    made = subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "prove", "-f", str(path)], check=False, capture_output=True)
    if made.returncode:
        raise ConditionError(f"ssh-keygen made no key: {made.stderr.decode(errors='replace').strip()}")
    return path.with_suffix(".pub").read_text(encoding="utf-8").strip()
