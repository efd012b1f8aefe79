"""Which task a run has, and how its classes are weighted."""

from __future__ import annotations

from collections.abc import Sequence

from hier_rnn.configuration.options import Configuration, Training
from hier_rnn.errors import UserError, nearest
from hier_rnn.sources.example import listed
from hier_rnn.training.classification.corpus_statistics import CorpusStatistics
from hier_rnn.training.classification.tasks.one_label import OneLabelTask
from hier_rnn.training.classification.tasks.several_labels import SeveralLabelsTask
from hier_rnn.training.classification.tasks.task import Task


def choose_task(configuration: Configuration, corpus: CorpusStatistics) -> Task:
    """Returns what a run learns.

    Args:
        configuration: The run's options.
        corpus: Counts of the training data.

    Raises:
        UserError: A class weight for a label that there is not.
    """
    options, labels, counts = configuration.training, corpus.labels, corpus.label_counts
    weights = class_weights(options, labels, counts)
    if configuration.data.multi_label is True:
        frequencies = [count / corpus.examples for count in counts]
        return SeveralLabelsTask(labels, frequencies, weights, options.label_smoothing)
    return OneLabelTask(labels, weights, options.label_smoothing)


def class_weights(options: Training, labels: Sequence[str], counts: Sequence[int]) -> list[float]:
    """Returns the weight of each class in the loss.

    Args:
        options: The `training` options.
        labels: The classes' labels.
        counts: Training examples of each class.

    Raises:
        UserError: A weight for a label that there is not.
    """
    if options.class_weights == "none":
        return [1.0] * len(labels)
    if options.class_weights == "balanced":
        return [sum(counts) / (len(counts) * count) for count in counts]
    for label in options.class_weights:
        if label not in labels:
            raise UserError(
                f"training.class_weights: there is no label '{label}'.{nearest(label, labels)}"
                f" The labels are: {listed(labels)}."
            )
    return [options.class_weights.get(label, 1.0) for label in labels]
