"""Inference: sentences in, logits out, in order and in constant memory.

The character encoder is a pure function of a word, so word vectors are kept from batch to batch
(`WordCache`) and a word is spelled out once. Sentences of similar length share a batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
import tensorflow as tf

from hier_rnn.model.character_encoder import CharacterEncoder
from hier_rnn.model.classifier import Classifier
from hier_rnn.packing.batch import Spelling
from hier_rnn.packing.sentences import pack_sentences

WINDOW = 4096  # sentences that are sorted by length together
BATCH_SENTENCES = 512
BATCH_WORDS = 16384
ENCODED_AT_ONCE = 8192
CACHE_BYTES = 64 << 20
CACHE_WORDS = 200_000


class WordCache:
    """Vectors of the words met so far, in a table of bounded size that starts over when full.

    Args:
        encoder: The character encoder; call `clear` when its weights have changed.
        spelling: Makes the tries of words.
        capacity: Words in the table; default, what fits in 64 MiB but 200,000 at the most.
    """

    def __init__(
        self, encoder: CharacterEncoder, spelling: Spelling, capacity: int | None = None
    ) -> None:
        fitting = min(CACHE_BYTES // (4 * encoder.width), CACHE_WORDS)
        self.capacity = capacity or max(BATCH_WORDS, fitting)
        self._rows: dict[str, int] = {}
        self._encoder = encoder
        self._spelling = spelling
        self._table: tf.Variable | None = None

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def encode(words):
            return encoder(spelling(words), differentiable=False)

        self._encode = encode

    def __len__(self) -> int:
        return len(self._rows)

    def clear(self) -> None:
        """Forgets all vectors."""
        self._rows.clear()

    def vectors(self, words: list[str]) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns a table of vectors `(n, width)` and each word's row in it, int32 `(words,)`."""
        distinct = dict.fromkeys(words)
        if len(distinct) > self.capacity:
            rows = {word: row for row, word in enumerate(distinct)}
            return self._encoded(list(distinct)), tf.constant([rows[w] for w in words], tf.int32)
        new = [word for word in distinct if word not in self._rows]
        if len(self._rows) + len(new) > self.capacity:
            self.clear()
            new = list(distinct)
        if new:
            self._add(new)
        rows = self._rows
        return self._table, tf.constant(np.fromiter((rows[w] for w in words), np.int32, len(words)))

    def _add(self, words: list[str]) -> None:
        vectors = self._encoded(words)
        first = len(self._rows)
        if self._table is None:
            self._table = tf.Variable(tf.zeros([self.capacity, self._encoder.width]))
        self._table[first : first + len(words)].assign(vectors)
        for row, word in enumerate(words, first):
            self._rows[word] = row

    def _encoded(self, words: list[str]) -> tf.Tensor:
        parts = [
            self._encode(tf.constant(words[start : start + ENCODED_AT_ONCE]))
            for start in range(0, len(words), ENCODED_AT_ONCE)
        ]
        return parts[0] if len(parts) == 1 else tf.concat(parts, 0)


class Inference:
    """Classifies a stream of sentences.

    Args:
        classifier: The model; call `cache.clear` when its encoder's weights have changed.
        spelling: Makes the tries of words.
    """

    def __init__(self, classifier: Classifier, spelling: Spelling) -> None:
        self.cache = WordCache(classifier.character_encoder, spelling)
        width = classifier.character_encoder.width

        @tf.function(
            input_signature=[
                tf.TensorSpec([None, width]),
                tf.TensorSpec([None], tf.int32),
                tf.TensorSpec([None], tf.int32),
            ]
        )
        def classify(table, rows, lengths):
            distinct, words = tf.unique(rows)
            vectors = tf.gather(table, distinct)
            sentences = pack_sentences(words, lengths)
            return classifier.classify(vectors, sentences, differentiable=False)

        self._classify = classify

    def logits(self, sentences: Iterable[list[str]]) -> Iterator[np.ndarray]:
        """Yields each sentence's logits `(classes,)`, in order, holding a few thousand at a time.

        Args:
            sentences: Each sentence's words.
        """
        stream = iter(sentences)
        while window := list(islice(stream, WINDOW)):
            results: list[np.ndarray | None] = [None] * len(window)
            for indices in _batches([len(words) for words in window]):
                logits = self._batch([window[i] for i in indices])
                for index, row in zip(indices, logits, strict=True):
                    results[index] = row
            yield from results

    def _batch(self, sentences: list[list[str]]) -> np.ndarray:
        words = [word for sentence in sentences for word in sentence]
        lengths = tf.constant([len(sentence) for sentence in sentences], tf.int32)
        if words:
            table, rows = self.cache.vectors(words)
        else:
            table = tf.zeros([1, self._classify.input_signature[0].shape[1]])
            rows = tf.zeros([0], tf.int32)
        return self._classify(table, rows, lengths).numpy()


def _batches(lengths: list[int]) -> Iterator[list[int]]:
    """Groups sentences of similar length, none of them with too many words."""
    batch: list[int] = []
    words = 0
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) == BATCH_SENTENCES or words + lengths[index] > BATCH_WORDS):
            yield batch
            batch, words = [], 0
        batch.append(index)
        words += lengths[index]
    if batch:
        yield batch
