"""Several labels for a text, or none: each label by itself, by sigmoid and a threshold."""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SeveralLabels:
    """Gives each text the labels whose probability reaches their threshold; see `Decision`.

    Args:
        temperature: What logits are divided by.
        thresholds: A probability for each label.
    """

    temperature: float
    thresholds: tuple[float, ...]

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Returns the sigmoid of each logit, `(..., classes)`."""
        return sigmoid(logits / logits.dtype.type(self.temperature))

    def given(self, probabilities: np.ndarray) -> list[int]:
        """Returns the labels that reach their thresholds, most probable first."""
        labels = np.flatnonzero(self.reached(probabilities))
        given: list[int] = labels[np.argsort(-probabilities[labels], kind="stable")].tolist()
        return given

    def reached(self, probabilities: np.ndarray) -> np.ndarray:
        """Returns which probabilities reach their label's threshold, `(..., classes)`."""
        reached: np.ndarray = probabilities >= self._thresholds.astype(probabilities.dtype)
        return reached

    @functools.cached_property
    def _thresholds(self) -> np.ndarray:
        return np.array(self.thresholds)

    def log_odds(self, logits: np.ndarray, label: int) -> np.ndarray:
        """Returns the log-odds of a label, which a sigmoid's logit is, `(texts,)`."""
        return np.asarray(logits[:, label])

    def margin(self, logits: np.ndarray, labels: Collection[int]) -> float:
        """Returns how far the label nearest to its threshold is on the right side of it."""
        thresholds = np.clip(self._thresholds, 1e-9, 1 - 1e-9)
        distance = logits - self.temperature * np.log(thresholds / (1 - thresholds))
        side = np.full(len(logits), -1.0)
        side[list(labels)] = 1.0
        return float((side * distance).min())


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Returns the probabilities that logits mean one by one, without overflow."""
    powers = np.exp(-np.abs(logits))
    larger = 1 / (1 + powers)  # of the two, that and what is left to 1
    probabilities: np.ndarray = np.where(logits >= 0, larger, powers * larger)
    return probabilities
