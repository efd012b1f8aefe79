"""Decisions against scipy's functions, and what belongs to both kinds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit, softmax

from hier_rnn.decisions.one_label import OneLabel
from hier_rnn.decisions.several_labels import SeveralLabels, sigmoid

LOGITS = np.array([[2.0, -1.0, 0.5], [-40.0, 800.0, -800.0]])
THRESHOLDS = (0.3, 0.9, 0.5)


def test_one_label_is_softmax_and_the_most_probable():
    decision = OneLabel(2.0)
    np.testing.assert_allclose(decision.probabilities(LOGITS), softmax(LOGITS / 2, 1))
    assert decision.given(decision.probabilities(LOGITS[0])) == [0]
    assert decision.thresholds is None


def test_several_labels_are_sigmoids_and_their_thresholds():
    decision = SeveralLabels(2.0, THRESHOLDS)
    probabilities = decision.probabilities(LOGITS)
    np.testing.assert_allclose(probabilities, expit(LOGITS / 2))
    assert decision.given(np.array([0.3, 0.89, 0.6])) == [2, 0]
    assert decision.given(np.zeros(3)) == []
    assert decision.reached(np.array([[0.3, 0.9, 0.5]])).all()


@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_the_precision_stays(precision):
    for decision in (OneLabel(1.5), SeveralLabels(1.5, THRESHOLDS)):
        probabilities = decision.probabilities(LOGITS.astype(precision))
        assert probabilities.dtype == precision
        assert np.isfinite(probabilities).all()


def test_log_odds():
    [one] = OneLabel().log_odds(LOGITS[:1], 1)
    assert one == pytest.approx(logit(softmax(LOGITS[0])[1]))
    [several] = SeveralLabels(1.0, THRESHOLDS).log_odds(LOGITS[:1], 1)
    assert several == pytest.approx(logit(expit(LOGITS[0])[1]))


def test_a_margin_is_below_zero_where_an_answer_is_wrong():
    assert OneLabel().margin(LOGITS[0], [0]) == pytest.approx(1.5)
    assert OneLabel().margin(LOGITS[0], [1]) < 0
    decision = SeveralLabels(2.0, THRESHOLDS)
    draw = np.random.default_rng(0)
    for _ in range(200):
        logits = draw.normal(0, 4, 3)
        labels = np.flatnonzero(draw.random(3) < 0.5).tolist()
        right = set(decision.given(decision.probabilities(logits))) == set(labels)
        assert (decision.margin(logits, labels) >= 0) == right


def test_a_sigmoid_does_not_overflow():
    with np.errstate(all="raise", under="ignore"):
        assert sigmoid(np.array([-1e4, 0.0, 1e4])).tolist() == [0.0, 0.5, 1.0]
