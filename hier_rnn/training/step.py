"""One training step: forward, losses, backward, and the weights move."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from hier_rnn.recurrent.dropout_rng import DropoutRng
from hier_rnn.training.objective import Losses
from hier_rnn.training.optimizer import Optimizer

TrainingStep = Callable[[Any, tf.Tensor, tf.Tensor], tf.Tensor]


def training_step(
    losses: Callable[[Any, DropoutRng], Losses],
    optimizer: Optimizer,
    trainable: Sequence[str],
    signature: Any,
    seed: int,
) -> TrainingStep:
    """Returns the step of a phase: a function of a batch, the learning rate and the step's number.

    It returns the batch's reported loss. Where a loss or the gradient is not finite, no weight
    moves and what is returned is not a number.

    Args:
        losses: The losses of a batch.
        optimizer: Moves the weights.
        trainable: Names of the weights that train.
        signature: Types and shapes of a batch.
        seed: The run's seed; with the step's number it decides dropout.
    """
    moving = {name: optimizer.weights[name].value for name in trainable}

    def step(batch: Any, learning_rate: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(list(moving.values()))
            loss = losses(batch, DropoutRng(tf.stack([seed, number])))
        gradients = tape.gradient(loss.minimized, moving)
        finite = optimizer.apply(gradients, learning_rate, tf.math.is_finite(loss.minimized))
        return tf.where(finite, loss.reported, float("nan"))

    arguments = [signature, tf.TensorSpec([], tf.float32), tf.TensorSpec([], tf.int32)]
    compiled: TrainingStep = tf.function(step, input_signature=arguments)
    return compiled
