"""One run of the stages over a bundle in a private directory: secrets, what machines run already, the stages, what was learned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from stardock.bundle.site import SITE
from stardock.distributions import Kubernetes, distribution
from stardock.errors import ConditionError, StardockError
from stardock.model.facts import Facts
from stardock.model.jump import Jump
from stardock.model.stages import NAMES, RUNNING, SECRETS, Stage, rows
from stardock.playbooks import silent
from stardock.playbooks.ansible import Run, run
from stardock.playbooks.events import Event
from stardock.playbooks.failure import failure_error
from stardock.playbooks.founded import accepted_facts, founded_facts, mesh_facts, read_back
from stardock.playbooks.progress import Watcher
from stardock.playbooks.running import read_answers, refuse_others, refuse_packages, running
from stardock.playbooks.subject import Subject
from stardock.playbooks.workplace import Workplace, key_variable
from stardock.reading import MAX_BYTES, read_file
from stardock.workspace.secrets import Secrets, load_secrets, make_secrets, save_secrets, save_variables


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the person asked for. `found_again` is a typed cluster name, or empty; `snapshot`: one of etcd before another version.

    `private_key`: the key to the machines, where it is not the one that cluster.yaml names; `via`: where Ansible runs, None: here.
    `mesh_keys`: whose keys in the mesh are made anew.
    In seconds: `timeout` bounds the wait for ssh (None: by system), `ready_timeout` that for a machine to be a member, `drain_timeout`
    that for an agent's pods to move.
    """

    stages: tuple[str, ...] = NAMES
    check: bool = False
    found_again: str = ""
    accept_new_host_keys: bool = False
    timeout: int | None = None
    ready_timeout: int = 900
    drain_timeout: int = 600
    snapshot: bool = True
    private_key: Path | None = None
    mesh_keys: tuple[str, ...] = ()
    via: Jump | None = None


def contents_for(subject: Subject, options: Options) -> dict[str, str]:
    """The secret contents of files, where this run writes files. Raises as `Subject.contents`."""
    return subject.contents(subject.about.sources_of(options.stages))


def key_of(subject: Subject, options: Options) -> Path | None:
    """The private key to the machines; None: the SSH agent has it."""
    return options.private_key.resolve() if options.private_key else subject.key


#: Who runs a playbook to its end and tells what happens: `stardock.playbooks.ansible.run`, or the same elsewhere.
Engine = Callable[[Run, Callable[[Event], None]], int]


@dataclass(slots=True)
class Bootstrap:
    """One run."""

    subject: Subject
    options: Options
    place: Workplace
    watcher: Watcher
    engine: Engine | None = None  # None: here
    versions: dict[str, str] = field(default_factory=dict)  # what machines said that they run

    @property
    def _rows(self) -> tuple[Stage, ...]:
        return rows(self.options.stages)

    def run(self) -> silent.LeftOut:
        """Write the bundle, have secrets, run the stages; keep what was learned even when a stage fails.

        Gives the agents that it went on without, and why.
        """
        unknown = self.subject.unknown(accept_new_host_keys=self.options.accept_new_host_keys)
        self.subject.write(self.place.directory, unknown)
        try:
            secrets = self._secrets() if any(stage.tokens for stage in self._rows) else None
            self._guard()
            code = self._stages(self._handed(secrets))
        finally:
            self._remember()
        self.watcher.finish()
        if code:
            raise self._failure(code)
        self._refuse_stranger()
        about = self.subject.about
        return silent.left_out(unknown, self.watcher, self._kubernetes, about.nodes, mute=about.mute, jumps=about.jumps)

    @property
    def _kubernetes(self) -> Kubernetes:
        return distribution(self.subject.about.distribution)

    def _stages(self, secrets: Path | None) -> int:
        """Run the stages. Where agents are lost in theirs, what is left runs again without them."""
        agents = [machine.name for machine in self.subject.about.of_role(silent.ROLE)]
        wanted = self._run(SITE, secrets, self.options.stages)
        code = self._ran(wanted)
        while code and self.watcher.leave_lost(agents):
            left = self.options.stages[self.options.stages.index("agents") :]
            code = self._ran(replace(wanted, tags=left, without=tuple(self.watcher.left_out)))
        return code

    def _ran(self, wanted: Run) -> int:
        return (self.engine or run)(wanted, self.watcher.see)

    def _failure(self, code: int) -> StardockError:
        watcher, log, about = self.watcher, self.place.log, self.subject.about
        return failure_error(watcher, self._kubernetes, log, code, nodes=about.nodes, mute=about.mute, jumps=about.jumps)

    def _guard(self) -> None:
        """Ask the machines what they run, and refuse what must not be done to that: before anything is changed on any of them."""
        if all(stage.reads for stage in self._rows):
            return
        report = self.place.directory / "running.json"
        waits = "machines" in self.options.stages
        code = self._ran(self._run(RUNNING.playbook, None, kubernetes_report=str(report), running_waits=waits))
        if code:
            raise self._failure(code)
        hosts = {agent.name for agent in self.subject.about.of_role(silent.ROLE) if agent.exists}
        answers = read_answers(report, self._kubernetes, hosts)
        refuse_packages(answers, self._kubernetes)
        refuse_others(answers, self._kubernetes)
        runs = running([server.name for server in self.subject.about.of_role("server")], answers)
        self.versions |= runs.versions
        self.subject.refuse(runs)

    def _run(self, playbook: str, secrets: Path | None, tags: Sequence[str] = (), **further: object) -> Run:
        return Run(
            bundle=self.place.directory,
            playbook=playbook,
            tags=tags,
            variables={**self._variables(), **further},
            secrets=secrets,
            check=self.options.check and playbook == SITE,
        )

    def _variables(self) -> dict[str, object]:
        accept = {"stardock_host_key_checking": "accept-new"} if self.options.accept_new_host_keys else {}
        return {
            **self.subject.variables(),
            **key_variable(key_of(self.subject, self.options)),
            **accept,
            **({} if self.options.timeout is None else {"reachable_timeout": self.options.timeout}),
            **({"mesh_new_keys": list(self.options.mesh_keys)} if self.options.mesh_keys else {}),
            "founding_again": self.options.found_again,
            "kubeconfig_path": str(self.subject.files.kubeconfig.resolve()),
            "kubernetes_timeout": self.options.ready_timeout,
            "kubernetes_drain_timeout": self.options.drain_timeout,
            "kubernetes_snapshot": self.options.snapshot,
        }

    def _handed(self, secrets: Secrets | None) -> Path | None:
        """A private file with what Ansible needs and nothing else: it would take whatever stands in a file for a variable."""
        contents = contents_for(self.subject, self.options)
        if secrets is None and not contents:
            return None
        path = self.place.directory / "secrets.yaml"
        save_variables(path, secrets, contents)
        return path

    def _secrets(self) -> Secrets:
        """What the secrets file holds; read back from a server, or made when nothing is founded."""
        path = self.subject.secrets
        values = load_secrets(path)
        if values is None:
            values = self._read_back() or make_secrets()
            if not self.options.check:
                save_secrets(path, values)
        return values

    def _read_back(self) -> Secrets | None:
        report = self.place.directory / "report.json"
        code = self._ran(self._run(SECRETS.playbook, None, founding_report=str(report)))
        if code and self.subject.facts.founded:
            raise ConditionError(
                f"{self.subject.secrets} is missing, the cluster is founded, and no server could be asked for the tokens",
                cure="bring the file back (STARDOCK_SECRETS may name it), or a server",
            ) from self._failure(code)
        if code:
            raise self._failure(code)
        return read_back(report, self.subject.secrets, again=self.options.found_again == self.subject.about.cluster)

    def _remember(self) -> None:
        """Keep what was seen: whom we now trust, and that the cluster is founded."""
        if self.options.check:
            return
        authority = "" if self._stranger else self.watcher.authority
        facts = mesh_facts(self.subject.about, self._accepted(), self.watcher.mesh_keys)
        self.subject.keep(founded_facts(self.subject.about, facts, authority, {**self.versions, **self.watcher.versions}))

    @property
    def _stranger(self) -> bool:
        """Whether the run tells of another authority than the known one: the playbook refuses that, so somebody else says it."""
        founded, said = self.subject.facts.founded, self.watcher.authority
        return bool(founded and said and said != founded.ca_sha256) and self.options.found_again != self.subject.about.cluster

    def _refuse_stranger(self) -> None:
        if self._stranger:
            raise ConditionError(
                "the run tells of another cluster's authority than the one that was founded: it is not taken",
                cure="look at the machine that Ansible runs on, and at the servers",
            )

    def _accepted(self) -> Facts:
        """The facts with the host keys that ssh was allowed to accept."""
        about, facts, path = self.subject.about, self.subject.facts, self.place.directory / "known_hosts"
        if not self.options.accept_new_host_keys:
            return facts
        accepted = read_file(path, what="known_hosts", most=MAX_BYTES, cure="run `runner bootstrap` again") or b""
        return accepted_facts(about, facts, accepted.decode(errors="replace"))
