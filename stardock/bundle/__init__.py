"""The bundle: the directory that the Ansible half needs, complete, without secrets and without an absolute path.

An ansible-runner private data directory that also works with nothing but ansible-core, on a machine that has never seen this project:

    ansible.cfg   bundle.json   inventory/   known_hosts   project/   README.md

The same plan and facts give the same bytes.
"""

from __future__ import annotations

from stardock.bundle.directory import write_bundle

__all__ = ["write_bundle"]
