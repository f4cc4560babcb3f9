"""What machines say that they run and were founded with, and what is refused because of it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from jinja2 import Environment

from stardock.bundle.cni import network_files
from stardock.bundle.kubernetes import facts
from stardock.cli.main import runner
from stardock.distributions.founding import founding_keys
from stardock.distributions.rke2 import RKE2
from stardock.errors import ConditionError, InputErrors, RefusedError
from stardock.model.facts import Facts, Founded
from stardock.playbooks.bootstrap import Options
from stardock.playbooks.founded import founded_facts
from stardock.playbooks.running import Seen, known, read_answers, refuse, refuse_packages, running, seen
from stardock.playbooks.subject import OfWorkspace
from stardock.verbs.bootstrap import check
from stardock.workspace.facts import load_facts, save_facts
from stardock.workspace.workspace import Workspace, open_workspace
from tests.plans import PUBLIC_KEY, ROOT

pytestmark = pytest.mark.unit

BACK = "RKE2 goes back only by restoring an etcd snapshot of the older release"
QUICKSTART = (ROOT / "examples/quickstart/cluster.yaml").read_text().replace("id_ed25519.pub", f'"{PUBLIC_KEY}"')
VERSION = "version: v1.36.5+rke2r1"
MEMBER = ("member=yes", "installed=v1.36.5+rke2r1", "program=v1.36.5+rke2r1")


def workspace(folder: Path, text: str = QUICKSTART) -> Workspace:
    (folder / "cluster.yaml").write_text(text)
    return open_workspace(folder / "cluster.yaml")


def line_of(where: Workspace, text: str) -> int:
    lines = where.files.spec.read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def founded(versions: dict[str, str] | None = None, settings: dict[str, str] | None = None) -> Facts:
    return Facts(cluster="quickstart", founded=Founded(ca_sha256="ab" * 32, versions=versions or {}, settings=settings or {}))


def servers(where: Workspace) -> list[str]:
    return [server.name for server in where.plan.of_role("server")]


def remember(where: Workspace, authority: str, versions: dict[str, str]) -> None:
    subject = OfWorkspace(where)
    subject.keep(founded_facts(subject.about, where.facts, authority, versions))


def plan(where: Workspace) -> tuple[int, str]:
    done = CliRunner().invoke(runner, ["plan", "-f", str(where.files.spec)])
    return done.exit_code, done.stderr


@pytest.mark.proves("reality D24")
def test_plan_refuses_a_downgrade_at_its_line_where_the_facts_are_known(tmp_path: Path) -> None:
    where = workspace(tmp_path, QUICKSTART.replace(VERSION, "version: v1.35.2+rke2r1"))
    save_facts(where.files.facts, founded(versions={"server1": "v1.36.5+rke2r1", "server2": "v1.35.2+rke2r1"}))
    code, said = plan(where)
    assert code == 3
    assert f"{where.files.spec}:{line_of(where, 'v1.35.2')}: distribution.version: no downgrade: server1 runs v1.36.5+rke2r1, " in said
    assert "write `version: v1.36.5+rke2r1`, or a later release of v1.36 or v1.37" in said


@pytest.mark.proves("reality D23")
def test_plan_refuses_another_founding_at_its_line_where_the_facts_are_known(tmp_path: Path) -> None:
    where = workspace(tmp_path, QUICKSTART.replace(VERSION, f"{VERSION}\n  options: {{cluster-cidr: 10.50.0.0/16, cni: cilium}}"))
    save_facts(where.files.facts, founded(settings={"cluster-cidr": "10.42.0.0/16", "cni": "cilium", "service-cidr": "10.43.0.0/16"}))
    code, said = plan(where)
    assert code == 3
    assert f"{where.files.spec}:{line_of(where, 'cluster-cidr')}: distribution.options.cluster-cidr: `cluster-cidr` is settled when" in said
    assert "this one has 10.42.0.0/16, cluster.yaml wants 10.50.0.0/16" in said
    assert "delete it (10.42.0.0/16 is the default)" in said
    assert "cni" not in said


def test_what_the_lock_wants_is_told_as_the_locks(tmp_path: Path) -> None:
    where = workspace(tmp_path, QUICKSTART.replace(f"  {VERSION}\n", ""))
    with pytest.raises(InputErrors) as caught:
        refuse(where, known(replace(where, facts=founded(versions={"server1": "v1.36.6+rke2r1"}))))
    (problem,) = caught.value.problems
    assert problem.message == f"no downgrade: server1 runs v1.36.6+rke2r1, the lock wants v1.36.5+rke2r1; {BACK}"


def test_facts_of_servers_that_the_state_says_are_gone_refuse_nothing(tmp_path: Path) -> None:
    """Destroyed, and to be made anew with another release: only discover drops the facts of then."""
    where = replace(workspace(tmp_path), facts=founded(versions={"server1": "v1.36.6+rke2r1"}))
    where.files.state.write_text(json.dumps({"version": 4, "resources": []}))
    assert known(where).versions == {}
    where.files.state.unlink()
    assert known(where).versions == {"server1": "v1.36.6+rke2r1"}


def test_an_agent_that_was_made_anew_or_never_comes_back_holds_nobody_up(tmp_path: Path) -> None:
    """What it once ran is no reason to refuse: `runner deploy --replace` leaves it in the facts."""
    where = workspace(tmp_path)
    behind = founded(versions={"server1": "v1.35.6+rke2r1", "agent1": "v1.32.1+rke2r1"})
    refuse(where, known(replace(where, facts=behind)))


def test_bootstrap_checks_the_facts_first_and_not_when_a_new_cluster_is_asked_for(tmp_path: Path) -> None:
    where = replace(workspace(tmp_path), facts=founded(versions={"server1": "v1.36.6+rke2r1"}))
    with pytest.raises(InputErrors):
        check(where, Options())
    with pytest.raises(ConditionError, match="no SSH host key is known"):
        check(where, Options(found_again="quickstart"))


def test_machines_that_hold_no_cluster_are_not_held_against_anything(tmp_path: Path) -> None:
    """A first start that failed leaves a program and a config.yaml; an agent of before may have them too."""
    answers = {
        "server1": seen(["program=v1.36.9+rke2r1"], RKE2),
        "agent1": seen(["program=v1.36.9+rke2r1"], RKE2),
        "stranger": seen(MEMBER, RKE2),
    }
    where = workspace(tmp_path)
    assert running(servers(where), answers).versions == {}
    refuse(where, running(servers(where), answers))


@pytest.mark.proves("reality D24")
def test_bootstrap_refuses_what_the_machines_say_when_the_facts_are_lost(tmp_path: Path) -> None:
    where = workspace(tmp_path, QUICKSTART.replace(VERSION, "version: v1.35.2+rke2r1"))
    answers = {"server1": seen(MEMBER, RKE2), "server2": seen([*MEMBER[:1], "installed=v1.35.2+rke2r1"], RKE2)}
    with pytest.raises(InputErrors) as caught:
        refuse(where, running(servers(where), answers))
    (problem,) = caught.value.problems
    assert problem.message == f"no downgrade: server1 runs v1.36.5+rke2r1, cluster.yaml wants v1.35.2+rke2r1; {BACK}"
    assert problem.line == line_of(where, "v1.35.2")


@pytest.mark.proves("reality D23")
def test_bootstrap_refuses_another_founding_than_the_servers_have(tmp_path: Path) -> None:
    where = workspace(tmp_path, QUICKSTART.replace(VERSION, f"{VERSION}\n  options: {{service-cidr: 10.60.0.0/16}}"))
    answers = {"server2": seen([*MEMBER, "file=/etc/rancher/rke2/config.yaml", "line=service-cidr: [10.61.0.0/16]"], RKE2)}
    with pytest.raises(InputErrors) as caught:
        refuse(where, running(servers(where), answers))
    (problem,) = caught.value.problems
    assert problem.message == (
        "`service-cidr` is settled when a cluster is founded: server2 has 10.61.0.0/16, cluster.yaml wants 10.60.0.0/16"
    )
    assert problem.cure == "write `service-cidr: 10.61.0.0/16` again; another value needs another cluster"


ENCRYPTED = f"{QUICKSTART}\ncni: {{encryption: wireguard}}\n"


def test_the_backend_of_canal_is_compared_with_what_servers_say_and_never_with_the_facts(tmp_path: Path) -> None:
    where = workspace(tmp_path, ENCRYPTED)
    refuse(where, known(replace(where, facts=founded(settings={"flannel.backend": "vxlan"}))))
    refuse(where, running(servers(where), {"server1": seen(MEMBER, RKE2), "server2": seen([*MEMBER, "flannel.backend=wireguard"], RKE2)}))
    for said, words in (("vxlan", "it has vxlan, `cni` comes to wireguard"), ("$(x)", "no server says what it has")):
        answers = {name: seen([*MEMBER, f"flannel.backend={said}"], RKE2) for name in ("server1", "server2")}
        with pytest.raises(InputErrors) as caught:
            refuse(where, running(servers(where), answers))
        (problem,) = caught.value.problems
        assert (problem.path, words in problem.message) == ("cni", True)


def test_a_chart_of_the_users_own_is_left_alone_and_its_values_may_move_to_cni(tmp_path: Path) -> None:
    """A HelmChartConfig that Stardock did not write."""
    answers = {"server1": seen([*MEMBER, "flannel.backend=wireguard"], RKE2)}
    where = workspace(tmp_path)
    refuse(where, running(servers(where), answers))
    remember(where, "ab" * 32, {})
    kept = load_facts(where.files.facts, "quickstart")
    assert kept.founded is not None
    assert "flannel.backend" not in kept.founded.settings, "what is planned is not what runs; older releases take no such setting"
    where = replace(workspace(tmp_path, ENCRYPTED), facts=kept)
    refuse(where, known(where))
    refuse(where, running(servers(where), answers))


def test_files_of_config_are_read_in_order_and_a_plus_appends() -> None:
    lines = [
        "file=/etc/rancher/rke2/config.yaml",
        "line=cni:",
        "line=- multus",
        "line=cluster-domain: first.example",
        "line=token: sesame",
        "file=/etc/rancher/rke2/config.yaml.d/50.yaml",
        "line=cni+: canal",
        "line=cluster-domain: second.example",
        "line=disable-kube-proxy: true",
    ]
    found = seen(lines, RKE2).settings
    assert (found["cni"], found["cluster-domain"], found["disable-kube-proxy"]) == ("multus,canal", "second.example", "true")
    assert set(found) == set(founding_keys(RKE2))


HOSTILE = {
    "a value that is none": ["file=x", "line=cluster-domain: '$(reboot) \\e[31m'"],
    "another type": ["file=x", "line=cluster-domain: {a: [1]}"],
    "no YAML": ["file=x", "line=cluster-domain: ]["],
    "deep": ["file=x", "line=cluster-domain: " + "[" * 5000],
    "a version that is none": ["member=yes", "program=v1.36.5+rke2r1; reboot", "installed=\x1b[31m"],
    "endless": ["member=yes"] * 100_000,
    "no text": ["member", "=", ""],
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_a_hostile_machine_says_is_nothing(case: str, tmp_path: Path) -> None:
    where = workspace(tmp_path)
    one = seen(HOSTILE[case], RKE2)
    assert one.version == ""
    refuse(where, running(servers(where), {"server1": replace(one, member=True, settings={})}))
    assert all("reboot" not in value for value in one.settings.values())


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "{}", '{"answered": {"server1": 7}, "failed": {}}', '{"answered": {}, "failed": {"server1": null}}']
)
def test_a_report_that_is_none_is_a_condition(text: str, tmp_path: Path) -> None:
    report = tmp_path / "running.json"
    report.write_text(text)
    with pytest.raises(ConditionError, match="could not be read"):
        read_answers(report, RKE2)


@pytest.mark.proves("reality D32")
def test_an_rpm_install_of_rke2_is_refused_before_anything_is_touched() -> None:
    refuse_packages({"server1": Seen()}, RKE2)
    with pytest.raises(RefusedError) as caught:
        refuse_packages({"server1": Seen(), "agent1": seen(["package=rke2-common"], RKE2)}, RKE2)
    assert caught.value.message.startswith("RKE2 came from an RPM package on agent1 (rke2-common): ")
    assert "rke2-uninstall.sh" in (caught.value.cure or "")


def test_facts_learn_what_runs_and_what_was_founded_with(tmp_path: Path) -> None:
    where = workspace(tmp_path)
    remember(where, "ab" * 32, {"server1": "v1.36.5+rke2r1", "gone": "v1.36.5+rke2r1", "agent1": "garbage"})
    found = load_facts(where.files.facts, "quickstart").founded
    assert found is not None
    assert found.versions == {"server1": "v1.36.5+rke2r1"}
    assert found.settings["cluster-dns"] == "10.43.0.10"
    where = replace(where, facts=load_facts(where.files.facts, "quickstart"))
    remember(where, "", {"agent1": "v1.36.5+rke2r1"})
    again = load_facts(where.files.facts, "quickstart").founded
    assert again == replace(found, versions={"server1": "v1.36.5+rke2r1", "agent1": "v1.36.5+rke2r1"})


def test_servers_taken_back_are_known_again_by_a_bootstrap_that_learns_nothing_else(tmp_path: Path) -> None:
    """One without a guest agent can say it in no other way."""
    where = workspace(tmp_path)
    remember(where, "ab" * 32, {})
    known = load_facts(where.files.facts, "quickstart")
    save_facts(where.files.facts, replace(known, unknown=("server2",)))
    where = replace(where, facts=load_facts(where.files.facts, "quickstart"))
    remember(where, "ab" * 32, {"server1": "v1.36.5+rke2r1"})
    assert load_facts(where.files.facts, "quickstart").unknown == ("server2",), "it said nothing"
    remember(where, "ab" * 32, {"server2": "v1.36.5+rke2r1"})
    assert load_facts(where.files.facts, "quickstart").unknown == ()


def test_versions_alone_found_nothing(tmp_path: Path) -> None:
    where = workspace(tmp_path)
    remember(where, "", {"server1": "v1.36.5+rke2r1"})
    assert not where.files.facts.exists()


@pytest.mark.parametrize(
    "edit",
    [{"versions": {"server1": "v1; reboot"}}, {"settings": {"cni": "canal; reboot"}}, {"settings": {"token": "x"}}],
    ids=["version", "value", "key"],
)
def test_facts_that_hold_no_release_or_no_setting_are_refused(edit: dict[str, dict[str, str]], tmp_path: Path) -> None:
    path = tmp_path / "cluster.facts.json"
    save_facts(path, founded(**edit))
    with pytest.raises(InputErrors) as caught:
        load_facts(path, "quickstart")
    assert caught.value.problems[0].path.startswith(f"founded.{next(iter(edit))}")


def test_the_question_takes_nothing_but_founding_keys_from_a_machine(tmp_path: Path) -> None:
    """The script itself, over a config.yaml that holds secrets between and around them."""
    config = tmp_path / "config.yaml"
    config.write_text(
        "token: sesame\ncluster-cidr:\n- 10.42.0.0/16\n# a comment: sesame\n- fd00::/56\nagent-token: sesame\n"
        '"cni": [multus,\n  canal]\netcd-s3-secret-key: |\n  sesame\n  cni: sesame\ncluster-cidr-not: sesame\n'
    )
    (tmp_path / "server/db/etcd/member/wal").mkdir(parents=True)
    text = (ROOT / "ansible/roles/kubernetes/templates/running.sh.j2").read_text()
    given = {**facts(RKE2), "kubernetes_data_dir": tmp_path, "kubernetes_founding_keys": list(founding_keys(RKE2))}
    script = Environment(autoescape=False).from_string(text).render(**given)  # noqa: S701
    script = script.replace("/etc/rancher/rke2/config.yaml ", f"{config} ").replace("/etc/rancher/rke2/", f"{tmp_path}/none/")
    done = subprocess.run(["bash", "-c", f"set -u\n{script}"], capture_output=True, text=True, check=True)
    assert "sesame" not in done.stdout.replace("# a comment: sesame", "")
    one = seen(done.stdout.splitlines(), RKE2)
    assert one.member
    assert (one.settings["cluster-cidr"], one.settings["cni"]) == ("10.42.0.0/16,fd00::/56", "multus,canal")
    assert json.dumps(done.stdout.splitlines())


@pytest.mark.parametrize("written", [False, True], ids=["nothing of ours", "by bootstrap"])
@pytest.mark.parametrize("runs", ["", "vxlan"])
def test_a_server_says_the_backend_that_its_pod_of_canal_has_else_the_one_that_bootstrap_wrote(
    runs: str, written: bool, tmp_path: Path
) -> None:
    if written:
        plan = workspace(tmp_path, ENCRYPTED).plan
        (content,) = [file["content"] for file in network_files(plan) if "content" in file]
        (tmp_path / "server/manifests").mkdir(parents=True)
        (tmp_path / "server/manifests/stardock-cni.yaml").write_text(content)
    if runs:
        volume = tmp_path / "pods/1/volumes/kubernetes.io~configmap/flannel-cfg"
        volume.mkdir(parents=True)
        (volume / "net-conf.json").write_text(f'{{\n  "Network": "10.42.0.0/16",\n  "Backend": {{\n    "Type": "{runs}"\n  }}\n}}\n')
    text = (ROOT / "ansible/roles/kubernetes/templates/running.sh.j2").read_text()
    given = {**facts(RKE2), "kubernetes_data_dir": tmp_path, "kubernetes_founding_keys": []}
    script = Environment(autoescape=False).from_string(text).render(**given)  # noqa: S701
    script = script.replace("/etc/rancher/rke2/", f"{tmp_path}/none/").replace("/var/lib/kubelet/", f"{tmp_path}/")
    done = subprocess.run(["bash", "-c", f"set -u\n{script}"], capture_output=True, text=True, check=True)
    assert seen(done.stdout.splitlines(), RKE2).settings.get("flannel.backend") == (runs or ("wireguard" if written else None))


@pytest.mark.parametrize(("there", "told"), [([], True), (["server/db/etcd/member/wal"], False), (["agent"], False)])
def test_what_another_kubernetes_left_behind_is_told_only_of_a_machine_that_is_in_no_cluster(
    there: list[str], told: bool, tmp_path: Path
) -> None:
    for folder in ["other/server/db", *(f"own/{name}" for name in there)]:
        (tmp_path / folder).mkdir(parents=True)
    if "agent" in there:
        (tmp_path / "own/agent/client-kubelet.crt").touch()
    text = (ROOT / "ansible/roles/kubernetes/templates/running.sh.j2").read_text()
    places = {"kubernetes_data_dir": tmp_path / "own", "kubernetes_others": {"k3s": tmp_path / "other"}}
    given = {**facts(RKE2), **places, "kubernetes_founding_keys": []}
    script = Environment(autoescape=False).from_string(text).render(**given)  # noqa: S701
    script = script.replace("/etc/rancher/rke2/", f"{tmp_path}/none/")
    done = subprocess.run(["bash", "-c", f"set -u\n{script}"], capture_output=True, text=True, check=True)
    assert ("other=k3s" in done.stdout.splitlines()) == told
