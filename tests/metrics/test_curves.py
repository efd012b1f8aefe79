from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, precision_recall_curve

from hier_rnn.metrics.curves import (
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


def curves_of(targets, classes, chances, labels):
    support = np.bincount(targets, minlength=len(labels))
    return precision_recall(targets[:, None] == classes, classes, chances, support, labels)


def test_precision_and_recall_of_all_and_of_the_hardest_classes():
    generator = np.random.default_rng(1)
    targets = generator.integers(9, size=400)
    logits = generator.normal(size=(400, 10)) + 3 * np.eye(10)[targets] * (targets[:, None] != 2)
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    labels = [f"c{i}" for i in range(10)]
    classes = np.tile(np.arange(10), (400, 1))
    together, hardest, *others = curves_of(targets, classes, chances, labels)
    assert together.name == "all classes"
    assert hardest.name == "c2"
    assert hardest.average_precision == pytest.approx(
        average_precision_score(targets == 2, chances[:, 2])
    )
    assert len(others) == 2  # and c9, which never occurs, is not among them
    assert "c9" not in {curve.name for curve in others}
    assert min(together.recall) == 0
    assert max(together.recall) == 1
    assert len(together.recall) == len(together.precision) <= 201
    expected = average_precision_score(targets[:, None] == classes, chances, average="micro")
    assert together.average_precision == pytest.approx(expected)


def test_curves_of_tied_scores_are_scikit_learns():
    generator = np.random.default_rng(2)
    targets = generator.integers(2, size=80)
    scores = generator.integers(1, 5, size=80) / 5
    chances = np.stack([1 - scores, scores], 1)
    classes = np.tile([0, 1], (80, 1))
    curves = curves_of(targets, classes, chances, ["no", "yes"])
    [yes] = [curve for curve in curves if curve.name == "yes"]
    assert yes.average_precision == pytest.approx(average_precision_score(targets, scores))
    precision, recall, _ = precision_recall_curve(targets, scores, drop_intermediate=True)
    assert yes.recall == pytest.approx(recall[::-1])
    assert yes.precision == pytest.approx(precision[::-1])


def test_a_class_that_is_not_among_the_most_probable_is_never_found():
    targets = np.array([0, 0, 1, 2])
    classes = np.array([[0, 1], [0, 1], [1, 0], [1, 0]])
    chances = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]])
    together, hardest, *_ = curves_of(targets, classes, chances, "abc")
    assert (hardest.name, hardest.average_precision) == ("c", 0.0)
    assert max(together.recall) == 0.75
