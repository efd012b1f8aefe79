"""Training batches: shuffled, misspelled anew, of similar length, packed while the last one trains.

Everything random comes from the seed, the epoch and the number of the batch, so a stream can be
taken up anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from hier_rnn.configuration.options import Training
from hier_rnn.packing.batch import PackedBatch, Spelling, pack_batch
from hier_rnn.sources.example import Source
from hier_rnn.sources.shuffle import shuffled
from hier_rnn.text.misspelling import misspell


class Sentence(NamedTuple):
    """A sentence to train on."""

    words: list[str]
    label: int


class LabelledBatch(NamedTuple):
    """A packed batch with its labels."""

    batch: PackedBatch
    labels: tf.Tensor
    """int32 `(sentences,)`."""
    words: tf.Tensor
    """int32 `()`: words in the batch."""


def word_batches(
    source: Source,
    words: Callable[[str], list[str]],
    labels: dict[str, int],
    options: Training,
    seed: int,
    epoch: int,
    skip: int = 0,
) -> Iterator[list[Sentence]]:
    """Yields an epoch's batches.

    Args:
        source: Labelled examples.
        words: Turns a text into words.
        labels: The number of each label.
        options: The `training` options.
        seed: The run's seed.
        epoch: Decides the order.
        skip: Batches at the beginning to leave out, as they have been trained on. Default 0.
    """
    order = np.random.default_rng((seed, epoch))
    sentences = (
        Sentence(words(example.text), labels[example.label])
        for example in shuffled(source, options.shuffle_buffer, order)
    )
    number = 0
    while pool := list(islice(sentences, options.bucket_batches * _sentences(options))):
        if options.bucket_batches > 1:
            pool.sort(key=lambda sentence: len(sentence.words))
        batches = list(_cut(pool, options))
        if options.bucket_batches > 1:
            batches = [batches[i] for i in order.permutation(len(batches))]
        for batch in batches:
            if number >= skip:
                yield _misspelled(batch, options, np.random.default_rng((seed, epoch, number)))
            number += 1


def _sentences(options: Training) -> int:
    """How many sentences a batch has, more or less."""
    return options.batch_size if options.batch_by == "sentences" else 64


def _cut(pool: list[Sentence], options: Training) -> Iterator[list[Sentence]]:
    if options.batch_by == "sentences":
        for start in range(0, len(pool), options.batch_size):
            yield pool[start : start + options.batch_size]
        return
    batch: list[Sentence] = []
    count = 0
    for sentence in pool:
        if batch and count + len(sentence.words) > options.batch_size:
            yield batch
            batch, count = [], 0
        batch.append(sentence)
        count += len(sentence.words)
    yield batch


def _misspelled(
    batch: list[Sentence], options: Training, generator: np.random.Generator
) -> list[Sentence]:
    kind, rate = options.misspell.kind, options.misspell.rate
    if kind == "none" or rate == 0:
        return batch
    return [Sentence(misspell(s.words, kind, rate, generator), s.label) for s in batch]


def packed_batches(
    batches: Callable[[], Iterator[list[Sentence]]], spelling: Spelling
) -> tf.data.Dataset:
    """Returns batches packed in the background, as a data set of `LabelledBatch`.

    Args:
        batches: Begins the stream.
        spelling: Makes the tries of words.
    """

    def columns() -> Iterator[tuple[list[str], list[int], list[int]]]:
        for batch in batches():
            yield (
                [word for sentence in batch for word in sentence.words],
                [len(sentence.words) for sentence in batch],
                [sentence.label for sentence in batch],
            )

    def pack(words, lengths, labels):
        return LabelledBatch(pack_batch(words, lengths, spelling), labels, tf.size(words))

    signature = (
        tf.TensorSpec([None], tf.string),
        tf.TensorSpec([None], tf.int32),
        tf.TensorSpec([None], tf.int32),
    )
    data = tf.data.Dataset.from_generator(columns, output_signature=signature)
    return data.map(pack, num_parallel_calls=1, deterministic=True).prefetch(2)
