"""Training batches: shuffled, misspelled anew, of similar length, packed while the last one trains.

Everything random comes from the seed, the index of the pass over the data and that of the batch, so
a stream can be taken up anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count, islice
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from hier_rnn.configuration.options import Training
from hier_rnn.errors import UserError
from hier_rnn.packing.batch import PackedBatch, TrieBuilder
from hier_rnn.packing.sentences import pack_sentences
from hier_rnn.packing.stream import PackedStream
from hier_rnn.sources.example import Example, Source
from hier_rnn.sources.sampling.shuffle import shuffled
from hier_rnn.text.misspelling import misspell
from hier_rnn.training.classification.batching.frozen_word_vectors import FrozenWordVectors
from hier_rnn.training.classification.tasks.task import Target, Task


class Sentence(NamedTuple):
    """A sentence to train on."""

    words: list[str]
    target: Target


class LabelledBatch(NamedTuple):
    """A packed batch with what is to be learnt of it."""

    batch: PackedBatch
    """Its tries have the words without frozen vectors."""
    rows: tf.Tensor
    """int32 `(distinct words,)`: each word's row among the frozen vectors, else -1."""
    targets: tf.Tensor
    """As `Task.signature`."""
    words: tf.Tensor
    """int32 `()`: words in the batch."""


def endless_batches(
    source: Source,
    words: Callable[[str], list[str]],
    target: Callable[[Example], Target],
    options: Training,
    seed: int,
    epoch: int = 0,
    skip: int = 0,
    passes: int = 1,
) -> Iterator[list[Sentence]]:
    """Yields the batches of epoch after epoch, misspelled.

    Args:
        source: Labelled examples.
        words: Turns a text into words.
        target: Returns what is to be learnt of an example.
        options: The `training` options.
        seed: The run's seed.
        epoch: The first epoch. Default 0.
        skip: Batches of the first epoch to leave out, as they have been trained on. Default 0.
        passes: How often an epoch passes over the examples. Default once.
    """
    indexed = (
        (index, row, batch)
        for index in count(epoch * passes)
        for row, batch in enumerate(pass_batches(source, words, target, options, seed, index))
    )
    for index, row, batch in islice(indexed, skip, None):
        yield _misspelled(batch, options, np.random.default_rng((seed, index, row)))


def pass_batches(
    source: Source,
    words: Callable[[str], list[str]],
    target: Callable[[Example], Target],
    options: Training,
    seed: int,
    index: int,
) -> Iterator[list[Sentence]]:
    """Yields the batches of one pass over the examples, as they are spelled there.

    Args:
        source: Labelled examples.
        words: Turns a text into words.
        target: Returns what is to be learnt of an example.
        options: The `training` options.
        seed: The run's seed.
        index: The pass, from 0: it decides the order.
    """
    order = np.random.default_rng((seed, index))
    sentences = (
        Sentence(words(example.text), target(example))
        for example in shuffled(source, options.shuffle_buffer, order)
    )
    size, buckets = options.batch_size, options.bucket_batches
    for pool in _cut(sentences, buckets * size, options.batch_by):
        if buckets == 1:
            yield pool
            continue
        pool.sort(key=lambda sentence: len(sentence.words))
        batches = list(_cut(pool, size, options.batch_by))
        yield from (batches[i] for i in order.permutation(len(batches)))


def _cut(sentences: Iterable[Sentence], size: int, unit: str) -> Iterator[list[Sentence]]:
    """Cuts a stream where `size` sentences or words would be exceeded."""
    batch: list[Sentence] = []
    taken = 0
    for sentence in sentences:
        # An empty sentence counts as well, or a batch of them would never end.
        length = max(1, len(sentence.words)) if unit == "words" else 1
        if batch and taken + length > size:
            yield batch
            batch, taken = [], 0
        batch.append(sentence)
        taken += length
    if batch:
        yield batch


def _misspelled(
    batch: list[Sentence], options: Training, generator: np.random.Generator
) -> list[Sentence]:
    kind, rate = options.misspell.kind, options.misspell.rate
    if kind == "none" or rate == 0:
        return batch
    return [Sentence(misspell(s.words, kind, rate, generator), s.target) for s in batch]


class PackedBatches:
    """Batches packed in the background, as `LabelledBatch`es.

    Args:
        batches: Begins the stream.
        trie_builder: Makes the tries of words.
        task: Makes targets of a batch's sentences.
        frozen: Vectors of words that the tries leave out. Default none.

    Attributes:
        element_spec: Types and shapes of a batch.

    Raises:
        UserError: On iteration, what `batches` raises.
    """

    def __init__(
        self,
        batches: Callable[[], Iterator[list[Sentence]]],
        trie_builder: TrieBuilder,
        task: Task,
        frozen: FrozenWordVectors | None = None,
    ) -> None:
        self._batches, self._task = batches, task
        self._error: UserError | None = None

        def pack(words: tf.Tensor, lengths: tf.Tensor, targets: tf.Tensor) -> LabelledBatch:
            distinct, indices = tf.unique(words)
            rows = frozen.rows(distinct) if frozen else tf.fill(tf.shape(distinct), -1)
            tries = trie_builder(tf.boolean_mask(distinct, rows < 0))
            batch = PackedBatch(tries, pack_sentences(indices, lengths))
            return LabelledBatch(batch, rows, targets, tf.size(words))

        signature = (
            tf.TensorSpec([None], tf.string),
            tf.TensorSpec([None], tf.int32),
            task.signature,
        )
        self._data = PackedStream(self._columns, signature, pack)
        self.element_spec = self._data.element_spec

    def __iter__(self) -> Iterator[LabelledBatch]:
        yield from self._data
        if self._error is not None:
            raise self._error

    def _columns(self) -> Iterator[tuple[np.ndarray, list[int], Sequence[int] | np.ndarray]]:
        try:
            for batch in self._batches():
                # As bytes, since NumPy's own strings lose a NUL at their end.
                words = [word.encode() for sentence in batch for word in sentence.words]
                yield (
                    np.array(words, dtype=object),
                    [len(sentence.words) for sentence in batch],
                    self._task.batch([sentence.target for sentence in batch]),
                )
        except UserError as error:  # tf.data would make a traceback of it
            self._error = error
