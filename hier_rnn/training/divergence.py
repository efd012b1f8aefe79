"""A loss, gradient, weight or metric that is not finite: what is said of it, and what is done.

`training.on_divergence` decides what is done about it: `stop` ends with an error, `skip` leaves the
batch out, `restore` goes back to the last checkpoint with half the learning rate. It is not saved.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from hier_rnn.configuration.options import Training
from hier_rnn.errors import UserError
from hier_rnn.training.events import Diverged
from hier_rnn.training.objective import Objective
from hier_rnn.training.state import TrainingState

logger = logging.getLogger(__name__)

RESTORES = 3  # then it is no accident
SKIPS_IN_A_ROW = 20
SHOWN_TEXTS, SHOWN_CHARACTERS = 3, 60


class Divergence(Exception):  # noqa: N818 - it is not always an error
    """Something is not finite.

    Args:
        what: What is not finite.
        step: The step, from 1.
        texts: The texts of its batch; none if it was not in a batch.
    """

    def __init__(self, what: str, step: int, texts: Sequence[str] = ()) -> None:
        self.what, self.step, self.texts = what, step, texts
        super().__init__(f"step {step:,}: {what} is not finite{_quoted(texts)}")

    def error(self, options: Training, group: str) -> UserError:
        """Returns the error that ends a training.

        Args:
            options: The options of the training.
            group: The name of the group that they are in.
        """
        tried = {
            "stop": f"Set {group}.on_divergence to skip or restore to go on from the last"
            " checkpoint, or start over (`force=True`) with",
            "skip": "What was saved before is kept; `force=True` starts over, with",
            "restore": f"Half the learning rate, {RESTORES} times, did not help; `force=True`"
            " starts over, with",
        }[options.on_divergence]
        return UserError(
            f"{self}: training diverged. {tried} a lower {group}.learning_rate (now"
            f" {options.learning_rate:g}) or clipping norm (now {options.clip_norm:g})."
        )


class OnDivergence:
    """Does what `on_divergence` asks for.

    Args:
        objective: What is learnt.
        options: The options of the training.
        kept: The state of the training.
    """

    def __init__(self, objective: Objective, options: Training, kept: TrainingState) -> None:
        self._objective, self._options, self._kept = objective, options, kept
        self._skipped_in_a_row = 0

    def nothing(self) -> None:
        """Notes a step in which all was finite."""
        self._skipped_in_a_row = 0

    def leave_out(self) -> Divergence:
        """Returns what is said of a batch that is left out.

        Raises:
            Divergence: It may not be left out.
        """
        state = self._kept.progress
        texts = self._objective.texts(state.epoch, state.batch)
        divergence = Divergence("the loss or its gradient", state.step + 1, texts)
        self._skipped_in_a_row += 1
        if self._options.on_divergence != "skip" or self._skipped_in_a_row > SKIPS_IN_A_ROW:
            raise divergence
        logger.warning("%s; left out", divergence)
        return divergence

    def restore(self, divergence: Divergence) -> Diverged:
        """Goes back to the last checkpoint with half the learning rate.

        Raises:
            UserError: That is not what is asked for, or it was done often enough.
        """
        state = self._kept.progress
        restored = state.restored + 1
        if self._options.on_divergence != "restore" or restored > RESTORES:
            raise divergence.error(self._options, self._objective.option_group) from None
        self._kept.go_back()  # a checkpoint was written before the first step
        state.restored = restored
        logger.warning(
            "%s; back to step %s with half the learning rate", divergence, f"{state.step:,}"
        )
        return Diverged(divergence.step, divergence.texts, "restore")


def _quoted(texts: Sequence[str]) -> str:
    """Names the texts of a batch: some of them, and of long ones the beginning."""
    if not texts:
        return ""
    telling = [text for text in texts if text] or texts
    shown = [
        repr(text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…")
        for text in telling[:SHOWN_TEXTS]
    ]
    rest = len(texts) - len(shown)
    return f" (its batch: {', '.join(shown)}{f' and {rest} more' if rest else ''})"
