"""Runs beside each other: the options in which they differ and their scores, the best run first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hier_rnn.configuration.differences import option_values
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.storage.training_record import TrainingRecord, read_training_record

EVALUATION_FIGURES = ("data", "accuracy", "macro_f1")


@dataclass(frozen=True)
class RunSummary:
    """A run: every option, how its training went, and its evaluation if it holds one."""

    run: Path
    options: dict[str, Any]
    record: TrainingRecord
    evaluation: dict[str, Any] | None

    @property
    def figures(self) -> dict[str, float | None]:
        """What training came to; None for what `metrics.jsonl` does not have.

        First the score that is named first: of several labels for a text, micro-F1.
        """
        return {
            f"validation_{self.record.headline}": self.record.best,
            "validation_loss": min(self.record.column("validation_loss"), default=None),
            "epochs": max(self.record.column("epoch"), default=None),
            "words_per_second": next(reversed(self.record.column("words_per_second")), None),
        }


@dataclass(frozen=True)
class RunTable:
    """Runs, the best on their validation data first: by a test set's score none is chosen."""

    rows: tuple[RunSummary, ...]
    differing_options: tuple[str, ...]
    """Names of the options whose values are not the same in all runs."""

    def to_json(self) -> dict[str, Any]:
        """Returns the table as JSON values."""
        return {
            "differing_options": list(self.differing_options),
            "runs": [
                {
                    "run": str(row.run),
                    **row.figures,
                    "evaluation": row.evaluation
                    and {
                        name: row.evaluation.get(name)
                        for name in dict.fromkeys((*EVALUATION_FIGURES, row.record.headline))
                    },
                    "options": {name: row.options[name] for name in self.differing_options},
                }
                for row in self.rows
            ],
        }


def tabulate_runs(runs: Sequence[Path]) -> RunTable:
    """Reads what run directories tell about themselves, without their models.

    Args:
        runs: Run directories.

    Raises:
        UserError: A run's `config.toml` or `metrics.jsonl` is missing, or a file is damaged.
    """
    rows = sorted(
        map(read_run, runs), key=lambda row: -(-1.0 if row.record.best is None else row.record.best)
    )
    first = rows[0].options
    differing = (name for name in first if any(row.options[name] != first[name] for row in rows))
    return RunTable(tuple(rows), tuple(differing))


def read_run(run: Path) -> RunSummary:
    """Reads what a run directory tells about itself.

    Raises:
        UserError: A file is missing or damaged.
    """
    directory = RunDirectory(run)
    options = option_values(directory.read_configuration())
    return RunSummary(run, options, read_training_record(directory), directory.read_evaluation())
