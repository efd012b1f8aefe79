"""A command that holds commands: a name that does not exist is answered with the nearest one."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from hier_rnn.errors import UserError, nearest


class CommandGroup(click.Group):
    """Commands under one name, listed in the order they were added.

    Args:
        modules: Names of modules in `hier_rnn.commands`, each with a command of that name. They are
            imported when they are asked for: no command waits for what only others need.
    """

    default: str = ""
    """The command meant when there is none, or only options; empty: the help is shown."""

    def __init__(self, *args: Any, modules: Sequence[str] = (), **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self._modules = tuple(modules)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Returns the names of the commands."""
        return list(dict.fromkeys([*self._modules, *self.commands]))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parses the arguments, after putting the default command's name before mere options."""
        if not args or (args[0].startswith("-") and self.default):
            asked_for_help = bool(args) and args[0] in ctx.help_option_names
            args = args if asked_for_help else [self.default or "--help", *args]
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """Returns the command of a name.

        Raises:
            UserError: There is none.
        """
        if cmd_name.startswith("-"):
            raise click.NoSuchOption(cmd_name, ctx=ctx)
        names = self.list_commands(ctx)
        if cmd_name not in names:
            guess = (
                self._within(ctx, cmd_name)
                or nearest(cmd_name, names)
                or f" There are: {', '.join(names)}."
            )
            raise UserError(f"{ctx.command_path}: no command '{cmd_name}'.{guess}")
        if cmd_name not in self.commands:
            module = import_module(f"hier_rnn.commands.{cmd_name}")
            self.add_command(getattr(module, cmd_name))
        return self.commands[cmd_name]

    def _within(self, ctx: click.Context, name: str) -> str:
        """Returns a guess: the command of this name that one of the commands holds."""
        for group in self.list_commands(ctx):
            command = self.get_command(ctx, group)
            if isinstance(command, click.Group) and name in command.commands:
                return f" Did you mean '{group} {name}'?"
        return ""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the commands, and the options that the default command has without a group."""
        super().format_options(ctx, formatter)
        if not self.default:
            return
        command = self.commands[self.default]
        options = [option for option in command.get_params(ctx) if option.name != "help"]
        records = [
            record
            for option in options
            if not getattr(option, "group", "") and (record := option.get_help_record(ctx))
        ]
        with formatter.section(f"Options of {self.default}, which may go without its name"):
            formatter.write_dl(records, col_max=34)
        groups = dict.fromkeys(getattr(option, "group", "") for option in options)
        formatter.write_paragraph()
        formatter.write_text(
            f"Further options, as --GROUP.OPTION VALUE, are in the groups"
            f" {', '.join(filter(None, groups))}: see {ctx.command_path} {self.default} --help."
        )
