"""What a person sees of a tuning: one bar of its time, a line for each trial, then all of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from hier_rnn.commands.drawing.progress import Progress
from hier_rnn.commands.drawing.table import Column, Table, numbers
from hier_rnn.storage.tuning.study import Trial, score_sign
from hier_rnn.training.events import Evaluated, Stage, Started, Step
from hier_rnn.training.tuning.events import TrialEnded, TrialStarted, TuningEvent, TuningStarted
from hier_rnn.training.tuning.tune import TuningResult

NOTHING = "–"


class TuningScreen:
    """Draws a tuning's events: call it with each of them.

    Args:
        quiet: Show nothing.
    """

    def __init__(self, quiet: bool) -> None:
        self._progress = Progress(quiet)
        self._seconds = self._used = 0.0
        self._at = time.monotonic()
        self._trial, self._stage, self._now, self._best = "", "", "", ""

    def __enter__(self) -> TuningScreen:
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.close()

    def __call__(self, event: TuningEvent) -> None:
        """Shows an event."""
        if isinstance(event, TuningStarted):
            self._seconds = event.seconds
            self._set(event.used, event.best, event.score_name)
            self._progress.stage("tuning", round(event.seconds), "seconds", round(event.used))
        elif isinstance(event, TrialStarted):
            self._set(event.used)
            self._trial, self._stage, self._now = f"trial {event.number}", "", ""
        elif isinstance(event, Stage):
            self._stage = event.name
        elif isinstance(event, Started):
            self._stage = f"epoch {event.epoch + 1}"
        elif isinstance(event, Step):
            self._stage = f"epoch {event.epoch}"
        elif isinstance(event, Evaluated):
            self._now = f"now {shown_score(event.metrics[event.score_name], event.score_name)}"
        elif isinstance(event, TrialEnded):
            self._set(event.used, event.trial if event.best else None, event.score_name)
            self._progress.line(trial_line(event.trial, event.best, event.score_name))
        used = self._used + time.monotonic() - self._at
        figures = [one for one in (self._best, self._trial, self._stage, self._now) if one]
        self._progress.to(min(round(used), round(self._seconds)), figures)

    def _set(self, used: float, best: Trial | None = None, score_name: str = "") -> None:
        self._used, self._at = used, time.monotonic()
        if best is not None and best.score is not None:
            self._best = f"best {shown_score(best.score, score_name)}"


def shown_score(score: float | None, score_name: str) -> str:
    """Returns a score as a person reads it.

    Args:
        score: The score; None: there is none.
        score_name: Which of the metrics it is, as `validation_accuracy`.
    """
    if score is None:
        return NOTHING
    return f"{score:.4f}" if score_sign(score_name) < 0 else f"{100 * score:.2f}"


def _metric(score_name: str) -> str:
    return score_name.removeprefix("validation_").replace("_f1", "-F1")


def trial_line(trial: Trial, best: bool, score_name: str) -> str:
    """Returns a trial on a line.

    Args:
        trial: The trial.
        best: Whether none before was as good.
        score_name: Which of the metrics its score is.
    """
    how = "" if trial.state == "finished" else f" ({trial.state})"
    score = f"{_metric(score_name)} {shown_score(trial.score, score_name)}"
    why = f": {trial.message}" if trial.message else ""
    return (
        f"trial {trial.number:2d}  {score}{how}  {trial.epochs} epochs, {trial.seconds:.0f} s"
        f"{'  best' if best else ''}  {_options(trial.options)}{why}"
    )


def tuning_table(result: TuningResult) -> Table:
    """Returns all trials as a table, the best first.

    Args:
        result: The tuning.
    """
    name, sign = result.score_name, score_sign(result.score_name)
    worst = float("-inf")
    ranked = sorted(
        result.trials,
        key=lambda trial: worst if trial.score is None else sign * trial.score,
        reverse=True,
    )
    table = Table(
        "Trials, the best first",
        [
            *numbers("trial", _metric(name), "epochs", "seconds"),
            Column("", whole=True),
            Column("options"),
        ],
    )
    for trial in ranked:
        number = f"{trial.number}{' *' if trial is result.best else '  '}"
        cells = (shown_score(trial.score, name), str(trial.epochs), f"{trial.seconds:.0f}")
        table.add(number, *cells, trial.state, _options(trial.options))
    return table


def _options(options: Mapping[str, Any]) -> str:
    """The options that were tried: names without their group, numbers with few digits."""
    shown = (f"{name.split('.', 1)[1]} {_value(value)}" for name, value in options.items())
    return ", ".join(shown) or "as given"


def _value(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
