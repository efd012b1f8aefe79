"""What a run's head decides: `Decision`, of which there are two, softmax and sigmoid."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

import numpy as np


class Decision(Protocol):
    """From logits to probabilities, and from these to labels.

    Classes are given by their position among the run's labels.
    """

    @property
    def temperature(self) -> float:
        """What logits are divided by to make their probabilities honest."""
        ...

    @property
    def thresholds(self) -> tuple[float, ...] | None:
        """The probability from which each label is given; None where a text has one label."""
        ...

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Returns every label's probability, in the logits' precision, `(..., classes)`.

        Args:
            logits: `(..., classes)`.
        """
        ...

    def given(self, probabilities: np.ndarray) -> list[int]:
        """Returns the labels that a text is given, most probable first.

        Args:
            probabilities: Of one text, `(classes,)`.
        """
        ...

    def log_odds(self, logits: np.ndarray, label: int) -> np.ndarray:
        """Returns a label's log-odds at temperature 1, `(texts,)`.

        Args:
            logits: `(texts, classes)`.
            label: The label.
        """
        ...

    def margin(self, logits: np.ndarray, labels: Collection[int]) -> float:
        """Returns how far a text is from being classified wrong, in logits; below 0: it is wrong.

        Args:
            logits: Of one text, `(classes,)`.
            labels: Those that the text has.
        """
        ...
