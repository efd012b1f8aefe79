"""Model2Vec: static vectors of word pieces that a sentence transformer is distilled into.

Tulkens and van Dongen 2024, https://github.com/MinishLab/model2vec.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from model2vec.distill import distill

WIDTH = 256  # the library's default


class StaticVectors:
    """The mean of a text's word pieces' vectors, of length one.

    Args:
        folder: The sentence transformer's files.
    """

    def __init__(self, folder: str) -> None:
        self._model = distill(model_name=folder, pca_dims=WIDTH)

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Returns `(texts, width)`."""
        rows: np.ndarray = self._model.encode(list(texts))
        return rows
