"""What a tuning tells while it goes on, beside the events of the training that it is in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hier_rnn.storage.tuning.study import Trial
from hier_rnn.training.events import Event


@dataclass(frozen=True)
class TuningStarted:
    """The trials begin, or go on."""

    seconds: float
    """That it may take in all."""
    used: float
    """That it has used, start-up and earlier calls included."""
    best: Trial | None
    score_name: str
    """Which of the metrics the score is, as `validation_accuracy`."""


@dataclass(frozen=True)
class TrialStarted:
    """A trial begins; the events of its training follow."""

    number: int
    options: Mapping[str, Any]
    used: float


@dataclass(frozen=True)
class TrialEnded:
    """A trial is over."""

    trial: Trial
    best: bool
    """Whether no trial before was as good."""
    score_name: str
    used: float


TuningEvent = TuningStarted | TrialStarted | TrialEnded | Event
TuningListener = Callable[[TuningEvent], None]
