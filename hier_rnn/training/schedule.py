"""Where a run stands in its phases: the learning rate, and when the next phase begins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from hier_rnn.configuration.options import Training
from hier_rnn.training.objective import Objective
from hier_rnn.training.phases import ResolvedPhase
from hier_rnn.training.state import TrainerState


def learning_rate(
    peak: float,
    progress: float,
    warmup: float,
    schedule: Literal["cosine", "linear", "constant"],
) -> float:
    """Returns the learning rate at a point of a phase: it rises, then falls.

    Args:
        peak: The highest rate.
        progress: Share of the phase that is done, from 0 to 1.
        warmup: Share of the phase in which the rate rises, in a line.
        schedule: How it falls to 0 after that; `constant` stays.
    """
    if progress < warmup:
        return peak * progress / warmup
    rest = min((progress - warmup) / (1 - warmup), 1.0) if warmup < 1 else 1.0
    if schedule == "cosine":
        return peak * 0.5 * (1 + math.cos(math.pi * rest))
    return peak * (1 - rest) if schedule == "linear" else peak


class PhaseSchedule:
    """Says what a run's state means for its phases, and moves the state from phase to phase.

    Args:
        phases: The phases.
        options: The `training` options.
        objective: Knows how long an epoch is.
        state: How far the run has come.
    """

    def __init__(
        self,
        phases: Sequence[ResolvedPhase],
        options: Training,
        objective: Objective,
        state: TrainerState,
    ) -> None:
        self._phases, self._options = phases, options
        self._objective, self._state = objective, state

    @property
    def phase(self) -> ResolvedPhase | None:
        """The phase that the next step belongs to; None when training is over."""
        index = self._state.phase
        return self._phases[index] if index < len(self._phases) else None

    @property
    def ends(self) -> bool:
        """Whether the last step was the last phase's last."""
        return self._state.phase == len(self._phases) - 1 and self._over

    @property
    def stalled(self) -> bool:
        """Whether the phase has gone `training.patience` epochs without a better score."""
        state, patience = self._state, self._options.patience
        since = max(state.best_epoch, state.phase_epoch)
        return bool(patience) and state.epoch - since >= patience

    def rate(self, examples: int) -> float:
        """Returns the learning rate of the next step.

        Args:
            examples: How many it trains on.
        """
        phase, state, options = self._current, self._state, self._options
        if phase.steps:
            share = (state.step - state.phase_step + 0.5) / phase.steps
        else:
            share = self._objective.epochs_at_next_step(state, examples) / (phase.epochs or 1)
        rate = learning_rate(phase.learning_rate, share, options.warmup, options.schedule)
        return rate * 0.5**state.restored

    def advance(self) -> bool:
        """Begins the next phase if this one has its length, or stalls; returns whether it does."""
        state = self._state
        ends = self._over or self.stalled
        if ends:
            state.phase += 1
            state.phase_epoch = state.epoch
            state.phase_step = state.step
            state.phase_examples = state.examples
        return ends

    @property
    def _current(self) -> ResolvedPhase:
        return self._phases[self._state.phase]

    @property
    def _over(self) -> bool:
        """Whether the phase has its length."""
        phase, state = self._current, self._state
        if phase.steps:
            return state.step - state.phase_step >= phase.steps
        return self._objective.epochs_done(state) >= (phase.epochs or 1)
