"""Click options made from the configuration's options, and the configuration made of their values.

`--GROUP.OPTION VALUE` for every option of the groups that a command uses. A command line goes over
a `--config` file, which goes over the defaults.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from hier_rnn.configuration import schema, toml
from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.renamed import RENAMED
from hier_rnn.errors import UserError, nearest

SWITCH = ("true", "false")
METAVARS = {"integer": "N", "number": "X", "boolean": "true|false", "string": "TEXT"}


class SeveralOption(click.Option):
    """An option that takes several values at once, `--x A B`, and may be repeated."""

    def __init__(self, *args: Any, accepts: Callable[[str], bool] | None, **settings: Any) -> None:
        """Makes the option.

        Args:
            *args: click's.
            accepts: Whether an argument is a further value and not the command's own; None: the
                option takes one value after all.
            **settings: click's.
        """
        settings["multiple"] = accepts is not None
        super().__init__(*args, **settings)
        self.accepts = accepts

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Returns the help's two columns: the first flag with its value, and the meaning."""
        if self.hidden:
            return None
        several = f" [{self.metavar} ...]" if self.accepts else ""
        return f"{self.opts[0]} {self.metavar}{several}", self.help or ""


class ConfigurationOption(SeveralOption):
    """A command's option for one of the configuration; its value stays text until `resolve`."""

    def __init__(
        self, option: schema.Option, flag: str = "", metavar: str = "", hidden: bool = False
    ) -> None:
        """Makes the option.

        Args:
            option: The configuration's option.
            flag: A shorter flag that means the same; default: only `--GROUP.OPTION`.
            metavar: What the help calls the value; default: by type.
            hidden: Leave it out of the help. Default False.
        """
        several = bool(flag) and option.node.get("type") == "array"
        dotted = f"--{option.name}"
        super().__init__(
            [flag or dotted, *([dotted] if flag not in ("", dotted) else []), "value"],
            accepts=(lambda value: True) if several else None,
            metavar=metavar or _metavar(option.node),
            help=_help(option),
            hidden=hidden,
        )
        self.name = option.name
        self.group = "" if flag else option.name.split(".")[0]
        branches = (option.node, *option.node.get("anyOf", ()))
        self.switch = any(branch.get("type") == "boolean" for branch in branches)
        self.words = (*SWITCH, *schema.choices(option.node))


def _metavar(node: schema.Node) -> str:
    if schema.is_container(node):
        return "|".join([*schema.choices(node), "JSON"])
    words = [
        *schema.choices(node),
        *(METAVARS[branch["type"]] for branch in node.get("anyOf", ()) if "const" not in branch),
    ]
    return "|".join(words) or METAVARS[node["type"]]


def _help(option: schema.Option) -> str:
    bounds = schema.bounds(option.node)
    default = json.dumps(option.default).strip('"')
    shown = f"default: {default}" if option.default not in ("", [], {}, None) else ""
    notes = "; ".join(filter(None, [bounds, shown]))
    return f"{option.description} [{notes}]" if notes else option.description


class ConfiguredCommand(click.Command):
    """A command whose help lists options by group, and whose options may take several values."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parses arguments; `--text A B` means `--text A --text B`, and `--x` means `--x true`."""
        return super().parse_args(ctx, list(self._spread(args)))

    def _spread(self, args: Sequence[str]) -> Iterator[str]:
        by_flag = {flag: option for option in self.params for flag in option.opts}
        flag, accepts, values = "", None, 0  # the option whose values are being read
        for arg, following in zip(args, [*args[1:], ""], strict=False):
            if arg.startswith("-") and arg != "-":
                flag, accepts, values = arg, getattr(by_flag.get(arg), "accepts", None), 0
            elif accepts and values and accepts(arg):
                yield flag
            else:
                values += 1
            yield arg
            option = by_flag.get(arg)
            if getattr(option, "switch", False) and following not in getattr(option, "words", ()):
                yield "true"

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the command's own options, then those of each group under the group's heading."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for option in self.get_params(ctx):
            record = option.get_help_record(ctx)
            if record:
                sections.setdefault(getattr(option, "group", ""), []).append(record)
        for name, records in sections.items():
            meaning = schema.group_of(name)["description"].rstrip(".") if name else ""
            with formatter.section(f"[{name}] {meaning}" if name else "Options"):
                formatter.write_dl(records, col_max=34)


def configuration_options(
    flags: Mapping[str, str], groups: Sequence[str], hidden: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorates a command with the options of the configuration that it uses.

    The command receives them as keyword arguments named by their dotted names: pass them on to
    `resolve`.

    Args:
        flags: Options that have a short flag: dotted name to `--flag` or `--flag METAVAR`.
        groups: Groups whose other options are taken as `--GROUP.OPTION`.
        hidden: Leave these out of the help. Default False.
    """
    short = [
        ConfigurationOption(option, *_flag_and_metavar(flag), hidden)
        for name, flag in flags.items()
        for option in schema.options_of(name)
    ]
    dotted = [
        ConfigurationOption(option, hidden=hidden)
        for name in groups
        for option in schema.options_of(name)
        if option.name not in flags
    ]

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        # What click's own decorators do: innermost first, reversed when the command is made.
        params = function.__dict__.setdefault("__click_params__", [])
        params.extend(reversed([*short, *dotted]))
        return function

    return decorate


def _flag_and_metavar(flag: str) -> tuple[str, str]:
    name, _, metavar = flag.partition(" ")
    return name, metavar


def resolve(config: Path | None, given: Mapping[str, Any]) -> Configuration:
    """Returns the configuration: defaults, then the file's options, then the command line's.

    `model_fields_set` of each group tells the options that somebody gave from those left alone.

    Args:
        config: A TOML file, or None.
        given: Values of the command line by dotted name; None or empty where not given.

    Raises:
        UserError: A value that is not accepted; the message names the option and where it stands.
    """
    command_line: dict[str, Any] = {}
    for name, value in given.items():
        if value is None or value == ():
            continue
        *groups, key = name.split(".")
        table = command_line
        for part in groups:
            table = table.setdefault(part, {})
        several = isinstance(value, tuple)
        for text in value if several else (value,):
            _check_unicode(name, text)
        table[key] = list(value) if several else _parsed(name, value)
    schema.validate(command_line, lambda name: f"--{name}")
    file = toml.read_table(config) if config else {}
    return schema.validate(toml.merge(file, command_line), str)


def _check_unicode(name: str, text: str) -> None:
    """Bytes that are not UTF-8 reach Python as lone surrogates, which no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UserError(f"--{name}: not UTF-8. Received: {text!r}.") from None


def _parsed(name: str, value: str) -> Any:
    """Lists and tables are written as JSON; everything else is left to validation."""
    (option,) = schema.options_of(name)
    if not schema.is_container(option.node) or not value.lstrip().startswith(("[", "{")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:  # a number too long, brackets too deep
        shown = value if len(value) <= schema.RECEIVED else f"{value[: schema.RECEIVED]}..."
        raise UserError(f"--{name}: not JSON: {error}. Received: {shown}") from None


def unknown_option(flag: str, command: click.Command, path: str) -> str:
    """Says that a command has no such option, and what may have been meant.

    Args:
        flag: What was received, with its dashes.
        command: The command.
        path: How the command was called.
    """
    name = flag.lstrip("-")
    if name in RENAMED:
        return f"{flag}: no such option: its name is now --{RENAMED[name]}."
    if name in {option.name for option in schema.options_of()}:
        return f"{flag}: '{path}' does not use this option."
    flags = [
        flag for param in command.params if param.param_type_name == "option" for flag in param.opts
    ]
    key = name.replace("-", "_")
    same = [candidate for candidate in flags if candidate.rpartition(".")[2] == key]
    guess = f" Did you mean {' or '.join(map(repr, same))}?" if same else nearest(flag, flags)
    return f"{flag}: no such option.{guess or f' See {path} --help.'}"
