"""`compare`: runs in one table, with the options in which they differ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hier_rnn.commands.console import STANDARD_STREAM, draw, write_json
from hier_rnn.commands.options import output_option

if TYPE_CHECKING:
    from hier_rnn.commands.table import Table
    from hier_rnn.evaluation.comparison import RunRow

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
    from hier_rnn.evaluation.comparison import differing_options, read_run

    rows = sorted(map(read_run, runs), key=lambda row: -row.best_validation_accuracy)
    differing = differing_options([row.options for row in rows])
    if json:
        write_json(json, _document(rows, differing))
    if json != STANDARD_STREAM:
        tables = (_scores(rows), _evaluations(rows), _options(rows, differing))
        draw(*(table for table in tables if table.rows))


def _document(rows: Sequence[RunRow], differing: Sequence[str]) -> dict[str, Any]:
    return {
        "differing_options": list(differing),
        "runs": [
            {
                "run": str(row.run),
                **_figures(row),
                "evaluation": row.evaluation
                and {name: row.evaluation.get(name) for name in ("data", "accuracy", "macro_f1")},
                "options": {name: row.options.get(name) for name in differing},
            }
            for row in rows
        ],
    }


def _figures(row: RunRow) -> dict[str, float | None]:
    """What training came to; None for what `metrics.jsonl` does not have."""
    accuracy = row.best_validation_accuracy
    return {
        "validation_accuracy": accuracy if accuracy >= 0 else None,
        "validation_loss": min(row.record.column("validation_loss"), default=None),
        "epochs": max(row.record.column("epoch"), default=None),
        "words_per_second": next(reversed(row.record.column("words_per_second")), None),
    }


def _scores(rows: Sequence[RunRow]) -> Table:
    from hier_rnn.commands.table import Column, Table, numbers

    table = Table(
        "Runs, the best on their validation data first",
        [Column("run"), *numbers("accuracy", "loss", "epochs", "words/s")],
    )
    formats = ("{:.1%}", "{:.4f}", "{:g}", "{:,.0f}")
    for row in rows:
        cells = [
            NOTHING if value is None else form.format(value).removesuffix("%")
            for form, value in zip(formats, _figures(row).values(), strict=True)
        ]
        table.add(str(row.run), *cells)
    return table


def _evaluations(rows: Sequence[RunRow]) -> Table:
    from hier_rnn.commands.table import Column, Table, numbers

    table = Table("Evaluated", [Column("run"), *numbers("accuracy"), Column("on")])
    for row in rows:
        if row.evaluation is not None:
            accuracy = f"{100 * row.evaluation['accuracy']:.1f}"
            table.add(str(row.run), accuracy, str(row.evaluation.get("data", "unnamed data")))
    return table


def _options(rows: Sequence[RunRow], differing: Sequence[str]) -> Table:
    """An option on each line, a column for each run: names are long, values are short."""
    from hier_rnn.commands.table import Column, Table

    table = Table(
        "Options that differ",
        [Column("option"), *(Column(str(row.run)) for row in rows)],
        ordered=False,
    )
    for name in differing:
        table.add(name, *(_shown(row.options.get(name)) for row in rows))
    return table


def _shown(value: Any) -> str:
    return NOTHING if value in (None, "", (), [], {}) else str(value)
