"""How a run's training went, as its `metrics.jsonl` tells."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hier_rnn.errors import UserError
from hier_rnn.storage.json_file import parse_json
from hier_rnn.storage.limits import LIMITS, read_file
from hier_rnn.storage.run_directory import RunDirectory


@dataclass(frozen=True)
class TrainingRecord:
    """The evaluations made during training, in order."""

    lines: tuple[dict[str, Any], ...]

    @property
    def kept(self) -> dict[str, Any] | None:
        """The evaluation whose weights are kept, if that says so itself.

        It does in a run whose head began as a linear classifier: that is kept unless something is
        clearly better, not merely the best.
        """
        return next((line for line in reversed(self.lines) if line.get("kept")), None)

    def best_of(self, figure: str) -> float | None:
        """Returns a figure of the weights that are kept, or the best; None if there is none."""
        if self.kept is not None:
            return self.kept.get(figure)
        return max(self.column(figure), default=None)

    def column(self, name: str) -> list[float]:
        """Returns a figure's values, of the evaluations that have it."""
        return [line[name] for line in self.lines if line.get(name) is not None]

    @property
    def headline(self) -> str:
        """Which validation score is named first: that of the labels, where there are several."""
        several = any("validation_micro_f1" in line for line in self.lines)
        return "micro_f1" if several else "accuracy"

    @property
    def best(self) -> float | None:
        """The best of these scores; None if the run was never evaluated."""
        return self.best_of(f"validation_{self.headline}")


def read_training_record(run: RunDirectory) -> TrainingRecord:
    """Reads `metrics.jsonl` of a run directory, whether it is finished or not.

    Raises:
        UserError: It is missing, or a line is not a JSON object.
    """
    path, listed = run.metrics, run.manifest is not None and run.manifest.complete
    data = run.read(path) if listed else read_file(path, LIMITS[path.name])
    lines = []
    for number, text in enumerate(data.split(b"\n"), start=1):
        if text:
            line = parse_json(text, Path(f"{path}:{number}"))
            if not isinstance(line, dict) or not all(map(_is_number, line.values())):
                raise UserError(f"{path}:{number}: not an object of numbers: {text[:60]!r}.")
            lines.append(line)
    return TrainingRecord(tuple(lines))


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))
