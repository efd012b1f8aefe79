"""What the training loop needs to know of that which is learnt: the protocol `Objective`.

`classification/`, `pretraining/` and `sentence_vectors/` have what fulfils it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import keras
import tensorflow as tf

from hier_rnn.packing.share import Share
from hier_rnn.recurrent.dropout_rng import DropoutRng
from hier_rnn.training.phases import ResolvedPhase
from hier_rnn.training.state import TrainerState


class Losses(NamedTuple):
    """The losses of a batch, float32 `()`."""

    reported: tf.Tensor
    """What is shown and averaged."""
    minimized: tf.Tensor
    """What the gradient is of: it may have auxiliary losses in it."""


class BatchSize(NamedTuple):
    """How much a batch has."""

    examples: int
    """In the unit of `Objective.unit`."""
    words: int


class PhaseBatches(NamedTuple):
    """What a phase trains on, and by what loss."""

    batches: Iterable[Any]
    """Endless, in order."""
    signature: Any
    """Types and shapes of a batch, nested as a batch is."""
    losses: Callable[[Any, DropoutRng], Losses]
    """A batch's losses, in TensorFlow operations; the rng is the source of dropout. Of a share, its
    part of the losses of the whole batch (`model/replicas.py`)."""


class Objective(Protocol):
    """What is learnt."""

    option_group: str
    """The group of options that it is trained by: `training`, `pretraining`."""
    unit: str
    """What an example is called: `sentences`, `words`."""
    score_name: str
    """Which of the metrics decides what is best."""
    expected_examples: int
    """How many examples all phases train on at the most, more or less."""

    def named_weights(self) -> dict[str, keras.Variable]:
        """Returns every weight by its name."""
        ...

    def begin(
        self, phase: ResolvedPhase, epoch: int, batch: int, shares: Sequence[Share] = ()
    ) -> PhaseBatches:
        """Begins or takes up a phase.

        Args:
            phase: The phase.
            epoch: Epochs done.
            batch: Batches of the next epoch done: they are left out.
            shares: Which shares of each batch to pack, for as many replicas of the model: then
                each of `PhaseBatches.batches` is a tuple of them. Default none: whole batches.
        """
        ...

    def size(self, batch: Any) -> BatchSize:
        """Returns how much a batch has, or the batch that this is a share of."""
        ...

    def ends_epoch(self, batch: Any, state: TrainerState) -> bool:
        """Returns whether an epoch ended with this batch, which the state counts already."""
        ...

    def epochs_done(self, state: TrainerState) -> float:
        """Returns how many epochs of the phase are done."""
        ...

    def epochs_at_next_step(self, state: TrainerState, examples: int) -> float:
        """Returns where in the phase, in epochs, the learning rate of the next step is taken.

        Args:
            state: How far the run has come.
            examples: How many the step trains on.
        """
        ...

    def validate(self) -> Mapping[str, float]:
        """Returns the metrics on the validation data, with the weights as they are."""
        ...

    def score(self, metrics: Mapping[str, float]) -> float:
        """Returns what decides which weights are best: higher is better."""
        ...

    def texts(self, epoch: int, batch: int) -> list[str]:
        """Returns the texts of a batch, for messages."""
        ...
