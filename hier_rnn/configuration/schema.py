"""What is known of every option: `options_of`, `accepted`, and `validate` with plain errors.

Read off the JSON schema of `Configuration`, so that help, error messages and the written TOML file
never say anything but what `hier_rnn.configuration.options` says.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from hier_rnn.configuration.options import Configuration
from hier_rnn.configuration.renamed import RENAMED
from hier_rnn.errors import UserError, nearest

Node = dict[str, Any]  # a node of the JSON schema

MISTAKES = 20  # told at once
RECEIVED = 200  # characters shown of what was received


class Option(NamedTuple):
    """An option: its dotted name, what the schema says of it, and what it is for."""

    name: str
    node: Node
    description: str
    default: Any


@functools.cache
def _schema() -> Node:
    return Configuration.model_json_schema()


def _resolved(node: Node) -> Node:
    """Follows a reference to the group or table that it names."""
    if "$ref" in node:
        definitions: dict[str, Node] = _schema()["$defs"]
        return definitions[node["$ref"].rsplit("/", 1)[1]]
    return node


def group(name: str) -> Node | None:
    """Returns the schema of a group (`training`, `training.misspell`), or None if it is no group.

    Args:
        name: Dotted name; empty for the whole configuration.
    """
    node = _schema()
    for part in name.split(".") if name else ():
        if part not in node.get("properties", {}):
            return None
        node = _resolved(node["properties"][part])
    return node if "properties" in node else None


def group_of(name: str) -> Node:
    """Returns the schema of a group that there is, by its dotted name."""
    node = group(name)
    if node is None:
        raise KeyError(name)
    return node


def options_of(name: str = "") -> Iterator[Option]:
    """Yields every option of a group and of the groups inside it, in the order they are declared.

    Args:
        name: Dotted name of the group, or of a single option; empty for all options.
    """
    node = group(name)
    if node is None:
        outer, _, inner = name.rpartition(".")
        yield _option(name, group_of(outer)["properties"][inner])
        return
    for key, child in node["properties"].items():
        full = f"{name}.{key}".lstrip(".")
        if "$ref" in child:
            yield from options_of(full)
        else:
            yield _option(full, child)


def _option(name: str, node: Node) -> Option:
    return Option(name, node, node.get("description", ""), node.get("default"))


def choices(node: Node) -> list[str]:
    """Returns the words that an option accepts, if it accepts particular words."""
    return [
        *node.get("enum", ()),
        *([node["const"]] if "const" in node else ()),
        *(word for branch in node.get("anyOf", ()) for word in choices(branch)),
    ]


def is_container(node: Node) -> bool:
    """Whether an option may hold a list or a table (written as JSON on the command line)."""
    return node.get("type") in ("array", "object") or any(map(is_container, node.get("anyOf", ())))


def bounds(node: Node) -> str:
    """Returns the range of a number in words: `at least 0, below 1`; empty without a range."""
    least, above = node.get("minimum"), node.get("exclusiveMinimum")
    most, below = node.get("maximum"), node.get("exclusiveMaximum")
    if node.get("type") == "integer" and above is not None:
        least, above = above + 1, None
    limits = (("at least", least), ("above", above), ("at most", most), ("below", below))
    return ", ".join(f"{words} {limit}" for words, limit in limits if limit is not None)


def accepted(node: Node) -> str:
    """Returns in words what an option accepts: `a whole number, at least 1`.

    Args:
        node: The option's schema.
    """
    node = _resolved(node)
    if "anyOf" in node:
        branches = [branch for branch in node["anyOf"] if branch.get("type") != "null"]
        return " or ".join(map(accepted, branches))
    if "enum" in node or "const" in node:
        return "|".join(choices(node))
    match node.get("type"):
        case "integer":
            return ", ".join(filter(None, ["a whole number", bounds(node)]))
        case "number":
            return ", ".join(filter(None, ["a number", bounds(node)]))
        case "boolean":
            return "true|false"
        case "array":
            return f"a list, each entry {accepted(node['items'])}"
        case "object" if "properties" in node:
            return f"a table of {', '.join(node['properties'])}"
        case "object":
            values = node.get("additionalProperties")
            of = f", each value {accepted(values)}" if isinstance(values, dict) else ""
            return f"a table{of}"
    return "text"


def validate(values: Mapping[str, Any], place: Callable[[str], str]) -> Configuration:
    """Returns the configuration that `values` make, every option not given having its default.

    Args:
        values: Nested tables, as TOML gives them.
        place: Says where an option was written, from its dotted name.

    Raises:
        UserError: An unknown option or a value that is not accepted; a line for each.
    """
    try:
        return Configuration.model_validate(values)
    except ValidationError as error:
        raise UserError(explain(error, _schema(), place)) from None


def explain(error: ValidationError, schema: Node, place: Callable[[str], str]) -> str:
    """Says pydantic's errors in our words, a line for each.

    Args:
        error: What pydantic found.
        schema: The schema of what was checked.
        place: Says where an option was written, from its dotted name; empty for all of them.
    """
    mistakes = error.errors(include_url=False)
    lines = dict.fromkeys(_explain(mistake, schema, place) for mistake in mistakes[:MISTAKES])
    if len(mistakes) > MISTAKES:
        lines[f"... and {len(mistakes) - MISTAKES:,} more mistakes."] = None
    return "\n".join(lines)


def _explain(mistake: Mapping[str, Any], schema: Node, place: Callable[[str], str]) -> str:
    name, node = "", schema
    for part in mistake["loc"]:
        node = _resolved(node)
        if part in node.get("properties", {}):
            name, node = f"{name}.{part}".lstrip("."), node["properties"][part]
        elif isinstance(part, int) and "items" in node:
            name, node = f"{name}[{part}]", node["items"]
        elif isinstance(node.get("additionalProperties"), dict):
            name, node = f'{name}."{part}"', node["additionalProperties"]
            break
        elif "properties" in node:
            full = f"{name}.{part}".lstrip(".")
            return f"{place(full)}: {unknown(full, node)}"
        else:  # the branch of a union: what the whole union accepts is said
            break
    if mistake["type"] == "value_error":
        return f"{place(name)}: {mistake['ctx']['error']}"
    if mistake["type"] == "missing":
        return f"{place(name)}: is needed ({node.get('description')})."
    received = mistake["input"]
    short = isinstance(received, str) and len(received) <= RECEIVED
    guess = nearest(received, choices(node)) if short else ""
    return f"{place(name)}: must be {accepted(node)}. Received: {_shown(received)}.{guess}"


def _shown(value: Any) -> str:
    """The value as Python writes it, cut where it is long."""
    try:
        text = repr(value)
    except ValueError:  # a number of more digits than Python writes
        return "a number of thousands of digits"
    return text if len(text) <= RECEIVED else f"{text[:RECEIVED]}..."


def unknown(name: str, node: Node) -> str:
    """Says that a group has no such option, and which it has; or what its name is now.

    Args:
        name: The option's dotted name.
        node: The schema of its group.
    """
    if name in RENAMED:
        return f"no such option: its name is now {RENAMED[name]}."
    names: Collection[str] = node["properties"]
    name = name.rpartition(".")[2][:RECEIVED]
    there_are = f" There are: {', '.join(names)}." if names else " There are none."
    return f"no such option.{nearest(name, names) or there_are}"
