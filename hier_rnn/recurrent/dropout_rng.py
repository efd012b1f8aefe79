"""The randomness of one training step: every mask from a stream of its own."""

from __future__ import annotations

import tensorflow as tf


class DropoutRng:
    """Draws dropout masks from a step's seed, so that a step can be repeated exactly.

    Args:
        seed: Two integers, int32 `(2,)`; for example a run's seed and the number of the step.
    """

    def __init__(self, seed: tf.Tensor) -> None:
        self._seed = seed
        self._draws = 0

    def fold_in(self, number: int | tf.Tensor) -> DropoutRng:
        """Returns a source by this number, whose draws leave those of this one as they are."""
        fold = tf.random.experimental.stateless_fold_in
        return DropoutRng(fold(fold(self._seed, 0), number))  # its own draws count from 1

    def uniform(self, shape: tf.Tensor | list[int]) -> tf.Tensor:
        """Returns numbers in [0, 1), float32 of this shape."""
        self._draws += 1
        seed = tf.random.experimental.stateless_fold_in(self._seed, self._draws)
        return tf.random.stateless_uniform(shape, seed)

    def mask(self, shape: tf.Tensor | list[int], rate: float) -> tf.Tensor:
        """Returns zeros with probability `rate`, else `1 / (1 - rate)`."""
        return tf.cast(self.uniform(shape) >= rate, tf.float32) / (1 - rate)

    def dropout(self, values: tf.Tensor, rate: float) -> tf.Tensor:
        """Returns `values` with units dropped (Srivastava et al. 2014)."""
        return values * self.mask(tf.shape(values), rate) if rate else values
