"""Inference: sentences in, logits or sentence vectors out, in order and in constant memory.

What the sentence encoder takes from a word, wherever it stands, is kept from call to call
(`WordCache`). Sentences of similar length share a batch, and batches are computed side by side.

What one sentence gets does not depend on the others, and nothing is shared between calls but the
cache: any number of threads may ask at the same time, and a process that was forked may go on.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from itertools import chain

import numpy as np

from hier_rnn.configuration.options import Configuration
from hier_rnn.inference.engine.blas import Affine
from hier_rnn.inference.engine.character_encoder import CharacterEncoder
from hier_rnn.inference.engine.sentence_encoder import SentenceEncoder
from hier_rnn.inference.engine.threads import one_thread_each, pool_for, processors
from hier_rnn.inference.engine.trie import TrieBuilder
from hier_rnn.inference.word_values import WordValues
from hier_rnn.model.weight_specs import HEAD
from hier_rnn.text.alphabet import Alphabet

# A window: sentences that are read ahead, sorted by length and computed together.
WINDOW_SENTENCES = 4096
WINDOW_WORDS = 1 << 16
WINDOW_DISTINCT = 12288  # words whose values are held for it
LONG_SENTENCE = 8192  # words; a longer one is a window of its own and is read part by part
BLOCK_WORDS = 256  # words that are projected together
BATCH_SENTENCES = 256
BATCH_WORDS = 10240

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
        self._head = None
        if f"{HEAD}/kernel" in weights:
            self._head = Affine(weights[f"{HEAD}/kernel"], weights[f"{HEAD}/bias"])
        self._values = WordValues(self._projected, self._reader.projected_width, capacity)
        self.cache = self._values.cache

    def logits(self, sentences: Iterable[list[str]]) -> Iterator[np.ndarray]:
        """Yields each sentence's logits `(classes,)`, in order, holding a few thousand at a time.

        Args:
            sentences: Each sentence's words.
        """
        return chain.from_iterable(self.logit_blocks(sentences))

    def logit_blocks(self, sentences: Iterable[list[str]]) -> Iterator[np.ndarray]:
        """Yields the logits of some thousand sentences at a time, `(sentences, classes)`."""
        assert self._head is not None  # encoders alone have no classes
        return self._read(sentences, self._head)

    def vectors(self, sentences: Iterable[list[str]]) -> Iterator[np.ndarray]:
        """Yields each sentence's vector `(width,)`, what the head reads; as `logits`."""
        return chain.from_iterable(self.vector_blocks(sentences))

    def vector_blocks(self, sentences: Iterable[list[str]]) -> Iterator[np.ndarray]:
        """Yields the vectors of some thousand sentences at a time, `(sentences, width)`."""
        return self._read(sentences, lambda pooled: pooled)

    @property
    def width(self) -> int:
        """Width of a sentence's vector."""
        return self._reader.width

    def _projected(self, words: Sequence[str]) -> Iterator[np.ndarray]:
        vectors = self._characters(words)
        for start in range(0, len(vectors), BLOCK_WORDS):
            yield self._reader.project(vectors[start : start + BLOCK_WORDS])

    def _read(self, sentences: Iterable[list[str]], finish: Finish) -> Iterator[np.ndarray]:
        for window in _windows(sentences):
            # Threads last as long as a window: none is left when nobody reads on, or at a fork.
            with one_thread_each(), pool_for(len(window.words)) as pool:
                rows = self._window(window, finish, pool)
            yield rows

    def _window(self, window: _Window, finish: Finish, pool: Executor | None) -> np.ndarray:
        """Returns what becomes of a window's sentences, `(sentences, columns)`, in order."""
        distinct = list(window.numbers)
        lengths = np.array(window.lengths, np.int64)
        starts = np.cumsum(lengths) - lengths
        numbers = np.frombuffer(window.words, np.int64)
        if len(numbers) > LONG_SENTENCE and len(lengths) == 1:

            def words(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
                used, rows = np.unique(numbers, return_inverse=True)
                table = self._values([distinct[i] for i in used.tolist()], processors(), pool)
                return table, rows.reshape(numbers.shape)

        else:
            values = self._values(distinct, processors(), pool)

            def words(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
                return values, numbers

        def compute(batch: np.ndarray) -> np.ndarray:
            ranges = np.repeat(starts[batch], lengths[batch])
            within = np.cumsum(lengths[batch]) - lengths[batch]
            places = ranges + np.arange(len(ranges)) - np.repeat(within, lengths[batch])
            return finish(self._reader(words, numbers[places], lengths[batch]))

        batches = _batches(lengths, 1 if pool is None else processors())
        computed = list(map(compute, batches) if pool is None else pool.map(compute, batches))
        results = np.empty((len(lengths), computed[0].shape[1]), np.float32)
        results[np.concatenate(batches)] = np.concatenate(computed)
        return results


class _Numbers(dict[str, int]):
    """Numbers words in the order in which they are first asked for."""

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self)
        return number


class _Window:
    """Sentences by their words' numbers."""

    def __init__(self) -> None:
        self.numbers = _Numbers()
        self.words = array("q")  # of all sentences, one after the other
        self.lengths: list[int] = []

    def add(self, sentence: list[str]) -> None:
        self.words.extend(map(self.numbers.__getitem__, sentence))
        self.lengths.append(len(sentence))

    @property
    def full(self) -> bool:
        return (
            len(self.lengths) >= WINDOW_SENTENCES
            or len(self.words) >= WINDOW_WORDS
            or len(self.numbers) >= WINDOW_DISTINCT
        )


def _windows(sentences: Iterable[list[str]]) -> Iterator[_Window]:
    window = _Window()
    for sentence in sentences:
        if len(sentence) > LONG_SENTENCE:
            if window.lengths:
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
    if window.lengths:
        yield window


def _batches(lengths: np.ndarray, threads: int) -> list[np.ndarray]:
    """Groups sentences of similar length: as much work for each thread, and nothing too large."""
    order = np.argsort(lengths, kind="stable")
    total = int(lengths.sum())
    most = total / max(1, threads * -(-total // (threads * BATCH_WORDS)))
    batches, start, words = [], 0, 0
    for place, length in enumerate(lengths[order].tolist()):
        if place > start and (place - start == BATCH_SENTENCES or words + length / 2 > most):
            batches.append(order[start:place])
            start, words = place, 0
        words += length
    return [*batches, order[start:]]
