"""Tables, `.tsv` and `.csv`: what they are is found out from a sample, then held to."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path

from hier_rnn.errors import UserError
from hier_rnn.lines import read_lines, read_sample
from hier_rnn.sources.example import Example, Reading, shortened
from hier_rnn.sources.tables.columns import Columns, find_columns
from hier_rnn.sources.tables.dialect import DELIMITERS, Dialect, find_dialect, sample_rows

# What only a writer that quotes cells writes: quotes around, and doubled inside.
_QUOTED = re.compile(r'"(?!")(?:[^"]|"")*""(?:[^"]|"")*"')

logger = logging.getLogger(__name__)


def open_table(path: Path, ending: str, reading: Reading) -> Callable[[], Iterator[Example]]:
    """Finds out from its start how a table is written and what its columns are.

    What is taken is logged, unless it is what the ending promises: commas and doubled quotes in
    `.csv`, tabs and no quoting in `.tsv`, columns `label` and `text` or, without a header, the
    label and then the text.

    Args:
        path: The file, plain or `.gz`.
        ending: `.csv` or `.tsv`: what is usual where the sample leaves it open.
        reading: What the user chose.

    Returns:
        What starts a stream of its rows: one example for each row after the header, blank rows
        included, which have no label and an empty text.

    Raises:
        UserError: The sample leaves open what is what, or a column is not there.

    Source: RFC 4180, and what pandas, R and Excel write.
    """
    text, more = read_sample(path)
    chosen = (reading.delimiter, reading.quoting)
    dialect = find_dialect(str(path), text, more, ending, reading.labelled, *chosen)
    rows = sample_rows(text, more, dialect)
    if rows is None:  # it is said where it goes wrong
        lines = read_lines(path, reading.maximum_text_length, dialect.marks, dialect.end)
        rows = [row for _, row in dialect.rows(lines, str(path)) if any(map(str.strip, row))]
    if not rows:
        return partial(_blank_rows, path, reading)
    columns = find_columns(str(path), rows, reading)
    usual = Dialect("\t", "none") if ending == ".tsv" else Dialect(",", "double")
    if not columns.plain or dialect != usual:
        delimiter = DELIMITERS.get(dialect.delimiter, f"'{dialect.delimiter}'")
        quoting = {
            "none": "no quoting",
            "double": "quotes doubled",
            "backslash": "quotes after a backslash",
        }
        logger.info(
            "%s: columns by %s, %s; %s. Choose otherwise with"
            " data.label_column, data.text_column, data.delimiter and data.quoting.",
            *(path, delimiter, quoting[dialect.quoting], columns.described()),
        )
    doubtful = reading.quoting == "auto" and dialect.quoting == "none" and '"' not in text and more
    return partial(_read, path, dialect, columns, reading, doubtful)


def _read(
    path: Path, dialect: Dialect, columns: Columns, reading: Reading, doubtful: bool
) -> Iterator[Example]:
    lines = read_lines(path, reading.maximum_text_length, dialect.marks, dialect.end)
    header = columns.header
    for number, row in dialect.rows(lines, str(path)):
        where = f"{path}:{number}"
        if (not row or not row[0] or row[0].isspace()) and not any(map(str.strip, row)):
            if not header:
                yield Example(None, "", where, row=dict.fromkeys(columns.names, ""))
            continue
        if header:
            header = False
            continue
        if doubtful and (cell := next(filter(_QUOTED.fullmatch, row), None)):
            raise UserError(
                f"{where}: after a start without any quote, here is one in doubled quotes:"
                f" '{shortened(cell)}'. Whether quotes structure the table or are part of its texts"
                " is to be said: data.quoting double or data.quoting none."
            )
        if len(row) != columns.width:
            row = _of_width(row, where, dialect, columns)
        text = row[columns.text]
        if columns.label is None:
            yield Example(None, text, where, row=dict(zip(columns.names, row, strict=True)))
        else:
            label = row[columns.label]
            yield Example(label, text, where, labels=(label,) if label.strip() else ())


def _of_width(row: list[str], where: str, dialect: Dialect, columns: Columns) -> list[str]:
    """A row with tabs in an unquoted text at its end is whole; any other is an error."""
    width = columns.width
    last = columns.text == width - 1
    if len(row) > width and last and dialect.quoting == "none":
        return [*row[: width - 1], dialect.delimiter.join(row[width - 1 :])]
    if len(row) < width and columns.label is not None and width == 2:
        reason = "no label: "
    else:
        reason = "cut short: " if len(row) < width else ""
    name = DELIMITERS.get(dialect.delimiter, f"'{dialect.delimiter}'")
    hint = f" Columns are separated by {name}; choose otherwise with data.delimiter."
    if len(row) > width and dialect.quoting != "none":
        hint = f" A text with a {name} in it stands in double quotes."
    columns_expected = "1 column" if width == 1 else f"{width} columns"
    raise UserError(f"{where}: {reason}{columns_expected} expected, {len(row)} received.{hint}")


def _blank_rows(path: Path, reading: Reading) -> Iterator[Example]:
    """A file of blank lines, and nothing to tell a header from."""
    for number, line in chain(read_lines(path, reading.maximum_text_length)):
        if line.strip():
            raise UserError(f"{path}:{number}: it starts with blank lines only, then has text.")
        yield Example(None, "", f"{path}:{number}")
