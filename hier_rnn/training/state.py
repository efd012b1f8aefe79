"""The state of a training run, kept in checkpoints so that it goes on exactly where it was."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import keras
import tensorflow as tf

from hier_rnn.errors import UserError
from hier_rnn.training.optimizer import Optimizer


class TrainingState:
    """Weights, optimizer, counters and the best score so far, in checkpoints.

    Args:
        directory: Where the checkpoints are.
        weights: Every weight by name.
        optimizer: The optimizer.
    """

    def __init__(
        self, directory: Path, weights: Mapping[str, keras.Variable], optimizer: Optimizer
    ) -> None:
        self.epoch = tf.Variable(0, dtype=tf.int64)
        """Epochs done."""
        self.batch = tf.Variable(0, dtype=tf.int64)
        """Batches of this epoch done."""
        self.step = tf.Variable(0, dtype=tf.int64)
        """Steps done."""
        self.phase = tf.Variable(0, dtype=tf.int64)
        """Phases done."""
        self.phase_start = tf.Variable([0, 0, 0], dtype=tf.int64)
        """Epochs, steps and sentences done when the phase began."""
        self.sentences = tf.Variable(0, dtype=tf.int64)
        """Sentences trained on."""
        self.loss = tf.Variable([0.0, 0.0], dtype=tf.float64)
        """Sum of this epoch's losses, and how many."""
        self.words = tf.Variable(0, dtype=tf.int64)
        """Words of this epoch trained on."""
        self.seconds = tf.Variable(0.0, dtype=tf.float64)
        """Time trained so far."""
        self.epoch_seconds = tf.Variable(0.0, dtype=tf.float64)
        """Time of this epoch's steps so far."""
        self.best = tf.Variable([-float("inf"), -1.0], dtype=tf.float64)
        """Best validation score, higher is better, and its epoch."""
        counters = {
            name: value for name, value in vars(self).items() if isinstance(value, tf.Variable)
        }
        slots = optimizer.state()
        checkpoint = tf.train.Checkpoint(
            counters=_tracked(counters),
            weights=_tracked({name: weight.value for name, weight in weights.items()}),
            **{name: _tracked(variables) for name, variables in slots.items()},
        )
        self._checkpoint = checkpoint
        self._manager = tf.train.CheckpointManager(checkpoint, str(directory), max_to_keep=2)
        self._directory = directory

    def restore(self) -> bool:
        """Takes up the last checkpoint; returns whether there was one.

        Raises:
            UserError: The checkpoint is damaged.
        """
        latest = self._manager.latest_checkpoint
        if latest is None:
            return False
        try:
            self._checkpoint.restore(latest).assert_consumed()
        except (AssertionError, ValueError, tf.errors.OpError) as error:
            reason = str(error).splitlines()[0]
            raise UserError(
                f"{latest}: damaged checkpoint: {reason}. Start over with --force."
            ) from None
        return True

    def save(self) -> None:
        """Writes a checkpoint.

        Raises:
            UserError: It can't be written.
        """
        try:
            self._manager.save(checkpoint_number=int(self.step.numpy()))
        except (OSError, tf.errors.OpError) as error:
            reason = getattr(error, "message", None) or str(error)
            raise UserError(
                f"{self._directory}: can't write a checkpoint: {reason.splitlines()[0]}."
                " What was saved before is kept: make room and give the same command again."
            ) from None


def _tracked(variables: Mapping[str, tf.Variable]) -> tf.Module:
    """A module that holds variables by name; a checkpoint needs one."""
    module = tf.Module()
    for name, variable in variables.items():
        setattr(module, name.replace("/", "."), variable)
    return module
