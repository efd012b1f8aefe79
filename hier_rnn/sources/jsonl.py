"""JSON lines: an object a line, with a label and a text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hier_rnn.errors import UserError, nearest
from hier_rnn.files import read_lines
from hier_rnn.sources.example import Example, quoted


def read_jsonl(
    path: Path, label_column: str, text_column: str, labelled: bool
) -> Iterator[Example]:
    r"""Streams a `.jsonl`; a label may also be an integer or a boolean.

    Half a surrogate pair (`"\ud83d"` alone), which JSON allows and Unicode text does not, is read
    as U+FFFD.

    Args:
        path: The file.
        label_column: The label's key.
        text_column: The text's key.
        labelled: Read labels.

    Raises:
        UserError: A line is no JSON object, lacks a key, or holds something else under it.
    """
    for number, line in read_lines(path):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        record = _parse(line, where)
        label = _label(record, label_column, where) if labelled else None
        text = _value(record, text_column, where)
        if not isinstance(text, str):
            raise UserError(f"{where}: '{text_column}' is a string. Received: {json.dumps(text)}")
        yield Example(label, _valid(text), where)


def _parse(line: str, where: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise UserError(f"{where}: not JSON: {error.msg} at character {error.pos + 1}.") from None
    except (ValueError, RecursionError) as error:  # a number too long, brackets too deep
        raise UserError(f"{where}: not JSON that can be read: {error}.") from None
    if not isinstance(record, dict):
        raise UserError(f'{where}: an object is expected: {{"label": "...", "text": "..."}}.')
    return record


def _value(record: dict[str, Any], column: str, where: str) -> Any:
    if column not in record:
        raise UserError(
            f"{where}: no '{column}'. There are {quoted(list(record)) or 'no keys'}."
            f"{nearest(column, record)}"
        )
    return record[column]


def _label(record: dict[str, Any], column: str, where: str) -> str:
    label = _value(record, column, where)
    if isinstance(label, (bool, int)):
        return json.dumps(label)
    if not isinstance(label, str) or not label.strip():
        raise UserError(
            f"{where}: no label: '{column}' is a string, an integer or a boolean."
            f" Received: {json.dumps(label)}"
        )
    return _valid(label).strip()


def _valid(text: str) -> str:
    return (
        text
        if text.isascii()
        else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )
