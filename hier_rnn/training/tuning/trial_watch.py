"""A listener to the training of a trial: ends it in time, or when it is worse than others."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from hier_rnn.training.classification.warm_start import SPELLING
from hier_rnn.training.events import EndTraining, Evaluated, Event, Stage, Started, Step
from hier_rnn.training.tuning.budget import Budget
from hier_rnn.training.tuning.events import TuningListener
from hier_rnn.training.tuning.search import Search

WARM_START_SHARE = 0.25
"""Of all the time, that the warm start may take."""
SURE_SECONDS = 3.0
"""So long a speed is measured before it is believed."""
TOLERANCE = 1.1


class Pruned(Exception):  # noqa: N818 - no error
    """The trial is worse than others were at the same epoch."""


class TimeUp(Exception):  # noqa: N818 - no error
    """The time is over before the trial took a step."""


class TooLong(Exception):  # noqa: N818 - no error
    """The first trial would take longer than there is time.

    Args:
        name: The option that makes it fit.
        value: Its value.
    """

    def __init__(self, name: str, value: int) -> None:
        super().__init__(name)
        self.name, self.value = name, value


class TrialWatch:
    """Listens to a trial.

    Args:
        budget: The time there is.
        search: Says whether it is worse than others.
        adjustable: How many epochs there are of what may be shortened to fit into the time, by
            the name of the option.
        on_event: Told of the events, too.
    """

    def __init__(
        self,
        budget: Budget,
        search: Search,
        adjustable: Mapping[str, int],
        on_event: TuningListener,
    ) -> None:
        self.epoch_scores: list[float] = []
        self.cut_short = False
        self._budget, self._search = budget, search
        self._adjustable, self._on_event = adjustable, on_event
        self._begun = self._last_step = time.monotonic()
        self._warm_start: tuple[float, int] | None = None
        self._warm_start_seconds = 0.0
        self._first_step: tuple[float, int] | None = None
        self._epoch_seconds, self._evaluation_seconds = 0.0, 0.0
        self._total = 0

    @property
    def seconds(self) -> float:
        """Since the trial began, without the warm start that is there for all."""
        return time.monotonic() - self._begun - self._warm_start_seconds

    @property
    def beginning_seconds(self) -> float:
        """Of these, before the first step; all of them while there was none."""
        if self._first_step is None:
            return self.seconds
        return self._first_step[0] - self._begun - self._warm_start_seconds

    def __call__(self, event: Event) -> None:
        """Takes an event.

        Raises:
            EndTraining: The time is over.
            Pruned: The trial is worse than others.
            TimeUp: The time is over before there is anything to keep.
            TooLong: It will not be done in time.
        """
        self._on_event(event)
        if self.cut_short:
            if isinstance(event, Evaluated):
                self._evaluated(event)
        elif isinstance(event, Stage):
            self._stage(event)
        elif isinstance(event, Started):
            self._started(event)
        elif isinstance(event, Step):
            self._step(event)
        elif isinstance(event, Evaluated):
            self._evaluated(event)
            self._search.report(len(self.epoch_scores), self.epoch_scores[-1])
            if self._search.hopeless:
                raise Pruned

    def _stage(self, event: Stage) -> None:
        now = time.monotonic()
        if event.name != SPELLING or event.total is None:
            pass
        elif self._warm_start is None:
            self._warm_start = (now, event.done)
        else:
            begun, done = self._warm_start
            self._warm_start_seconds = now - begun
            if event.done > done and now - begun >= SURE_SECONDS:
                expected = (now - begun) * event.total / (event.done - done)
                self._adjust(
                    "training.warm_start_epochs", expected, WARM_START_SHARE * self._budget.seconds
                )
        if self._budget.left(0) <= 0:
            raise TimeUp

    def _started(self, event: Started) -> None:
        self._total = event.total
        for row in event.metrics[len(self.epoch_scores) :]:
            if self._search.score_name not in row:
                continue
            self.epoch_scores.append(row[self._search.score_name])
            self._search.report(len(self.epoch_scores), self.epoch_scores[-1])

    def _step(self, event: Step) -> None:
        self._last_step = time.monotonic()
        left = self._budget.left(self._evaluation_seconds)
        if self._first_step is None:
            self._first_step = (self._last_step, event.done)
        else:
            begun, done = self._first_step
            passed = self._last_step - begun
            if passed >= SURE_SECONDS and event.done > done:
                whole = passed * self._total / (event.done - done)
                # Starting over takes as long again as the beginning has.
                spent, again = passed, self.beginning_seconds
                if whole - spent > TOLERANCE * left:
                    self._adjust("training.epochs", whole, left - again)
        if left <= 0:
            self.cut_short = True
            raise EndTraining

    def _evaluated(self, event: Evaluated) -> None:
        self._evaluation_seconds = time.monotonic() - self._last_step
        self.epoch_scores.append(event.metrics[event.score_name])

    def _adjust(self, name: str, expected: float, allowed: float) -> None:
        """Asks for fewer epochs where what is expected is more than is allowed."""
        epochs: Any = self._adjustable.get(name)
        if epochs and expected > TOLERANCE * allowed:
            fitting = max(1, int(epochs * allowed / expected))
            if fitting < epochs:
                raise TooLong(name, fitting)
