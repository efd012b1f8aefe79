from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from hier_rnn.metrics.scores import negative_log_likelihood, score


@st.composite
def outcomes(draw):
    classes = draw(st.integers(2, 6))
    count = draw(st.integers(1, 40))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    logits = generator.normal(size=(count, classes)).astype(np.float32)
    return generator.integers(classes, size=count), logits


@settings(max_examples=60, deadline=None)
@given(outcomes())
def test_scores_are_scikit_learns_and_the_definitions(case):
    targets, logits = case
    classes = logits.shape[1]
    predictions = logits.argmax(axis=1)
    scores = score(targets, logits, [f"class {i}" for i in range(classes)])

    assert scores.examples == len(targets)
    assert scores.accuracy == pytest.approx(reference.accuracy_score(targets, predictions))
    for average in ("macro", "weighted"):
        expected = reference.f1_score(targets, predictions, average=average, zero_division=0)
        assert getattr(scores, f"{average}_f1") == pytest.approx(expected)
    exponentials = np.exp(logits.astype(np.float64))
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    expected = reference.log_loss(targets, probabilities, labels=range(classes))
    assert scores.loss == pytest.approx(expected)
    matrix = scores.confusion_matrix.dense()
    for i, row in enumerate(scores.per_class):
        hits = np.sum((targets == i) & (predictions == i))
        named, support = np.sum(predictions == i), np.sum(targets == i)
        assert row.precision == pytest.approx(hits / named if named else 0)
        assert row.recall == pytest.approx(hits / support if support else 0)
        assert row.f1 == pytest.approx(2 * hits / (named + support) if named + support else 0)
        assert row.support == support
        assert row.recall_interval[0] <= row.recall <= row.recall_interval[1]
        assert row.precision_interval[0] <= row.precision <= row.precision_interval[1] or not named
        for j in range(classes):
            cell = np.sum((targets == i) & (predictions == j))
            assert matrix[i, j] == cell


def test_loss_survives_huge_logits():
    assert negative_log_likelihood(np.array([0]), np.array([[1e30, 0]], np.float32)) == 0


def test_temperature_divides_logits():
    logits = np.array([[2.0, 0.0]], np.float32)
    expected = negative_log_likelihood(np.array([0]), logits / 4)
    assert negative_log_likelihood(np.array([0]), logits, 4.0) == pytest.approx(expected)
