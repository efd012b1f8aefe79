"""Makes the reference of options and commands from what the program itself knows of them.

A hook of MkDocs (`mkdocs.yml`): the pages exist while the site is built, and are never written by
hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from hier_rnn.commands.main import cli
from hier_rnn.configuration.schema import Option, accepted, group_of
from hier_rnn.initializers.catalogue import CATALOGUE


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages to those that are written by hand."""
    pages = {
        "reference/options.md": options_page(),
        "reference/commands.md": commands_page(),
    }
    for path, content in pages.items():
        files.append(File.generated(config, path, content=content))
    return files


def options_page() -> str:
    """Returns every option by its group, and the initializers with theirs."""
    lines = [
        "# Options",
        "",
        "Every option has this one name, on the command line (`--training.epochs 20`), in a TOML"
        " file and in Python. [How they are given](../training.md), and what they do together.",
        *_group("", "The whole"),
        "",
        "## Initializers",
        "",
        "What `initializers.rules` may name, with the options of each"
        " ([explained](../explained/initializers.md)).",
        "",
        "| initializer | options | |",
        "| --- | --- | --- |",
    ]
    for name, kind in CATALOGUE.items():
        fields = ", ".join(f"`{field}`" for field in kind.model_fields)
        summary = " ".join((kind.__doc__ or "").split("\n\n")[0].split())
        lines.append(f"| `{name}` | {fields} | {_cell(summary)} |")
    return "\n".join(lines) + "\n"


def _group(name: str, title: str) -> Iterator[str]:
    """Yields a group's heading and table, and those of the groups inside it."""
    node = group_of(name)
    inner = [key for key, child in node["properties"].items() if "$ref" in child]
    options = {key: child for key, child in node["properties"].items() if "$ref" not in child}
    yield ""
    yield f"## {title}"
    yield ""
    if name:
        yield node["description"].split("\n\n")[0]
        yield ""
    if options:
        yield "| option | default | |"
        yield "| --- | --- | --- |"
    for key, child in options.items():
        full = f"{name}.{key}".lstrip(".")
        option = Option(full, child, child.get("description", ""), child.get("default"))
        yield (
            f"| `{full}` | {_default(option)} | {_cell(option.description)}"
            f" ({_cell(accepted(child))}) |"
        )
    for key in inner:
        full = f"{name}.{key}".lstrip(".")
        yield from _group(full, f"`{full}`")


def _default(option: Option) -> str:
    if option.default in ("", None):
        return ""
    return f"`{json.dumps(option.default)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def commands_page() -> str:
    """Returns the help of every command, as `--help` prints it."""
    lines = ["# Commands", "", "Each is described as `--help` prints it."]
    context = click.Context(cli, info_name="hier-rnn", max_content_width=96, terminal_width=96)
    for path, command, inner in _commands(cli, context, ()):
        text = command.get_help(inner)
        lines += ["", f"## {' '.join(path) or 'hier-rnn'}", "", "```text", text, "```"]
    return "\n".join(lines) + "\n"


def _commands(
    command: click.Command, context: click.Context, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command, Any]]:
    yield path, command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            inner = click.Context(
                child, parent=context, info_name=name, max_content_width=96, terminal_width=96
            )
            yield from _commands(child, inner, (*path, name))
