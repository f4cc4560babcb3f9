"""`runner bootstrap`: from machines that answer on ssh to a cluster, stage by stage. It never talks to Proxmox.

Of the cluster of a cluster.yaml, or of a bundle, which needs neither that file nor anything else of the first half.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stardock.errors import ConditionError, RefusedError
from stardock.fold import fold
from stardock.model.about import About
from stardock.model.cluster_files import ClusterFiles
from stardock.model.facts import address_of, host_keys_of
from stardock.model.stages import SECRETS, rows
from stardock.plan.mesh import taken_by
from stardock.plan.rules.guards import Running
from stardock.playbooks import silent
from stardock.playbooks.bootstrap import Bootstrap, Engine, Options, contents_for, key_of
from stardock.playbooks.progress import Log, Progress, Watcher
from stardock.playbooks.running import known, refuse
from stardock.playbooks.subject import OfBundle, OfWorkspace, Subject
from stardock.playbooks.via.session import Via
from stardock.playbooks.workplace import alone, workplace
from stardock.step import Say, Step
from stardock.step import run as run_steps
from stardock.verbs.hooks import check_hooks, hook_steps
from stardock.verbs.recording import recorded
from stardock.workspace.bundles import Bundle, known_facts
from stardock.workspace.workspace import Workspace, commit_lock, open_workspace, refuse_to_move
from stardock.writing import refuse_link


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a bootstrap came to; `missing` are the agents that it went on without, and why.

    `held`: machines whose kubelet keeps what it kept, until they have the memory that is planned -> MiB that they have. `dropped`: whose
    new key in the mesh, made by a run that was killed before others were told, is none any more.
    """

    about: About
    files: ClusterFiles
    options: Options
    missing: silent.LeftOut
    held: Mapping[str, int] = field(default_factory=dict)
    dropped: frozenset[str] = frozenset()


def bootstrap(cluster_file: Path, options: Options, progress: Progress, say: Say) -> Done:
    """Check what can be checked from here, then run the stages over a bundle in a private directory that goes afterwards.

    Raises ConditionError (host keys, addresses, a machine that does not answer), RefusedError (a second founding), EngineError.
    """
    check(open_workspace(cluster_file), options)
    _refuse_link(ClusterFiles(cluster_file), options)
    with alone(ClusterFiles(cluster_file), say, check=options.check):
        workspace = open_workspace(cluster_file)  # again, now that nobody else can change lock and facts
        refuse_to_move(workspace) if options.check else commit_lock(workspace)
        run_steps(hooks("before_bootstrap", workspace, options, say), say)
        done = _stages(OfWorkspace(workspace, options.via), options, progress, say)
        run_steps(hooks("after_bootstrap", workspace, options, say), say)
    return done


def from_bundle(bundle: Bundle, options: Options, progress: Progress, say: Say) -> Done:
    """The same from a bundle: what is learned is written beside it, and no hooks run, which are cluster.yaml's. Raises the same."""
    check_bundle(OfBundle(bundle, known_facts(bundle)), options)
    _refuse_link(bundle.files, options)
    with alone(bundle.files, say, check=options.check):
        return _stages(OfBundle(bundle, known_facts(bundle)), options, progress, say)  # now nobody else can change the facts


def engine_of(subject: Subject, options: Options, say: Say) -> Engine | None:
    """Who runs the playbooks: another machine, or None for this one. ConditionError where there is no key to lend to it."""
    if options.via is None:
        return None
    key = key_of(subject, options)
    if key is None:
        message = f"{options.via} must be lent the key to the machines, and none is named: nobody's whole agent is lent"
        raise ConditionError(message, cure="name it in cluster.yaml (ssh.private_key), or with --private-key FILE")
    founded = subject.facts.founded.ca_sha256 if subject.facts.founded and options.found_again != subject.about.cluster else ""
    return Via(host=options.via, about=subject.about, key=key, say=say, founded=founded).run


def _refuse_link(files: ClusterFiles, options: Options) -> None:
    if "kubeconfig" in options.stages:
        refuse_link(files.kubeconfig)


def _stages(subject: Subject, options: Options, progress: Progress, say: Say) -> Done:
    """The run itself, alone with the cluster."""
    files, about = subject.files, subject.about
    with (
        workplace(files, check=options.check) as place,
        Log(place.log) as log,
        recorded(files.runs, about, progress, say, check=options.check) as recorder,
    ):
        watcher = Watcher(recorder, log, frozenset({SECRETS.name, *options.stages}))
        missing = Bootstrap(subject, options, place, watcher, engine_of(subject, options, say)).run()
        recorder.ended = "partly" if missing else "done"
    return Done(about=about, files=files, options=options, missing=missing, held=watcher.held, dropped=frozenset(watcher.dropped))


def steps(options: Options, workspace: Workspace | None, say: Say) -> tuple[Step, ...]:
    """List what would be done, for --dry-run; the user's own commands around it, where there is a cluster.yaml."""
    stages = tuple(Step(stage.name, stage.what, lambda: None) for stage in rows(options.stages))
    if options.via:
        stages = (Step("via", f"bring {options.via} what it lacks, and run Ansible there", lambda: None), *stages)
    if workspace is None:
        return stages
    return (*hooks("before_bootstrap", workspace, options, say), *stages, *hooks("after_bootstrap", workspace, options, say))


def hooks(moment: str, workspace: Workspace, options: Options, say: Say) -> tuple[Step, ...]:
    """The user's commands of a moment; none when machines are only asked what would change."""
    return () if options.check else hook_steps(lambda: workspace, moment, workspace.spec.hooks, say)


def check(workspace: Workspace, options: Options) -> None:
    """Refuse what cannot work, before anything is written or asked."""
    plan, facts = workspace.plan, workspace.facts
    _refuse_keys(options, tuple(plan.mesh.places) if plan.mesh else ())
    if not options.found_again:
        refuse(workspace, known(workspace))
    if not options.check:
        check_hooks(workspace.spec.hooks, ("before_bootstrap", "after_bootstrap"))
    engine_of(OfWorkspace(workspace), options, lambda _: None)
    contents_for(OfWorkspace(workspace), options)
    _refuse_network(workspace)
    others = [member for member in plan.members if member.role != silent.ROLE]
    nowhere = [machine.name for machine in others if address_of(machine, facts) is None]
    if nowhere:
        raise ConditionError(
            f"no address is known for {fold(nowhere)}",
            cure="run `runner deploy`, or where the machines exist already `runner discover`: they are asked through Proxmox",
        )
    unknown = [member for member in others if not host_keys_of(member, facts)]
    if unknown and not options.accept_new_host_keys:
        names = fold([machine.name for machine in unknown])
        raise ConditionError(f"no SSH host key is known for {names}", cure=silent.key_cure(unknown))


def _refuse_network(workspace: Workspace) -> None:
    """Before it is founded: afterwards the mesh's network stays. Raises ConditionError."""
    plan, facts = workspace.plan, workspace.facts
    taken = taken_by(plan, facts) if facts.founded is None else []
    if plan.mesh and taken:
        raise ConditionError(f"{plan.mesh.network} is the network of {', '.join(taken)} already", cure="choose another `mesh.network`")


def _refuse_keys(options: Options, members: tuple[str, ...]) -> None:
    """A new key is made by the stage `mesh`, of a member. Raises RefusedError."""
    strangers = [name for name in options.mesh_keys if name not in members]
    if strangers:
        there = f"members are {', '.join(members)}" if members else "there is no `mesh` in cluster.yaml"
        raise RefusedError(f"{fold(strangers)} has no key in a mesh", cure=f"name a member: {there}")
    if options.mesh_keys and "mesh" not in options.stages:
        raise RefusedError("keys of the mesh are made by the stage `mesh`", cure="choose it, too: --stage mesh")


def check_bundle(subject: OfBundle, options: Options) -> None:
    """The same of a bundle, whose inventory has all addresses."""
    engine_of(subject, options, lambda _: None)
    contents_for(subject, options)
    _refuse_keys(options, subject.about.mesh)
    if not options.found_again:
        subject.refuse(_observed(subject))
    keys = {name for name, seen in subject.facts.machines.items() if seen.host_keys}
    others = [machine for machine in subject.about.machines if machine.role != silent.ROLE]
    unknown = [machine for machine in others if machine.name not in keys and not machine.host_keys]
    if unknown and not options.accept_new_host_keys:
        ways = ["run `runner discover` where cluster.yaml is"] if not all(machine.exists for machine in unknown) else []
        ways += ["write the `host_keys` of hosts into cluster.yaml"] if any(machine.exists for machine in unknown) else []
        cure = f"{' and '.join(ways)}, and write the bundle anew; or --accept-new-host-keys trusts the first answer"
        raise ConditionError(f"no SSH host key is known for {fold([machine.name for machine in unknown])}", cure=cure)


def _observed(subject: OfBundle) -> Running:
    """What was observed of servers last."""
    founded = subject.facts.founded
    if founded is None:
        return Running()
    servers = {server.name for server in subject.about.of_role("server")}
    versions = {name: version for name, version in founded.versions.items() if name in servers}
    return Running(versions=versions, settings={"": founded.settings})
