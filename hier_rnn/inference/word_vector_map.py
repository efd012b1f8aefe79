"""Vectors of words as an encoder learnt them: by its linear map, or as texts of one word."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hier_rnn.inference.encoder import Encoder

MAP = "word_vectors"


def learnt_vectors(encoder: Encoder, words: Sequence[str]) -> np.ndarray:
    """Returns the vectors that an encoder learnt to spell, of length one, `(words, dimensions)`.

    An encoder that learnt vectors of texts reads each word as a text. Otherwise it is its own
    vectors if it learnt anything but word vectors.

    Args:
        encoder: The encoder.
        words: Any spellings.
    """
    if encoder.encodes_texts:
        return encoder.encode(words)
    vectors = encoder(words)
    weights = encoder.directory.read_word_vector_map()
    if weights is not None:
        vectors = vectors @ weights[f"{MAP}/kernel"] + weights[f"{MAP}/bias"]
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
