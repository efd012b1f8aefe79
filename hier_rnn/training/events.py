"""What a training run tells while it goes on. Whoever wants to listens: screen, files, TensorBoard.

`train_classifier` and `pretrain` call a function with each event, in order. They print nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

DivergenceAction = Literal["stop", "skip", "restore"]


@dataclass(frozen=True)
class Stage:
    """Work before (or instead of) training steps goes on: counting, factorizing, a warm start."""

    name: str
    """What is being done, such as `counting words`."""
    done: int
    total: int | None
    """How much there is to do; None if nobody knows yet."""
    unit: str
    """What `done` and `total` count, such as `texts`."""


@dataclass(frozen=True)
class ModelBuilt:
    """The model has its weights."""

    shapes: Mapping[str, tuple[int, ...]]
    """The shape of every weight, by name, in the order of the flow."""


@dataclass(frozen=True)
class Started:
    """The steps begin, or go on: after an interruption, or as the last checkpoint was restored."""

    unit: str
    """What `done` and `total` count: `sentences` or `words`."""
    done: int
    total: int
    """How many will be trained on at the most, more or less."""
    step: int
    """Steps done."""
    epoch: int
    """Epochs done."""
    metrics: Sequence[Mapping[str, Any]]
    """The metrics of the evaluations made so far."""


@dataclass(frozen=True)
class Step:
    """A training step was taken."""

    step: int
    """Steps done, this one included."""
    epoch: int
    """The epoch it belongs to, from 1."""
    done: int
    """Sentences (or words) trained on in all; `Started` names the unit and the total."""
    loss: float
    words_per_second: float
    """In this epoch."""


@dataclass(frozen=True)
class Evaluated:
    """An epoch ended with an evaluation on the validation data."""

    metrics: Mapping[str, Any]
    """The row of `metrics.jsonl`."""
    score_name: str
    """Which of the metrics decides what is best."""
    best: bool
    """Whether no evaluation before was as good."""


@dataclass(frozen=True)
class Diverged:
    """The loss, the gradient or a weight was not finite. What was done about it is in `action`."""

    step: int
    """The step, from 1, that was not taken."""
    texts: Sequence[str]
    """The texts of its batch; none if it was an evaluation that was not finite."""
    action: DivergenceAction


@dataclass(frozen=True)
class Saved:
    """A checkpoint was written, from which a run can go on."""

    step: int


@dataclass(frozen=True)
class PhaseEnded:
    """A phase came to its end."""

    stalled: bool
    """Whether it ended early, since the score got no better for `patience` epochs."""


@dataclass(frozen=True)
class Finished:
    """All phases are over."""

    best_epoch: int
    """The epoch, from 1, whose weights are kept."""
    best_score: float
    """Higher is better, so a loss has the sign turned."""


Event = Stage | ModelBuilt | Started | Step | Evaluated | Diverged | Saved | PhaseEnded | Finished
Listener = Callable[[Event], None]


class EndTraining(Exception):  # noqa: N818 - no error: it ends well
    """Raised by a listener: the training ends here, and the best weights so far are its result."""


def to_nobody(event: object) -> None:
    """Listens to nothing."""


def to_all(*listeners: Listener) -> Listener:
    """Returns a listener that passes each event on to several, one after the other."""

    def listen(event: Event) -> None:
        for listener in listeners:
            listener(event)

    return listen
