"""What an encoder knows already: the vectors that it spells words with.

Learning other words, or other meanings of the same ones, an encoder would forget. So when it goes
on from what it learnt before, a word's target is its new vector beside the one it has.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hier_rnn.prediction.encoder import Encoder
from hier_rnn.pretraining.spelling import MAP
from hier_rnn.pretraining.targets import Targets
from hier_rnn.pretraining.word_vectors import unit_rows


def known_vectors(encoder: Encoder, words: Sequence[str]) -> np.ndarray:
    """Returns the vectors that an encoder learnt to spell, of length one, `(words, dimensions)`.

    Its own vectors if it learnt something else.

    Args:
        encoder: The encoder.
        words: Any spellings.
    """
    vectors = encoder(words)
    weights = encoder.directory.read_word_vector_map()
    if weights is not None:
        vectors = vectors @ weights[f"{MAP}/kernel"] + weights[f"{MAP}/bias"]
    return unit_rows(vectors)


def beside_known(targets: Targets, encoder: Encoder) -> Targets:
    """Returns the targets with what an encoder knows of the words beside their vectors.

    Args:
        targets: What is to be learnt.
        encoder: Knows other vectors of the words.
    """
    vectors = np.hstack([targets.vectors, known_vectors(encoder, targets.words)])
    return targets._replace(vectors=unit_rows(vectors))
