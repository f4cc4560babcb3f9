"""Groups below `runner`: a word that a group does not have is answered with what there is instead."""

from __future__ import annotations

import click

from stardock.cli.told import printable


class Subcommands(click.Group):
    """`runner image`, `runner lock`, `runner import`."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with what to do here instead."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            from stardock.cli.foreign import advice_within  # noqa: PLC0415  only where it is needed

            said = advice_within(str(self.name), args[0], list(self.commands))
            ctx.fail(f"No such command '{printable(args[0])}'.{said}")
        return super().resolve_command(ctx, args)
