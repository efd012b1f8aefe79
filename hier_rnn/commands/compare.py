"""`compare`: runs in one table, with the options in which they differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from hier_rnn.commands.evaluation_table import plain_table
from hier_rnn.evaluation.formatting import percent
from hier_rnn.evaluation.run_table import tabulate_runs


@click.command()
@click.argument(
    "runs", metavar="RUN [RUN ...]", nargs=-1, required=True, type=click.Path(path_type=Path)
)
def compare(runs: tuple[Path, ...]) -> None:
    """Lists runs, best first, with the options in which they differ."""
    found = tabulate_runs(list(runs))
    evaluated = any(row.evaluation for row in found.rows)
    table = plain_table("Runs, the best on their validation data first")
    table.add_column("run", overflow="fold")
    for heading in ("accuracy", "loss", "epochs", "words/s"):
        table.add_column(heading, justify="right", no_wrap=True)
    if evaluated:
        table.add_column("evaluated", overflow="fold")
    table.add_column("options that differ", overflow="fold", min_width=30)
    for row in found.rows:
        losses = row.record.column("validation_loss")
        speeds = row.record.column("words_per_second")
        epochs = row.record.column("epoch")
        accuracy = row.best_validation_accuracy
        cells = [
            escape(str(row.run)),
            "–" if accuracy is None else percent(accuracy),
            f"{min(losses):.4f}" if losses else "–",
            f"{max(epochs):g}" if epochs else "–",
            f"{speeds[-1]:,.0f}" if speeds else "–",
        ]
        if evaluated:
            cells.append(_shown_evaluation(row.evaluation))
        options = (f"{name} = {_shown(row.options.get(name))}" for name in found.differing_options)
        table.add_row(*cells, escape("\n".join(options)) or "–")
    Console().print(table)


def _shown_evaluation(evaluation: dict[str, Any] | None) -> str:
    if evaluation is None:
        return "–"
    return escape(f"{percent(evaluation['accuracy'])} on {evaluation.get('data', 'unnamed data')}")


def _shown(value: Any) -> str:
    if value is None or value == "" or value == () or value == {}:
        return "–"
    return str(value)
