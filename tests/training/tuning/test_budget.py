"""What is left of the time, and what fits into it."""

from __future__ import annotations

import time

from hier_rnn.storage.tuning.study import Trial
from hier_rnn.training.tuning.budget import Budget, fitting_epochs


def trial(epochs: int, seconds: float, beginning: float) -> Trial:
    return Trial(0, "finished", {}, 0.5, (0.5,) * epochs, seconds, beginning)


def test_what_was_used_before_and_the_end_of_a_trial_are_not_left():
    budget = Budget(100, used=30, begun=time.monotonic() - 10)
    assert 40 <= budget.used < 41
    assert 50 < budget.left(0) < 60
    assert budget.left(2) < budget.left(0) - 4


def test_epochs_that_fit():
    assert fitting_epochs([], 100) is None
    assert fitting_epochs([trial(0, 5, 5)], 100) is None  # it failed: nothing is known
    assert fitting_epochs([trial(4, 50, 10)], 45) == 3
    assert fitting_epochs([trial(4, 50, 10)], 5) == 0
    # The slowest of the last ones counts.
    assert fitting_epochs([trial(4, 50, 10), trial(4, 90, 10)], 50) == 2
