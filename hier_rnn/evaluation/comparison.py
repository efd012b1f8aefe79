"""Runs as a table: the options in which they differ and their scores, the best run first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from hier_rnn.evaluation.table import percent, plain_table
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.storage.training_record import TrainingRecord, read_training_record


@dataclass(frozen=True)
class RunRow:
    """A run: every option, how its training went, and its evaluation if it holds one."""

    run: Path
    options: dict[str, Any]
    record: TrainingRecord
    evaluation: dict[str, Any] | None

    @property
    def best_validation_accuracy(self) -> float:
        """Highest validation accuracy in training; -1 if it never was evaluated."""
        return max(self.record.column("validation_accuracy"), default=-1.0)


def compare_runs(runs: Sequence[Path], console: Console | None = None) -> list[RunRow]:
    """Prints runs with the options that differ between them and their scores, best first.

    Best is by validation accuracy: to choose by the score of a test set is to train on it.

    Args:
        runs: Run directories.
        console: Where to print; standard output by default.

    Raises:
        UserError: A run's `config.toml` or `metrics.jsonl` is missing, or a file is damaged.
    """
    rows = sorted(map(read_run, runs), key=lambda row: -row.best_validation_accuracy)
    differing = differing_options([row.options for row in rows])
    evaluated = any(row.evaluation for row in rows)

    table = plain_table("Runs, the best on their validation data first")
    table.add_column("run", overflow="fold")
    for heading in ("accuracy", "loss", "epochs", "words/s"):
        table.add_column(heading, justify="right", no_wrap=True)
    if evaluated:
        table.add_column("evaluated", overflow="fold")
    table.add_column("options that differ", overflow="fold", min_width=30)
    for row in rows:
        losses = row.record.column("validation_loss")
        speeds = row.record.column("words_per_second")
        epochs = row.record.column("epoch")
        accuracy = row.best_validation_accuracy
        cells = [
            escape(str(row.run)),
            percent(accuracy) if accuracy >= 0 else "–",
            f"{min(losses):.4f}" if losses else "–",
            f"{max(epochs):g}" if epochs else "–",
            f"{speeds[-1]:,.0f}" if speeds else "–",
        ]
        if evaluated:
            cells.append(_shown_evaluation(row.evaluation))
        options = (f"{name} = {_shown(row.options.get(name))}" for name in differing)
        table.add_row(*cells, escape("\n".join(options)) or "–")
    (console or Console()).print(table)
    return rows


def read_run(run: Path) -> RunRow:
    """Reads what a run directory tells about itself, without its model.

    Raises:
        UserError: A file is missing or damaged.
    """
    directory = RunDirectory(run)
    options = flattened(directory.read_configuration().model_dump())
    return RunRow(run, options, read_training_record(directory), directory.read_evaluation())


def differing_options(options: Sequence[Mapping[str, Any]]) -> list[str]:
    """Returns the names of the options whose values are not the same in all runs."""
    names = dict.fromkeys(name for table in options for name in table)
    return [name for name in names if any(t.get(name) != options[0].get(name) for t in options)]


def flattened(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Returns a nested table as dotted names, as options are written: `training.epochs`."""
    flat: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, Mapping) and value:
            flat |= flattened(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat


def _shown_evaluation(evaluation: dict[str, Any] | None) -> str:
    if evaluation is None:
        return "–"
    return escape(f"{percent(evaluation['accuracy'])} on {evaluation.get('data', 'unnamed data')}")


def _shown(value: Any) -> str:
    if value is None or value == "" or value == () or value == {}:
        return "–"
    return str(value)
