"""The predictor: a finished run, ready to classify. It is what `hier_rnn.load` returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from scipy.special import softmax

from hier_rnn.errors import UserError
from hier_rnn.model.classifier import Classifier, assign
from hier_rnn.model.weight_specs import weight_shapes
from hier_rnn.packing.batch import PackedBatch, pack_batch, prefixes_of_words, spelling_of
from hier_rnn.prediction.inference import Inference
from hier_rnn.storage.run_directory import RunDirectory

ATTRIBUTED_AT_ONCE = 4096  # words of the copies of a sentence that are differentiated together


class Prediction(NamedTuple):
    """A text's label."""

    label: str
    probability: float
    """Of the label."""
    probabilities: np.ndarray
    """Of every label, in the order of `Predictor.labels`, `(classes,)`."""


class Predictor:
    """Classifies texts.

    Args:
        run: A run directory.
        verify: Whether its files must be as its manifest says. Default True.

    Raises:
        UserError: The directory is missing, incomplete or damaged.
    """

    def __init__(self, run: Path, verify: bool = True) -> None:
        directory = RunDirectory(Path(run), verify)
        directory.require()
        self.run = directory.path
        self.configuration = directory.read_configuration()
        self.alphabet = directory.read_alphabet()
        self.labels = directory.read_labels()
        self.temperature = directory.read_temperature()
        self.words = directory.read_words()
        shapes = weight_shapes(self.configuration, self.alphabet.size, len(self.labels))
        weights = directory.read_weights(shapes)
        self.classifier = Classifier(self.configuration, self.alphabet.size, len(self.labels))
        assign(self.classifier.named_weights(), weights)
        self.spelling = spelling_of(self.configuration, self.alphabet)
        self._inference = Inference(self.classifier, self.spelling)

    def predict(self, texts: Iterable[str]) -> list[Prediction]:
        """Returns the label of each text, with its probability."""
        return list(self.predictions(texts))

    def predictions(self, texts: Iterable[str]) -> Iterator[Prediction]:
        """Yields the label of each text as it comes, holding a few thousand texts at a time."""
        if isinstance(texts, str):
            raise UserError("predict takes a list of texts. Received: a single text.")
        for logits in self.logits(texts):
            probabilities = softmax(logits / self.temperature)
            best = int(probabilities.argmax())
            yield Prediction(self.labels[best], float(probabilities[best]), probabilities)

    def probabilities(self, texts: Iterable[str]) -> np.ndarray:
        """Returns every label's probability for each text, `(texts, classes)`."""
        logits = np.array(list(self.logits(texts))).reshape(-1, len(self.labels))
        return softmax(logits / self.temperature, axis=1)

    def logits(self, texts: Iterable[str]) -> Iterator[np.ndarray]:
        """Yields each text's logits before the temperature, `(classes,)`."""
        return self.logits_of_words(map(self.words, texts))

    def logits_of_words(self, sentences: Iterable[list[str]]) -> Iterator[np.ndarray]:
        """Yields each sentence's logits, given its words; as `logits`."""
        return self._inference.logits(sentences)

    def character_attributions(
        self, words: list[str], class_index: int, steps: int = 32
    ) -> list[list[float]]:
        """Returns how much each character of each word speaks for a class, in logits.

        Integrated gradients (Sundararajan et al. 2017) along the line from the zero embedding to
        the character's; words share no prefixes here, so that each has a share of its own.

        Args:
            words: The words of a sentence.
            class_index: The class.
            steps: Points on the line. Default 32.
        """
        if not words:
            return []
        marks = self.spelling.mark_length
        spelled = [len(word) + 2 * marks for word in words]
        totals = [np.zeros(length) for length in spelled]
        # The points of the line are a batch: the same words again, with other embeddings.
        at_once = max(1, ATTRIBUTED_AT_ONCE // len(words))
        points = (np.arange(steps, dtype=np.float32) + 0.5) / steps
        for some in (points[start : start + at_once] for start in range(0, steps, at_once)):
            copies = len(some)
            lengths = tf.fill([copies], len(words))
            batch = pack_batch(tf.constant(words * copies), lengths, self.spelling, shared=False)
            prefixes = prefixes_of_words(spelled * copies)
            point_of = np.empty([sum(spelled) * copies, 1], np.float32)
            for number, prefix in enumerate(prefixes):
                point_of[prefix] = some[number // len(words)]
            for number, share in enumerate(self._shares(batch, prefixes, point_of, class_index)):
                totals[number % len(words)] += share / steps
        return [
            total[marks : marks + len(word)].tolist()
            for total, word in zip(totals, words, strict=True)
        ]

    def _shares(
        self,
        batch: PackedBatch,
        prefixes: list[np.ndarray],
        point_of: np.ndarray,
        class_index: int,
    ) -> Iterator[np.ndarray]:
        """Yields, for each word, its characters' embeddings times the gradient at their point."""
        encoder = self.classifier.character_encoder
        embedded = [tf.gather(encoder.embedding, trie.characters) for trie in batch.tries]
        points = [values * point_of for values in embedded]
        with tf.GradientTape() as tape:
            tape.watch(points)
            vectors = encoder(batch.tries, embedded=tuple(points))
            logits = self.classifier.classify(vectors, batch.sentences)[:, class_index]
        by_direction = [
            tf.reduce_sum(values * tf.convert_to_tensor(gradient), 1).numpy()
            for values, gradient in zip(embedded, tape.gradient(logits, points), strict=True)
        ]
        for numbers in prefixes:
            read = by_direction[0][numbers]
            if len(by_direction) == 2:
                read = read + by_direction[1][numbers][::-1]
            yield read
