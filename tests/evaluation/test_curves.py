from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from hier_rnn.evaluation.curves import (
    accuracy_by_length,
    accuracy_by_unseen_share,
    precision_recall,
)


def test_every_example_is_in_one_slice_of_length():
    generator = np.random.default_rng(0)
    lengths = generator.geometric(0.1, size=500)
    correct = lengths < 12
    slices = accuracy_by_length(lengths, correct)
    assert 4 <= len(slices) <= 8
    assert sum(piece.examples for piece in slices) == 500
    assert slices[0].accuracy == 1
    assert slices[-1].accuracy == 0
    assert all(piece.low <= piece.accuracy <= piece.high for piece in slices)
    assert slices[0].low < 1  # being always right is no certainty


def test_texts_of_one_length_are_one_slice():
    (piece,) = accuracy_by_length(np.full(9, 4), np.arange(9) < 6)
    assert (piece.name, piece.examples) == ("4", 9)
    assert piece.accuracy == pytest.approx(2 / 3)


def test_unseen_share_keeps_none_apart():
    unseen = np.array([0, 0, 0.05, 0.1, 0.6, 1.0])
    correct = np.array([True, True, True, False, False, False])
    slices = accuracy_by_unseen_share(unseen, correct)
    assert [(s.name, s.examples) for s in slices] == [("none", 2), ("to 10%", 2), ("50%–100%", 2)]
    assert [s.accuracy for s in slices] == [1, 0.5, 0]


def test_precision_and_recall_of_all_and_of_the_hardest_classes():
    generator = np.random.default_rng(1)
    targets = generator.integers(9, size=400)
    logits = generator.normal(size=(400, 10)) + 3 * np.eye(10)[targets] * (targets[:, None] != 2)
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    labels = [f"c{i}" for i in range(10)]
    together, hardest, *others = precision_recall(targets, chances, labels)
    assert together.name == "all classes"
    assert hardest.name == "c2"
    assert hardest.average_precision == pytest.approx(
        average_precision_score(targets == 2, chances[:, 2])
    )
    assert len(others) == 4  # and c9, which never occurs, is not among them
    assert "c9" not in {curve.name for curve in others}
    assert min(together.recall) == 0
    assert max(together.recall) == 1
    assert len(together.recall) == len(together.precision) <= 200
