"""The cells of a delimited text as they are written: between quotes or not, and why."""

from __future__ import annotations

import re
from typing import NamedTuple


def quoting_of_plain(text: str, more: bool, delimiter: str, end: str) -> str:
    """Tab-separated files are plain, unless every quote in the sample is explained by quoting.

    A writer that quotes where it must (pandas) doubles the quotes inside; one that quotes all
    texts (R) leaves a column where every cell is quoted.

    Args:
        text: The sample.
        more: Whether the file goes on after it.
        delimiter: What separates cells.
        end: What ends a line.
    """
    if '"' not in text:
        return "none"
    for quoting in ("double", "backslash"):
        cells = explained_cells(text, more, delimiter, end, quoting)
        if cells and (_quoted_where_needed(cells) or _quoted_columns(cells)):
            return quoting
    return "none"


class Cell(NamedTuple):
    """A cell as it is written: between quotes or not."""

    quoted: bool
    raw: str


def explained_cells(
    text: str, more: bool, delimiter: str, end: str, quoting: str
) -> list[list[Cell]]:
    """Returns the rows of a sample with every quote explained; none if one is not.

    Args:
        text: The sample.
        more: Whether the file goes on after it.
        delimiter: What separates cells.
        end: What ends a line.
        quoting: "double" or "backslash".
    """
    d = re.escape(delimiter)
    inside, bare = r'(?:[^"]|"")*', rf'[^{d}\r\n"]*'
    if quoting == "backslash":
        inside, bare = r'(?:[^"\\]|\\.)*', rf'(?:[^{d}\r\n"\\]|\\[^\r\n])*'
    token = re.compile(rf'(?:"({inside})"|({bare}))({d}|\r?{end}|\Z)', re.DOTALL)
    rows: list[list[Cell]] = [[]]
    place = 0
    while place < len(text):
        match = token.match(text, place)
        if not match:
            return rows[:-1] if more and place > 0.9 * len(text) else []
        rows[-1].append(Cell(match[1] is not None, match[1] if match[1] is not None else match[2]))
        place = match.end()
        if match[3] != delimiter:
            rows.append([])
    rows = [row for row in rows if len(row) > 1 or (row and row[0].raw)]
    widths = {len(row) for row in rows[1:]}
    return rows if len(widths) <= 1 else []


def _quoted_where_needed(rows: list[list[Cell]]) -> bool:
    within = [cell.raw for row in rows for cell in row if cell.quoted]
    return (
        all(re.search('["\t\r\n]', raw) for raw in within)
        and any('""' in raw or '\\"' in raw or "\t" in raw for raw in within)
        and not all("\n" in raw for raw in within)
    )


def _quoted_columns(rows: list[list[Cell]]) -> bool:
    if len(rows) < 2:
        return all(cell.quoted for row in rows for cell in row)
    body = [row for row in rows[1:] if len(row) == len(rows[-1])]
    shares = [
        {cell.quoted for cell in column if cell.raw not in ("", "NA")}
        for column in zip(*body, strict=True)
    ]
    return {True} in shares and all(len(share) < 2 for share in shares)
