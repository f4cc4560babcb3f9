"""What the role k3s makes of a release, how the role kubernetes installs it, and what its scripts take away."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stardock.bundle.kubernetes import facts
from stardock.distributions.k3s import K3S
from tests.plans import ROOT
from tests.unit.ansible.test_turns import rendered

pytestmark = [pytest.mark.unit, pytest.mark.proves("feature k3s")]

ANSIBLE = ROOT / "ansible"
FILES = ANSIBLE / "roles/k3s/files"
PROGRAM = "#!/bin/sh\necho k3s version v1.36.5+k3s1\n"


def download(folder: Path, kind: str, *, check: bool = False, promised: str = "") -> subprocess.CompletedProcess[str]:
    """Run the shared role's download with a folder of artifacts, down to the release that waits for its turn."""
    artifacts = folder / "artifacts"
    artifacts.mkdir(exist_ok=True)
    (artifacts / "k3s").write_text(PROGRAM)
    (artifacts / "sha256sum-amd64.txt").write_text(f"{promised or hashlib.sha256(PROGRAM.encode()).hexdigest()}  k3s\n")
    host: dict[str, Any] = {
        **facts(K3S),
        "ansible_connection": "local",
        "ansible_python_interpreter": "/usr/bin/python3",
        "kubernetes_type": kind,
        "kubernetes_version": "v1.36.5+k3s1",
        "kubernetes_url": "https://unused.invalid/k3s",
        "kubernetes_artifacts": str(artifacts),
    }
    role = {"name": "kubernetes", "tasks_from": "download", "rolespec_validate": False}
    play = {"hosts": "all", "gather_facts": False, "tasks": [{"ansible.builtin.include_role": role}]}
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": {f"{kind}1": host}}}))
    (folder / "play.json").write_text(json.dumps([play]))
    (folder / "extra.json").write_text(json.dumps({"kubernetes_cache": str(folder / "cache")}))
    command = ["ansible-playbook", "-i", str(folder / "hosts.json"), str(folder / "play.json"), "-e", f"@{folder}/extra.json"]
    environment = {**os.environ, "ANSIBLE_ROLES_PATH": str(ANSIBLE / "roles")}
    return subprocess.run(
        [*command, *(["--check"] if check else [])], cwd=ANSIBLE, env=environment, capture_output=True, text=True, check=False
    )


def staged(folder: Path) -> Path:
    (found,) = (folder / "cache").iterdir()
    return found


@pytest.mark.parametrize(
    ("kind", "unit", "script"), [("server", "k3s", "k3s-uninstall.sh"), ("agent", "k3s-agent", "k3s-agent-uninstall.sh")]
)
def test_a_release_is_the_program_and_the_role_adds_what_its_installer_writes(kind: str, unit: str, script: str, tmp_path: Path) -> None:
    done = download(tmp_path, kind)
    assert done.returncode == 0, done.stdout + done.stderr
    release = staged(tmp_path)
    found = sorted(str(path.relative_to(release)) for path in release.rglob("*") if not path.is_dir())
    assert found == sorted(
        ["bin/crictl", "bin/ctr", "bin/k3s", "bin/k3s-killall.sh", f"bin/{script}", "bin/kubectl", f"etc/systemd/system/{unit}.service"]
    )
    assert all((release / "bin" / name).stat().st_mode & 0o777 == 0o755 for name in ("k3s", "k3s-killall.sh", script))
    assert {str((release / "bin" / name).readlink()) for name in ("kubectl", "crictl", "ctr")} == {"k3s"}
    text = (release / f"etc/systemd/system/{unit}.service").read_text()
    assert f"\nExecStart=/usr/local/bin/k3s {kind}\n" in text
    for line in ("Type=notify", "KillMode=process", "Delegate=yes", "TimeoutStartSec=0", "EnvironmentFile=-/etc/default/%N"):
        assert f"\n{line}\n" in text


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    assert download(tmp_path, "server").returncode == 0
    unit = tmp_path / "k3s.service"
    unit.write_text((staged(tmp_path) / "etc/systemd/system/k3s.service").read_text().replace("/usr/local/bin/k3s", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not [line for line in done.stderr.splitlines() if unit.name in line], done.stderr
    broken = tmp_path / "broken/k3s.service"
    broken.parent.mkdir()
    broken.write_text(re.sub("(?m)^ExecStart=.*$", "", unit.read_text()))
    assert subprocess.run(["systemd-analyze", "verify", "--man=no", str(broken)], capture_output=True, check=False).returncode != 0


def test_a_program_that_nobody_promised_is_not_unpacked(tmp_path: Path) -> None:
    done = download(tmp_path, "agent", promised="0" * 64)
    assert done.returncode != 0
    assert "was promised: not installed" in done.stdout
    assert not list((tmp_path / "cache").glob("k3s-*"))


def test_a_check_unpacks_nothing_and_fails_at_nothing(tmp_path: Path) -> None:
    done = download(tmp_path, "server", check=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "cache").exists()


def install(folder: Path, prefix: Path, etc: Path) -> subprocess.CompletedProcess[str]:
    """The shared role's script, over folders of this test."""
    known: dict[str, Any] = {**facts(K3S), "kubernetes_staged": str(staged(folder)), "kubernetes_cache": str(folder / "cache")}
    text = rendered("install.sh.j2", **known, kubernetes_found={"prefix": str(prefix)})
    text = text.replace('echo "/${1#./}"', f'echo "{etc}/${{1#./etc}}"')
    environment = {**os.environ, "PATH": f"{folder}/path:/usr/bin:/bin"}
    return subprocess.run(["sh", "-c", text], env=environment, capture_output=True, text=True, check=False)


def test_it_is_installed_below_its_prefix_with_its_unit_in_etc_and_links_only_where_no_such_command_is(tmp_path: Path) -> None:
    assert download(tmp_path, "agent").returncode == 0
    (tmp_path / "path").mkdir()
    (tmp_path / "path/crictl").write_text("#!/bin/sh\n")
    (tmp_path / "path/crictl").chmod(0o755)
    prefix, etc = tmp_path / "opt", tmp_path / "etc"
    prefix.mkdir()
    etc.mkdir()
    done = install(tmp_path, prefix, etc)
    assert done.returncode == 0, done.stdout + done.stderr
    names = {path.name for path in (prefix / "bin").iterdir()}
    assert names >= {"k3s", "k3s-killall.sh", "k3s-agent-uninstall.sh", "ctr"}
    assert "crictl" not in names, "the machine has one"
    assert f"ExecStart={prefix}/bin/k3s agent" in (etc / "systemd/system/k3s-agent.service").read_text()
    assert "/usr/local" not in (prefix / "bin/k3s-agent-uninstall.sh").read_text()
    assert subprocess.run([prefix / "bin/k3s"], capture_output=True, text=True, check=True).stdout == "k3s version v1.36.5+k3s1\n"
    assert not (prefix / "etc").exists()
    assert list((tmp_path / "cache").iterdir()) == []


# what its scripts take away


def elsewhere(text: str, root: Path) -> str:
    """A script with all of its folders below this one."""
    return re.sub(r"(?<![\w.}*])/(usr/local|etc|var|run|sys|proc/self/mounts)\b", rf"{root}/\1", text)


def run(script: str, root: Path) -> subprocess.CompletedProcess[str]:
    """A script of the role's over a machine of folders, with programs that only say that they were called."""
    path = root / "usr/local/bin" / script
    path.write_text(elsewhere((FILES / ("k3s-killall.sh" if "killall" in script else "k3s-uninstall.sh")).read_text(), root))
    path.chmod(0o755)
    return subprocess.run([str(path)], env={"PATH": f"{root}/stubs:/usr/bin:/bin"}, capture_output=True, text=True, check=False)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine with k3s, as folders."""
    folders = "usr/local/bin etc/systemd/system etc/rancher/k3s run/k3s var/lib/kubelet/pods proc/self sys/class/net/cni0 stubs"
    for name in folders.split():
        (tmp_path / name).mkdir(parents=True)
    data = "var/lib/rancher/k3s/server/db/data var/lib/rancher/k3s/.hidden"
    for name in f"{data} var/lib/rancher/other var/lib/cni/x etc/rancher/node/password".split():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    for name in ("kubectl", "crictl"):
        (tmp_path / "usr/local/bin" / name).symlink_to("k3s")
    (tmp_path / "usr/local/bin/k3s").write_text(PROGRAM)
    (tmp_path / "usr/local/bin/ctr").write_text("somebody's own")
    (tmp_path / "etc/systemd/system/k3s.service").write_text("unit")
    (tmp_path / "proc/self/mounts").write_text("")
    for name in ["id", "systemctl", "ip", "ps", "umount", "iptables-save", "iptables-restore", "ip6tables-save", "ip6tables-restore"]:
        said = "echo 0" if name == "id" else f'echo "{name} $*" >>{tmp_path}/calls'
        (tmp_path / "stubs" / name).write_text(f"#!/bin/sh\n{said}\n")
        (tmp_path / "stubs" / name).chmod(0o755)
    return tmp_path


def calls(root: Path) -> list[str]:
    return (root / "calls").read_text().splitlines() if (root / "calls").exists() else []


def test_killall_stops_units_unmounts_the_deepest_first_and_leaves_the_data(machine: Path) -> None:
    mounts = [f"{machine}/run/k3s/a", f"{machine}/run/k3s/a/b", f"{machine}/var/lib/kubelet/pods/p", f"{machine}/srv"]
    (machine / "proc/self/mounts").write_text("".join(f"tmpfs {path} tmpfs rw 0 0\n" for path in mounts))
    done = run("k3s-killall.sh", machine)
    assert done.returncode == 0, done.stderr
    said = calls(machine)
    assert said[0] == "systemctl stop k3s.service"
    assert [line for line in said if line.startswith("umount")] == [f"umount -f {path}" for path in (mounts[1], mounts[0], mounts[2])]
    assert "ip link delete cni0" in said
    assert "ip link delete flannel.1" not in said, "it is not there"
    assert (machine / "var/lib/rancher/k3s/server/db/data").exists()
    assert not (machine / "var/lib/cni").exists()


def test_killall_ends_the_shims_of_k3s_with_their_pods_and_nobody_elses(machine: Path) -> None:
    shim, other = f"{machine}/var/lib/rancher/k3s/data/abc/bin/containerd-shim-runc-v2", "/usr/bin/containerd-shim-runc-v2"
    listed = f'*args=*) echo "  41 {shim} -namespace k8s.io"; echo "  42 {other} -namespace moby" ;; *"--ppid 41"*) echo 43 ;;'
    (machine / "stubs/ps").write_text(f'#!/bin/sh\ncase "$*" in {listed} esac\n')
    # `kill` is the shell's own
    own = f'kill() {{ echo "kill $*" >>{machine}/calls; }}\n'
    script = elsewhere((FILES / "k3s-killall.sh").read_text(), machine).replace("# KillMode", f"{own}# KillMode")
    done = subprocess.run(["sh", "-c", script], env={"PATH": f"{machine}/stubs:/usr/bin:/bin"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [line for line in calls(machine) if line.startswith("kill")] == ["kill -KILL 41 43"]


def test_uninstall_takes_away_what_is_k3s_and_nothing_else(machine: Path) -> None:
    run("k3s-killall.sh", machine)
    done = run("k3s-uninstall.sh", machine)
    assert done.returncode == 0, done.stderr
    files = (path for name in ("usr", "etc", "var", "run") for path in (machine / name).rglob("*") if path.is_file())
    left = sorted(str(path.relative_to(machine)) for path in files)
    assert left == ["etc/rancher/node/password", "usr/local/bin/ctr", "var/lib/rancher/other"]
    assert "systemctl disable k3s.service" in calls(machine)


def test_uninstall_empties_a_file_system_of_its_own_and_leaves_it_mounted(machine: Path) -> None:
    data = machine / "var/lib/rancher/k3s"
    (machine / "proc/self/mounts").write_text(f"/dev/vdb {data}/server ext4 rw 0 0\n")
    run("k3s-killall.sh", machine)
    done = run("k3s-uninstall.sh", machine)
    assert done.returncode == 0, done.stderr
    assert (data / "server").is_dir()
    assert [path for path in data.rglob("*") if path.is_file()] == []


def test_of_a_server_and_an_agent_on_one_machine_the_program_stays_for_the_other(machine: Path) -> None:
    (machine / "etc/systemd/system/k3s-agent.service").write_text("unit")
    run("k3s-killall.sh", machine)
    done = run("k3s-agent-uninstall.sh", machine)
    assert done.returncode == 0, done.stderr
    assert not (machine / "etc/systemd/system/k3s-agent.service").exists()
    assert (machine / "usr/local/bin/k3s").exists()
    assert (machine / "var/lib/rancher/k3s/server/db/data").exists()
