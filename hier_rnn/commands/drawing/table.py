"""Tables that lose nothing: where the columns have no room beside each other, rows become blocks.

A cell that is a string is escaped (`console.escaped`); one that is a `rich.text.Text` is drawn as
it is. On a terminal a long word is folded as the last resort; in a pipe a line grows instead, so
that names, paths and values stay whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Literal

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from hier_rnn.commands.terminal.console import escaped

Cell = str | Text
GAP = 2


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leaves it to `main.run`: rich's own handler would end with status 1."""
        raise BrokenPipeError


def new_console(file: IO[str]) -> Console:
    """Returns a console on which text is text: no markup, no highlighting."""
    return _Console(file=file, markup=False, highlight=False, emoji=False)


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Args:
        heading: What stands above it.
        justify: Where cells stand.
        whole: Its cells are not wrapped between words either.
    """

    heading: str
    justify: Literal["left", "right"] = "left"
    whole: bool = False


def numbers(*headings: str) -> list[Column]:
    """Returns columns of numbers, flush right."""
    return [Column(heading, "right") for heading in headings]


@dataclass
class Table:
    """A table with its title above it and no lines.

    Args:
        title: What it shows; may be empty.
        columns: The columns; the first one names the row.
        rows: A cell for each column.
        ordered: Rows keep their order; else those without room come last, as blocks.
        narrow: What to draw instead where there is no room; default: each row as a block.
    """

    title: str
    columns: Sequence[Column]
    rows: list[Sequence[Any]] = field(default_factory=list)
    ordered: bool = True
    narrow: Sequence[Table] = ()

    def add(self, *cells: Cell) -> None:
        """Adds a row."""
        self.rows.append(cells)

    def draw(self, console: Console) -> None:
        """Draws the table, a blank line above its title."""
        room = console.width
        rows = self._fitting(room)
        if self.narrow and len(rows) < len(self.rows):
            for table in self.narrow:
                table.draw(console)
            return
        if self.title:
            console.print(f"\n{escaped(self.title)}", style="bold")
        if rows:
            console.print(self._grid(rows, room))
        for row in self.rows:
            if row not in rows:
                self._draw_block(console, row)

    def _fitting(self, room: int) -> list[Sequence[Cell]]:
        """The rows that have room in a grid: all or none of them where order matters."""
        rows = list(self.rows)
        while rows and sum(self._widths(rows)) + GAP * (len(self.columns) - 1) > room:
            if self.ordered:
                return []
            rows.remove(max(rows, key=lambda row: sum(self._widths([row]))))
        return rows if 2 * len(rows) >= len(self.rows) else []

    def _widths(self, rows: Sequence[Sequence[Cell]]) -> list[int]:
        """Of each column, the width below which a word would be folded."""
        return [
            max(_longest(cell, column.whole) for cell in (column.heading, *cells))
            for column, *cells in zip(self.columns, *rows, strict=True)
        ]

    def _shared_out(self, rows: Sequence[Sequence[Cell]], room: int) -> list[int]:
        """The columns' widths: what is left of the room goes to those with little need first."""
        widths = self._widths(rows)
        spare = room - sum(widths) - GAP * (len(widths) - 1)
        needs = [
            max(_longest(cell, whole=True) for cell in (column.heading, *cells)) - width
            for width, column, *cells in zip(widths, self.columns, *rows, strict=True)
        ]
        for rank, index in enumerate(sorted(range(len(needs)), key=needs.__getitem__)):
            given = min(needs[index], spare // (len(needs) - rank))
            widths[index] += given
            spare -= given
        return widths

    def _grid(self, rows: Sequence[Sequence[Cell]], room: int) -> Grid:
        grid = Grid(
            box=None,
            pad_edge=False,
            padding=(0, GAP, 0, 0),
            header_style="dim",
            show_header=any(column.heading for column in self.columns),
        )
        for column, width in zip(self.columns, self._shared_out(rows, room), strict=True):
            grid.add_column(
                _text(column.heading),
                justify=column.justify,
                overflow="fold",
                no_wrap=column.whole,
                width=width,
            )
        for row in rows:
            grid.add_row(*map(_text, row))
        return grid

    def _draw_block(self, console: Console, row: Sequence[Cell]) -> None:
        """A row by itself: its name, and below it a line for each other cell."""
        name, *cells = row
        lines = [
            (f"  {column.heading}", cell)
            for column, cell in zip(self.columns[1:], cells, strict=True)
            if str(cell)
        ]
        indent = max((cell_len(heading) for heading, _ in lines), default=0) + GAP
        longest = max((_longest(cell) for _, cell in lines), default=0)
        widest = max(indent + longest, _longest(name))
        width = console.width if console.is_terminal else max(console.width, widest)
        block = Grid.grid(padding=(0, GAP, 0, 0))
        block.add_column(style="dim", no_wrap=True)
        block.add_column(overflow="fold")
        for heading, cell in lines:
            block.add_row(_text(heading), _text(cell))
        beside, console.width = console.width, width  # print() takes no more than this
        console.print(_text(name), overflow="fold")
        console.print(block)
        console.width = beside


def _text(cell: Cell) -> Text:
    return cell if isinstance(cell, Text) else Text(escaped(cell))


def _longest(cell: Cell, whole: bool = False) -> int:
    """The width of a cell's longest word, or of its longest line."""
    lines = _text(cell).plain.split("\n")
    words: Iterable[str] = lines if whole else (word for line in lines for word in line.split(" "))
    return max(map(cell_len, words), default=0)
