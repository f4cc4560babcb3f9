from __future__ import annotations

import io
import time
from pathlib import Path

import pytest

from lab.standin.payload.pods import Pod, cri_line

pytestmark = pytest.mark.unit


def ran(pod: Pod, text: bytes) -> None:
    """One container's life."""
    before = set(pod.folder.glob("*.log"))
    pod.keep_output(io.BytesIO(text))
    until = time.monotonic() + 5
    while not any(file.stat().st_size for file in set(pod.folder.glob("*.log")) - before):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_line_has_the_cri_s_shape() -> None:
    assert cri_line(b"E1129 words\n", 0.5) == b"1970-01-01T00:00:00.500000000Z stderr F E1129 words\n"


@pytest.mark.proves("reality D26")
def test_each_container_has_its_log_and_the_last_two_stay(tmp_path: Path) -> None:
    pod = Pod(tmp_path, "etcd", "server1", ["--a=b"])
    assert pod.folder == tmp_path / f"kube-system_etcd-server1_{pod.uid}/etcd"
    for number in range(3):
        ran(pod, f"life {number}\n".encode())
    assert sorted(file.name for file in pod.folder.iterdir()) == ["1.log", "2.log"]
    assert (pod.folder / "2.log").read_text().endswith(" stderr F life 2\n")
    assert (pod.folder / "2.log").stat().st_mode & 0o777 == 0o640


def test_other_arguments_are_another_pod_and_the_former_one_s_logs_go(tmp_path: Path) -> None:
    old, new, other = (Pod(tmp_path, name, "server1", [words]) for name, words in (("etcd", "a"), ("etcd", "b"), ("kube-apiserver", "a")))
    for pod in (old, new, other):
        pod.folder.mkdir(parents=True)
    new.forget_older()
    assert (old.folder.exists(), new.folder.exists(), other.folder.exists()) == (False, True, True)
