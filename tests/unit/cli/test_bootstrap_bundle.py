"""`runner bundle -o X.tar` and `runner bootstrap BUNDLE`: without cluster.yaml, with its facts, secrets and refusals beside the bundle."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from stardock.errors import ConditionError, InputErrors
from stardock.model.facts import Founded
from stardock.playbooks.bootstrap import Bootstrap, Options
from stardock.playbooks.progress import Log, Watcher
from stardock.playbooks.silent import LeftOut
from stardock.playbooks.subject import OfBundle
from stardock.playbooks.workplace import Workplace
from stardock.verbs.bootstrap import check_bundle
from stardock.workspace.bundles import Bundle, known_facts, open_bundle
from stardock.workspace.facts import load_facts, save_facts
from stardock.workspace.secrets import make_secrets, save_secrets, save_variables
from tests.unit.cli.test_bootstrap_command import KEY, observe, runner, started, written
from tests.unit.verbs.test_recording import Silent

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature bundle")]


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    path = written(tmp_path / "home")
    observe(path)
    return path


@pytest.fixture(params=["a directory", "a tar"])
def bundle(request: pytest.FixtureRequest, cluster: Path, tmp_path: Path) -> Path:
    """Taken elsewhere, and cluster.yaml is gone."""
    made = cluster.parent / ("out.tar" if request.param == "a tar" else "out")
    done = runner("bundle", "-f", str(cluster), "-o", str(made))
    assert done.exit_code == 0, done.stderr
    (tmp_path / "elsewhere").mkdir()
    there = Path(shutil.move(made, tmp_path / "elsewhere"))
    shutil.rmtree(cluster.parent)
    return there


def beside(bundle: Path) -> set[str]:
    return {path.name for path in bundle.parent.iterdir()} - {bundle.name}


def test_a_tar_says_its_sum_and_how_it_is_run_and_is_the_same_bytes_again(cluster: Path) -> None:
    first = runner("bundle", "-f", str(cluster), "-o", str(cluster.parent / "a.tar"))
    runner("bundle", "-f", str(cluster), "-o", str(cluster.parent / "b.tar"))
    assert (cluster.parent / "a.tar").read_bytes() == (cluster.parent / "b.tar").read_bytes()
    assert f"run it with: runner bootstrap {cluster.parent}/a.tar" in first.stdout
    with tarfile.open(cluster.parent / "a.tar") as tar:
        assert "alone.bundle/bundle.json" in tar.getnames()


@pytest.mark.parametrize("name", ["x.tar.gz", "x.tgz", "x.zip"])
def test_a_compressed_bundle_is_refused_before_anything_is_written(cluster: Path, name: str) -> None:
    done = runner("bundle", "-f", str(cluster), "-o", str(cluster.parent / name))
    assert (done.exit_code, "name it x.tar" in done.stderr) == (2, True)
    assert not (cluster.parent / name).exists()


def test_a_directory_that_is_called_like_a_tar_is_refused(cluster: Path) -> None:
    (cluster.parent / "x.tar").mkdir()
    done = runner("bundle", "-f", str(cluster), "-o", str(cluster.parent / "x.tar"))
    assert (done.exit_code, "is a directory" in done.stderr) == (5, True)


def test_a_tar_is_not_written_through_a_link(cluster: Path) -> None:
    (cluster.parent / "x.tar").symlink_to(cluster.parent / "precious")
    done = runner("bundle", "-f", str(cluster), "-o", str(cluster.parent / "x.tar"))
    assert (done.exit_code, "symbolic link" in done.stderr) == (4, True)
    assert not (cluster.parent / "precious").exists()


def test_dry_run_shows_the_stages_and_writes_nothing(bundle: Path) -> None:
    done = runner("bootstrap", str(bundle), "--dry-run", "--from-stage", "servers")
    assert [line.split()[1] for line in done.stdout.splitlines()] == ["servers", "agents", "kubeconfig", "addons"]
    assert beside(bundle) == set()


def test_a_bundle_runs_by_itself_and_a_machine_that_does_not_answer_ends_it_as_ever(bundle: Path) -> None:
    """The real playbooks, in a process of its own, with neither Node nor an engine on PATH."""
    done = started("bootstrap", str(bundle), "--stage", "machines", "--timeout", "1")
    assert done.returncode == 4, done.stderr
    assert "server1: Wait until it answers on ssh:" in done.stderr
    assert f"runner bootstrap {bundle} --from-stage machines" in done.stderr
    assert beside(bundle) == {"out.log", "out.pid", "out.runs.json"}
    assert (bundle.parent / "out.pid").read_text() == ""


def test_check_leaves_nothing_beside_the_bundle(bundle: Path) -> None:
    done = runner("bootstrap", str(bundle), "--check", "--stage", "machines", "--timeout", "1")
    assert done.exit_code == 4
    assert beside(bundle) == set()


def test_a_bundle_with_f_is_refused_and_an_environment_that_names_a_file_is_not_looked_at(bundle: Path) -> None:
    done = runner("bootstrap", str(bundle), "-f", "cluster.yaml")
    assert (done.exit_code, "exclude each other" in done.stderr) == (2, True)
    assert runner("bootstrap", str(bundle), "--dry-run", STARDOCK_FILE="/nowhere/cluster.yaml").exit_code == 0


def test_a_new_key_of_a_mesh_is_refused_where_the_bundle_has_none(bundle: Path) -> None:
    done = runner("bootstrap", str(bundle), "--new-mesh-key", "server1")
    assert done.exit_code == 5, done.stderr
    assert "server1 has no key in a mesh" in done.stderr
    assert "there is no `mesh` in cluster.yaml" in done.stderr
    assert not beside(bundle)


def test_a_private_key_that_is_not_there_is_refused(bundle: Path) -> None:
    assert runner("bootstrap", str(bundle), "--private-key", "/nowhere/key").exit_code == 2


def test_a_bundle_in_the_working_directory_is_named_by_a_dot(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if bundle.is_dir():
        monkeypatch.chdir(bundle)
        assert open_bundle(Path()).files.facts == bundle.parent / "out.facts.json"


def subject(bundle: Path) -> OfBundle:
    opened = open_bundle(bundle)
    return OfBundle(opened, known_facts(opened))


def bootstrapped(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, accepted: str = "", **asked: Any) -> dict[str, Any]:
    """A run whose Ansible found the cluster; what it was given."""
    about = subject(bundle)
    place = Workplace(tmp_path / "run", tmp_path / "log")
    place.directory.mkdir()
    given: dict[str, Any] = {}

    def run(wanted: Any, _see: object) -> int:
        given.update(wanted.variables, files={path.name for path in wanted.bundle.iterdir()})
        given["known_hosts"] = (wanted.bundle / "known_hosts").read_text()
        if report := wanted.variables.get("founding_report"):
            Path(report).write_text(json.dumps({"marks": [], "holders": [], "tokens": []}))
        if report := wanted.variables.get("kubernetes_report"):
            Path(report).write_text(json.dumps({"answered": asked.get("answered", {}), "failed": {}}))
        if accepted:
            (wanted.bundle / "known_hosts").write_text(given["known_hosts"] + accepted)
        return 0

    monkeypatch.setattr("stardock.playbooks.bootstrap.run", run)
    with Log(place.log) as log:
        watcher = Watcher(Silent(), log)
        watcher.authority = asked.get("authority", "ab" * 32)
        assert Bootstrap(about, Options(accept_new_host_keys=asked.get("accept", bool(accepted))), place, watcher).run() == LeftOut()
    return given


def test_facts_secrets_and_kubeconfig_are_beside_the_bundle_and_the_next_run_knows_them(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = bootstrapped(bundle, tmp_path, monkeypatch)
    assert given["kubeconfig_path"] == str(bundle.parent / "out.kubeconfig")
    assert "founding_known" not in given
    assert beside(bundle) == {"out.facts.json", "out.secrets.yaml"}
    assert (bundle.parent / "out.secrets.yaml").stat().st_mode & 0o777 == 0o600
    facts = load_facts(bundle.parent / "out.facts.json", "alone")
    assert facts.founded is not None
    assert facts.founded.servers == {"server1": (KEY,)}
    shutil.rmtree(tmp_path / "run")
    assert bootstrapped(bundle, tmp_path, monkeypatch)["founding_known"] == "ab" * 32


def test_a_host_key_that_ssh_accepted_is_kept_beside_the_bundle_and_used_by_the_next_run(
    cluster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    observe(cluster, keys=())
    bundle = cluster.parent / "out.tar"
    runner("bundle", "-f", str(cluster), "-o", str(bundle))
    refused = runner("bootstrap", str(bundle))
    assert (refused.exit_code, "no SSH host key is known for server1" in refused.stderr) == (4, True)
    port = open_bundle(bundle).about.ssh_port
    bootstrapped(
        bundle, tmp_path, monkeypatch, f"[127.0.0.1]:{port} {KEY}\n[10.0.0.9]:22 {KEY}\nrubbish\n[127.0.0.1]:{port} x {{{{ y }}}}\n"
    )
    assert subject(bundle).facts.machines["server1"].host_keys == (KEY,)
    shutil.rmtree(tmp_path / "run")
    assert KEY in bootstrapped(bundle, tmp_path, monkeypatch)["known_hosts"]


def test_another_authority_than_the_founded_one_is_not_taken(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bootstrapped(bundle, tmp_path, monkeypatch)
    before = subject(bundle).facts
    shutil.rmtree(tmp_path / "run")
    with pytest.raises(ConditionError, match="another cluster's authority"):
        bootstrapped(bundle, tmp_path, monkeypatch, authority="cd" * 32)
    assert subject(bundle).facts == before


def test_a_run_that_may_accept_no_host_key_learns_none(cluster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --via the file comes from another machine."""
    observe(cluster, keys=())
    bundle = cluster.parent / "out.tar"
    runner("bundle", "-f", str(cluster), "-o", str(bundle))
    port = open_bundle(bundle).about.ssh_port
    bootstrapped(bundle, tmp_path, monkeypatch, f"[127.0.0.1]:{port} {KEY}\n", accept=False)
    assert [machine.host_keys for machine in subject(bundle).facts.machines.values() if machine.host_keys] == []


def test_a_bundle_that_was_written_anew_has_the_newer_host_keys(bundle: Path) -> None:
    opened = open_bundle(bundle)
    older = {"server1": replace(opened.facts.machines["server1"], host_keys=(KEY.replace("IHRl", "AAAA"),))}
    save_facts(opened.files.facts, replace(opened.facts, machines=older, founded=Founded(ca_sha256="cd" * 32)))
    facts = known_facts(opened)
    assert facts.machines["server1"].host_keys == (KEY,)
    assert facts.founded == Founded(ca_sha256="cd" * 32)


A, B, C = (letter * 42 + "A=" for letter in "ABC")


@pytest.mark.parametrize(
    ("said", "learned", "known", "told"),
    [
        ({"pi1": A}, {}, {"pi1": A}, {"pi1": A}),
        ({}, {"pi1": A}, {"pi1": A}, {"pi1": A}),
        ({"pi1": A, "pi2": B}, {"pi1": C, "pi2": B}, {"pi1": C, "pi2": B}, {"pi2": B}),
        ({"pi1": A}, {"pi2": A}, {}, {}),
        ({"pi1": A}, {"pi1": B}, {"pi1": B}, {}),
    ],
)
def test_a_key_in_the_mesh_of_which_bundle_and_facts_differ_is_told_to_nobody(
    bundle: Path, said: dict[str, str], learned: dict[str, str], known: dict[str, str], told: dict[str, str]
) -> None:
    """Either may be the older one: members keep what they have. That nobody is known is told too, or the bundle's would count."""
    opened = open_bundle(bundle)
    meshed = replace(opened, facts=replace(opened.facts, mesh_keys=said), about=replace(opened.about, mesh=("server1", "pi1", "pi2")))
    save_facts(opened.files.facts, replace(opened.facts, mesh_keys=learned))
    facts = known_facts(meshed)
    assert facts.mesh_keys == known
    assert OfBundle(meshed, facts).variables() == {"mesh_known_keys": told}


def test_facts_of_another_cluster_beside_it_are_refused(bundle: Path) -> None:
    opened = open_bundle(bundle)
    save_facts(opened.files.facts, replace(opened.facts, cluster="other"))
    done = runner("bootstrap", str(bundle))
    assert (done.exit_code, "not alone" in done.stderr) == (3, True)


@pytest.mark.parametrize(("runs", "words"), [("v1.37.0+rke2r1", "no downgrade"), ("v1.30.0+rke2r1", "v1.3")])
def test_what_must_not_be_done_to_a_cluster_is_refused_without_cluster_yaml(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runs: str, words: str
) -> None:
    answered = {"server1": ["member=yes", f"installed={runs}", f"program={runs}"]}
    with pytest.raises(InputErrors) as caught:
        bootstrapped(bundle, tmp_path, monkeypatch, answered=answered)
    (problem,) = caught.value.problems
    assert words in problem.message
    assert "then `runner bundle` again" in str(problem.cure)


def test_a_cluster_that_was_founded_otherwise_is_refused_by_its_facts(bundle: Path) -> None:
    opened = open_bundle(bundle)
    founded = Founded(ca_sha256="ab" * 32, settings={"cluster-cidr": "10.99.0.0/16"}, versions={"server1": "v1.37.0+rke2r1"})
    save_facts(opened.files.facts, replace(opened.facts, founded=founded))
    done = runner("bootstrap", str(bundle), "--stage", "machines")
    assert done.exit_code == 3
    assert "cluster-cidr" in done.stderr
    assert "no downgrade" in done.stderr


SOURCES = ("env:REGISTRY", "file:x.secret")


def test_contents_come_from_the_secrets_file_and_the_environment_and_what_lacks_is_said(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = subject(bundle)
    with pytest.raises(ConditionError, match=r"nobody says what env:REGISTRY, file:x\.secret holds"):
        about.contents(SOURCES)
    (bundle.parent / "x.secret").write_text("a file that the bundle names is not read: it may be anybody's")
    monkeypatch.setenv("REGISTRY", "sesame")
    with pytest.raises(ConditionError, match=r"nobody says what file:x\.secret holds"):
        about.contents(SOURCES)
    save_variables(about.secrets, make_secrets(), {"file:x.secret": "{{ x }}", "file:other": "y"})
    assert about.contents(SOURCES) == {"env:REGISTRY": "sesame", "file:x.secret": "{{ x }}"}


@pytest.mark.parametrize("text", ["7", "[1]", "[{source: a}]", "[{source: [], content: x}]"])
def test_contents_that_are_none_are_told_without_quoting_them(bundle: Path, text: str) -> None:
    about = subject(bundle)
    about.secrets.write_text(f"stardock_token: sesame\nstardock_agent_token: sesame\nstardock_contents: {text}\n")
    about.secrets.chmod(0o600)
    with pytest.raises(InputErrors) as caught:
        about.contents(SOURCES)
    assert "sesame" not in repr(caught.value.problems)


def test_a_secrets_file_in_the_directory_is_taken_as_its_readme_says(bundle: Path) -> None:
    if bundle.is_dir():
        save_secrets(bundle / "secrets.yaml", make_secrets())
        assert subject(bundle).secrets == bundle / "secrets.yaml"
    else:
        assert subject(bundle).secrets == bundle.parent / "out.secrets.yaml"


def about_with(said: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return said | {"about": said["about"] | changed}


def machine_with(said: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return about_with(said, machines=[said["about"]["machines"][0] | changed])


HOSTILE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "another format": lambda said: said | {"format": 2},
    "no format": lambda said: {key: value for key, value in said.items() if key != "format"},
    "another type": lambda said: said | {"about": 7},
    "a cluster that is none": lambda said: about_with(said, cluster="../x"),
    "facts of another cluster": lambda said: said | {"facts": said["facts"] | {"cluster": "other"}},
    "a founder that is none of its machines": lambda said: about_with(said, founder="server9"),
    "a machine twice": lambda said: about_with(said, machines=said["about"]["machines"] * 2),
    "an address that is none": lambda said: machine_with(said, address="; id"),
    "a machine's name with a path": lambda said: machine_with(said, name="../x"),
    "an API with a trick": lambda said: about_with(said, api="https://x:6443/\x1b[2J"),
    "a port beyond": lambda said: about_with(said, ssh_port=70000),
    "a version that is none": lambda said: about_with(said, version="v1; id"),
    "another distribution": lambda said: about_with(said, distribution="k0s"),
    "a source that is none": lambda said: about_with(said, sources={"machines": ["cmd:id"]}),
    "a host key with a second line": lambda said: (
        said | {"facts": said["facts"] | {"machines": {"server1": {"addresses": {}, "host_keys": ["ssh-ed25519 AAAA\n* x"]}}}}
    ),
    "depth": lambda said: about_with(said, options={"a": json.loads("[" * 40 + "]" * 40)}),
}


def rewritten(directory: Path, change: Callable[[dict[str, Any]], Any]) -> Bundle:
    said = json.loads((directory / "bundle.json").read_text())
    (directory / "bundle.json").write_text(json.dumps(change(said)))
    return open_bundle(directory)


@pytest.mark.parametrize("case", HOSTILE)
def test_a_bundle_that_lies_about_itself_is_refused_in_words(case: str, cluster: Path) -> None:
    made = cluster.parent / "out"
    runner("bundle", "-f", str(cluster), "-o", str(made))
    with pytest.raises(InputErrors) as caught:
        rewritten(made, HOSTILE[case])
    assert all(problem.message.isprintable() and problem.cure for problem in caught.value.problems)


@pytest.mark.parametrize("lost", ["bundle.json", "project/site.yml"])
def test_what_is_no_bundle_or_of_an_older_stardock_is_refused(lost: str, cluster: Path) -> None:
    made = cluster.parent / "out"
    runner("bundle", "-f", str(cluster), "-o", str(made))
    (made / lost).unlink()
    done: Result = runner("bootstrap", str(made))
    assert (done.exit_code, "this is no bundle, or one of an older Stardock" in done.stderr) == (3, True)


def test_a_bundle_that_is_not_there_is_said(tmp_path: Path) -> None:
    done = runner("bootstrap", str(tmp_path / "nothing.tar"))
    assert (done.exit_code, "no such file or directory" in done.stderr) == (3, True)


def test_bundles_whose_names_differ_behind_a_dot_share_no_file(tmp_path: Path) -> None:
    def facts(name: str) -> str:
        return Bundle(path=tmp_path / name, entries={}, about=None, facts=None).files.facts.name  # type: ignore[arg-type]

    names = ["prod.eu", "prod.us", "home.tar", "home.bundle", "home"]
    assert list(map(facts, names)) == ["prod.eu.facts.json", "prod.us.facts.json", *["home.facts.json"] * 3]


@pytest.mark.proves("feature hosts that exist already")
def test_a_host_key_that_cluster_yaml_pins_is_known_to_a_bundle(bundle: Path) -> None:
    opened = open_bundle(bundle)
    server = next(one for one in opened.about.machines if one.role == "server")
    others = tuple(one for one in opened.about.machines if one.role != "server")
    for keys, exists, words in (((KEY,), True, ""), ((), True, "write the `host_keys` of hosts"), ((), False, "run `runner discover`")):
        about = replace(opened.about, machines=(replace(server, host_keys=keys, exists=exists), *others))
        observed = {name: seen for name, seen in opened.facts.machines.items() if name != server.name}
        asked = OfBundle(replace(opened, about=about), replace(opened.facts, machines=observed))
        if not words:
            check_bundle(asked, Options())
            continue
        with pytest.raises(ConditionError) as caught:
            check_bundle(asked, Options())
        assert words in (caught.value.cure or "")


@pytest.mark.parametrize("name", ["out.yaml", "out.lock"])
def test_a_bundle_beside_the_files_of_another_cluster_of_its_name_is_refused(bundle: Path, name: str) -> None:
    (bundle.parent / name).write_text("cluster: alone\n")
    assert open_bundle(bundle).about.cluster == "alone"
    (bundle.parent / name).write_text("cluster: other\n")
    with pytest.raises(InputErrors) as caught:
        open_bundle(bundle)
    assert f"{name} is of the cluster 'other', and the bundle of alone" in caught.value.problems[0].message
