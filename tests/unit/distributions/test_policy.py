"""The module that labels RKE2's program under /opt, judged by SELinux's own compiler over a policy that has the type."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from stardock.distributions.rke2 import MODULE

pytestmark = [pytest.mark.unit, pytest.mark.proves("selinux 3")]

#: The least that makes a policy, with what container-selinux and the base policy declare for such a line.
BASE = """\
(handleunknown allow) (mls true) (class file (open)) (classorder (file)) (sid kernel) (sidorder (kernel))
(user system_u) (role object_r) (type container_runtime_exec_t) (type kernel_t) (role system_r) (roletype system_r kernel_t)
(roletype object_r container_runtime_exec_t) (roletype object_r kernel_t) (userrole system_u object_r) (userrole system_u system_r)
(sensitivity s0) (sensitivityorder (s0)) (userrange system_u ((s0) (s0))) (userlevel system_u (s0))
(sidcontext kernel (system_u system_r kernel_t ((s0) (s0)))) (allow kernel_t container_runtime_exec_t (file (open)))
"""
SLEMICRO = '(filecon "/opt/rke2/bin/rke2" file (system_u object_r container_runtime_exec_t ((s0)(s0))))\n'


def compiled(folder: Path, *texts: str) -> tuple[int, str]:
    """Compile them together; the exit code, and the labels that come out."""
    files = [folder / f"{number}.cil" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    command = ["secilc", "-M", "true", "-o", str(folder / "policy"), "-f", str(folder / "contexts"), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, (folder / "contexts").read_text() if done.returncode == 0 else done.stdout + done.stderr


def test_the_module_compiles_and_says_the_label_of_rke2s_program(tmp_path: Path) -> None:
    code, labels = compiled(tmp_path, BASE, MODULE)
    assert code == 0, labels
    assert labels.split() == ["/opt/rke2/bin/rke2", "--", "system_u:object_r:container_runtime_exec_t:s0"]


def test_it_coexists_with_a_policy_that_says_the_same(tmp_path: Path) -> None:
    """A later rke2-selinux for MicroOS may list /opt/rke2 too, as the one for SLE Micro does."""
    assert compiled(tmp_path, BASE, SLEMICRO, MODULE)[0] == 0


@pytest.mark.parametrize(
    ("right", "wrong"), [("container_runtime_exec_t", "no_such_type_t"), ("((s0)(s0))", "(s0)"), ("filecon", "fileconn"), ("file (", "(")]
)
def test_the_compiler_finds_what_is_planted(tmp_path: Path, right: str, wrong: str) -> None:
    assert right in MODULE
    assert compiled(tmp_path, BASE, MODULE.replace(right, wrong, 1))[0] != 0
