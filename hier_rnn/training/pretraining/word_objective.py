"""What both objectives of pretraining have in common: an epoch is a pass over distinct words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from hier_rnn.packing.share import Share
from hier_rnn.packing.stream import PackedStream
from hier_rnn.recurrent.dropout_rng import DropoutRng
from hier_rnn.training.objective import BatchSize, Losses, PhaseBatches
from hier_rnn.training.phases import ResolvedPhase
from hier_rnn.training.state import TrainerState


class WordObjective(ABC):
    """An objective that is learnt from distinct words; see `training.objective.Objective`.

    Attributes:
        steps: Batches of the first epoch; later ones may have a few more or fewer.
        expected_examples: How many words all epochs have, more or less.
    """

    option_group = "pretraining"
    unit = "words"
    score_name: str
    steps: int
    expected_examples: int

    @abstractmethod
    def named_weights(self) -> dict[str, keras.Variable]:
        """Returns every weight by its name; the encoder's are not all."""

    @abstractmethod
    def batches(self, epoch: int = 0, skip: int = 0, shares: Sequence[Share] = ()) -> PackedStream:
        """Returns the batches of epoch after epoch, without end, packed in the background.

        Args:
            epoch: The first epoch; it decides the order. Default 0.
            skip: Batches of the first epoch to leave out. Default 0.
            shares: Which shares of each batch to pack. Default none: the whole batch.
        """

    @abstractmethod
    def loss(self, batch: Any, rng: DropoutRng | None = None) -> tf.Tensor:
        """Returns the loss of a batch.

        Args:
            batch: Words.
            rng: Source of dropout; default None, no dropout.
        """

    @abstractmethod
    def validate(self) -> dict[str, float]:
        """Returns the metrics."""

    @abstractmethod
    def score(self, metrics: Mapping[str, float]) -> float:
        """Returns what decides which weights are best: higher is better."""

    @abstractmethod
    def epoch_batches(self, epoch: int) -> list[tuple[list[str], np.ndarray]]:
        """Returns an epoch's batches: words, and a number for each."""

    @abstractmethod
    def words_of(self, batch: Any) -> int:
        """Returns how many words a batch has."""

    def begin(
        self, phase: ResolvedPhase, epoch: int, batch: int, shares: Sequence[Share] = ()
    ) -> PhaseBatches:
        """Begins or takes up the training."""
        batches = self.batches(epoch, batch, shares)

        def losses(batch: Any, rng: DropoutRng) -> Losses:
            loss = self.loss(batch, rng)
            return Losses(loss, loss)

        return PhaseBatches(batches, batches.element_spec, losses)

    def size(self, batch: Any) -> BatchSize:
        """Returns how many words a batch has."""
        words = self.words_of(batch)
        return BatchSize(words, words)

    def ends_epoch(self, batch: Any, state: TrainerState) -> bool:
        """Returns whether an epoch ended with this batch."""
        return bool(batch.last)

    def epochs_done(self, state: TrainerState) -> float:
        """Returns how many epochs are done."""
        return state.epoch - state.phase_epoch

    def epochs_at_next_step(self, state: TrainerState, examples: int) -> float:
        """Returns how many epochs are done when the next step begins."""
        return state.epoch - state.phase_epoch + min(state.batch / self.steps, 1)

    def texts(self, epoch: int, batch: int) -> list[str]:
        """Returns the words of a batch."""
        return self.epoch_batches(epoch)[batch][0]
