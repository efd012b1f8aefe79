"""Inference: sentences in, logits out, in order and in constant memory.

What the sentence encoder takes from a word, wherever it stands, is kept from batch to batch
(`WordCache`). Sentences of similar length share a batch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

import numpy as np
import tensorflow as tf

from hier_rnn.model.classifier import Classifier
from hier_rnn.packing.batch import Spelling
from hier_rnn.packing.sentences import pack_sentences
from hier_rnn.prediction.word_cache import WordCache

WINDOW = 4096  # sentences that are sorted by length together
BATCH_SENTENCES = 512
BATCH_WORDS = 16384
THREADS = 2  # batches computed side by side: their small products leave cores idle


class Inference:
    """Classifies a stream of sentences.

    Args:
        classifier: The model; call `cache.clear` when its weights have changed.
        spelling: Makes the tries of words.
    """

    def __init__(self, classifier: Classifier, spelling: Spelling) -> None:
        characters, reader = classifier.character_encoder, classifier.sentence_encoder
        shape = [2, 4 * reader.options.units]
        self.cache = WordCache(
            lambda words: reader.project(characters(spelling(words), differentiable=False)), shape
        )

        @tf.function(
            input_signature=[
                tf.TensorSpec([None, *shape]),
                tf.TensorSpec([None], tf.int32),
                tf.TensorSpec([None], tf.int32),
            ]
        )
        def classify(values, words, lengths):
            sentences = pack_sentences(words, lengths)
            return classifier.classify(values, sentences, differentiable=False)

        self._classify = classify
        self._nothing = tf.zeros([1, *shape]), np.zeros(0, np.int32)

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
        values, numbers = self.cache.values(words) if words else self._nothing
        return values, numbers, lengths

    def _compute(self, values: tf.Tensor, words: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        return self._classify(values, words, lengths).numpy()


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
