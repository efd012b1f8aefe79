"""Tables: `.tsv` (plain, no quoting) and `.csv` (RFC 4180 quoting), with or without a header."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from hier_rnn.errors import UserError, nearest
from hier_rnn.files import read_lines
from hier_rnn.sources.example import Example, quoted

# An unclosed quote makes the rest of the file one field: it ends here instead of in memory.
MAXIMUM_FIELD = 1 << 24

Rows = Iterator[tuple[int, list[str]]]


class Layout(NamedTuple):
    """Which cells of a row are the label (None: not read) and the text, of how many."""

    label: int | None
    text: int
    width: int
    header: bool
    names: tuple[str, ...] = ()


def read_tsv(path: Path, label_column: str, text_column: str, labelled: bool) -> Iterator[Example]:
    """Streams a `.tsv`: a row a line; tabs too many belong to a text in the last column.

    Without a header the columns are label and text; without labels, one column is the text.
    There is a header when the first row names the columns that are read.

    Args:
        path: The file.
        label_column: Name of the label's column, if there is a header.
        text_column: Name of the text's column, if there is a header.
        labelled: Read labels.

    Raises:
        UserError: An unknown column, or a row without a label or with columns missing.
    """
    rows = ((number, line.split("\t")) for number, line in read_lines(path) if line.strip(" "))
    for number, row, layout in _with_layout(path, rows, label_column, text_column, labelled):
        if len(row) > layout.width:
            if layout.text != layout.width - 1:
                raise UserError(
                    f"{path}:{number}: {layout.width} columns expected, {len(row)} received: only"
                    " a text in the last column may have tabs in it."
                )
            row[layout.text :] = ["\t".join(row[layout.text :])]
        yield _example(path, number, row, layout)


def read_csv(path: Path, label_column: str, text_column: str, labelled: bool) -> Iterator[Example]:
    """Streams a `.csv`; as `read_tsv`, but a quoted field may hold commas, quotes and line ends.

    Source: RFC 4180.
    """
    rows = _csv_rows(path)
    for number, row, layout in _with_layout(path, rows, label_column, text_column, labelled):
        if len(row) > layout.width:
            raise UserError(
                f"{path}:{number}: {layout.width} columns expected, {len(row)} received. A text"
                ' with commas in it stands in double quotes: label,"one, two". More columns than'
                " label and text need a header."
            )
        yield _example(path, number, row, layout)


def _csv_rows(path: Path) -> Rows:
    csv.field_size_limit(MAXIMUM_FIELD)
    reader = csv.reader((line for _, line in read_lines(path, keep_ends=True)), strict=True)
    number = 1
    try:
        for row in reader:
            if row:
                yield number, row
            number = reader.line_num + 1
    except csv.Error as error:
        hint = " Is a quote left open?" if reader.line_num > number else ""
        raise UserError(f"{path}:{number}: not CSV: {error}.{hint}") from None


def _with_layout(
    path: Path, rows: Rows, label_column: str, text_column: str, labelled: bool
) -> Iterator[tuple[int, list[str], Layout]]:
    layout = None
    for number, row in rows:
        if layout is None:
            layout = _layout(f"{path}:{number}", row, label_column, text_column, labelled)
            if layout.header:
                continue
        yield number, row, layout


def _layout(
    where: str, row: list[str], label_column: str, text_column: str, labelled: bool
) -> Layout:
    names = [cell.strip().casefold() for cell in row]
    label, text = (
        names.index(column.casefold()) if column.casefold() in names else None
        for column in (label_column, text_column)
    )
    if text is not None and (label is not None or not labelled):
        return Layout(label if labelled else None, text, len(row), True, tuple(row))
    # From here on the first row should be data. Half a header, or columns the user named and
    # that are not there, would otherwise be trained on without a word.
    half = len(row) > 1 and (label is not None or text is not None)
    named = text_column != "text" or (labelled and label_column != "label")
    if half or named:
        missing = text_column if text is None else label_column
        option = "--text-column" if text is None else "--label-column"
        raise UserError(
            f"{where}: unknown column '{missing}'. The first row has {quoted(row)}."
            f"{nearest(missing, row)} Name the column with {option}; if that row is no header,"
            " put one before it."
        )
    if not labelled and len(row) == 1:
        return Layout(None, 0, 1, header=False)
    return Layout(0 if labelled else None, 1, 2, header=False)


def _example(path: Path, number: int, row: list[str], layout: Layout) -> Example:
    if len(row) < layout.width:
        reason = "no label" if layout.label is not None and layout.width == 2 else "cut short"
        raise UserError(
            f"{path}:{number}: {reason}: {layout.width} columns expected, {len(row)} received."
        )
    if layout.label is None:
        columns = dict(zip(layout.names, row, strict=True)) if layout.names else None
        return Example(None, row[layout.text], f"{path}:{number}", row=columns)
    label = row[layout.label].strip()
    if not label:
        raise UserError(f"{path}:{number}: no label: its column is empty.")
    return Example(label, row[layout.text], f"{path}:{number}")
