"""JSON as a stranger may have written it: read with every oddity refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from hier_rnn.errors import UserError

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def parse_json(data: bytes, path: Path) -> Any:
    """Returns the value that a JSON text holds.

    Args:
        data: The text, UTF-8.
        path: Where it stands, for the message.

    Raises:
        UserError: Not JSON; nested too deeply; a number of thousands of digits, a key twice in
            one object, or half of a surrogate pair.
    """
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_distinct)
        if _SURROGATE.search(data):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise UserError(f"{path}: damaged: nested too deeply.") from None
    except UnicodeError:
        raise UserError(f"{path}: damaged: a character that Unicode does not have.") from None
    except ValueError as error:
        raise UserError(f"{path}: damaged: {error}.") from None
    return value


def json_bytes(value: Any) -> bytes:
    """Returns a JSON text for people to read, UTF-8."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in table if keys.count(key) > 1)
        raise ValueError(f"the key {twice[:60]!r} comes twice")
    return table
