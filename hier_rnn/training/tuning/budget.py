"""The time that a tuning has, and what fits into the rest of it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from hier_rnn.storage.tuning.study import Trial

WRITING = 2.0
"""Seconds to write a run, and for the process to end."""
SLACK = 0.01
"""Share of all the time that is left over: other programs run beside this one."""
EVALUATIONS = 2.5
"""At its end a trial evaluates at most twice."""
RECENT = 3


class Budget:
    """The time of a tuning.

    Args:
        seconds: That it may take in all.
        used: What earlier calls have used of them.
        begun: When this call began, by `time.monotonic`.
    """

    def __init__(self, seconds: float, used: float, begun: float) -> None:
        self.seconds = seconds
        self._used, self._begun = used, begun

    @property
    def used(self) -> float:
        """The seconds used so far."""
        return self._used + time.monotonic() - self._begun

    def left(self, evaluation_seconds: float) -> float:
        """Returns the seconds left for training.

        Args:
            evaluation_seconds: That an evaluation on the validation data takes.
        """
        reserve = WRITING + SLACK * self.seconds + EVALUATIONS * evaluation_seconds
        return self.seconds - self.used - reserve


def fitting_epochs(trials: Sequence[Trial], seconds: float) -> int | None:
    """Returns how many epochs a trial has that takes as long as the last ones did; None: unknown.

    Args:
        trials: Those before it.
        seconds: That it may take.
    """
    timed = [trial for trial in trials if trial.epochs][-RECENT:]
    if not timed:
        return None
    beginning = max(trial.beginning_seconds for trial in timed)
    epoch = max((trial.seconds - trial.beginning_seconds) / trial.epochs for trial in timed)
    return max(0, int((seconds - beginning) / max(epoch, 1e-9)))
