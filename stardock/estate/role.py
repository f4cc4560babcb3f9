"""The commands that give a token just what a plan needs; each heals what an earlier run of it left otherwise.

They are for a shell of root's: whatever was checked before, every value is quoted here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from shlex import quote

from stardock.estate.token import TOKEN
from stardock.model.addons import ProxmoxToken
from stardock.model.plan import Plan
from stardock.plan.views.privileges import Grant, grants


@dataclass(frozen=True, slots=True)
class Who:
    """Whose privileges. A `token` that is named gets them itself, too: one with privilege separation has no more than its own."""

    user: str
    token: str = ""

    @property
    def option(self) -> str:
        """As pveum takes it."""
        return f"--users {quote(self.user)}" + (f" --tokens {quote(f'{self.user}!{self.token}')}" if self.token else "")


def addon_commands(plan: Plan, token: ProxmoxToken) -> Iterator[str]:
    """The same for the token of an add-on. A user whose tokens several of them have gets what all of these need."""
    yield f"pveum user add {quote(token.user)} || true"
    for grant in (Grant(**asdict(role)) for role in token.roles):
        yield role_command(plan, grant)
        yield from acl_commands(plan, grant, Who(token.user), grant.paths)
    yield f"pveum user token add {quote(token.user)} {quote(token.name)} --privsep 0"


def role_name(plan: Plan, grant: Grant) -> str:
    """A role's name: the cluster's own, for another cluster may need more of the same kind."""
    return f"stardock-{plan.cluster}-{grant.kind}"


def commands(plan: Plan, user: str, wanted: tuple[Grant, ...] | None = None) -> Iterator[str]:
    """Every command, in order, for a shell on any PVE node. `wanted`: other grants than the plan's."""
    given = grants(plan) if wanted is None else wanted
    yield f"pveum user add {quote(user)} || true"
    for grant in given:
        yield role_command(plan, grant)
    for grant in given:
        yield from acl_commands(plan, grant, Who(user), grant.paths)
    yield f"pveum user token add {quote(user)} {TOKEN} --privsep 0"


def role_command(plan: Plan, grant: Grant) -> str:
    """Make or mend one role."""
    said = f'{quote(role_name(plan, grant))} --privs "{" ".join(grant.privileges)}"'
    return f"pveum role add {said} || pveum role modify {said}"


def acl_commands(plan: Plan, grant: Grant, who: Who, paths: tuple[str, ...]) -> Iterator[str]:
    """Give the role on these paths."""
    for path in paths:
        yield f"pveum acl modify {quote(path)} {who.option} --roles {quote(role_name(plan, grant))} --propagate {int(grant.propagate)}"


def cure(plan: Plan, who: Who, path: str, missing: frozenset[str]) -> str:
    """The commands that give what is missing on one path."""
    wanted = [grant for grant in grants(plan) if path in grant.paths and missing & frozenset(grant.privileges)]
    lines = [line for grant in wanted for line in (role_command(plan, grant), *acl_commands(plan, grant, who, (path,)))]
    return "\n".join(lines)
