"""Pooling of documents that are read segment by segment.

What `hier_rnn.model.pooling` computes, from running values that each segment is added to; and each
segment's *share* of the result: a function of the segment's states alone whose gradient is theirs.
A pooling is made for the documents of a batch and offers

- `start()`: the running values before any segment;
- `add(running, states, segment)`: those after one more;
- `result(running)`: the pooled vectors by rank, `(sentences, 2 * units)`;
- `share(running, states, segment)`: given the running values after the last segment.

States are `(rows, 2 * units)`, both directions aligned.
"""

from __future__ import annotations

import tensorflow as tf

from hier_rnn.model.pooling import Attention
from hier_rnn.packing.sentences import Segment

Running = tuple[tf.Tensor, ...]


def running_pooling(
    name: str, lengths: tf.Tensor, width: int, attention: Attention | None = None
) -> RunningLast | RunningMaximum | RunningMean | RunningAttention:
    """Returns a pooling.

    Args:
        name: `last`, `max`, `mean` or `attention`.
        lengths: Words in the whole document of each rank, int32 `(sentences,)`.
        width: Width of the states of both directions.
        attention: The layer that scores states, for `attention`.
    """
    if name == "last":
        return RunningLast(lengths, width)
    if name == "max":
        return RunningMaximum(lengths, width)
    if name == "mean":
        return RunningMean(lengths, width)
    if attention is None:
        raise ValueError("attention needs the layer that scores states")
    return RunningAttention(lengths, width, attention)


def _sum(values: tf.Tensor, segment: Segment) -> tf.Tensor:
    sentences = segment.sentences
    return tf.math.unsorted_segment_sum(values, sentences.ranks, tf.size(sentences.lengths))


def _at(places: tf.Tensor, states: tf.Tensor, segment: Segment) -> tf.Tensor:
    """Returns each unit's state at its place in the document, 0 if that is in another segment."""
    chosen = tf.gather(places, segment.sentences.ranks) == segment.positions[:, None]
    return _sum(tf.where(chosen, states, tf.zeros_like(states)), segment)


class RunningLast:
    """Each direction's state after the whole document: the backward one's at its first word."""

    def __init__(self, lengths: tf.Tensor, width: int) -> None:
        self._shape = [tf.size(lengths), width]
        last = tf.repeat(lengths[:, None] - 1, width // 2, 1)
        self._places = tf.concat([last, tf.zeros_like(last)], 1)

    def start(self) -> Running:
        """Returns the running values before any segment."""
        return (tf.zeros(self._shape),)

    def add(self, running: Running, states: tf.Tensor, segment: Segment) -> Running:
        """Returns the running values after one segment more."""
        return (running[0] + self.share(running, states, segment),)

    def result(self, running: Running) -> tf.Tensor:
        """Returns the pooled vectors by rank."""
        return running[0]

    def share(self, running: Running, states: tf.Tensor, segment: Segment) -> tf.Tensor:
        """Returns what has the gradient of the segment's states."""
        return _at(self._places, states, segment)


class RunningMaximum:
    """Each unit's largest value, and its place: values computed anew may differ in the last bit."""

    def __init__(self, lengths: tf.Tensor, width: int) -> None:
        self._lengths = lengths
        self._shape = [tf.size(lengths), width]

    def start(self) -> Running:
        """Returns the running values before any segment."""
        return tf.fill(self._shape, tf.float32.min), tf.zeros(self._shape, tf.int32)

    def add(self, running: Running, states: tf.Tensor, segment: Segment) -> Running:
        """Returns the running values after one segment more."""
        largest, places = running
        ranks, count = segment.sentences.ranks, self._shape[0]
        segment_largest = tf.math.unsorted_segment_max(states, ranks, count)
        never = tf.int32.max
        holders = tf.where(
            states == tf.gather(segment_largest, ranks), segment.positions[:, None], never
        )
        first = tf.math.unsorted_segment_min(holders, ranks, count)
        better = segment_largest > largest
        return tf.where(better, segment_largest, largest), tf.where(better, first, places)

    def result(self, running: Running) -> tf.Tensor:
        """Returns the pooled vectors by rank."""
        return tf.where(self._lengths[:, None] > 0, running[0], tf.zeros_like(running[0]))

    def share(self, running: Running, states: tf.Tensor, segment: Segment) -> tf.Tensor:
        """Returns what has the gradient of the segment's states."""
        return _at(running[1], states, segment)


class RunningMean:
    """The mean of each unit."""

    def __init__(self, lengths: tf.Tensor, width: int) -> None:
        self._shape = [tf.size(lengths), width]
        self._words = tf.maximum(tf.cast(lengths, tf.float32), 1.0)[:, None]

    def start(self) -> Running:
        """Returns the running values before any segment."""
        return (tf.zeros(self._shape),)

    def add(self, running: Running, states: tf.Tensor, segment: Segment) -> Running:
        """Returns the running values after one segment more."""
        return (running[0] + _sum(states, segment),)

    def result(self, running: Running) -> tf.Tensor:
        """Returns the pooled vectors by rank."""
        return running[0] / self._words

    def share(self, running: Running, states: tf.Tensor, segment: Segment) -> tf.Tensor:
        """Returns what has the gradient of the segment's states."""
        return _sum(states, segment) / self._words


class RunningAttention:
    """The weighted sum of states, with the largest score so far as the scale of all weights."""

    def __init__(self, lengths: tf.Tensor, width: int, attention: Attention) -> None:
        self._shape = [tf.size(lengths), width]
        self._attention = attention

    def start(self) -> Running:
        """Returns the running values before any segment."""
        count = self._shape[:1]
        return tf.fill(count, tf.float32.min), tf.zeros(count), tf.zeros(self._shape)

    def add(self, running: Running, states: tf.Tensor, segment: Segment) -> Running:
        """Returns the running values after one segment more."""
        largest, total, summed = running
        scores = self._attention.scores(states)
        ranks = segment.sentences.ranks
        segment_largest = tf.math.unsorted_segment_max(scores, ranks, self._shape[0])
        new = tf.maximum(largest, segment_largest)
        kept = tf.exp(largest - new)
        weights = tf.exp(scores - tf.gather(new, ranks))
        return (
            new,
            total * kept + _sum(weights, segment),
            summed * kept[:, None] + _sum(states * weights[:, None], segment),
        )

    def result(self, running: Running) -> tf.Tensor:
        """Returns the pooled vectors by rank."""
        _, total, summed = running
        return tf.math.divide_no_nan(summed, total[:, None])

    def share(self, running: Running, states: tf.Tensor, segment: Segment) -> tf.Tensor:
        """Returns what has the gradient of the segment's states."""
        largest, total, _ = running
        ranks = segment.sentences.ranks
        scores = self._attention.scores(states)
        weights = tf.exp(scores - tf.gather(largest, ranks)) / tf.gather(total, ranks)
        # A larger weight moves the sum towards its state, from where the sum is.
        return _sum((states - tf.gather(self.result(running), ranks)) * weights[:, None], segment)
