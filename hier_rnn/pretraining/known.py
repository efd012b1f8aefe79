"""What an encoder knows already: the vectors that it spells words with.

Learning other words, or other meanings of the same ones, an encoder would forget. So when it goes
on from what it learnt before, a word's target is its new vector beside the one it has.
"""

from __future__ import annotations

import numpy as np

from hier_rnn.inference.encoder import Encoder
from hier_rnn.inference.word_vector_map import learnt_vectors
from hier_rnn.pretraining.targets import Targets
from hier_rnn.pretraining.word_vectors import unit_rows


def beside_known(targets: Targets, encoder: Encoder) -> Targets:
    """Returns the targets with what an encoder knows of the words beside their vectors.

    Args:
        targets: What is to be learnt.
        encoder: Knows other vectors of the words.
    """
    vectors = np.hstack([targets.vectors, learnt_vectors(encoder, targets.words)])
    return targets._replace(vectors=unit_rows(vectors))
