"""Writing the bundle: the playbooks as they are, the inventory from plan and facts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection
from pathlib import Path

from stardock.bundle.about import FILE, record_text
from stardock.bundle.inventory import Variables, inventory_files
from stardock.bundle.site import SITE, site_text
from stardock.bundle.text import yaml_text
from stardock.distributions import distribution
from stardock.errors import RefusedError, StardockError
from stardock.model.facts import Facts, known_hosts
from stardock.model.plan import Plan
from stardock.model.stages import IDENTITY, NAMES
from stardock.shipped import ROOT
from stardock.writing import refuse_link, unwritable, write_atomically

SOURCE = ROOT / "ansible"

#: What a bundle consists of; everything else in its directory is somebody else's and stays.
PARTS = ("ansible.cfg", "bundle.json", "inventory", "known_hosts", "project", "README.md")


def write_bundle(plan: Plan, facts: Facts, directory: Path, left_out: Collection[str] = ()) -> None:
    """Write the bundle of a cluster into a directory, over an older bundle; machines that are left out are asked nothing.

    `ConditionError` when a machine's address is not known, or nothing can be written there; `RefusedError` when the directory holds
    something that is no bundle.
    """
    variables = inventory_files(plan, facts, left_out)
    files = {_below(directory / "inventory", name): content for name, content in variables.items()}
    try:
        _clear(directory)
        _copy_playbooks(directory)
        for path, content in files.items():
            _write_yaml(path, content)
    except OSError as error:
        raise unwritable(directory, error) from error
    write_atomically(directory / "known_hosts", "".join(known_hosts(plan, facts)))
    write_atomically(directory / FILE, record_text(plan, facts))
    write_atomically(directory / "README.md", _readme(plan))


def _clear(directory: Path) -> None:
    """Take an older bundle's parts away. A directory with files but no playbooks was not made by us."""
    refuse_link(directory)
    if directory.exists() and any(directory.iterdir()) and not (directory / "project" / SITE).exists():
        raise RefusedError(f"{directory} holds files and is no bundle", cure="name a new or an empty directory with -o")
    for part in PARTS:
        path = directory / part
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
    directory.mkdir(parents=True, exist_ok=True)


def _copy_playbooks(directory: Path) -> None:
    if not (SOURCE / IDENTITY.playbook).is_file():
        raise StardockError(f"the playbooks are not in {SOURCE}", cure="run Stardock from its checkout: pip install --editable .")
    ignored = shutil.ignore_patterns(".*", "__pycache__", "*.pyc")
    shutil.copytree(SOURCE, directory / "project", ignore=ignored, copy_function=shutil.copyfile)
    (directory / "project" / SITE).write_text(site_text(), encoding="utf-8")
    # Ansible reads the one in the folder where it is started.
    shutil.copyfile(SOURCE / "ansible.cfg", directory / "ansible.cfg")


def _below(directory: Path, name: str) -> Path:
    """A file of the bundle; a name that leads out of it is none."""
    if ".." in Path(name).parts or Path(name).is_absolute():
        raise RefusedError(f"{name!r} leads out of {directory}", cure="no name of a machine does; see the lock")
    return directory / name


def _write_yaml(path: Path, variables: Variables) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("---\n" + yaml_text(variables), encoding="utf-8")


def _contents(plan: Plan) -> str:
    """What files with a secret need."""
    sources = sorted(plan.secret_sources)
    listed = "".join(f"\n    - {{source: {json.dumps(source)}, content: ...}}" for source in sources)
    return f" And `stardock_contents`, the texts of files that hold a secret:\n\n    stardock_contents:{listed}\n\n" if sources else ""


def _readme(plan: Plan) -> str:
    own = distribution(plan.distribution.name)
    kubernetes, files = own.title, f"{own.archive} and {own.checksums}"
    return f"""# The Ansible half of the cluster {plan.cluster}

Needs ansible-core 2.17 or newer and ssh, here, and nothing else of the project that made it. Started in this directory:

    ansible-playbook -i inventory project/{SITE} -e @secrets.yaml

or, where Stardock is installed, `runner bootstrap DIRECTORY`, which shows how far it is, refuses what would break the cluster, and
keeps what it learned beside the directory. `--tags {",".join(NAMES)}` chooses stages, `--check --diff` only shows, `--private-key FILE`
names the key.

`secrets.yaml` (mode 0600) has two keys, `stardock_token` and `stardock_agent_token`: long random texts for a new cluster; for a cluster
that exists the ones it was made with.{_contents(plan)} The kubeconfig is written into this directory, or where
`-e kubeconfig_path=FILE` says. Machines download {kubernetes}, unless the environment variable STARDOCK_ARTIFACTS names a folder
here with {files}.
"""
