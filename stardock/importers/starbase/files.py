"""Where starbase's files lie: in a checkout, in its `infra` folder, or gathered in a folder of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stardock.errors import InputErrors, Problem
from stardock.reading import read_file

#: Of variables that people write: those of a hundred machines have 10 kB.
_MOST = 1 << 20

#: Below DIR, best first; of one pattern the first by name.
_TFVARS = (
    *("terraform.tfvars", "*.auto.tfvars", "*.tfvars"),
    *("infra/terraform.tfvars", "infra/*.auto.tfvars", "infra/*.tfvars", "infra/vars/*.tfvars", "vars/*.tfvars"),
    *("tfvars.example", "vars/tfvars.example", "infra/vars/tfvars.example"),
)
_CUSTOM = ("custom.yml", "vars/custom.yml", "bootstrap/vars/custom.yml", "bootstrap/tools_playbook/vars/custom.yml")
_STATE = ("terraform.tfstate", "infra/terraform.tfstate")


@dataclass(frozen=True, slots=True, kw_only=True)
class StarbaseFiles:
    """What was found or named. Without custom.yml the role's defaults hold; the state knows the MACs."""

    tfvars: Path
    custom: Path | None = None
    state: Path | None = None


def find_files(directory: Path, *, tfvars: Path | None = None, custom: Path | None = None, state: Path | None = None) -> StarbaseFiles:
    """Find what is not named. `InputErrors` when there are no variables of Terraform's."""
    found = tfvars or _first(directory, _TFVARS)
    if found is None:
        cure = "name the folder of a starbase checkout, or the file: --tfvars FILE"
        raise InputErrors(str(directory), (Problem("there is no terraform.tfvars here or in infra", cure=cure),))
    return StarbaseFiles(tfvars=found, custom=custom or _first(directory, _CUSTOM), state=state or _first(directory, _STATE))


def _first(directory: Path, patterns: tuple[str, ...]) -> Path | None:
    for pattern in patterns:
        found = sorted(path for path in directory.glob(pattern) if path.is_file())
        if found:
            return found[0]
    return None


def read_text(path: Path, *, most: int = _MOST) -> str:
    """A file as text. `InputErrors` when it cannot be read, or has more bytes than any of its kind."""
    data = read_file(path, what="the file", most=most, cure="name starbase's own with --tfvars, --custom or --state")
    if data is None:
        raise InputErrors(str(path), (Problem("there is no such file", cure="name starbase's own with --tfvars, --custom or --state"),))
    return data.decode("utf-8-sig", errors="replace")
