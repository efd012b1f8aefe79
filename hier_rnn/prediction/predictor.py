"""The predictor: a finished run, ready to classify. It is what `hier_rnn.load` returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from scipy.special import softmax

from hier_rnn.errors import UserError
from hier_rnn.initializers.stored import stored_weights
from hier_rnn.model.classifier import Classifier, assign
from hier_rnn.model.shapes import check_weights, weight_shapes
from hier_rnn.packing.batch import pack_batch, prefixes_of_words, spelling_of
from hier_rnn.prediction.inference import Inference
from hier_rnn.runs.run_directory import RunDirectory
from hier_rnn.text.words import Words


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

    Raises:
        UserError: The directory is missing, incomplete or damaged.
    """

    def __init__(self, run: Path) -> None:
        directory = RunDirectory(Path(run))
        directory.require()
        self.run = directory.path
        self.configuration = directory.read_configuration()
        self.alphabet = directory.read_alphabet()
        self.labels = directory.read_labels()
        self.temperature = directory.read_temperature()
        words_model = directory.words_model if directory.words_model.exists() else ""
        self.words = Words(self.configuration.text, words_model)
        weights = stored_weights(directory.path)
        shapes = weight_shapes(self.configuration, self.alphabet.size, len(self.labels))
        check_weights(directory.weights, weights, shapes)
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
        length = tf.constant([len(words)], tf.int32)
        batch = pack_batch(tf.constant(words), length, self.spelling, shared=False)
        encoder = self.classifier.character_encoder
        embedded = [tf.gather(encoder.embedding, trie.characters) for trie in batch.tries]
        totals = [tf.zeros_like(values) for values in embedded]
        for step in range(steps):
            points = [values * ((step + 0.5) / steps) for values in embedded]
            with tf.GradientTape() as tape:
                tape.watch(points)
                vectors = encoder(batch.tries, embedded=tuple(points))
                logit = self.classifier.classify(vectors, batch.sentences)[0, class_index]
            totals = [
                total + tf.convert_to_tensor(gradient)
                for total, gradient in zip(totals, tape.gradient(logit, points), strict=True)
            ]
        by_direction = [
            tf.reduce_sum(values * total, 1).numpy() / steps
            for values, total in zip(embedded, totals, strict=True)
        ]
        marks = self.spelling.mark_length
        prefixes = prefixes_of_words([len(word) + 2 * marks for word in words])
        shares = []
        for numbers, word in zip(prefixes, words, strict=True):
            read = by_direction[0][numbers]
            if len(by_direction) == 2:
                read = read + by_direction[1][numbers][::-1]
            shares.append(read[marks : marks + len(word)].tolist())
        return shares
