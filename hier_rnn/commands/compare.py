"""`compare`: runs in one table, with the options in which they differ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hier_rnn.commands.drawing.draw import draw
from hier_rnn.commands.terminal.console import STANDARD_STREAM, write_json
from hier_rnn.commands.terminal.options import output_option

if TYPE_CHECKING:
    from hier_rnn.commands.drawing.table import Table
    from hier_rnn.evaluation.comparison.run_table import RunSummary, RunTable

NOTHING = "–"


@click.command(epilog="Example:  hier-rnn compare runs/*")
@click.argument(
    "runs", metavar="RUN [RUN ...]", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@output_option("--json", "FILE|-", "write the table as JSON; -: to standard output, alone")
def compare(runs: tuple[Path, ...], json: Path | None) -> None:
    """Lists runs, best first, with the options in which they differ.

    Best is by validation accuracy: to choose by the score of a test set is to train on it.
    """
    from hier_rnn.evaluation.comparison.run_table import tabulate_runs

    found = tabulate_runs(list(runs))
    if json:
        write_json(json, found.to_json())
    if json != STANDARD_STREAM:
        rows = found.rows
        tables = (_scores(rows), _evaluations(rows), _options(found))
        draw(*(table for table in tables if table.rows))


def _scores(rows: Sequence[RunSummary]) -> Table:
    from hier_rnn.commands.drawing.table import Column, Table, numbers

    table = Table(
        "Runs, the best on their validation data first",
        [Column("run"), *numbers(_headline(rows), "loss", "epochs", "words/s")],
    )
    formats = ("{:.1%}", "{:.4f}", "{:g}", "{:,.0f}")
    for row in rows:
        cells = [
            NOTHING if value is None else form.format(value).removesuffix("%")
            for form, value in zip(formats, row.figures.values(), strict=True)
        ]
        table.add(str(row.run), *cells)
    return table


def _evaluations(rows: Sequence[RunSummary]) -> Table:
    from hier_rnn.commands.drawing.table import Column, Table, numbers

    table = Table("Evaluated", [Column("run"), *numbers(_headline(rows)), Column("on")])
    for row in rows:
        if row.evaluation is not None:
            found = row.evaluation.get(row.record.headline)
            score = NOTHING if found is None else f"{100 * found:.1f}"
            table.add(str(row.run), score, str(row.evaluation.get("data", "unnamed data")))
    return table


def _headline(rows: Sequence[RunSummary]) -> str:
    """The score that is named first; of runs of both kinds, both."""
    names = dict.fromkeys(row.record.headline.replace("_f1", "-F1") for row in rows)
    return " or ".join(names)


def _options(runs: RunTable) -> Table:
    """An option on each line, a column for each run: names are long, values are short."""
    from hier_rnn.commands.drawing.table import Column, Table

    table = Table(
        "Options that differ",
        [Column("option"), *(Column(str(row.run)) for row in runs.rows)],
        ordered=False,
    )
    for name in runs.differing_options:
        table.add(name, *(_shown(row.options[name]) for row in runs.rows))
    return table


def _shown(value: Any) -> str:
    if value in (None, "", (), [], {}):
        return NOTHING
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
