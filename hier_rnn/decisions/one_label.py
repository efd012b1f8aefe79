"""One label for each text: the most probable one, by softmax."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class OneLabel:
    """Gives each text its most probable label; see `Decision`.

    Args:
        temperature: What logits are divided by. Default 1.
    """

    temperature: float = 1.0

    @property
    def thresholds(self) -> None:
        """There are none: a text always has a label."""
        return

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Returns the softmax of the logits, `(..., classes)`."""
        scaled = logits / logits.dtype.type(self.temperature)
        # The largest logit becomes 0, so that no exponential overflows.
        powers: np.ndarray = np.exp(scaled - scaled.max(-1, keepdims=True))
        powers /= powers.sum(-1, keepdims=True)
        return powers

    def given(self, probabilities: np.ndarray) -> list[int]:
        """Returns the most probable label."""
        return [int(probabilities.argmax())]

    def log_odds(self, logits: np.ndarray, label: int) -> np.ndarray:
        """Returns the log-odds of a label against all others, `(texts,)`."""
        others = np.delete(logits, label, axis=1)
        if others.shape[1] == 0:
            return np.asarray(logits[:, label])
        peak = others.max(axis=1)
        rest = peak + np.log(np.exp(others - peak[:, None]).sum(axis=1))
        return np.asarray(logits[:, label] - rest)

    def margin(self, logits: np.ndarray, labels: Collection[int]) -> float:
        """Returns how far the text's label is ahead of the next."""
        (label,) = labels
        return float(logits[label] - np.delete(logits, label).max())
