"""The predictor: a finished run, ready to classify. It is what `hier_rnn.load` returns."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hier_rnn.errors import UserError
from hier_rnn.exporting.export import Format, export_run
from hier_rnn.exporting.rounding import Precision
from hier_rnn.inference.arguments import checked_sentences, checked_texts
from hier_rnn.inference.attribution import Attribution
from hier_rnn.inference.inference import Inference
from hier_rnn.model.weight_specs import weight_shapes
from hier_rnn.storage.run_directory import RunDirectory
from hier_rnn.text.tokenizer import MAXIMUM_CHARACTERS

logger = logging.getLogger(__name__)


class Prediction(NamedTuple):
    """What a text is given."""

    label: str
    """The most probable label."""
    probability: float
    """Of the label."""
    probabilities: np.ndarray
    """Of every label, in the order of `Predictor.labels`, `(classes,)`."""
    labels: tuple[str, ...]
    """All labels of the text, most probable first: `label` alone, or where a text may have several,
    those that reach their thresholds."""


class Predictor:
    """Classifies texts. Any number of threads may use it, and it can be pickled.

    It needs no TensorFlow, but for `character_attributions`. What is known of words met before is
    kept, in at most 256 MiB, and texts that are read take up to 100 MiB more for a while, however
    many there are.

    Args:
        run: A run directory.
        verify: Whether its files must be as its manifest says. Default True.

    Attributes:
        run: The run directory.
        configuration: Its options.
        alphabet: Its characters.
        labels: Its labels, in the order of the classes.
        decision: What is made of logits: probabilities, and from these labels.
        words: From a text to its words.
        weights: Its weights by name; not to be changed.

    Raises:
        UserError: The directory is missing, incomplete or damaged.
    """

    def __init__(self, run: str | Path, verify: bool = True) -> None:
        directory = RunDirectory(Path(run), verify)
        directory.require()
        self.run, self._verify = directory.path, verify
        self.configuration = directory.read_configuration()
        self.alphabet = directory.read_alphabet()
        self.labels = directory.read_labels()
        multi_label = self.configuration.data.multi_label is True
        self.decision = directory.read_decision(len(self.labels), multi_label)
        self.words = directory.read_words()
        shapes = weight_shapes(self.configuration, self.alphabet.size, len(self.labels))
        self.weights = directory.read_weights(shapes)
        self._inference = Inference(self.configuration, self.alphabet, self.weights)

    @property
    def temperature(self) -> float:
        """What logits are divided by to make probabilities honest."""
        return self.decision.temperature

    @property
    def multi_label(self) -> bool:
        """Whether a text may have several labels, or none."""
        return self.decision.thresholds is not None

    def predict(self, texts: Iterable[str]) -> list[Prediction]:
        """Returns the label or labels of each text, with their probabilities.

        Args:
            texts: The texts; a list, an array, a column, a generator.

        Raises:
            TypeError: `texts` is a single text, or one of them is not a `str`.
        """
        return list(self.predictions(texts))

    def predictions(self, texts: Iterable[str]) -> Iterator[Prediction]:
        """Yields the label of each text, holding a few thousand texts at a time; as `predict`."""
        return self._predictions(self._blocks(texts))

    def probabilities(self, texts: Iterable[str]) -> np.ndarray:
        """Returns every label's probability for each text, `(texts, classes)`; as `predict`."""
        nothing = np.zeros((0, len(self.labels)), np.float32)
        return self.decision.probabilities(np.concatenate([nothing, *self._blocks(texts)]))

    def encode(self, texts: Iterable[str]) -> np.ndarray:
        """Returns each text's vector, what the head decides by, `(texts, width)`; as `predict`."""
        nothing = np.zeros((0, self._inference.width), np.float32)
        blocks = _finite(self._inference.vector_blocks(self._read(checked_texts(texts))))
        return np.concatenate([nothing, *blocks])

    def logits(self, texts: Iterable[str]) -> Iterator[np.ndarray]:
        """Yields each text's logits before the temperature, `(classes,)`; as `predictions`."""
        return chain.from_iterable(self._blocks(texts))

    def logits_of_words(self, sentences: Iterable[list[str]]) -> Iterator[np.ndarray]:
        """Yields each sentence's logits, given its words; as `logits`."""
        blocks = _finite(self._inference.logit_blocks(checked_sentences(sentences)))
        return chain.from_iterable(blocks)

    def character_attributions(
        self, words: list[str], class_index: int, steps: int = 32
    ) -> list[list[float]]:
        """Returns how much each character of each word speaks for a class, in logits.

        It takes gradients, so TensorFlow is imported; see `Attribution`.

        Args:
            words: The words of a sentence.
            class_index: The class.
            steps: Points on the line from no character to the character. Default 32.

        Raises:
            UserError: TensorFlow was imported before this process was forked.
        """
        return self._attribution(words, class_index, steps)

    def export(
        self, directory: str | Path, format: Format = "onnx", weights: Precision = "float32"
    ) -> dict[str, int]:
        """Writes the run as a folder for other programs; as `export_run`.

        Args:
            directory: The folder; it is made, or it is empty.
            format: `onnx` or `savedmodel`. Default `onnx`.
            weights: `float32`, `float16` or `int8`. Default `float32`.

        Returns:
            The files' sizes in bytes, by name.
        """
        return export_run(self.run, directory, format, weights, self._verify)

    def _blocks(self, texts: Iterable[str]) -> Iterator[np.ndarray]:
        """Yields the logits of some thousand texts at a time, `(texts, classes)`."""
        return _finite(self._inference.logit_blocks(self._read(checked_texts(texts))))

    def _predictions(self, blocks: Iterable[np.ndarray]) -> Iterator[Prediction]:
        for logits in blocks:
            probabilities = self.decision.probabilities(logits)
            best = probabilities.argmax(1)
            for row, label in zip(probabilities, best.tolist(), strict=True):
                name = self.labels[label]
                labels: tuple[str, ...] = (name,)
                if self.multi_label:
                    labels = tuple(self.labels[given] for given in self.decision.given(row))
                yield Prediction(name, float(row[label]), row, labels)

    def _read(self, texts: Iterable[str]) -> Iterator[list[str]]:
        """Yields each text's words, and says in the end how many texts were cut."""
        yield from map(self.words, texts)
        if self.words.cut_texts:
            logger.warning(
                "Texts cut: %s. Of a text of more than %s characters only its head and its tail,"
                " half of these each, are read.",
                f"{self.words.cut_texts:,}",
                f"{MAXIMUM_CHARACTERS:,}",
            )
            self.words.cut_texts = 0

    @functools.cached_property
    def _attribution(self) -> Attribution:
        return Attribution(self.configuration, self.alphabet, self.weights)

    def __getstate__(self) -> dict[str, Any]:
        """Everything but TensorFlow's objects, which are made again where they are needed."""
        return {name: value for name, value in vars(self).items() if name != "_attribution"}


def _finite(blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Yields blocks of rows, one for each text, all of them finite."""
    before = 0
    for block in blocks:
        wrong = np.flatnonzero(~np.isfinite(block).all(1))
        if len(wrong):
            raise UserError(
                f"text {before + wrong[0] + 1}: the model's outputs are not finite numbers"
                f" ({block[wrong[0]]}): its weights are damaged, or its training diverged."
            )
        before += len(block)
        yield block
