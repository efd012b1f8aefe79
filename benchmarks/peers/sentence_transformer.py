"""A sentence transformer's vectors of texts, with PyTorch (Reimers and Gurevych 2019)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

LONGEST = 128  # tokens; the rest of a text is not read
BATCH = 64


class Vectors:
    """Mean-pooled and of length one, as sentence-transformers computes them.

    Args:
        folder: The model's files.
    """

    def __init__(self, folder: str) -> None:
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._model = AutoModel.from_pretrained(folder).eval()

    @torch.inference_mode()
    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Returns `(texts, width)`."""
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        rows = np.empty((len(texts), self._model.config.hidden_size), np.float32)
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            tokens = self._tokenizer(
                [texts[i] for i in places],
                padding=True,
                truncation=True,
                max_length=LONGEST,
                return_tensors="pt",
            )
            states = self._model(**tokens).last_hidden_state
            mask = tokens["attention_mask"][..., None]
            means = (states * mask).sum(1) / mask.sum(1)
            rows[places] = torch.nn.functional.normalize(means).numpy()
        return rows
