"""How a run's training went, as its `metrics.jsonl` tells."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hier_rnn.errors import UserError
from hier_rnn.files import read_lines

METRICS_FILE = "metrics.jsonl"


@dataclass(frozen=True)
class TrainingRecord:
    """The evaluations made during training, in order."""

    lines: tuple[dict[str, Any], ...]

    def column(self, name: str) -> list[float]:
        """Returns a figure's values, of the evaluations that have it."""
        return [line[name] for line in self.lines if line.get(name) is not None]


def read_training_record(run: Path) -> TrainingRecord:
    """Reads `metrics.jsonl` of a run directory.

    Raises:
        UserError: It is missing, or a line is not a JSON object.
    """
    path = run / METRICS_FILE
    lines = []
    for number, text in read_lines(path):
        try:
            line = json.loads(text)
        except json.JSONDecodeError:
            line = None
        if not isinstance(line, dict):
            raise UserError(f"{path}:{number}: not a JSON object: {text[:60]!r}.")
        lines.append(line)
    return TrainingRecord(tuple(lines))
