"""AdamW with a learning rate of its own for each weight, frozen weights, and moving averages.

Kingma and Ba 2015; decoupled weight decay of Loshchilov and Hutter 2019. One fused operation per
weight; a frozen weight is not touched at all, neither by decay nor by the average.
"""

from __future__ import annotations

from collections.abc import Mapping

import keras
import tensorflow as tf

from hier_rnn.configuration.options import Training
from hier_rnn.training.phases import multiplier

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7
NOT_DECAYED = ("bias", "initial_state", "query")


class Optimizer:
    """Moves weights.

    Args:
        options: The `training` options.
        weights: Every weight of the model by name.
    """

    def __init__(self, options: Training, weights: Mapping[str, keras.Variable]) -> None:
        self.weights = dict(weights)
        self.clip_norm = options.clip_norm
        self.moving_average = options.moving_average
        self._decay = {
            name: 0.0 if any(part in name for part in NOT_DECAYED) else options.weight_decay
            for name in weights
        }
        self._multiplier = {
            name: multiplier(name, options.learning_rate_multipliers) for name in weights
        }

        def like(what: str) -> dict[str, tf.Variable]:
            return {
                n: tf.Variable(tf.zeros(w.shape), name=f"{what}/{n}") for n, w in weights.items()
            }

        self.first, self.second = like("first"), like("second")
        self.steps = {name: tf.Variable(0.0) for name in weights}
        self.averages = (
            {name: tf.Variable(w.value) for name, w in weights.items()}
            if self.moving_average
            else {}
        )

    def state(self) -> dict[str, dict[str, tf.Variable]]:
        """Returns everything that a checkpoint needs besides the weights."""
        return {
            "first": self.first,
            "second": self.second,
            "steps": self.steps,
            "averages": self.averages,
        }

    def apply(
        self,
        gradients: Mapping[str, tf.Tensor],
        learning_rate: tf.Tensor,
        finite: tf.Tensor | bool = True,
    ) -> tf.Tensor:
        """Moves the weights that have a gradient, unless something is not finite.

        Args:
            gradients: By weight name.
            learning_rate: Before each weight's own multiplier.
            finite: Whether the loss is finite, bool `()`. Default True.

        Returns:
            Whether the weights moved, bool `()`: the loss and the gradients' global norm are
            finite.
        """
        names = list(gradients)
        values = [tf.convert_to_tensor(gradients[name]) for name in names]
        with tf.name_scope("optimizer"):  # scopes are for who profiles a step
            norm = tf.linalg.global_norm(values)
            if self.clip_norm:
                values, _ = tf.clip_by_global_norm(values, self.clip_norm, use_norm=norm)

        def move() -> tf.Tensor:
            for name, gradient in zip(names, values, strict=True):
                with tf.name_scope("optimizer"):
                    step = self._apply(name, gradient, learning_rate * self._multiplier[name])
                if self.averages:
                    with tf.name_scope("averages"):
                        self._average(name, step)
            return tf.constant(True)

        finite = tf.logical_and(finite, tf.math.is_finite(norm))
        return tf.cond(finite, move, lambda: tf.constant(False))

    def _apply(self, name: str, gradient: tf.Tensor, rate: tf.Tensor) -> tf.Tensor:
        """Moves a weight; returns how often it has moved, float32 `()`."""
        weight = self.weights[name].value
        if self._decay[name]:
            weight.assign_sub(rate * self._decay[name] * weight)
        step = self.steps[name].assign_add(1.0)
        tf.raw_ops.ResourceApplyAdam(
            var=weight.handle,
            m=self.first[name].handle,
            v=self.second[name].handle,
            beta1_power=BETA_1**step,
            beta2_power=BETA_2**step,
            lr=rate,
            beta1=BETA_1,
            beta2=BETA_2,
            epsilon=EPSILON,
            grad=gradient,
        )
        return step

    def _average(self, name: str, step: tf.Tensor) -> None:
        # A rising decay, or the first weights would weigh on the average for long.
        decay = tf.minimum(self.moving_average, (1.0 + step) / (10.0 + step))
        average = self.averages[name]
        average.assign(decay * average + (1.0 - decay) * self.weights[name].value)
