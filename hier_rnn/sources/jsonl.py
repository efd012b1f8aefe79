"""JSON lines: one object on each line, with a label and a text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from hier_rnn.errors import UserError, nearest
from hier_rnn.lines import read_lines
from hier_rnn.sources.example import Example, Reading, quoted, shortened


def open_jsonl(path: Path, reading: Reading) -> Callable[[], Iterator[Example]]:
    r"""Opens a `.jsonl`; a label may also be an integer or a boolean, or a list of labels.

    Half a surrogate pair (`"\ud83d"` alone), which JSON allows and Unicode text does not, is read
    as U+FFFD.

    Args:
        path: The file, plain or `.gz`.
        reading: What the user chose.

    Returns:
        What starts a stream of one example for each line, blank lines included.

    Raises:
        UserError: On iteration: a line is no JSON object, lacks a key, or holds something else
            under it.
    """
    return partial(_read, path, reading)


def _read(path: Path, reading: Reading) -> Iterator[Example]:
    for number, line in read_lines(path, reading.maximum_text_length, marks='"\\'):
        where = f"{path}:{number}"
        if not line.strip():
            yield Example(None, "", where)
            continue
        record = _parse(line, where)
        labels: tuple[str, ...] = ()
        row = None
        if reading.labelled:
            labels = _labels(record, reading, where)
        else:
            row = {_valid(key): _shown(value) for key, value in record.items()}
        text = _value(record, reading.text_column, where)
        if not isinstance(text, str):
            raise UserError(
                f"{where}: '{reading.text_column}' is a string. Received: {_dumped(text)}"
            )
        yield Example(labels[0] if labels else None, _valid(text), where, row=row, labels=labels)


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
            f"{where}: no '{shortened(column)}'. There are"
            f" {quoted([shortened(key) for key in record]) or 'no keys'}."
            f"{nearest(column, record)} Name the keys with data.label_column"
            " and data.text_column."
        )
    return record[column]


def _labels(record: dict[str, Any], reading: Reading, where: str) -> tuple[str, ...]:
    column = reading.label_column
    value = _value(record, column, where)
    if reading.multi_label and value in (None, "", []):
        return ()
    labels = value if isinstance(value, list) and value else [value]
    for label in labels:
        named = isinstance(label, (bool, int)) or (isinstance(label, str) and label.strip())
        if not named:
            raise UserError(
                f"{where}: no label: '{column}' is a string, an integer or a boolean, or a list of"
                " these."
                f" Received: {_dumped(value)}"
            )
    return tuple(_valid(label) if isinstance(label, str) else json.dumps(label) for label in labels)


def _shown(value: Any) -> str:
    return _valid(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _dumped(value: Any) -> str:
    return shortened(json.dumps(value), 200)


def _valid(text: str) -> str:
    return (
        text
        if text.isascii()
        else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )
