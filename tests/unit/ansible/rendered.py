"""Files of the roles haproxy and keepalived as a machine gets them: the bundle's variables, the roles' defaults, their templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import yaml

from stardock.bundle.inventory import inventory_files
from stardock.model.facts import Facts
from stardock.model.plan import Plan

ROLES = Path(__file__).parents[3] / "ansible/roles"
_ENVIRONMENT = jinja2.Environment(trim_blocks=True, undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701 -- no HTML


def rendered(plan: Plan, machine: str, template: str) -> str:
    """`haproxy.cfg` or `keepalived.conf` of a machine."""
    role = template.partition(".")[0]
    files = inventory_files(plan, Facts(cluster=plan.cluster))
    given = {
        **files["group_vars/all.yml"],
        **files.get(f"group_vars/{plan.machine(machine).role}.yml", {}),
        **files[f"host_vars/{machine}.yml"],
        "inventory_hostname": machine,
    }
    defaults = yaml.safe_load((ROLES / role / "defaults/main.yml").read_text())
    own = {key: filled_in(value, given) for key, value in defaults.items() if key not in given}
    return _ENVIRONMENT.from_string((ROLES / role / f"templates/{template}.j2").read_text()).render({**own, **given})


def filled_in(value: Any, variables: dict[str, Any]) -> Any:
    """A default that names other variables, filled in."""
    return _ENVIRONMENT.from_string(value).render(variables) if isinstance(value, str) else value
