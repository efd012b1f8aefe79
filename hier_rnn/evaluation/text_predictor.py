"""What evaluation needs of a classifier; `hier_rnn.load` returns one that has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np

from hier_rnn.configuration.options import Configuration
from hier_rnn.decisions.decision import Decision


class TextPredictor(Protocol):
    """A trained classifier of texts."""

    @property
    def run(self) -> Path:
        """The run directory it was loaded from."""
        ...

    @property
    def configuration(self) -> Configuration:
        """The run's options; those of its text say how a text becomes words."""
        ...

    @property
    def labels(self) -> list[str]:
        """Name of each class."""
        ...

    @property
    def decision(self) -> Decision:
        """What is made of logits: probabilities, and from these labels."""
        ...

    @property
    def words(self) -> Callable[[str], list[str]]:
        """Turns a text into words: normalized, segmented, none too long."""
        ...

    def logits(self, texts: Iterable[str], /) -> Iterator[np.ndarray]:
        """Yields each text's logits before the temperature, `(classes,)`, in order."""
        ...

    def logits_of_words(self, sentences: Iterable[list[str]], /) -> Iterator[np.ndarray]:
        """Yields each sentence's logits, `(classes,)`, given its words, in order."""
        ...

    def character_attributions(
        self, words: list[str], class_index: int, steps: int = ...
    ) -> list[list[float]]:
        """Returns how much each character of each word speaks for a class, in logits."""
        ...
