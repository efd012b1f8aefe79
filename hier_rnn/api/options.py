"""Options as a program gives them: a file or a configuration, and groups by name over it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from hier_rnn.configuration import schema, toml
from hier_rnn.configuration.options import Configuration


def resolved(config: Configuration | str | Path | None, given: Mapping[str, Any]) -> Configuration:
    """Returns the configuration: defaults, then `config`, then what was given by name.

    As after a command, `model_fields_set` of each group tells the options that somebody gave.

    Args:
        config: A configuration, a TOML file, or None.
        given: Groups of options, each a table or a group of a `Configuration`, and `seed`.

    Raises:
        UserError: An option that there is not, or a value that is not accepted.
    """
    named = {name: _table(value) for name, value in given.items()}
    schema.validate(named, str)
    if config is None:
        base: dict[str, Any] = {}
    elif isinstance(config, Configuration):
        base = _table(config)
    else:
        base = toml.read_table(Path(config))
    return schema.validate(toml.merge(base, named), str)


def _table(value: Any) -> Any:
    return value.model_dump(exclude_unset=True) if isinstance(value, BaseModel) else value
