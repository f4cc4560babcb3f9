"""What lies in a stack's folder and would count in plan and apply beside Stardock's JSON: refused before an engine reads it.

From OpenTofu 1.12's source, which Terraform's shares but for `.tofu`: every `*.tf`, `*.tofu` and their `.json` is configuration, and
`x.tofu.json` replaces `x.tf.json` (configs.Parser.dirFiles, filterTfPathsWithTofuAlternatives); `terraform.tfvars` and `*.auto.tfvars` set
variables, hidden ones too (Meta.collectVariableValues); `.terraform/environment` selects a workspace (Meta.WorkspaceOverridden);
`terraform.d/plugins` and `.terraform/plugin_path` say where providers come from (implicitProviderSource, workdir.ForcedPluginDirs);
`terraform.tfstate` is offered to take the place of the cluster's state (Meta.backend_C_r_s).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from stardock.errors import ConditionError
from stardock.reading import read_file
from stardock.shellword import word
from stardock.terraform.synth import STACK_FILE

_CONFIGURATION = (".tf", ".tf.json", ".tofu", ".tofu.json")
_VARIABLES = (".auto.tfvars", ".auto.tfvars.json")
_BY_NAME = frozenset(("terraform.tfvars", "terraform.tfvars.json", "terraform.tfstate", "terraform.d"))
_DEFAULT = "default"
#: Bytes of the file that names a workspace.
_MOST = 4096


def refuse_live_files(folder: Path) -> None:
    """Raise `ConditionError` that names every such file and how to put it aside; writes nothing."""
    found = sorted(path for path in folder.iterdir() if _counts(path)) if folder.is_dir() else []
    if (plugins := folder / ".terraform/plugin_path").exists():
        found.append(plugins)
    selected = folder / ".terraform/environment"
    workspace = _workspace(selected)
    if not found and workspace == _DEFAULT:
        return
    files = ", ".join(str(path.relative_to(folder)) for path in found)
    said = [f"it would read {files} there"] if found else []
    said += [f"the workspace {workspace} is selected there, which has a state of its own"] if workspace != _DEFAULT else []
    commands = [f"mv -n -- {word(path)} {word(_aside(path))}" for path in found]
    commands += [f"rm -- {word(selected)}"] if workspace != _DEFAULT else []
    message = f"in {folder} an engine would not do what cluster.yaml says: {'; '.join(said)}"
    raise ConditionError(message, cure="\n".join(("nothing of Stardock's; put it away:", *commands)))


def _counts(path: Path) -> bool:
    name = path.name
    if name in _BY_NAME or name.endswith(_VARIABLES):
        return True
    ignored = name.startswith(".") or name.endswith("~") or (name.startswith("#") and name.endswith("#"))
    return name.endswith(_CONFIGURATION) and name != STACK_FILE and not ignored and not path.is_dir()


def _workspace(selected: Path) -> str:
    """The name in the file that `workspace select` writes."""
    data = read_file(selected, what="the selected workspace", most=_MOST, cure="nothing of Stardock's; put it away")
    return (data or b"").decode(errors="replace").strip() or _DEFAULT


def _aside(path: Path) -> Path:
    """A free name that no engine reads."""
    return next(free for free in _names(path) if not free.exists())


def _names(path: Path) -> Iterator[Path]:
    number = 0
    while True:
        yield path.with_name(f"{path.name}.unused{number or ''}")
        number += 1
