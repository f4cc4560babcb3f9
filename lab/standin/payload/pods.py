"""The logs of static pods, where a kubelet and containerd put them: /var/log/pods/<namespace>_<pod>_<uid>/<container>/<number>.log.

Sources: Kubernetes, pkg/kubelet/kuberuntime/helpers.go (BuildContainerLogsDirectory) and the CRI's log format; rke2,
pkg/executor/staticpod (the uid is a hash of the manifest, so another image or other arguments mean another folder).
"""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from .release import VERSION

NAMESPACE = "kube-system"
KEPT = 2  # a kubelet keeps the running container's log and that of the one before


class Pod:
    """One static pod with one container of its name."""

    def __init__(self, logs: Path, name: str, node: str, arguments: Sequence[str]) -> None:
        self.name = name
        self.full_name = f"{name}-{node}"
        self.uid = hashlib.md5(json.dumps([name, VERSION, *arguments]).encode(), usedforsecurity=False).hexdigest()
        self.folder = logs / f"{NAMESPACE}_{self.full_name}_{self.uid}" / name

    def forget_older(self) -> None:
        """Remove the folders of this pod's former manifests."""
        for folder in self.folder.parent.parent.glob(f"{NAMESPACE}_{self.full_name}_*"):
            if folder != self.folder.parent:
                shutil.rmtree(folder, ignore_errors=True)

    def keep_output(self, stream: IO[bytes]) -> None:
        """Write all output of a new container, in a thread of its own, to the next log file."""
        target = self._next()
        threading.Thread(target=_copy, args=(stream, target), name=f"log of {self.name}", daemon=True).start()

    def _next(self) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        numbers = sorted(int(file.stem) for file in self.folder.glob("*.log") if file.stem.isdigit())
        for number in numbers[: len(numbers) - KEPT + 1]:
            (self.folder / f"{number}.log").unlink()
        return self.folder / f"{numbers[-1] + 1 if numbers else 0}.log"


def cri_line(text: bytes, now: float) -> bytes:
    """One line as containerd writes it: time, stream, F for a full line, the text. `now` in seconds since 1970."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    return f"{stamp}.{int(now % 1 * 1e9):09d}Z stderr F ".encode() + text.rstrip(b"\n") + b"\n"


def _copy(stream: IO[bytes], target: Path) -> None:
    with stream, target.open("ab", buffering=0) as file:
        target.chmod(0o640)
        for line in stream:
            file.write(cri_line(line, time.time()))
