"""The real engine with the real provider, in a folder with a stack's JSON."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lab.patience import patient
from tests.contract.estate import Estate, provider_environment
from tests.engines import chosen_engine

ROOT = Path(__file__).parents[2]
#: The provider where both engines look for it (tools/provider-mirror).
MIRROR = ROOT / "build/mirror/terraform.rc"


#: What the engines' messages call what the plan's JSON lists; what they only read, import or leave is no change.
ACTIONS = {"create": ("create",), "update": ("update",), "delete": ("delete",), "replace": ("delete", "create"), "remove": ("forget",)}


@dataclass(frozen=True)
class Change:
    """What the engine would do to one resource: its actions, e.g. ('delete', 'create')."""

    address: str
    actions: tuple[str, ...]


@dataclass(frozen=True)
class Engine:
    """tofu in one folder."""

    folder: Path
    environment: dict[str, str]

    def run(self, *arguments: str, fails: bool = False) -> str:
        """One command; its output. Fails the test when it fails, or, with `fails`, when it does not."""
        command = [str(chosen_engine()), *arguments, "-no-color"]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False, timeout=patient(120)
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def init(self) -> None:
        """Installs the provider from the mirror."""
        self.run("init", "-input=false")

    def apply(self, *options: str, fails: bool = False) -> str:
        """Applies; what it said, as one line."""
        return " ".join(self._apply(*options, fails=fails).split())

    def _apply(self, *options: str, fails: bool) -> str:
        return self.run("apply", "-auto-approve", "-input=false", *options, fails=fails)

    def plan(self, *options: str) -> list[Change]:
        """What it would change; nothing is reported for a resource that stays. One process: the engine says it as it plans."""
        said = self.run("plan", "-input=false", "-json", *options)
        messages = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        planned = [message["change"] for message in messages if message["type"] == "planned_change"]
        return [Change(one["resource"]["addr"], ACTIONS[one["action"]]) for one in planned if one["action"] in ACTIONS]


def engine(pve: Estate, folder: Path) -> Engine:
    """tofu against this PVE."""
    return Engine(folder, provider_environment(pve) | {"TF_CLI_CONFIG_FILE": str(MIRROR), "TF_PLUGIN_CACHE_DIR": ""})
