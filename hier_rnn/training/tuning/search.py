"""What to try next, and whether it is worth going on with: Optuna's sampler and pruner.

Optuna keeps nothing on disk: its study is made anew of the trials so far, which are ours.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Sequence
from typing import Any

from hier_rnn.errors import UserError
from hier_rnn.storage.tuning.study import Trial, score_sign
from hier_rnn.training.tuning.space import Choice, Dimension, Range, Space

RANDOM_TRIALS = 5
"""Before the sampler has seen so many, it draws at random."""
UNPRUNED_EPOCHS = 2
"""The first epochs say too little of the last."""


def require_optuna() -> None:
    """Makes sure that Optuna is there.

    Raises:
        UserError: It is not installed.
    """
    if importlib.util.find_spec("optuna") is None:
        raise UserError("tuning needs Optuna, which is not installed: pip install 'hier_rnn[tune]'")


class Search:
    """The trials so far, and what they say of the next.

    Args:
        space: What is searched.
        trials: All trials so far.
        first: Values of the first trial's options, which it has as they were given.
        score_name: Which of the metrics is the score: `validation_accuracy`.
        seed: Decides what is drawn, together with the number of trials.
    """

    def __init__(
        self,
        space: Space,
        trials: Sequence[Trial],
        first: dict[str, Any],
        score_name: str,
        seed: int,
    ) -> None:
        with warnings.catch_warnings():  # that notebooks may lack what tqdm draws bars with
            warnings.filterwarnings("ignore", message="IProgress not found")
            import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.score_name, self._space = score_name, space
        self._sign = score_sign(score_name)
        self._distributions = {name: _distribution(it) for name, it in space.items()}
        self._study = optuna.create_study(
            direction="maximize",
            sampler=optuna.samplers.TPESampler(
                seed=seed + len(trials), n_startup_trials=RANDOM_TRIALS
            ),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=1, n_warmup_steps=UNPRUNED_EPOCHS),
        )
        for trial in trials:
            values = {**first, **trial.options}
            self._add(trial, {name: values[name] for name in space})
        self._trial = self._study.ask(self._distributions)

    @property
    def proposal(self) -> dict[str, Any]:
        """Options for the next trial, by dotted name."""
        return dict(self._trial.params)

    def report(self, epoch: int, score: float) -> None:
        """Takes the score that the running trial has at an epoch, from 1."""
        self._trial.report(self._sign * score, epoch)

    @property
    def hopeless(self) -> bool:
        """Whether the best of the running trial is below the median of the others so far."""
        pruned: bool = self._trial.should_prune()
        return pruned

    def _add(self, trial: Trial, params: dict[str, Any]) -> None:
        from optuna.trial import TrialState, create_trial

        if any(value not in self._space[name] for name, value in params.items()):
            return  # shorter than the space allows, to fit into the time
        state = {"pruned": TrialState.PRUNED, "failed": TrialState.FAIL}.get(
            trial.state, TrialState.COMPLETE
        )
        scored = trial.score is not None and state == TrialState.COMPLETE
        if state == TrialState.COMPLETE and not scored:
            return
        self._study.add_trial(
            create_trial(
                state=state,
                value=self._sign * trial.score if scored and trial.score is not None else None,
                params=params,
                distributions=self._distributions,
                intermediate_values={
                    epoch: self._sign * score for epoch, score in enumerate(trial.epoch_scores, 1)
                },
            )
        )


def _distribution(dimension: Dimension) -> Any:
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    if isinstance(dimension, Choice):
        return CategoricalDistribution(dimension.values)
    if isinstance(dimension, Range):
        return FloatDistribution(dimension.low, dimension.high, log=dimension.logarithmic)
    return IntDistribution(dimension.low, dimension.high)
