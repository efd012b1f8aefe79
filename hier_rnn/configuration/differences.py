"""The options of configurations by name, and in words where two differ."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from operator import attrgetter, getitem
from typing import Any

from hier_rnn.configuration.options import Configuration, Options
from hier_rnn.configuration.schema import options_of

ENTRIES = 3  # shown of a list


def option_values(configuration: Configuration) -> dict[str, Any]:
    """Returns the plain value of every option by its dotted name, as `training.epochs`."""
    tree = configuration.model_dump()
    names = (option.name for option in options_of())
    return {name: functools.reduce(getitem, name.split("."), tree) for name in names}


def options_set(configuration: Configuration) -> dict[str, Any]:
    """Returns the options that are not at their defaults, by their dotted names."""
    defaults = option_values(Configuration())
    values = option_values(configuration)
    return {name: value for name, value in values.items() if value != defaults[name]}


def differences(one: Configuration, other: Configuration) -> Iterator[str]:
    """Yields a text for each option that differs: `training.epochs 10 instead of 3`.

    Args:
        one: Has the value that is named first.
        other: Has the other.
    """
    for option in options_of():
        value = attrgetter(option.name)
        first, second = value(one), value(other)
        if first != second:
            yield f"{option.name} {_shown(first, second)} instead of {_shown(second, first)}"


def _shown(value: Any, other: Any) -> str:
    """The value; of a long list, a few entries from the first that is not the other's."""
    if not isinstance(value, tuple) or len(value) <= ENTRIES:
        return _json(value)
    same = 0
    while same < min(len(value), len(other)) and value[same] == other[same]:
        same += 1
    last = same + ENTRIES
    entries = ["…"] * (same > 0) + list(map(_json, value[same:last])) + ["…"] * (last < len(value))
    return f"[{', '.join(entries)}]"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_table)


def _table(options: Options) -> dict[str, Any]:
    return options.model_dump(exclude_defaults=True)
