"""Pooling in NumPy: how the states of a sentence's words become one vector, step by step.

What `hier_rnn.model.pooling` and `running_pooling` compute, of documents read segment by segment or
in one. Each pooling offers

- `visit(hidden)`: the last layer's states at the next step, `(2, sentences, units)`, each direction
  in its own order of reading; sentences by rank, those that reach the step;
- `end_segment(packed, states, hidden)`: a segment was read; both directions' aligned states
  `(rows, 2 * units)` if `aligned` asks for them, and the states after each document's part;
- `result(lengths)`: the pooled vectors by rank, `(sentences, 2 * units)`; zeros for no words.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hier_rnn.inference.engine.blas import Affine
from hier_rnn.inference.engine.packing import Packed


class Pooling:
    """What all poolings have: the running values by direction and rank, and nothing to align.

    Args:
        sentences: How many there are.
        units: Width of a direction's states.
        weights: By name; attention has some.
    """

    aligned = False

    def __init__(self, sentences: int, units: int, weights: Mapping[str, np.ndarray]) -> None:
        self._running = np.zeros((2, sentences, units), np.float32)

    def visit(self, hidden: np.ndarray) -> None:
        """Takes the states of a step."""

    def end_segment(self, packed: Packed, states: np.ndarray, hidden: np.ndarray) -> None:
        """Ends a segment."""

    def result(self, lengths: np.ndarray) -> np.ndarray:
        """Returns the pooled vectors by rank."""
        pooled = np.concatenate(list(self._running), 1)
        pooled[lengths == 0] = 0
        return pooled


class Maximum(Pooling):
    """Each unit's largest value in the sentence (Conneau et al. 2017)."""

    def __init__(self, sentences: int, units: int, weights: Mapping[str, np.ndarray]) -> None:
        super().__init__(sentences, units, weights)
        self._running.fill(-np.inf)

    def visit(self, hidden: np.ndarray) -> None:
        """Takes the states of a step."""
        running = self._running[:, : hidden.shape[1]]
        np.maximum(running, hidden, out=running)


class Mean(Pooling):
    """Each unit's mean over the sentence."""

    def visit(self, hidden: np.ndarray) -> None:
        """Takes the states of a step."""
        self._running[:, : hidden.shape[1]] += hidden

    def result(self, lengths: np.ndarray) -> np.ndarray:
        """Returns the pooled vectors by rank."""
        pooled = super().result(lengths)
        pooled /= np.maximum(lengths, 1).astype(np.float32)[:, None]
        return pooled


class Last(Pooling):
    """Each direction's state after the whole document: the backward one's at its first word."""

    def __init__(self, sentences: int, units: int, weights: Mapping[str, np.ndarray]) -> None:
        super().__init__(sentences, units, weights)
        self._begun = False

    def end_segment(self, packed: Packed, states: np.ndarray, hidden: np.ndarray) -> None:
        """Ends a segment."""
        self._running[0] = hidden[0]
        if not self._begun:
            self._running[1] = hidden[1]
        self._begun = True


class Attention(Pooling):
    """The sum weighted by a learned query (Yang et al. 2016)."""

    aligned = True

    def __init__(self, sentences: int, units: int, weights: Mapping[str, np.ndarray]) -> None:
        name = "sentence_encoder/attention"
        self._attend = Affine(weights[f"{name}/kernel"], weights[f"{name}/bias"])
        self._query = weights[f"{name}/query"]
        self._largest = np.full(sentences, np.finfo(np.float32).min)
        self._total = np.zeros(sentences, np.float32)
        self._sum = np.zeros((sentences, 2 * units), np.float32)

    def end_segment(self, packed: Packed, states: np.ndarray, hidden: np.ndarray) -> None:
        """Ends a segment."""
        attended = self._attend(states)
        scores = (np.tanh(attended, out=attended) * self._query).sum(1)
        before = self._largest.copy()
        for rows, size in _steps(packed):
            largest = self._largest[:size]
            np.maximum(largest, scores[rows], out=largest)
        kept = np.exp(before - self._largest)
        self._total *= kept
        self._sum *= kept[:, None]
        scales = np.exp(scores - self._largest[packed.ranks])
        weighted = states * scales[:, None]
        for rows, size in _steps(packed):
            self._total[:size] += scales[rows]
            self._sum[:size] += weighted[rows]

    def result(self, lengths: np.ndarray) -> np.ndarray:
        """Returns the pooled vectors by rank."""
        self._sum /= np.where(lengths > 0, self._total, 1)[:, None]
        return self._sum


def _steps(packed: Packed) -> list[tuple[slice, int]]:
    ends = np.cumsum(packed.sizes).tolist()
    sizes = packed.sizes.tolist()
    return [(slice(end - size, end), size) for end, size in zip(ends, sizes, strict=True)]


POOLINGS = {"max": Maximum, "mean": Mean, "last": Last, "attention": Attention}
