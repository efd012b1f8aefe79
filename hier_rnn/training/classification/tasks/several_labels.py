"""Several labels for a text, or none: a sigmoid for each, and binary cross-entropy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import tensorflow as tf

from hier_rnn.decisions.several_labels import SeveralLabels
from hier_rnn.metrics.label_scores import binary_cross_entropy, score_labels
from hier_rnn.metrics.thresholds import best_threshold, fit_label_temperature, fit_thresholds
from hier_rnn.model.replicas import mean
from hier_rnn.sources.classes import label_indicators
from hier_rnn.sources.example import Example
from hier_rnn.training.classification.tasks.task import Target


class SeveralLabelsTask:
    """Learns of each label whether a text has it; see `Task`.

    Args:
        labels: The labels.
        frequencies: The share of the training texts that has each label.
        class_weights: The weight in the loss of each label of the texts that have it.
        smoothing: How far a target, 0 or 1, is moved to the label's frequency: so that what is
            learnt stays true on average, however rare a label is.
    """

    def __init__(
        self,
        labels: Sequence[str],
        frequencies: Sequence[float],
        class_weights: Sequence[float],
        smoothing: float,
    ) -> None:
        self._labels, self._smoothing = labels, smoothing
        self._indices = {label: index for index, label in enumerate(labels)}
        self._frequencies = tf.constant(frequencies, tf.float32)
        self._class_weights = tf.constant(class_weights, tf.float32)
        self.signature = tf.TensorSpec([None, len(labels)], tf.float32)

    def target(self, example: Example) -> Target:
        """Returns the classes of an example."""
        return tuple(self._indices[label] for label in example.labels)

    def batch(self, targets: Sequence[Target]) -> np.ndarray:
        """Returns which labels each sentence of a batch has, float32 `(sentences, classes)`."""
        indicators = np.zeros((len(targets), len(self._labels)), np.float32)
        for row, classes in zip(indicators, targets, strict=True):
            row[list(classes) if isinstance(classes, tuple) else classes] = 1
        return indicators

    def read(self, examples: Iterable[Example], name: str) -> np.ndarray:
        """Returns which labels each example has, bool `(examples, classes)`; see `Task.read`."""
        indicators: np.ndarray = label_indicators(examples, self._labels, name).toarray()
        return indicators

    def loss(self, logits: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Returns the binary cross-entropy of all labels of a sentence together, on average."""
        smooth = targets + self._smoothing * (self._frequencies - targets)
        losses = tf.nn.weighted_cross_entropy_with_logits(smooth, logits, self._class_weights)
        return mean(tf.reduce_sum(losses, 1))

    def metrics(self, targets: np.ndarray, logits: np.ndarray) -> dict[str, float]:
        """Returns loss and F1 at the one threshold for all labels that is best for micro-F1.

        Thresholds of their own fit what they were chosen on too well to compare epochs by.
        """
        probabilities = SeveralLabels(1.0, ()).probabilities(logits)
        predicted = probabilities >= best_threshold(targets, probabilities)
        scores = score_labels(targets, predicted, logits, self._labels)
        return {
            "validation_loss": binary_cross_entropy(targets, logits),
            "validation_accuracy": scores.accuracy,
            "validation_micro_f1": scores.micro_f1,
            "validation_macro_f1": scores.macro_f1,
        }

    def decision(self, targets: np.ndarray, logits: np.ndarray) -> SeveralLabels:
        """Returns the sigmoid with the temperature that fits, and the best thresholds."""
        temperature = fit_label_temperature(logits, targets)
        probabilities = SeveralLabels(temperature, ()).probabilities(logits)
        return SeveralLabels(temperature, fit_thresholds(targets, probabilities))
