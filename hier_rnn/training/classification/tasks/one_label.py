"""One label for each text: softmax and cross-entropy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import tensorflow as tf

from hier_rnn.decisions.one_label import OneLabel
from hier_rnn.metrics.calibration import fit_temperature
from hier_rnn.metrics.scores import score
from hier_rnn.model.replicas import mean
from hier_rnn.sources.classes import class_indices
from hier_rnn.sources.example import Example
from hier_rnn.training.classification.tasks.task import Target


class OneLabelTask:
    """Learns the label of each text; see `Task`.

    Args:
        labels: The classes.
        class_weights: Each class's weight in the loss.
        smoothing: Share of the target probability that is spread evenly over all classes.
    """

    signature = tf.TensorSpec([None], tf.int32)

    def __init__(
        self, labels: Sequence[str], class_weights: Sequence[float], smoothing: float
    ) -> None:
        self._labels, self._smoothing = labels, smoothing
        self._indices = {label: index for index, label in enumerate(labels)}
        self._class_weights = tf.constant(class_weights, tf.float32)

    def target(self, example: Example) -> Target:
        """Returns the class of an example."""
        return self._indices[example.required_label]

    def batch(self, targets: Sequence[Target]) -> Sequence[int] | np.ndarray:
        """Returns the classes of a batch."""
        return np.array(targets, np.int32)

    def read(self, examples: Iterable[Example], name: str) -> np.ndarray:
        """Returns the classes of all examples, `(examples,)`; see `Task.read`."""
        return class_indices(examples, self._labels, name)

    def loss(self, logits: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Returns the mean cross-entropy of the classes."""
        smoothing = self._smoothing
        probabilities = tf.one_hot(targets, tf.shape(logits)[1])
        probabilities = probabilities * (1 - smoothing) + smoothing / len(self._class_weights)
        losses = tf.nn.softmax_cross_entropy_with_logits(probabilities, logits)
        return mean(losses * tf.gather(self._class_weights, targets))

    def metrics(self, targets: np.ndarray, logits: np.ndarray) -> dict[str, float]:
        """Returns loss, accuracy and macro-F1."""
        scores = score(targets, logits, self._labels)
        return {
            "validation_loss": scores.loss,
            "validation_accuracy": scores.accuracy,
            "validation_macro_f1": scores.macro_f1,
        }

    def decision(self, targets: np.ndarray, logits: np.ndarray) -> OneLabel:
        """Returns the softmax with the temperature that makes the classes most likely."""
        return OneLabel(fit_temperature(logits, targets))
