"""Configurations as TOML: read with mistakes named, merged, written with options explained."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import tomli_w

from hier_rnn.configuration import schema
from hier_rnn.configuration.options import Configuration
from hier_rnn.errors import UserError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


BYTES = 1 << 20  # of a file of options
DEPTH = 32  # of lists and tables in each other
PARTS = 16  # of a dotted key

# Strings and comments, which hold anything; what nests; keys of dotted parts. A string without an
# end is taken to go on to the end of its line or of the text, so that no text is read twice.
_TOKEN = re.compile(
    r"""
      \"\"\"(?:\\.|[^\\])*?(?:\"\"\"|\Z) | '''.*?(?:'''|\Z)
    | "(?:\\[^\n]|[^"\\\n])*"? | '[^'\n]*'? | \#[^\n]*
    | [\[\]{}.] | [^"'\#\[\]{}.]+
    """,
    re.VERBOSE | re.DOTALL,
)


def read_configuration(path: Path) -> Configuration:
    """Returns the configuration of a TOML file; what the file leaves out has its default.

    Args:
        path: The file.

    Raises:
        UserError: No such file, not TOML, or an option or value that does not exist; the message
            names file, table and option.
    """
    return parse_configuration(_content(path), path)


def parse_configuration(data: bytes, path: Path) -> Configuration:
    """Returns the configuration that a TOML text makes; as `read_configuration`."""
    return validate_table(parse_table(data, path), path)


def read_table(path: Path) -> dict[str, Any]:
    """Returns a TOML file's options as written, after checking them all.

    Args:
        path: The file.

    Raises:
        UserError: As `read_configuration`.
    """
    table = parse_table(_content(path), path)
    validate_table(table, path)
    return table


def validate_table(table: Mapping[str, Any], path: Path) -> Configuration:
    """Returns the configuration that the options of a file make.

    Raises:
        UserError: An unknown option or a value that is not accepted.
    """
    return schema.validate(table, lambda name: _place(path, name))


def parse_table(data: bytes, path: Path) -> dict[str, Any]:
    """Returns the tables of a TOML text, whatever they hold.

    Args:
        data: The text, UTF-8, of a megabyte at most.
        path: Where it stands, for the message.

    Raises:
        UserError: Not TOML, or nested as no configuration is.
    """
    if len(data) > BYTES:
        raise UserError(f"{path}: too large. Accepted: {BYTES:,} bytes at most.")
    try:
        text = data.decode("utf-8")
        _check_nesting(text)
        return tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 (byte {error.start}).") from None
    except (ValueError, RecursionError) as error:  # a number of 10,000 digits, among others
        raise UserError(f"{path}: not TOML: {str(error)[:300]}.") from None


def _content(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(BYTES + 1)
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}.") from None


def _check_nesting(text: str) -> None:
    """Refuses what tomllib would take memory without end for."""
    depth = parts = 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in "[{":
            depth += 1
        elif token in "]}":
            depth = max(0, depth - 1)
        elif token == ".":
            parts += 1
        elif token[0] not in "\"'" and not _IN_KEY.fullmatch(token):
            parts = 0
        if depth > DEPTH or parts > PARTS:
            raise ValueError(f"nested more than {DEPTH if depth > DEPTH else PARTS} levels deep")


_IN_KEY = re.compile(r"[\w \t-]*")  # what stands between the dots of one key


def _place(path: Path, name: str) -> str:
    table, _, option = name.rpartition(".")
    return f"{path}, [{table}] {option}" if table else f"{path}, {option}"


def merge(*layers: Mapping[str, Any], group: str = "") -> dict[str, Any]:
    """Returns the options of all layers; a later layer's options replace an earlier one's.

    Groups are merged option by option; other tables (`training.class_weights`) replaced whole.

    Args:
        layers: Nested tables of options.
        group: The group that the tables are of.
    """
    result: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            name = f"{group}.{key}".lstrip(".")
            if key in result and schema.group(name):
                value = merge(result[key], value, group=name)
            result[key] = value
    return result


def format_configuration(configuration: Configuration, groups: Iterable[str] = ()) -> str:
    """Returns a configuration as a TOML text, every option with its value and its meaning.

    Args:
        configuration: The options.
        groups: Groups to write alone (an encoder directory has only `text` and
            `character_encoder`); all of them by default.
    """
    table = configuration.model_dump(exclude_none=True)
    kept = {name: table[name] for name in groups} or table
    return "\n".join(_lines(kept, "")).strip() + "\n"


def _lines(table: Mapping[str, Any], group: str) -> Iterator[str]:
    """A group's own options come first, then its tables, as TOML wants it."""
    node = schema.group_of(group)
    if group:
        yield f"\n# {node['description']}"
        yield f"[{group}]"
    later: list[Iterable[str]] = []
    for key, value in table.items():
        name = f"{group}.{key}".lstrip(".")
        if schema.group(name):
            later.append(_lines(value, name))
            continue
        comment = f"  # {_comment(node['properties'][key])}"
        if _is_table(value):
            text = tomli_w.dumps(_nested(name, value)).rstrip()
            if text.startswith(header := f"[{group}]\n"):  # short enough for a list on a line each
                yield f"{comment.strip()}\n{text.removeprefix(header)}"
            else:
                later.append([f"\n{comment.strip()}", text])
        elif value == {}:
            yield f"{key} = {{}}{comment}"
        else:
            yield _assignment(key, value) + comment
    for lines in later:
        yield from lines


def _is_table(value: Any) -> bool:
    return bool(value) and (
        isinstance(value, dict) or (isinstance(value, tuple) and isinstance(value[0], dict))
    )


def _nested(name: str, value: Any) -> dict[str, Any]:
    outer, _, inner = name.rpartition(".")
    return _nested(outer, {inner: value}) if outer else {inner: value}


def _assignment(key: str, value: Any) -> str:
    """An option on one line; tomli_w would give a list a line for each entry."""
    if isinstance(value, tuple):
        entries = (tomli_w.dumps({"x": entry}).removeprefix("x = ").rstrip() for entry in value)
        return f"{key} = [{', '.join(entries)}]"
    return tomli_w.dumps({key: value}).rstrip()


def _comment(node: schema.Node) -> str:
    accepted = schema.accepted(node)
    return f"{node['description']}" + (f" ({accepted})" if accepted != "text" else "")
