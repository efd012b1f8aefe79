"""Parquet and Arrow files (`.parquet`, `.arrow`, `.feather`), read batch by batch."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hier_rnn.errors import UserError
from hier_rnn.sources.example import Example, Reading, quoted, shortened
from hier_rnn.sources.tables.columns import columns_by_name

if TYPE_CHECKING:
    import pyarrow

BATCH = 1024  # rows that are turned into Python's objects at a time
SAMPLE = 1024  # rows looked at to find out what the columns are

ClassNames = dict[str, list[str]]


def open_arrow(path: Path, reading: Reading) -> Callable[[], Iterator[Example]]:
    """Opens a Parquet file, or an Arrow file or stream as Feather and Hugging Face write them.

    A label is a string, an integer or a boolean, or a list of these; class numbers of Hugging
    Face's `ClassLabel` become class names. Columns are found as those of a table with a header. A
    missing text is an error where labels are read; else it is a blank row.

    Args:
        path: The file.
        reading: What the user chose.

    Returns:
        What starts a stream of one example for each row.

    Raises:
        UserError: It is no such file, or damaged, or a column is not there or can't be read.
    """
    batches = _batches(path, None)
    names, class_names, usable = next(batches)
    rows = [
        [_shown(value) for value in row.values()]
        for batch in islice(batches, 1)
        for row in batch.slice(0, SAMPLE).to_pylist()
    ]
    batches.close()
    texts, labels = usable
    columns = columns_by_name(str(path), names, rows, reading)
    text = names[columns.text]
    label = None if columns.label is None else names[columns.label]
    for name, role, fits in ((text, "text", texts), (label, "label", labels)):
        if name is not None and name not in fits:
            raise UserError(
                f"{path}: the column '{name}' holds no {role}. Columns that can be one:"
                f" {quoted(fits) or 'none'}. Name it with --{role}-column (data.{role}_column)."
            )
    return partial(_read, path, text, label, class_names, reading.multi_label)


def _read(
    path: Path, text: str, label: str | None, names: ClassNames, multi_label: bool
) -> Iterator[Example]:
    batches = _batches(path, None if label is None else [label, text])
    next(batches)
    number = 0
    for batch in batches:
        for row in batch.to_pylist():
            number += 1
            where = f"{path} row {number}"
            value = row[text]
            if label is None:
                shown = {name: _shown(cell) for name, cell in row.items()}
                yield Example(None, value or "", where, row=shown)
                continue
            if value is None:
                raise UserError(f"{where}: no text: '{text}' is null.")
            labels = _labels(row[label], names.get(label, []), where, multi_label)
            yield Example(labels[0] if labels else None, value, where, labels=labels)


def _labels(value: Any, names: list[str], where: str, multi_label: bool) -> tuple[str, ...]:
    if multi_label and value in (None, "", []):
        return ()
    if isinstance(value, list) and value:
        return tuple(chain.from_iterable(_labels(one, names, where, False) for one in value))
    if names and value is not None and value != []:
        if not 0 <= value < len(names):  # Hugging Face writes -1 for none
            raise UserError(f"{where}: no label: class {value} of {len(names)}.")
        return (names[value],)
    if value in (None, []) or (isinstance(value, str) and not value.strip()):
        raise UserError(f"{where}: no label.")
    return (_shown(value),)


def _batches(path: Path, columns: list[str] | None) -> Generator[Any, None, None]:
    """Yields names, class names and what can be text or label; then the batches of rows."""
    import pyarrow
    from pyarrow import parquet

    try:
        with path.open("rb") as file:
            if path.suffix.lower() == ".parquet":
                table = parquet.ParquetFile(file)
                schema = table.schema_arrow
                batches = table.iter_batches(BATCH, columns=columns)
            else:
                table = _ipc(file)
                schema = table.schema
                batches = _of_ipc(table)
            _require_distinct(path, schema.names)
            yield schema.names, _class_names(schema), _usable(schema)
            for batch in batches:
                batch.validate(full=True)  # what its bytes say of sizes may be wrong
                for start in range(0, batch.num_rows, BATCH):
                    part = batch.slice(start, BATCH)
                    yield part.select(columns) if columns else part
    except UserError:
        raise
    except (pyarrow.ArrowException, OSError, ValueError, MemoryError) as error:
        reason = shortened(str(error), 200)
        raise UserError(f"{path}: can't read it, or damaged: {reason}") from None


def _ipc(file: Any) -> Any:
    import pyarrow

    try:
        return pyarrow.ipc.open_file(file)
    except pyarrow.ArrowInvalid:
        file.seek(0)
        return pyarrow.ipc.open_stream(file)


def _of_ipc(table: Any) -> Iterator[pyarrow.RecordBatch]:
    if hasattr(table, "num_record_batches"):
        yield from (table.get_batch(i) for i in range(table.num_record_batches))
    else:
        yield from table


def _require_distinct(path: Path, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(f"{path}: it has several columns of one name: {quoted(twice)}.")


def _usable(schema: pyarrow.Schema) -> tuple[list[str], list[str]]:
    """The columns that can be the text, and those that can be the label."""
    from pyarrow import types

    def is_text(kind: pyarrow.DataType) -> bool:
        if types.is_dictionary(kind):
            kind = kind.value_type
        view = getattr(types, "is_string_view", lambda kind: False)
        return types.is_string(kind) or types.is_large_string(kind) or view(kind)

    def is_label(kind: pyarrow.DataType) -> bool:
        if types.is_list(kind) or types.is_large_list(kind):
            kind = kind.value_type
        return is_text(kind) or types.is_integer(kind) or types.is_boolean(kind)

    texts = [field.name for field in schema if is_text(field.type)]
    labels = [field.name for field in schema if is_label(field.type)]
    return texts, labels


def _class_names(schema: pyarrow.Schema) -> ClassNames:
    """Names of classes that Hugging Face's `datasets` writes beside their numbers."""
    try:
        written = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = written["info"]["features"]
        return {
            name: [str(one) for one in feature["names"]]
            for name, feature in ((name, _element(one)) for name, one in features.items())
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
            if isinstance(feature.get("names"), list)
            if name in schema.names and "int" in str(schema.field(name).type)
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}  # someone else's metadata under the same name


def _element(feature: Any) -> Any:
    """What a list of Hugging Face's has for elements, however that is written; else itself."""
    if isinstance(feature, list) and len(feature) == 1:
        return feature[0]
    if isinstance(feature, dict) and feature.get("_type") in ("Sequence", "List", "LargeList"):
        return feature.get("feature")
    return feature


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (bool, list, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
