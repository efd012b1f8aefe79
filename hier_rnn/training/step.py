"""One training step: forward, losses, backward, and the weights move."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from hier_rnn.recurrent.dropout_rng import DropoutRng
from hier_rnn.training.distribution.workers import ALONE, Workers
from hier_rnn.training.objective import Losses
from hier_rnn.training.optimizer import Optimizer

TrainingStep = Callable[[Any, tf.Tensor, tf.Tensor], tf.Tensor]


def training_step(
    losses: Callable[[Any, DropoutRng], Losses],
    optimizer: Optimizer,
    trainable: Sequence[str],
    signature: Any,
    seed: int,
    workers: Workers = ALONE,
) -> TrainingStep:
    """Returns the step of a phase: a function of a batch, the learning rate and the step's number.

    It returns the batch's reported loss. Where a loss or the gradient is not finite, no weight
    moves and what is returned is not a number.

    Args:
        losses: The losses of a batch.
        optimizer: Moves the weights.
        trainable: Names of the weights that train.
        signature: Types and shapes of a batch; of several workers, of the shares of one.
        seed: The run's seed; with the step's number it decides dropout.
        workers: Who computes shares of the batch. Default this process alone, all of it.
    """
    moving = {name: optimizer.weights[name].value for name in trainable}

    def backward(batch: Any, number: tf.Tensor) -> tuple[Losses, dict[str, tf.Tensor]]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(list(moving.values()))
            loss = losses(batch, DropoutRng(tf.stack([seed, number])))
        return loss, tape.gradient(loss.minimized, moving)

    def together(shares: Any, number: tf.Tensor) -> tuple[Losses, dict[str, tf.Tensor]]:
        """The sums over all replicas, which travel in one piece."""

        def share(place: int) -> tf.Tensor:
            loss, gradients = backward(shares[place], number)
            parts = [*loss, *(gradients[name] for name in moving)]
            return tf.concat([tf.reshape(part, [-1]) for part in parts], 0)

        shapes = [weight.shape for weight in moving.values()]
        sizes = [1, 1, *(shape.num_elements() for shape in shapes)]
        reported, minimized, *parts = tf.split(workers.total(share), sizes)
        gradients = map(tf.reshape, parts, shapes)
        return Losses(reported[0], minimized[0]), dict(zip(moving, gradients, strict=True))

    def step(batch: Any, learning_rate: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        loss, gradients = (together if workers.shares else backward)(batch, number)
        finite = optimizer.apply(gradients, learning_rate, tf.math.is_finite(loss.minimized))
        return tf.where(finite, loss.reported, float("nan"))

    arguments = [signature, tf.TensorSpec([], tf.float32), tf.TensorSpec([], tf.int32)]
    # There is no Python in it to convert, and looking for some takes as long as tracing.
    compiled: TrainingStep = tf.function(step, input_signature=arguments, autograph=False)
    return compiled
