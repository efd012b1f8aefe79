"""Scores of several labels against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from scipy.special import expit
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    hamming_loss,
    label_ranking_average_precision_score,
    log_loss,
    precision_score,
    recall_score,
)

from hier_rnn.metrics.label_bootstrap import bootstrap_labels, paired_bootstrap_labels
from hier_rnn.metrics.label_scores import (
    binary_cross_entropy,
    ranking_precision,
    same_labels,
    score_labels,
)
from hier_rnn.metrics.thresholds import best_threshold, fit_label_temperature, fit_thresholds

LABELS = [f"label {n}" for n in range(5)]


@pytest.fixture(scope="module")
def outcomes() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Targets, predictions and logits; the last label is neither there nor given."""
    draw = np.random.default_rng(0)
    targets = draw.random((300, 5)) < [0.5, 0.3, 0.2, 0.05, 0]
    logits = draw.normal(0, 1.5, targets.shape).round(1) + 2 * targets  # some are equal
    predictions = logits > [1, 1, 1, 1, 100]
    return targets, predictions, logits


def test_as_scikit_learn(outcomes):
    targets, predictions, logits = outcomes
    scores = score_labels(*outcomes, LABELS)
    assert scores.examples == 300
    assert scores.accuracy == pytest.approx(accuracy_score(targets, predictions))
    for name in ("micro", "weighted"):
        expected = f1_score(targets, predictions, average=name, zero_division=0)
        assert getattr(scores, f"{name}_f1") == pytest.approx(expected)
    # Of the labels that occur.
    expected = f1_score(targets[:, :4], predictions[:, :4], average="macro")
    assert scores.macro_f1 == pytest.approx(expected)
    assert scores.hamming_loss == pytest.approx(hamming_loss(targets, predictions))
    expected = label_ranking_average_precision_score(targets, logits)
    assert scores.label_ranking_average_precision == pytest.approx(expected)
    columns = [log_loss(targets[:, n], expit(logits[:, n]), labels=[0, 1]) for n in range(5)]
    assert scores.loss == pytest.approx(sum(columns))
    assert [row.precision for row in scores.per_class] == pytest.approx(
        precision_score(targets, predictions, average=None, zero_division=0)
    )
    assert [row.recall for row in scores.per_class] == pytest.approx(
        recall_score(targets, predictions, average=None, zero_division=0)
    )
    assert [row.support for row in scores.per_class] == targets.sum(0).tolist()
    assert scores.to_json()["per_class"]["label 4"]["support"] == 0


def test_nothing_to_find_and_nothing_found():
    nothing = np.zeros((3, 2), bool)
    scores = score_labels(nothing, nothing, np.zeros((3, 2)), ["a", "b"])
    assert (scores.accuracy, scores.micro_f1, scores.hamming_loss) == (1, 0, 0)
    assert scores.label_ranking_average_precision == 1


def test_ranking_of_each_text(outcomes):
    targets, _, logits = outcomes
    found = ranking_precision(targets, logits)
    for row in range(0, 300, 30):
        expected = label_ranking_average_precision_score(targets[[row]], logits[[row]])
        assert found[row] == pytest.approx(expected)


def test_same_labels(outcomes):
    targets, predictions, _ = (sparse.csr_array(part) for part in outcomes)
    expected = (outcomes[0] == outcomes[1]).all(axis=1)
    assert same_labels(targets, predictions).tolist() == expected.tolist()


@pytest.mark.slow
def test_intervals_are_those_of_resampling_texts(outcomes):
    targets, predictions, _ = outcomes
    rows = sparse.csr_array(targets), sparse.csr_array(predictions)
    found = bootstrap_labels(*rows, seed=1)
    assert found == bootstrap_labels(*rows, seed=1)
    assert found.headline is found.micro_f1
    draw = np.random.default_rng(0)
    draws = [draw.integers(300, size=300) for _ in range(400)]
    for name, value, interval in (
        ("micro", f1_score(targets, predictions, average="micro"), found.micro_f1),
        ("subset", accuracy_score(targets, predictions), found.accuracy),
    ):
        assert interval.value == pytest.approx(value)
        statistic = accuracy_score if name == "subset" else f1_score
        options = {} if name == "subset" else {"average": "micro"}
        values = [statistic(targets[i], predictions[i], **options) for i in draws]
        expected = np.quantile(values, [0.025, 0.975])
        assert (interval.low, interval.high) == pytest.approx(expected, abs=0.02)


def test_a_classifier_gains_nothing_on_itself(outcomes):
    targets, predictions, _ = (sparse.csr_array(part) for part in outcomes)
    gained = paired_bootstrap_labels(targets, predictions, predictions, seed=0)
    assert {tuple(interval) for interval in gained} == {(0.0, 0.0, 0.0)}
    gained = paired_bootstrap_labels(targets, predictions, targets, seed=0)
    assert all(interval.low > 0 for interval in gained)


def test_thresholds_are_the_best_hundredths():
    draw = np.random.default_rng(1)
    targets = draw.random((4000, 3)) < [0.5, 0.2, 0.05]
    probabilities = np.clip(0.35 * targets + draw.normal(0.3, 0.15, targets.shape), 0, 1)
    grid = np.arange(1, 100) / 100

    def f1(given, wanted):
        return 2 * (given & wanted).sum() / (given.sum() + wanted.sum())

    together = [f1(probabilities >= t, targets) for t in grid]
    assert f1(probabilities >= best_threshold(targets, probabilities), targets) == max(together)
    for label, threshold in enumerate(fit_thresholds(targets, probabilities)):
        own, wanted = probabilities[:, label], targets[:, label]
        best = max(f1(own >= t, wanted) for t in grid)
        assert f1(own >= threshold, wanted) == pytest.approx(best, abs=0.01)


def test_a_rare_label_has_the_threshold_of_all():
    draw = np.random.default_rng(2)
    targets = draw.random((2000, 3)) < [0.4, 0.4, 0]
    targets[0, 2] = True
    probabilities = np.clip(0.4 * targets + draw.normal(0.3, 0.1, targets.shape), 0, 1)
    probabilities[0, 2] = 0.99  # its own counts would want the highest
    *_, rare = fit_thresholds(targets, probabilities)
    assert rare == pytest.approx(best_threshold(targets, probabilities), abs=0.1)


def test_no_label_at_all():
    nothing = np.zeros((5, 2), bool)
    assert fit_thresholds(nothing, np.full((5, 2), 0.3)) == (0.5, 0.5)


def test_the_temperature_makes_labels_most_likely():
    draw = np.random.default_rng(3)
    logits = draw.normal(0, 2, (3000, 4))
    targets = draw.random(logits.shape) < expit(logits)
    found = fit_label_temperature(3 * logits, targets)
    assert found == pytest.approx(3, abs=0.2)
    assert binary_cross_entropy(targets, 3 * logits, found) < binary_cross_entropy(
        targets, 3 * logits
    )
