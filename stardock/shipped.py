"""What ships beside this package: main.py with stacks/, constructs/ and the provider's bindings, ansible/, cloudinit/.

In a checkout they are its own folders; an installed wheel carries them in `stardock/_shipped` (setup.py puts them there), so that
site-packages gets no further top-level names.
"""

from __future__ import annotations

import os
import sysconfig
from collections.abc import MutableMapping
from pathlib import Path

_INSTALLED = Path(__file__).with_name("_shipped")

#: The folder that holds them.
ROOT = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[1]


def own_programs_first(environ: MutableMapping[str, str]) -> None:
    """Have `node` and `ansible-playbook` be those of this installation: pipx puts nothing but `runner` on PATH."""
    own, path = sysconfig.get_path("scripts"), environ.get("PATH", os.defpath)
    if path.split(os.pathsep)[0] != own:
        environ["PATH"] = own + os.pathsep + path
