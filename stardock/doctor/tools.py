"""The programs that commands start: are they there, and which?"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from importlib import metadata

from stardock.doctor.scene import Tried
from stardock.errors import ConditionError
from stardock.terraform.synth import find_engine

#: The oldest Node that jsii of our pin runs on.
OLDEST_NODE = 20
SECONDS = 10.0


def found_tools(environ: Mapping[str, str]) -> dict[str, Tried]:
    """Every tool by name."""
    looked: dict[str, Callable[[], Tried]] = {
        "engine": lambda: _engine(environ),
        "node": lambda: _node(environ),
        "ansible-playbook": lambda: _ansible(environ),
        "ssh": lambda: _there("ssh", environ),
        "sftp": lambda: _there("sftp", environ),
    }
    return {name: look() for name, look in looked.items()}


def engine_version(program: str) -> str:
    """As the engine tells it (`version -json` of tofu and terraform alike); empty where it does not."""
    try:
        done = subprocess.run([program, "version", "-json"], capture_output=True, text=True, timeout=SECONDS, check=False)
        return str(json.loads(done.stdout)["terraform_version"])
    except (OSError, subprocess.TimeoutExpired, ValueError, TypeError, KeyError):
        return ""


def _engine(environ: Mapping[str, str]) -> Tried:
    try:
        return Tried(str(find_engine(environ)))
    except ConditionError as error:
        return Tried("", error.message)


def _node(environ: Mapping[str, str]) -> Tried:
    found = _there("node", environ)
    if found.trouble:
        return found
    told = subprocess.run([found.what, "--version"], capture_output=True, text=True, timeout=SECONDS, check=False).stdout.strip()
    number = re.match(r"v(\d+)", told)
    if number is None or int(number[1]) < OLDEST_NODE:
        return Tried(found.what, f"{found.what} is Node {told or 'of no known version'}; cdktf needs {OLDEST_NODE} or newer")
    return Tried(told)


def _ansible(environ: Mapping[str, str]) -> Tried:
    found = _there("ansible-playbook", environ)
    return found if found.trouble else Tried(metadata.version("ansible-core"))


def _there(name: str, environ: Mapping[str, str]) -> Tried:
    path = shutil.which(name, path=environ.get("PATH"))
    return Tried(path) if path else Tried(name, f"{name} is not in PATH")
