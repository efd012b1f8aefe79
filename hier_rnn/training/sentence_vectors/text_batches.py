"""Batches of texts: shuffled, misspelled anew, of similar length, packed while the last one trains.

Everything random comes from the seed, the epoch and the batch, so a stream can be taken up
anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from hier_rnn.configuration.options import SentencePretraining
from hier_rnn.errors import UserError
from hier_rnn.packing.batch import PackedBatch, TrieBuilder
from hier_rnn.packing.sentences import pack_sentences
from hier_rnn.packing.stream import PackedStream
from hier_rnn.sources.sampling.shuffle import shuffled
from hier_rnn.text.misspelling import misspell
from hier_rnn.training.sentence_vectors.taught_texts import TaughtTexts, is_held_out

POOL = 16  # batches of texts that are sorted by length before they are cut
HELD_TEXTS = 100_000  # held in memory to shuffle them


class TextBatch(NamedTuple):
    """Texts with their teacher's vectors."""

    batch: PackedBatch
    targets: tf.Tensor
    """float32 `(texts, dimensions)`, of length one."""
    words: tf.Tensor
    """int32 `()`: words in the batch."""
    last: tf.Tensor
    """bool `()`: whether the epoch ends with this batch."""


class TextBatches:
    """The batches of epoch after epoch, without end.

    Args:
        texts: What is learnt.
        options: The `pretraining.sentences` options.
        share: Of the texts that are held out.
        seed: The run's seed.

    Attributes:
        texts_per_epoch: Texts that are learnt from.
        steps: Batches of an epoch.
    """

    def __init__(
        self, texts: TaughtTexts, options: SentencePretraining, share: float, seed: int
    ) -> None:
        self._texts, self._options, self._share, self._seed = texts, options, share, seed
        self.texts_per_epoch = texts.counted.texts - len(texts.counted.held_out)
        self.steps = -(-self.texts_per_epoch // options.batch_size)

    def words(self, epoch: int) -> Iterator[tuple[list[list[str]], np.ndarray]]:
        """Yields an epoch's batches: each text's words, misspelled, and the texts' rows.

        Args:
            epoch: From 0.
        """
        size, seed = self._options.batch_size, self._seed
        order = np.random.default_rng((seed, epoch))
        stream = shuffled(self._learnt(), HELD_TEXTS, order)
        number = 0
        while pool := list(islice(stream, POOL * size)):
            pool.sort(key=lambda text: len(text[1]))
            starts = range(0, len(pool), size)
            for start in order.permutation(np.array(starts)).tolist():
                rows, words = zip(*pool[start : start + size], strict=True)
                generator = np.random.default_rng((seed, epoch, number))
                share = self._options.misspelled_share
                yield [misspell(w, "mixed", share, generator) for w in words], np.array(rows)
                number += 1

    def packed(self, trie_builder: TrieBuilder, epoch: int, skip: int) -> PackedTexts:
        """Returns the batches packed in the background.

        Args:
            trie_builder: Makes the tries of words.
            epoch: The first epoch.
            skip: Batches of the first epoch to leave out, as they have been trained on.
        """
        return PackedTexts(self, trie_builder, epoch, skip)

    def columns(
        self, epoch: int, skip: int
    ) -> Iterator[tuple[np.ndarray, list[int], np.ndarray, bool]]:
        """Yields words, lengths, targets and whether the epoch ends; arguments as `packed`."""
        for index in count(epoch):
            number = skip if index == epoch else 0
            for words, rows in islice(self.words(index), number, None):
                number += 1
                # As bytes, since NumPy's own strings lose a NUL at their end.
                spelled = np.array([word.encode() for text in words for word in text], object)
                targets = self._texts.vectors.rows(rows)
                yield spelled, [len(text) for text in words], targets, number == self.steps

    def _learnt(self) -> Iterator[tuple[int, list[str]]]:
        """Yields the row and the words of each text that is not held out."""
        texts, row = self._texts, -1
        for row, example in enumerate(texts.source):
            if row == texts.counted.texts:
                break
            if not is_held_out(row, self._share):
                yield row, texts.words(example.text)
        if row + 1 != texts.counted.texts:
            raise UserError(
                f"{texts.source.name}: it changed while it was in use: {texts.counted.texts:,}"
                f" texts at first, {row + 1:,} now."
            )

    @property
    def dimensions(self) -> int:
        """Width of the teacher's vectors."""
        return self._texts.vectors.shape[1]


class PackedTexts:
    """Packed batches, as `TextBatch`es.

    Args:
        batches: The batches.
        trie_builder: Makes the tries of words.
        epoch: As `TextBatches.packed`.
        skip: Likewise.

    Attributes:
        element_spec: Types and shapes of a batch.

    Raises:
        UserError: On iteration, what reading the texts raises.
    """

    def __init__(
        self, batches: TextBatches, trie_builder: TrieBuilder, epoch: int, skip: int
    ) -> None:
        self._error: UserError | None = None

        def columns() -> Iterator[tuple[np.ndarray, list[int], np.ndarray, bool]]:
            try:
                yield from batches.columns(epoch, skip)
            except UserError as error:  # tf.data would make a traceback of it
                self._error = error

        def pack(
            words: tf.Tensor, lengths: tf.Tensor, targets: tf.Tensor, last: tf.Tensor
        ) -> TextBatch:
            distinct, indices = tf.unique(words)
            batch = PackedBatch(trie_builder(distinct), pack_sentences(indices, lengths))
            return TextBatch(batch, targets, tf.size(words), last)

        signature = (
            tf.TensorSpec([None], tf.string),
            tf.TensorSpec([None], tf.int32),
            tf.TensorSpec([None, batches.dimensions], tf.float32),
            tf.TensorSpec([], tf.bool),
        )
        self._data = PackedStream(columns, signature, pack)
        self.element_spec = self._data.element_spec

    def __iter__(self) -> Iterator[TextBatch]:
        yield from self._data
        if self._error is not None:
            raise self._error
