"""Inference: sentences in, logits out, in order and in constant memory.

The character encoder is a pure function of a word, so word vectors are kept from batch to batch
(`WordCache`) and a word is spelled out once. Sentences of similar length share a batch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Set
from concurrent.futures import Future, ThreadPoolExecutor
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
THREADS = 2  # batches computed side by side: their small products leave cores idle


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
        self._expected: Iterable[list[str]] = ()
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

    def expect(self, sentences: Iterable[list[str]]) -> None:
        """Says which words will be asked for: all new ones are spelled out with the first new one.

        The more words are spelled out at once, the more prefixes they share. If there is no room
        for all of them, each word waits until it is asked for.
        """
        self._expected = sentences

    def vectors(self, words: list[str]) -> tuple[tf.Tensor, np.ndarray]:
        """Returns the distinct words' vectors `(n, width)` and which is each word's `(words,)`."""
        # Numbered as they come, frequent words first: what is looked up often is close together.
        distinct = {word: number for number, word in enumerate(dict.fromkeys(words))}
        numbers = _numbers(distinct, words)
        if not self._hold(distinct.keys()):
            return self._encoded(list(distinct)), numbers
        return tf.gather(self._table, _numbers(self._rows, distinct)), numbers

    def _hold(self, words: Set[str]) -> bool:
        """Sees to it that these words are in the table; returns whether there is room for them."""
        if len(words) > self.capacity:
            return False
        if not words <= self._rows.keys():
            expected, self._expected = self._expected, ()
            expected = set().union(*expected)
            if expected > words and self._hold(expected):
                return True
            new = words - self._rows.keys()
            if len(self._rows) + len(new) > self.capacity:
                self.clear()
                new = words
            self._add(sorted(new))
        return True

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


def _numbers(number: dict[str, int], words: Collection[str]) -> np.ndarray:
    return np.fromiter(map(number.__getitem__, words), np.int32, len(words))


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
        def classify(vectors, words, lengths):
            sentences = pack_sentences(words, lengths)
            return classifier.classify(vectors, sentences, differentiable=False)

        self._classify = classify
        self._nothing = tf.zeros([1, width]), np.zeros(0, np.int32)

    def logits(self, sentences: Iterable[list[str]]) -> Iterator[np.ndarray]:
        """Yields each sentence's logits `(classes,)`, in order, holding a few thousand at a time.

        Args:
            sentences: Each sentence's words.
        """
        stream = iter(sentences)
        with ThreadPoolExecutor(THREADS) as threads:
            while window := list(islice(stream, WINDOW)):
                yield from self._window(window, threads)

    def _window(self, window: list[list[str]], threads: ThreadPoolExecutor) -> list[np.ndarray]:
        """Returns the logits of some sentences, in order; prepares batches while others compute."""
        results: list[np.ndarray] = [np.empty(0)] * len(window)
        computing: deque[tuple[list[int], Future]] = deque()
        self.cache.expect(window)

        def collect() -> None:
            indices, logits = computing.popleft()
            for index, row in zip(indices, logits.result(), strict=True):
                results[index] = row

        for indices in _batches([len(words) for words in window]):
            if len(computing) > THREADS:
                collect()
            sentences = [window[i] for i in indices]
            computing.append((indices, threads.submit(self._compute, *self._prepared(sentences))))
        while computing:
            collect()
        self.cache.expect(())
        return results

    def _prepared(self, sentences: list[list[str]]) -> tuple[tf.Tensor, np.ndarray, np.ndarray]:
        words = [word for sentence in sentences for word in sentence]
        lengths = np.array([len(sentence) for sentence in sentences], np.int32)
        vectors, numbers = self.cache.vectors(words) if words else self._nothing
        return vectors, numbers, lengths

    def _compute(self, vectors: tf.Tensor, words: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        return self._classify(vectors, words, lengths).numpy()


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
