"""site.yml, from the table of stages: imports of playbooks, each with the tag by which `--tags` chooses it."""

from __future__ import annotations

from collections.abc import Sequence

from stardock.model.stages import IDENTITY, STAGES, Stage

#: The playbook that runs all stages.
SITE = "site.yml"

_HEAD = """\
---
# The whole way from booted machines to a cluster. Each line is a stage: `--tags founder` runs one, and every file runs alone too.
"""


def site_text(stages: Sequence[Stage] = STAGES) -> str:
    """The file; identity comes first and always."""
    return _HEAD + "\n".join((_line(IDENTITY, "always"), *(_line(stage, stage.name) for stage in stages)))


def _line(stage: Stage, tag: str) -> str:
    return f"- name: {stage.title}\n  ansible.builtin.import_playbook: {stage.playbook}\n  tags: [{tag}]\n"
