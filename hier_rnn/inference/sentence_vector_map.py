"""The linear map from a sentence encoder's vectors to the teacher's that it learnt."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hier_rnn.inference.engine.blas import Affine

MAP = "sentence_vectors"


def mapped(vectors: np.ndarray, weights: Mapping[str, np.ndarray]) -> np.ndarray:
    """Returns the vectors as the teacher would have them, of length one.

    Args:
        vectors: The sentence encoder's, `(texts, width)`.
        weights: The map's, by name; others are not looked at.
    """
    result = Affine(weights[f"{MAP}/kernel"], weights[f"{MAP}/bias"])(vectors)
    lengths = np.linalg.norm(result, axis=1, keepdims=True)
    unit: np.ndarray = (result / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return unit
