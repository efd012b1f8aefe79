"""Keras's TimeDistributed in this process, beside hier_rnn."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.peers.hier_rnn_model import HierRNN
from benchmarks.peers.keras_model import KerasFlattened, KerasTimeDistributed
from benchmarks.peers.task import Task, configuration, first_weights
from hier_rnn.text.alphabet import Alphabet

TEXTS = ["wheres my parcel", "Wheres it", "hi", "my my refund"]
LABELS = [0, 1, 2, 0]


def task(marks: bool, words_axis: int) -> Task:
    options = configuration(4, 6, 5, 0.01, marks)
    alphabet = Alphabet.count(text.split() for text in TEXTS)
    weights = first_weights(options, alphabet, 3, seed=1)
    # Zeros would hide a bias in the wrong place.
    generator = np.random.default_rng(0)
    for name, value in weights.items():
        weights[name] = value + generator.normal(0, 0.2, value.shape).astype(np.float32)
    return Task(options, alphabet, 3, weights, 1, words_axis, 2)


@pytest.mark.parametrize(("peer", "marks"), [(KerasTimeDistributed, False), (KerasFlattened, True)])
@pytest.mark.slow
def test_it_is_the_same_function_and_learns_alike(peer, marks):
    given = task(marks, words_axis=3)
    keras, reference = peer(given), HierRNN(given)
    logits, words = keras.logits(TEXTS)
    expected, expected_words = reference.logits(TEXTS)
    np.testing.assert_allclose(logits, expected, atol=1e-5)
    assert words == expected_words == 9
    batch = list(zip(TEXTS, LABELS, strict=True))
    losses, _ = keras.train([batch] * 5)
    expected, _ = reference.train([batch] * 5)
    reference.close()
    assert losses[-1] < losses[0]
    np.testing.assert_allclose(losses, expected, rtol=1e-4)


def test_words_beyond_a_static_axis_are_not_counted():
    keras = KerasTimeDistributed(task(marks=False, words_axis=2))
    _, words = keras.logits(TEXTS)
    assert words == 7


def test_hier_rnn_forgets_words_unless_it_is_warm():
    model = HierRNN(task(marks=False, words_axis=3))
    try:
        model.logits(TEXTS)
        model.logits(TEXTS[:1])
        assert len(model.inference.cache) == 3
        model.logits(TEXTS, warm=True)
        assert len(model.inference.cache) == 7
    finally:
        model.close()
