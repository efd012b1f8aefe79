"""Inference: sentences in, logits or sentence vectors out, in order and in constant memory.

What the sentence encoder takes from a word, wherever it stands, is kept from call to call
(`WordCache`). Sentences of similar length share a batch, and batches are computed side by side.

What one sentence gets does not depend on the others, and nothing is shared between calls but the
cache: any number of threads may ask at the same time, and a process that was forked may go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np

from hier_rnn.configuration.options import Configuration
from hier_rnn.inference.engine.blas import one_thread_each, product
from hier_rnn.inference.engine.character_encoder import CharacterEncoder
from hier_rnn.inference.engine.sentence_encoder import SentenceEncoder
from hier_rnn.inference.engine.trie import TrieBuilder
from hier_rnn.inference.threads import pool_for, processors
from hier_rnn.inference.word_values import WordValues
from hier_rnn.model.weight_specs import head_shapes
from hier_rnn.text.alphabet import Alphabet

# A window: sentences that are read ahead, sorted by length and computed together.
WINDOW_SENTENCES = 4096
WINDOW_WORDS = 1 << 16
WINDOW_DISTINCT = 12288  # words whose values are held for it
LONG_SENTENCE = 8192  # words; a longer one is a window of its own and is read part by part
BATCH_SENTENCES = 256
BATCH_WORDS = 8192

Finish = Callable[[np.ndarray], np.ndarray]


class Inference:
    """Reads a stream of sentences with the weights of a classifier, or of both encoders alone.

    Args:
        configuration: The options.
        alphabet: The characters.
        weights: By name, finite. Without those of a head there are vectors, and no logits.
        capacity: Words in the cache; default, what fits in its memory.
    """

    def __init__(
        self,
        configuration: Configuration,
        alphabet: Alphabet,
        weights: Mapping[str, np.ndarray],
        capacity: int | None = None,
    ) -> None:
        trie_builder = TrieBuilder(alphabet, configuration.text.boundary_marks)
        self._characters = CharacterEncoder(configuration.character_encoder, trie_builder, weights)
        self._reader = SentenceEncoder(configuration.sentence_encoder, weights)
        self._head = [weights[name] for name in head_shapes(0, 0) if name in weights]
        self._values = WordValues(self._projected, 4 * self._reader.width, capacity)
        self.cache = self._values.cache

    def logits(self, sentences: Iterable[list[str]]) -> Iterator[np.ndarray]:
        """Yields each sentence's logits `(classes,)`, in order, holding a few thousand at a time.

        Args:
            sentences: Each sentence's words.
        """
        return self._read(sentences, self._classified)

    def vectors(self, sentences: Iterable[list[str]]) -> Iterator[np.ndarray]:
        """Yields each sentence's vector `(width,)`, what the head reads; as `logits`."""
        return self._read(sentences, lambda pooled: pooled)

    @property
    def width(self) -> int:
        """Width of a sentence's vector."""
        return self._reader.width

    def _projected(self, words: Sequence[str]) -> np.ndarray:
        return self._reader.project(self._characters(words))

    def _classified(self, pooled: np.ndarray) -> np.ndarray:
        kernel, bias = self._head
        logits = np.empty((len(pooled), len(bias)), np.float32)
        product(pooled, kernel, logits)
        logits += bias
        return logits

    def _read(self, sentences: Iterable[list[str]], finish: Finish) -> Iterator[np.ndarray]:
        for window in _windows(sentences):
            # Threads last as long as a window: none is left when nobody reads on, or at a fork.
            with one_thread_each(), pool_for(window.words) as pool:
                rows = self._window(window, finish, pool)
            yield from rows

    def _window(self, window: _Window, finish: Finish, pool: Executor | None) -> list[np.ndarray]:
        """Returns the rows of a window's sentences, in order."""
        distinct = list(window.numbers)
        if window.words > LONG_SENTENCE and len(window.sentences) == 1:

            def words(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
                used, rows = np.unique(numbers, return_inverse=True)
                table = self._values([distinct[i] for i in used.tolist()], processors(), pool)
                return table, rows.reshape(numbers.shape)

        else:
            values = self._values(distinct, processors(), pool)

            def words(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
                return values, numbers

        results: list[np.ndarray] = [np.empty(0)] * len(window.sentences)

        def compute(batch: list[int]) -> None:
            own = [window.sentences[i] for i in batch]
            lengths = np.fromiter(map(len, own), np.int64, len(own))
            numbers = np.fromiter((n for sentence in own for n in sentence), np.int64)
            rows = finish(self._reader(words, numbers, lengths))
            for place, row in zip(batch, rows, strict=True):
                results[place] = row

        batches = _batches([len(sentence) for sentence in window.sentences])
        if pool is None:
            for batch in batches:
                compute(batch)
        else:
            list(pool.map(compute, batches))
        return results


@dataclass
class _Window:
    """Sentences by their words' numbers."""

    sentences: list[list[int]] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    words: int = 0

    def add(self, sentence: list[str]) -> None:
        numbers = self.numbers
        self.sentences.append([numbers.setdefault(word, len(numbers)) for word in sentence])
        self.words += len(sentence)

    @property
    def full(self) -> bool:
        return (
            len(self.sentences) >= WINDOW_SENTENCES
            or self.words >= WINDOW_WORDS
            or len(self.numbers) >= WINDOW_DISTINCT
        )


def _windows(sentences: Iterable[list[str]]) -> Iterator[_Window]:
    window = _Window()
    for sentence in sentences:
        if len(sentence) > LONG_SENTENCE:
            if window.sentences:
                yield window
            window = _Window()
            window.add(sentence)
            yield window
            window = _Window()
            continue
        window.add(sentence)
        if window.full:
            yield window
            window = _Window()
    if window.sentences:
        yield window


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
